//! A doorway: what the program does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(fusebill::run(std::env::args_os()))
}
