//! Compares docs/sandbox.md with the code.

use fusebill::sandbox::KEY;

static MANUAL: &str = include_str!("../../docs/sandbox.md");

#[test]
fn the_key_matches_the_code() {
    assert!(MANUAL.contains(KEY));
}
