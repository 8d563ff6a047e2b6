//! `fusebill customer update`: one edit from flags to a verified write.

use std::borrow::Cow;

use super::change::{WriteOptions, write_plan};
use super::lookup::check_still_matches;
use super::session::Context;
use crate::account::command;
use crate::bulk::{MODIFIED, UnsettableValue};
use crate::cli::{AddressEdit, Request, UpdateArgs};
use crate::document::addresses::{self, ListEdit};
use crate::document::expect::{EXPECT, unmet, unmet_moment};
use crate::document::plan::plan;
use crate::document::{Action, Customer, Edit, EditError, EditProblem, Edits, Json, View, patch};
use crate::error::{Error, ErrorKind, Result};
use crate::field::{self, FIELDS};
use crate::report::outcome::JsonReport;
use crate::terminal::Input;

const PATCH: &str = "--patch";

pub(super) fn run(args: &UpdateArgs, context: &Context, json: &mut JsonReport) -> Result<ErrorKind> {
    let mut request = args.edits.request()?;
    let (edits, fixed) = edits(&mut request, context)?;
    let session = &context.open_to_write(args.write.dry_run)?;
    let id = session.find(&args.customer)?;
    let lock = session.lock(id, &args.write)?;
    let before = session.read(id)?;
    json.customer(&before);
    let check = |customer: &Customer| {
        check_still_matches(&args.customer, customer)?;
        refuse_unmet(customer, &request, &session.account.profile)?;
        refuse_moved(customer, &fixed)
    };
    check(&before)?;
    let edits = with_addresses(&edits, &before, &request.addresses, context)?;
    let plan = plan(before, &edits, request.new_fields).map_err(refused_edit)?;
    let options = WriteOptions { check: &check, ..WriteOptions::of("customer update", &args.write) };
    write_plan(plan, lock, &options, session, json)
}

/// Reads `--patch`, and checks all edits, before any request is sent.
fn edits(request: &mut Request, context: &Context) -> Result<(Edits, Vec<UnsettableValue>)> {
    let (mut list, mut fixed) = (std::mem::take(&mut request.edits), Vec::new());
    Edits::check(list.clone()).map_err(refused_edit)?;
    if let Some(input) = &request.patch {
        let text = context.terminal.read(input).map_err(|error| error.step("--patch"))?;
        let (patched, held) = read_only_apart(read_patch(input, &text)?);
        list.extend(patched);
        fixed = held;
    }
    let edits = Edits::check_unless_stored(list).map_err(|mut refused| refused_edit(refused.remove(0)))?;
    if let Some((given, twice)) = twice(&edits, &request.addresses) {
        return Err(Error::usage(format!("{} and {given} both set `{}`", twice.given, twice.path)));
    }
    if edits.is_empty() && fixed.is_empty() && request.addresses.is_empty() {
        return Err(Error::usage("--patch: the merge patch sets no field"));
    }
    Ok((edits, fixed))
}

/// An edit of a list whose addresses other flags add or remove.
fn twice<'a>(edits: &'a Edits, addresses: &[AddressEdit]) -> Option<(String, &'a Edit)> {
    addresses.iter().find_map(|one| Some((one.given(), edits.covering(&one.path())?)))
}

/// The edits, and the lists of the customer with addresses added and removed. What changes nothing is said.
fn with_addresses(
    edits: &Edits,
    before: &Customer,
    addresses: &[AddressEdit],
    context: &Context,
) -> Result<Edits> {
    let mut list: Vec<Edit> = edits.iter().cloned().collect();
    for field in FIELDS {
        let of_field: Vec<&AddressEdit> =
            addresses.iter().filter(|one| one.field.path == field.path).collect();
        let Some(first) = of_field.first() else { continue };
        let path = first.path();
        let old = before.get(&path).filter(|old| !old.is_null());
        let old = match old.map(View::as_text) {
            None => Cow::default(),
            Some(Some(text)) => text,
            Some(None) => {
                let error =
                    format!("{}: `{path}` holds something else than a list of addresses", first.given());
                return Err(Error::usage(error));
            }
        };
        let changes: Vec<ListEdit<'_>> = of_field.iter().map(|one| one.change()).collect();
        let (new, notes) = addresses::edit(&old, &changes).map_err(|error| {
            Error::usage(format!("{}: `{path}` {error}", first.given()))
                .hint(format!("--clear {} clears it", field.flag))
        })?;
        notes.iter().for_each(|note| context.terminal.notes().warn(&format!("`{path}` {note}")));
        if new != old {
            list.push(Edit { path, action: Action::Set(Json::string(&new)), given: first.given() });
        }
    }
    Edits::check_unless_stored(list).map_err(|mut refused| refused_edit(refused.remove(0)))
}

