//! The command line: flags ask for what an edit says, and no line of arguments is too odd to be answered.

use std::ffi::OsString;

use fusebill::cli::{Cli, Command, CustomerCommand, Request, parse};
use fusebill::document::diff::diff;
use fusebill::document::{Edits, plan};
use fusebill::field::{FIELDS, Field, FieldKind};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::generate::{Asked, Case, Oddity, case, message, path_of};
use crate::law;
use crate::spelling::Value;

/// What a user may type for one thing that is asked: the field's own flag where it has one for such a value.
fn typed(asked: &Asked, apart: bool) -> Vec<String> {
    let path = asked.path();
    let (flag, value) = match (&asked.given, &asked.value, field(asked)) {
        (None, ..) => ("--clear".to_string(), path.to_string()),
        (_, Value::Text(text), Some(field)) => {
            (format!("--{}", field.flag), String::from_utf16(text).expect("a field's text is text"))
        }
        (_, Value::Number(_), Some(field)) => (format!("--{}", field.flag), asked.written.clone()),
        (Some(given), ..) => match &asked.value {
            Value::Text(text) if let Ok(text) = String::from_utf16(text) => {
                ("--set".to_string(), format!("{path}={text}"))
            }
            _ => ("--set-json".to_string(), format!("{path}={given}")),
        },
    };
    // A value that looks like a flag has to be joined to its own.
    if apart && !value.starts_with('-') { vec![flag, value] } else { vec![format!("{flag}={value}")] }
}

fn field(asked: &Asked) -> Option<&'static Field> {
    FIELDS.iter().find(|field| {
        path_of(&asked.path).to_string() == field.path && !matches!(field.kind, FieldKind::Codes)
    })
}

fn read(arguments: &[String]) -> Result<Cli, clap::Error> {
    let line = ["fusebill"].into_iter().chain(arguments.iter().map(String::as_str));
    parse(&line.map(OsString::from).collect::<Vec<_>>())
}

fn request(case: &Case, apart: bool) -> Request {
    let flags = case.asked.iter().flat_map(|asked| typed(asked, apart));
    let line: Vec<String> =
        ["customer", "update", "123"].map(str::to_string).into_iter().chain(flags).collect();
    let read = read(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
    let Command::Customer(CustomerCommand::Update(update)) = read.command else { panic!("{line:?}") };
    update.edits.request().unwrap_or_else(|error| panic!("{error:?}: {line:?}"))
}

proptest! {
    #![proptest_config(law(600))]

    #[test]
    fn flags_give_the_same_plan_as_their_edits(case in case(Oddity::Tame), apart in any::<bool>()) {
        // The first `=` ends a path.
        prop_assume!(!case.asked.is_empty() && !case.asked.iter().any(|asked| asked.path().to_string().contains('=')));
        let edits = Edits::check(request(&case, apart).edits).expect("a generated edit is allowed");
        let by_flags = plan::plan(case.document.parsed(), &edits, true).expect("a generated edit is allowed");
        let differences = diff(by_flags.after.root(), case.plan().after.root());
        prop_assert!(differences.is_empty(), "{:?}", differences);
    }

    #[test]
    fn any_command_line_parses_or_gives_a_usage_error(words in vec(word(), 0..8)) {
        if let Err(error) = read(&words) {
            let told = error.render().to_string();
            prop_assert!(!told.trim().is_empty());
            prop_assert!([0, 2].contains(&error.exit_code()), "{}", told);
        }
    }
}

/// A word of a command line, mostly one that is known.
fn word() -> impl Strategy<Value = String> {
    let commands = [
        "customer", "get", "list", "update", "edit", "bulk", "plan", "apply", "history", "show", "undo",
        "auth", "profile", "help",
    ];
    let flags = [
        "--yes",
        "-y",
        "--first-name",
        "--clear",
        "--set",
        "--set-json",
        "--patch",
        "--where",
        "-o",
        "--timeout",
        "--help",
        "-h",
        "--version",
        "--",
    ];
    let values = ["123", "reference:A", "json", "firstName=x", "a=1", "firstName", "-", "0.5", ""];
    prop_oneof![4 => select(commands.to_vec()), 4 => select(flags.to_vec()), 3 => select(values.to_vec())]
        .prop_map(str::to_string)
        .boxed()
        .prop_union(message().boxed())
}
