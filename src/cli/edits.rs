//! The flags for changes, which become a list of edits. The field table defines the flags of fields.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use jiff::Timestamp;

use crate::document::addresses::ListEdit;
use crate::document::expect::Expectation;
use crate::document::time::timestamp;
use crate::document::{Action, Edit, EditError, EditProblem, Json, Path, check};
use crate::error::{Error, Result};
use crate::field::{self, CODES_PATH, FIELDS, Field, FieldKind, Section, nearest};
use crate::search::names;
use crate::terminal::Input;

const OTHER: &str = "Any field";
const GUARD: &str = "Guard";

#[derive(Debug, Args)]
pub struct EditFlags {
    #[command(flatten)]
    fields: FieldFlags,
    /// Add an address to the list (repeatable)
    #[arg(long, value_name = "ADDRESS", help_heading = Section::Contact.heading())]
    add_primary_email: Vec<String>,
    /// Remove an address from the list (repeatable)
    #[arg(long, value_name = "ADDRESS", help_heading = Section::Contact.heading())]
    remove_primary_email: Vec<String>,
    /// Add an address to the list (repeatable)
    #[arg(long, value_name = "ADDRESS", help_heading = Section::Contact.heading())]
    add_secondary_email: Vec<String>,
    /// Remove an address from the list (repeatable)
    #[arg(long, value_name = "ADDRESS", help_heading = Section::Contact.heading())]
    remove_secondary_email: Vec<String>,
    /// Remove the code of one sales-tracking type (repeatable)
    #[arg(long = "remove-sales-tracking-code", value_name = "TYPE")]
    #[arg(help_heading = Section::References.heading())]
    remove_codes: Vec<String>,
    /// Set to null (repeatable, comma-separated); a FIELD or PATH is a flag's name (`last-name`), a JSON name (`lastName`), a
    /// dotted path (`customerReference.reference1`) or a JSON Pointer
    #[arg(long, value_name = "FIELD", help_heading = OTHER)]
    clear: Vec<String>,
    /// Set a field to this text, always as a string (repeatable)
    #[arg(long, value_name = "PATH=TEXT", help_heading = OTHER)]
    set: Vec<String>,
    /// Set a field to this JSON (repeatable)
    #[arg(long, value_name = "PATH=JSON", help_heading = OTHER)]
    set_json: Vec<String>,
    /// Apply a JSON merge patch (RFC 7396; null clears); - reads standard input
    #[arg(long, value_name = "FILE", help_heading = OTHER)]
    patch: Option<Input>,
    /// Allow fields that the customer does not have
    #[arg(long, help_heading = OTHER)]
    new_field: bool,
    /// Write only if the customer has this value (repeatable)
    #[arg(long, value_name = "PATH=VALUE", help_heading = GUARD)]
    expect: Vec<String>,
    /// Write only if the customer was last modified at this time, as `customer get` shows it
    #[arg(long, value_name = "TIMESTAMP", value_parser = modified, help_heading = GUARD)]
    expect_modified: Option<Timestamp>,
}

