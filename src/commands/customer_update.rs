//! `fusebill customer update`: one edit from flags to a verified write.

use super::change::{WriteOptions, carry_out};
use super::lookup::still_named;
use super::session::Context;
use crate::account::command;
use crate::cli::{Request, UpdateArgs};
use crate::document::expect::{EXPECT, unmet, unmet_moment};
use crate::document::plan::plan;
use crate::document::{Customer, EditError, EditProblem, Edits, Json, patch};
use crate::error::{Error, Kind, Result};
use crate::field;
use crate::report::outcome::Facts;
use crate::terminal::Input;

pub(super) fn run(args: &UpdateArgs, context: &Context, facts: &mut Facts) -> Result<Kind> {
    let mut request = args.edits.request()?;
    let edits = edits(&mut request, context)?;
    let session = &context.open_to_write(args.write.dry_run)?;
    let id = session.find(&args.customer)?;
    let lock = session.lock(id, &args.write)?;
    let before = session.read(id)?;
    facts.customer(&before);
    let check = |customer: &Customer| {
        still_named(&args.customer, customer)?;
        refuse_unmet(customer, &request, &session.account.profile)
    };
    check(&before)?;
    let plan = plan(before, &edits, request.new_fields).map_err(refused_edit)?;
    let options = WriteOptions { check: &check, ..WriteOptions::of("customer update", &args.write) };
    carry_out(plan, lock, &options, session, facts)
}

/// Reads `--patch`, and checks all edits, before any request is sent.
fn edits(request: &mut Request, context: &Context) -> Result<Edits> {
    let mut list = std::mem::take(&mut request.edits);
    Edits::check(list.clone()).map_err(refused_edit)?;
    if let Some(input) = &request.patch {
        let text = context.terminal.read(input).map_err(|why| why.at("--patch"))?;
        list.extend(read_patch(input, &text)?);
    }
    let edits = Edits::check_unless_stored(list).map_err(|mut refused| refused_edit(refused.remove(0)))?;
    if edits.is_empty() {
        return Err(Error::usage("--patch: the merge patch sets no field"));
    }
    Ok(edits)
}

fn read_patch(input: &Input, text: &str) -> Result<Vec<crate::document::Edit>> {
    // A file that an editor marked as UTF-8 is still the same JSON (RFC 8259 section 8.1).
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let json = Json::parse(text).map_err(|why| {
        Error::usage(format!("--patch: the merge patch in {input} cannot be read")).because(why)
    })?;
    patch::edits(&json, "--patch").map_err(|why| {
        Error::usage(format!("--patch: the merge patch in {input} is not valid"))
            .because(why)
            .hint("a merge patch looks like {\"firstName\": \"John\", \"suffix\": null}")
    })
}

fn refused_edit(why: EditError) -> Error {
    let error = Error::usage(why.to_string());
    let EditError { given, path, problem } = why;
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
        EditProblem::Whole => error.hint(format!(
            "name a field in it, such as `{path}.…`, or use --patch, which merges objects; \
             `fusebill help customer update` lists the flags"
        )),
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
    Err(Error::new(Kind::Conflict, message)
        .at(format!("checking customer {}", before.id()))
        .detail(unmet)
        .hint(format!(
            "`{}` shows the stored values",
            command(profile, &format!("customer get {}", before.id()))
        )))
}