/// `customer get -o json | jq … | customer update --patch -` repeats read-only members: they must be the stored ones.
fn read_only_apart(list: Vec<Edit>) -> (Vec<Edit>, Vec<UnsettableValue>) {
    let mut fixed = Vec::new();
    let writable = |edit: Edit| match (field::read_only(&edit.path.dotted()), &edit.action) {
        (Some(known), Action::Set(value)) => {
            fixed.push(UnsettableValue {
                path: edit.path,
                value: value.clone(),
                reason: known.reason.to_string(),
            });
            None
        }
        _ => Some(edit),
    };
    (list.into_iter().filter_map(writable).collect(), fixed)
}

/// A patch with the customer's timestamp is a whole customer: if the timestamp moved, other members may have moved too.
fn refuse_moved(customer: &Customer, fixed: &[UnsettableValue]) -> Result<()> {
    let moved: Vec<&UnsettableValue> = fixed.iter().filter(|fixed| !fixed.holds(customer)).collect();
    let Some(first) = moved.first() else { return Ok(()) };
    let id = customer.id();
    if let Some(other) = moved.iter().find(|fixed| fixed.path.dotted() == "id") {
        let message = format!("--patch: the patch is of customer {}, not of {id}", other.value.text());
        return Err(Error::usage(message));
    }
    if moved.iter().any(|fixed| fixed.path.dotted() == MODIFIED && !fixed.value.root().is_null()) {
        return Err(Error::new(ErrorKind::Conflict, "the customer is not as the patch has it")
            .step(format!("checking customer {id}"))
            .detail(moved.iter().map(|fixed| fixed.moved("patch", customer)))
            .hint("read it again, and make the patch of that"));
    }
    let (path, problem) = (first.path.clone(), EditProblem::ReadOnly(first.reason.clone()));
    Err(refused_edit(EditError { given: "--patch".to_string(), path, problem }))
}

fn read_patch(input: &Input, text: &str) -> Result<Vec<Edit>> {
    // A file that an editor marked as UTF-8 is still the same JSON (RFC 8259 section 8.1).
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let json = Json::parse(text).map_err(|error| {
        Error::usage(format!("--patch: the merge patch in {input} cannot be read")).source(error)
    })?;
    patch::edits(&json, "--patch").map_err(|error| {
        Error::usage(format!("--patch: the merge patch in {input} is not valid"))
            .source(error)
            .hint("a merge patch looks like {\"firstName\": \"John\", \"suffix\": null}")
    })
}

fn refused_edit(reason: EditError) -> Error {
    let error = Error::usage(reason.to_string());
    let EditError { given, path, problem } = reason;
    match problem {
        EditProblem::Unknown(nearest) => {
            let near: Vec<String> = nearest.iter().map(|name| format!("`{name}`")).collect();
            let error = if near.is_empty() {
                error
            } else {
                error.hint(format!("did you mean {}?", near.join(" or ")))
            };
            match given.as_str() {
                EXPECT => error,
                _ => error.hint("--new-field allows a field that the customer does not have"),
            }
        }
        EditProblem::OtherCase(has) => error.hint(format!("write `{has}`")),
        EditProblem::Whole => {
            let patch = if given == PATCH { "" } else { ", or use --patch, which merges objects" };
            error.hint(format!(
                "name a field in it, such as `{path}.…`{patch}; `fusebill help customer update` lists the flags"
            ))
        }
        EditProblem::NoMembers(_) if path.dotted() == field::CODES_PATH => {
            error.hint("--sales-tracking-code TYPE=CODE sets the code of one type")
        }
        EditProblem::Invalid(_) if given == "--set" && is_number(&path.dotted()) => {
            error.hint(format!("--set sends a string; use --set-json {path}=…, or the flag of the field"))
        }
        _ => error,
    }
}

fn is_number(path: &str) -> bool {
    field::at(path).is_some_and(|field| field.kind == field::FieldKind::Integer)
}

fn refuse_unmet(before: &Customer, request: &Request, profile: &str) -> Result<()> {
    let mut unmet = unmet(before, &request.expectations).map_err(refused_edit)?;
    unmet.extend(request.modified.and_then(|moment| unmet_moment(before, moment)));
    if unmet.is_empty() {
        return Ok(());
    }
    let message = format!("customer {} does not meet --expect or --expect-modified", before.id());
    Err(Error::new(ErrorKind::Conflict, message)
        .step(format!("checking customer {}", before.id()))
        .detail(unmet)
        .hint(format!(
            "`{}` shows the stored values",
            command(profile, &format!("customer get {}", before.id()))
        )))
}
