//! Consent to a command that changes many things at once.

use super::session::Context;
use crate::error::{Error, Kind, Result};

/// `warnings` are shown before the question; `always` is why the profile wants to be asked.
pub(super) fn consent(
    question: &str,
    warnings: &[String],
    always: Option<String>,
    context: &Context,
) -> Result<()> {
    if !context.terminal.may_ask() {
        return Err(Error::usage("this needs consent, but there is no terminal, or --no-input is set")
            .detail([question.to_string()])
            .detail(warnings.iter().cloned())
            .detail(always)
            .hint("add --yes to consent on the command line"));
    }
    warnings.iter().for_each(|warning| context.terminal.notes().warn(warning));
    if context.terminal.confirm(question)? {
        return Ok(());
    }
    Err(Error::new(Kind::Cancelled, "you said no"))
}
