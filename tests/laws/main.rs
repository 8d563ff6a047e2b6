//! The laws of the pure core, each held over thousands of generated customers.
//!
//! Every run is the same run: the seed is fixed and nothing is written beside the sources.

mod codes;
mod comparison;
mod edit_text;
mod edits;
mod expectations;
mod fields;
mod flags;
mod generate;
mod merge_patch;
mod merging;
mod parsing;
mod paths;
mod reports;
mod round_trip;
mod rows;
mod search;
mod spelling;
mod verifying;

use proptest::test_runner::{Config, RngSeed};

/// Tries a law with a quarter of `cases`, or with all of them if `FUSEBILL_LAWS=full`; always the same ones.
fn law(cases: u32) -> Config {
    let full = std::env::var("FUSEBILL_LAWS").is_ok_and(|value| value == "full");
    Config {
        cases: if full { cases } else { cases / 4 },
        rng_seed: RngSeed::Fixed(0x00F0_5EB1),
        failure_persistence: None,
        max_shrink_iters: 500,
        ..Config::default()
    }
}