#[derive(Debug)]
struct FieldFlags(Vec<(&'static Field, String)>);

/// A change of one customer; the customer and the patch are not read yet.
#[derive(Debug)]
pub struct Request {
    pub edits: Vec<Edit>,
    /// Changes of lists that only the customer tells.
    pub(crate) addresses: Vec<AddressEdit>,
    pub(crate) patch: Option<Input>,
    pub(crate) expectations: Vec<Expectation>,
    pub(crate) modified: Option<Timestamp>,
    pub(crate) new_fields: bool,
}

/// An address to add to a list or to remove from it.
#[derive(Debug, Clone)]
pub(crate) struct AddressEdit {
    pub(crate) field: &'static Field,
    adds: bool,
    address: String,
}

impl AddressEdit {
    /// The flag, for messages.
    pub(crate) fn given(&self) -> String {
        format!("--{}-{}", if self.adds { "add" } else { "remove" }, self.field.flag)
    }

    pub(crate) fn path(&self) -> Path {
        Path::of(self.field.path)
    }

    pub(crate) fn change(&self) -> ListEdit<'_> {
        if self.adds { ListEdit::Add(&self.address) } else { ListEdit::Remove(&self.address) }
    }
}

impl Args for FieldFlags {
    fn augment_args(command: Command) -> Command {
        command.args(FIELDS.iter().map(field_flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for FieldFlags {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<FieldFlags, clap::Error> {
        let mut typed = Vec::new();
        for field in FIELDS {
            let values = matches.get_many::<String>(field.flag).unwrap_or_default();
            typed.extend(values.map(|value| (field, value.clone())));
        }
        Ok(FieldFlags(typed))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> std::result::Result<(), clap::Error> {
        *self = FieldFlags::from_arg_matches(matches)?;
        Ok(())
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

impl EditFlags {
    /// The flags as edits; those of fields in the order of the field table.
    pub fn request(&self) -> Result<Request> {
        let mut edits = Vec::new();
        for (field, value) in &self.fields.0 {
            edits.push(field_edit(field, value)?);
        }
        for kind in &self.remove_codes {
            let action = Action::RemoveCode { kind: kind.trim().to_string() };
            edits.push(edit(Path::of(CODES_PATH), action, "--remove-sales-tracking-code"));
        }
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
        let mut expectations = Vec::new();
        for pair in &self.expect {
            let (path, value) = assignment("--expect", pair, "PATH=VALUE")?;
            let value = names::path(&path.dotted())
                .map_or_else(|| value.to_string(), |known| names::spelled(known, value));
            expectations.push(Expectation { path, value });
        }
        let addresses = self.addresses()?;
        if edits.is_empty() && addresses.is_empty() && self.patch.is_none() {
            return Err(Error::usage("no flag names a change").hint(
                "name a field, such as --first-name John; `fusebill help customer update` lists them",
            ));
        }
        Ok(Request {
            edits,
            addresses,
            patch: self.patch.clone(),
            expectations,
            modified: self.expect_modified,
            new_fields: self.new_field,
        })
    }
}

impl EditFlags {
    fn addresses(&self) -> Result<Vec<AddressEdit>> {
        let flags = [
            ("primary-email", true, &self.add_primary_email),
            ("primary-email", false, &self.remove_primary_email),
            ("secondary-email", true, &self.add_secondary_email),
            ("secondary-email", false, &self.remove_secondary_email),
        ];
        let mut edits = Vec::new();
        for (flag, adds, addresses) in flags {
            let Some(field) = field::by_flag(flag) else { continue };
            edits.extend(addresses.iter().map(|one| AddressEdit {
                field,
                adds,
                address: one.trim().to_string(),
            }));
        }
        match edits.iter().find(|one| one.address.is_empty() || one.address.contains([';', ','])) {
            Some(one) => {
                Err(Error::usage(format!("{} takes one address, not `{}`", one.given(), one.address))
                    .hint("repeat the flag for each address"))
            }
            None => Ok(edits),
        }
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
        _ => Action::Set(check::from_text(field, value).map_err(|error| {
            let problem = EditProblem::Invalid(error);
            Error::usage(EditError { given: given.clone(), path: path.clone(), problem }.to_string())
        })?),
    };
    Ok(Edit { path, action, given })
}

fn clear(name: &str) -> Result<Edit> {
    let given = format!("--clear {name}");
    Ok(Edit { path: path("--clear", name)?, action: Action::Clear, given })
}

fn assignment<'a>(flag: &str, pair: &'a str, form: &str) -> Result<(Path, &'a str)> {
    let (left, right) =
        pair.split_once('=').ok_or_else(|| Error::usage(format!("{flag} takes {form}, not `{pair}`")))?;
    Ok((path(flag, left)?, right))
}

/// A field by any of its names; a JSON Pointer and any other path are taken as they are written.
fn path(flag: &str, text: &str) -> Result<Path> {
    if let Some(known) = names::path(text).filter(|_| !text.starts_with('/')) {
        return Ok(Path::of(known));
    }
    Path::parse(text).map_err(|reason| {
        let error = Error::usage(format!("{flag}: `{text}` is not a path")).source(reason);
        match nearest(text, FIELDS.iter().map(|field| field.path)).first() {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("a path is dotted (customerReference.reference1) or a JSON Pointer"),
        }
    })
}

fn read_json(text: &str, pair: &str) -> Result<Json> {
    Json::parse(text).map_err(|reason| {
        let error = Error::usage(format!("--set-json `{pair}`")).source(reason);
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
