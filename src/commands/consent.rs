//! Asks the user to confirm a command before it writes or deletes.

use super::session::Context;
use crate::error::{Error, ErrorKind, Result};

/// Asks for confirmation; true for yes. `warnings` are printed before the question; `details` go into the error if there is
/// no terminal.
pub(super) fn consents(
    question: &str,
    warnings: &[String],
    details: impl IntoIterator<Item = String>,
    context: &Context,
) -> Result<bool> {
    if !context.terminal.may_ask() {
        let message = "this change needs consent, but there is no terminal, or --no-input is set";
        return Err(Error::usage(message).detail(details).hint("add --yes to consent on the command line"));
    }
    warnings.iter().for_each(|warning| context.terminal.notes().warn(warning));
    context.terminal.confirm(question)
}

/// `Cancelled` if the user says no. `always` is why the profile wants to be asked.
pub(super) fn consent(
    question: &str,
    warnings: &[String],
    always: Option<String>,
    context: &Context,
) -> Result<()> {
    let details = [question].map(str::to_string).into_iter().chain(warnings.iter().cloned()).chain(always);
    if consents(question, warnings, details, context)? { Ok(()) } else { Err(not_confirmed()) }
}

pub(super) fn not_confirmed() -> Error {
    Error::new(ErrorKind::Cancelled, "not confirmed")
}
