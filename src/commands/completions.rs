//! `fusebill completions`: prints the script for a shell.

use super::session::Context;
use crate::cli::Shell;
use crate::error::{Kind, Result};

pub(super) fn run(shell: Shell, context: &Context) -> Result<Kind> {
    context.terminal.print(&shell.script()).map(|()| Kind::Done)
}
