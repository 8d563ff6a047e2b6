//! The write itself: the PUT, and finding out what it came to. Every command that changes a customer goes through here.

use crate::api::{Client, Failure, Put};
use crate::document::json::Json;
use crate::document::verify::{Difference, Verdict, verify};
use crate::document::{Customer, Plan};
use crate::error::{Error, Kind, Result};
use crate::report::outcome::Facts;
use crate::report::table::value;
use crate::terminal::Notes;

/// Sends the plan and proves what is stored.
///
/// # Errors
/// `Refused`, `Network` and the like where nothing was written; `Unknown` where that cannot be told; `Differs` where
/// what is stored is not what was asked.
pub(super) fn write(plan: &Plan, client: &Client, facts: &mut Facts, notes: Notes) -> Result<()> {
    let id = plan.before.id();
    let step = format!("writing customer {id}");
    match client.put(&plan.after) {
        Ok(Put::Stored(stored)) => judge(plan, &stored, facts),
        Ok(Put::Accepted) => match client.get(id) {
            Ok(stored) => judge(plan, &stored, facts),
            Err(why) => Err(unknown("the API said yes, but what it stored cannot be read", why, id)),
        },
        Err(Failure::NeverSent(error) | Failure::No(error)) => Err(error.at(step)),
        Err(Failure::Lost(error)) => {
            notes.say(&format!(
                "{}; reading the customer to see whether the change took effect",
                error.headline()
            ));
            resolve(plan, client, facts, error.at(step))
        }
    }
}

/// Settles a write whose answer says nothing, by reading.
fn resolve(plan: &Plan, client: &Client, facts: &mut Facts, lost: Error) -> Result<()> {
    let id = plan.before.id();
    let stored = match client.get(id) {
        Ok(stored) => stored,
        Err(why) => return Err(unknown(&format!("{}, and then", lost.headline()), why, id)),
    };
    let after = verify(plan, &stored);
    if after.holds() {
        return Ok(());
    }
    if is_as_before(plan, &stored) {
        return Err(Error { kind: Kind::Network, ..lost }
            .detail(["read again: the customer is as it was before".to_string()]));
    }
    facts.verdict(&after);
    Err(Error { kind: Kind::Unknown, ..lost }
        .detail(lines(&after))
        .hint(format!("look at it with `fusebill customer get {id}`")))
}

fn is_as_before(plan: &Plan, stored: &Customer) -> bool {
    let nothing = Plan { after: plan.before.clone(), changes: Vec::new(), ..plan.clone() };
    verify(&nothing, stored).holds()
}

fn judge(plan: &Plan, stored: &Customer, facts: &mut Facts) -> Result<()> {
    let verdict = verify(plan, stored);
    if verdict.holds() {
        return Ok(());
    }
    facts.verdict(&verdict);
    let id = plan.before.id();
    Err(Error::new(Kind::Differs, "what is stored is not what was asked for")
        .at(format!("verifying customer {id}"))
        .detail(lines(&verdict))
        .hint(format!("look at it with `fusebill customer get {id}`")))
}

fn lines(verdict: &Verdict) -> Vec<String> {
    verdict.differences.iter().map(line).collect()
}

fn line(difference: &Difference) -> String {
    let shown = |json: &Option<Json>| value(json.as_ref().map(Json::root));
    let (path, sent, stored) = (&difference.path, shown(&difference.sent), shown(&difference.stored));
    let asked = if difference.asked { "" } else { " (nobody asked to change it)" };
    format!("`{path}`: sent {sent}, stored {stored}{asked}")
}

fn unknown(what: &str, why: Error, id: u64) -> Error {
    Error::new(Kind::Unknown, format!("{what}: {}", why.headline()))
        .detail(why.details)
        .at(format!("writing customer {id}"))
        .hint(format!("look at it with `fusebill customer get {id}` before you write again"))
}
