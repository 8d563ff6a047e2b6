//! Turns clap's error about a command line into the program's usage error. Pure: the caller prints the text.

use std::ffi::OsString;

use clap::ValueEnum;
use clap::error::{ContextKind, ContextValue, ErrorKind as ClapErrorKind};

use super::next_guess::suggest;
use super::styled;
use crate::error::{Error, ErrorKind};
use crate::report::Look;
use crate::report::failure::{failure, shown, written};
use crate::terminal::Color;

/// The text for standard error, and the error for the JSON on standard output if the command line asks for JSON.
pub(crate) fn usage_error(
    mut error: clap::Error,
    arguments: &[OsString],
    look: Look,
    may_write: bool,
) -> (String, Option<Error>) {
    suggest_joined_value(&mut error);
    suggest(&mut error, arguments);
    sanitize(&mut error);
    let plain: String = error.to_string().lines().map(|line| shown(line) + "\n").collect();
    let message = message(&error, &plain, arguments);
    let text = match error.kind() {
        ClapErrorKind::InvalidUtf8 => failure(&Error::usage(&message), look, may_write),
        _ => rendered(&error, plain.clone(), arguments, look) + &written(ErrorKind::Usage, may_write),
    };
    let asks_for_json = ["-o", "--output"].iter().any(|flag| has_value(arguments, flag, "json"));
    (text, asks_for_json.then(|| hints(&plain).fold(Error::usage(message), Error::hint)))
}

pub(crate) fn color(arguments: &[OsString]) -> Color {
    let typed = |color: &Color| {
        color.to_possible_value().is_some_and(|value| has_value(arguments, "--color", value.get_name()))
    };
    Color::value_variants().iter().copied().find(typed).unwrap_or_default()
}

/// Whether the arguments give a flag this value, apart or joined.
fn has_value(arguments: &[OsString], flag: &str, value: &str) -> bool {
    let joined = |argument: &OsString| {
        let rest = argument.to_str().and_then(|argument| argument.strip_prefix(flag));
        rest.is_some_and(|rest| rest.trim_start_matches('=') == value)
    };
    arguments.windows(2).any(|pair| pair[0] == flag && pair[1] == value) || arguments.iter().any(joined)
}

/// `-- VALUE` is right for arguments, but a value that begins with a dash belongs to a flag here.
fn suggest_joined_value(error: &mut clap::Error) {
    let tip = error.get(ContextKind::Suggested).map(ToString::to_string).unwrap_or_default();
    let unknown = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    if error.kind() != ClapErrorKind::UnknownArgument || !tip.contains("as a value, use '-- ") {
        return;
    }
    error.remove(ContextKind::Suggested);
    if !unknown.starts_with("--") {
        let tip = "a value that begins with '-' is joined to its flag: --FLAG=VALUE".to_string();
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
}

/// clap repeats the typed text, which may hold keys and control characters.
fn sanitize(error: &mut clap::Error) {
    let typed = |(kind, value): (ContextKind, &ContextValue)| match value {
        ContextValue::String(text) => Some((kind, ContextValue::String(shown(text)))),
        _ => None,
    };
    let values: Vec<_> = error.context().filter_map(typed).collect();
    for (kind, value) in values {
        error.insert(kind, value);
    }
}

/// Without colour if an argument is escaped or redacted, because the cause of an error may repeat it, and colours are control
/// characters too.
fn rendered(error: &clap::Error, plain: String, arguments: &[OsString], look: Look) -> String {
    let is_plain = |argument: &OsString| argument.to_str().is_some_and(|text| shown(text) == text);
    if arguments.iter().all(is_plain) { styled(&error.render(), look) } else { plain }
}

fn message(error: &clap::Error, plain: &str, arguments: &[OsString]) -> String {
    match error.kind() {
        ClapErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "no command was given".to_string(),
        ClapErrorKind::InvalidUtf8 => {
            let place = arguments.iter().position(|argument| argument.to_str().is_none()).unwrap_or_default();
            let text = arguments.get(place).map(|argument| argument.to_string_lossy()).unwrap_or_default();
            format!("argument {place}, `{text}`, is not UTF-8 text")
        }
        _ => {
            let lines = plain.lines().take_while(|line| !line.is_empty()).map(str::trim);
            lines.collect::<Vec<_>>().join(" ").trim_start_matches("error: ").to_string()
        }
    }
}

fn hints(plain: &str) -> impl Iterator<Item = &str> {
    let tips = plain.lines().filter_map(|line| line.trim_start().strip_prefix("tip: "));
    tips.chain(["--help shows what can be typed"])
}
