//! The flags that say what changes, as a list of edits. The field flags are the field table's.

use std::cell::RefCell;
use std::ffi::OsString;

use clap::builder::PossibleValuesParser;
use clap::parser::MatchesError;
use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};

use jiff::Timestamp;

use super::input;
use crate::document::expect::Expectation;
use crate::document::time::timestamp;
use crate::document::{Action, Edit, EditError, EditProblem, Json, Path, check};
use crate::error::{Error, Result};
use crate::field::{self, CODES_PATH, FIELDS, Field, FieldKind, nearest};
use crate::terminal::Input;

/// What the flags asked for, as they were typed.
#[derive(Debug, Default)]
pub struct EditFlags {
    fields: Vec<(&'static Field, Vec<String>)>,
    remove_codes: Vec<String>,
    clear: Vec<String>,
    set: Vec<String>,
    set_json: Vec<String>,
    patch: Option<Input>,
    expect: Vec<String>,
    expect_modified: Option<Timestamp>,
    new_field: bool,
}

/// A change of one customer, as far as the command line says it; nothing has been read yet.
#[derive(Debug)]
pub struct Request {
    /// What changes.
    pub edits: Vec<Edit>,
    /// Where a merge patch is to be read from that changes more.
    pub patch: Option<Input>,
    /// What must stand in the customer that is read.
    pub expectations: Vec<Expectation>,
    /// When the customer must have been modified last.
    pub modified: Option<Timestamp>,
    /// Whether paths are allowed that the customer does not have.
    pub new_fields: bool,
}

const REMOVE_CODE: &str = "remove-sales-tracking-code";
const OTHER: &str = "Any field";
const GUARD: &str = "Guard";
const EXPECT_MODIFIED: &str = "expect-modified";

thread_local! {
    /// The flags that are typed, where only those are to be defined. clap asks for definitions and hands over nothing that
    /// could say so.
    static TYPED: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// What `define` defines, of the flags here only those that stand in the arguments. Nobody is shown the others, and making
/// some forty of them takes longer than reading a command line that has one.
pub(super) fn only_typed<T>(arguments: &[OsString], define: impl FnOnce() -> T) -> T {
    let names = arguments.iter().filter_map(|argument| long_name(argument.to_str()?));
    TYPED.set(Some(names.map(str::to_string).collect()));
    let defined = define();
    TYPED.set(None);
    defined
}

/// The name of the flag that an argument may be, without its value.
pub(super) fn long_name(argument: &str) -> Option<&str> {
    argument.strip_prefix("--").map(|flag| flag.split_once('=').map_or(flag, |(name, _)| name))
}

/// Whether a flag is to be defined.
fn is_wanted(flag: &str) -> bool {
    TYPED.with_borrow(|typed| typed.as_ref().is_none_or(|names| names.iter().any(|name| name == flag)))
}

impl clap::Args for EditFlags {
    fn augment_args(command: Command) -> Command {
        let fields = FIELDS.iter().filter(|field| is_wanted(field.flag));
        let command = command.args(fields.map(field_flag));
        command.args(
            GENERAL
                .iter()
                .filter(|(flag, _)| is_wanted(flag))
                .map(|(flag, define)| define(Arg::new(*flag).long(*flag))),
        )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn field_flag(field: &'static Field) -> Arg {
    let arg = Arg::new(field.flag).long(field.flag).help(field.help).help_heading(field.section.heading());
    match field.kind {
        FieldKind::Choice(words) => {
            arg.value_name("WORD").value_parser(PossibleValuesParser::new(words)).ignore_case(true)
        }
        FieldKind::Codes => arg.value_name("TYPE=CODE").action(ArgAction::Append),
        FieldKind::Integer => arg.value_name("ID"),
        FieldKind::Currency => arg.value_name("CODE"),
        FieldKind::Emails { .. } => arg.value_name("ADDRESSES"),
        FieldKind::Text { .. } => arg.value_name("TEXT"),
    }
}

/// A flag by its name, and the rest of its definition.
type General = (&'static str, fn(Arg) -> Arg);

/// The flags that are not those of a field.
const GENERAL: [General; 8] = [
    (REMOVE_CODE, |flag| {
        many(flag, "TYPE", "Take the code of one sales-tracking type out (repeatable)")
            .help_heading(field::Section::References.heading())
    }),
    ("clear", |flag| {
        many(flag, "FIELD", "Set to null: flag names or paths (repeatable, comma-separated)")
            .help_heading(OTHER)
    }),
    ("set", |flag| {
        many(flag, "PATH=TEXT", "Set the value at a path to this text, always as a string (repeatable)")
            .help_heading(OTHER)
    }),
    ("set-json", |flag| {
        many(flag, "PATH=JSON", "Set the value at a path to this JSON (repeatable)").help_heading(OTHER)
    }),
    ("patch", |flag| {
        flag.value_name("FILE")
            .value_parser(input)
            .help("Apply a JSON merge patch (RFC 7396; null clears); - reads standard input")
            .help_heading(OTHER)
    }),
    ("new-field", |flag| {
        flag.action(ArgAction::SetTrue)
            .help("Allow paths that the customer does not have")
            .help_heading(OTHER)
    }),
    ("expect", |flag| {
        many(flag, "PATH=VALUE", "Write only if the customer read holds this value (repeatable)")
            .help_heading(GUARD)
    }),
    (EXPECT_MODIFIED, |flag| {
        flag.value_name("TIMESTAMP")
            .value_parser(modified)
            .help("Write only if the customer was last modified at this moment, as `customer get` shows it")
            .help_heading(GUARD)
    }),
];

fn many(flag: Arg, value: &'static str, help: &'static str) -> Arg {
    flag.value_name(value).action(ArgAction::Append).help(help)
}

/// What was typed with a flag. Where it was not typed there may be no definition of it.
fn typed<T>(found: std::result::Result<Option<T>, MatchesError>) -> Option<T> {
    match found {
        Ok(found) => found,
        Err(MatchesError::UnknownArgument { .. }) => None,
        Err(why) => unreachable!("a flag is read as what it is defined to be: {why}"),
    }
}

impl FromArgMatches for EditFlags {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<EditFlags, clap::Error> {
        let mut flags = EditFlags::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> std::result::Result<(), clap::Error> {
        let all = |name: &str| -> Vec<String> {
            typed(matches.try_get_many::<String>(name)).into_iter().flatten().cloned().collect()
        };
        self.fields = FIELDS.iter().map(|field| (field, all(field.flag))).collect();
        self.remove_codes = all(REMOVE_CODE);
        self.clear = all("clear");
        self.set = all("set");
        self.set_json = all("set-json");
        self.patch = typed(matches.try_get_one::<Input>("patch")).cloned();
        self.expect = all("expect");
        self.expect_modified = typed(matches.try_get_one::<Timestamp>(EXPECT_MODIFIED)).copied();
        self.new_field = typed(matches.try_get_one::<bool>("new-field")).is_some_and(|flag| *flag);
        Ok(())
    }
}

impl EditFlags {
    /// The flags as edits, in the order of the field table.
    ///
    /// # Errors
    /// `Usage` for a value that cannot be read as what its flag takes, or where no flag asks for a change.
    pub fn request(&self) -> Result<Request> {
        let mut edits = Vec::new();
        for (field, values) in &self.fields {
            for value in values {
                edits.push(field_edit(field, value)?);
            }
        }
        edits.extend(self.remove_codes.iter().map(|kind| remove_code(kind)));
        for name in self.clear.iter().flat_map(|list| list.split(',')) {
            edits.push(clear(name.trim())?);
        }
        for pair in &self.set {
            let (path, text) = assignment("--set", pair, "PATH=TEXT")?;
            edits.push(edit(path, Action::Set(Json::string(text)), "--set"));
        }
        for pair in &self.set_json {
            let (path, json) = assignment("--set-json", pair, "PATH=JSON")?;
            edits.push(edit(path, Action::Set(read_json(json, pair)?), "--set-json"));
        }
        let expectations = self.expect.iter().map(|pair| expectation(pair)).collect::<Result<Vec<_>>>()?;
        if edits.is_empty() && self.patch.is_none() {
            return Err(Error::usage("nothing to change was named").hint(
                "name a field, such as --first-name John; `fusebill help customer update` lists them",
            ));
        }
        Ok(Request {
            edits,
            patch: self.patch.clone(),
            expectations,
            modified: self.expect_modified,
            new_fields: self.new_field,
        })
    }
}

fn edit(path: Path, action: Action, given: &str) -> Edit {
    Edit { path, action, given: given.to_string() }
}

fn field_edit(field: &'static Field, value: &str) -> Result<Edit> {
    let given = format!("--{}", field.flag);
    let path = Path::of(field.path);
    let action = match field.kind {
        FieldKind::Codes => {
            let (kind, code) = value
                .split_once('=')
                .ok_or_else(|| Error::usage(format!("{given} takes TYPE=CODE, not `{value}`")))?;
            Action::SetCode { kind: kind.trim().to_string(), code: code.trim().to_string() }
        }
        _ => Action::Set(check::from_text(field, value).map_err(|why| {
            Error::usage(
                EditError { given: given.clone(), path: path.clone(), problem: EditProblem::Invalid(why) }
                    .to_string(),
            )
        })?),
    };
    Ok(Edit { path, action, given })
}

fn remove_code(kind: &str) -> Edit {
    let action = Action::RemoveCode { kind: kind.trim().to_string() };
    edit(Path::of(CODES_PATH), action, "--remove-sales-tracking-code")
}

/// A name for `--clear`: a flag's, else a path.
fn clear(name: &str) -> Result<Edit> {
    let given = format!("--clear {name}");
    let path = match field::by_flag(name) {
        Some(field) => Path::of(field.path),
        None => path("--clear", name)?,
    };
    Ok(Edit { path, action: Action::Clear, given })
}

fn assignment<'a>(flag: &str, pair: &'a str, form: &str) -> Result<(Path, &'a str)> {
    let (left, right) =
        pair.split_once('=').ok_or_else(|| Error::usage(format!("{flag} takes {form}, not `{pair}`")))?;
    Ok((path(flag, left)?, right))
}

fn path(flag: &str, text: &str) -> Result<Path> {
    Path::parse(text).map_err(|why| {
        let error = Error::usage(format!("{flag}: `{text}` is no path")).because(why);
        match nearest(text, FIELDS.iter().map(|field| field.path)).first() {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("a path is dotted (customerReference.reference1) or a JSON Pointer"),
        }
    })
}

fn read_json(text: &str, pair: &str) -> Result<Json> {
    Json::parse(text).map_err(|why| {
        let error = Error::usage(format!("--set-json `{pair}`")).because(why);
        if text.starts_with(['{', '[', '"']) {
            return error;
        }
        let quoted = pair.replacen('=', "=\"", 1);
        error.hint(format!("text is written with its quotes ('{quoted}\"'), or use --set"))
    })
}

fn modified(text: &str) -> std::result::Result<Timestamp, String> {
    timestamp(text).ok_or_else(|| "a timestamp such as 2019-11-07T15:51:11.19 is needed, in UTC".to_string())
}

fn expectation(pair: &str) -> Result<Expectation> {
    let (path, value) = assignment("--expect", pair, "PATH=VALUE")?;
    Ok(Expectation { path, value: value.to_string() })
}
