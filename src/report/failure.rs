//! A failure as its user reads it.

use super::Look;
use super::escape::escaped;
use crate::api::key::without_keys;
use crate::error::{Error, ErrorKind};

/// Several lines: what failed, its details, what to do. If the command may write, also whether anything was written.
/// A key that was put in the wrong place is redacted.
pub fn failure(error: &Error, look: Look, may_write: bool) -> String {
    let mut out = format!("{} {}\n", look.alarm("error:"), shown(&error.headline()));
    for line in &error.details {
        out.push_str(&format!("  {}\n", shown(line)));
    }
    out.push_str(&written(error.kind, may_write));
    for hint in &error.hints {
        out.push_str(&format!("{} {}\n", look.bold("hint:"), shown(hint)));
    }
    out
}

pub(crate) fn written(kind: ErrorKind, may_write: bool) -> String {
    let written = kind.written();
    if may_write || written != ErrorKind::Failed.written() { format!("{written}\n") } else { String::new() }
}

/// A text for a terminal, without keys.
pub(crate) fn shown(text: &str) -> String {
    escaped(&without_keys(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_step_cause_and_hint_with_escapes() {
        let error = Error::new(ErrorKind::Refused, "the API refused the change")
            .step("writing customer 1")
            .detail(["Api Error: \u{1b}[2Jno\nway".to_string()])
            .hint("try again");
        let expected = "error: writing customer 1: the API refused the change\n  Api Error: \\u{1b}[2Jno\\nway\n\
                        Nothing was written.\nhint: try again\n";
        assert_eq!(failure(&error, Look::default(), true), expected);
    }

    #[test]
    fn a_read_never_says_that_nothing_was_written() {
        let message = |kind| failure(&Error::new(kind, "no"), Look::default(), false);
        assert_eq!(message(ErrorKind::NotFound), "error: no\n");
        assert!(message(ErrorKind::Unknown).contains("not known whether"));
    }
}
