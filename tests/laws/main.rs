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

/// How a law is tried: so many cases, always the same ones.
fn law(cases: u32) -> Config {
    Config {
        cases,
        rng_seed: RngSeed::Fixed(0x00F0_5EB1),
        failure_persistence: None,
        max_shrink_iters: 500,
        ..Config::default()
    }
}
