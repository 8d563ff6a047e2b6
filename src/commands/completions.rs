//! `fusebill completions`: prints the script for a shell.

use super::Session;
use crate::cli::Shell;
use crate::error::{Kind, Result};

pub(super) fn run(shell: Shell, session: &Session) -> Result<Kind> {
    session.terminal.print(&shell.script()).map(|()| Kind::Done)
}
