//! A failure as its user reads it.

use super::Look;
use super::escape::escaped;
use crate::error::Error;

/// Several lines: what failed, the words that belong to it, whether anything was written, and what to do.
pub fn failure(error: &Error, look: Look) -> String {
    let mut out = format!("{} {}\n", look.alarm("error:"), escaped(&error.headline()));
    for line in &error.details {
        out.push_str(&format!("  {}\n", escaped(line)));
    }
    out.push_str(error.kind.written());
    out.push('\n');
    for hint in &error.hints {
        out.push_str(&format!("{} {}\n", look.bold("hint:"), escaped(hint)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn a_failure_says_where_what_and_what_next_and_cannot_steer_the_terminal() {
        let error = Error::new(Kind::Refused, "the API refused the change")
            .at("writing customer 1")
            .detail(["Api Error: \u{1b}[2Jno\nway".to_string()])
            .hint("try again");
        let expected = "error: writing customer 1: the API refused the change\n  Api Error: \\u{1b}[2Jno\\nway\n\
                        Nothing was written.\nhint: try again\n";
        assert_eq!(failure(&error, Look::default()), expected);
    }
}
