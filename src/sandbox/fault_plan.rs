//! Counts requests for the faults that can still hit, and applies those that hit one request.

use jiff::Timestamp;

use super::access::used_up;
use super::behaviour::Behaviour;
use super::fault::{Effect, Fault, Operation};
use super::response::Response;
use super::table::{Table, value_at, with_values};
use super::timestamp;
use crate::document::json::{Json, View, quote};
use crate::document::path::Path;

/// The effects of faults on one request.
pub(crate) struct FaultPlan {
    pub(crate) effects: Vec<Effect>,
}

impl FaultPlan {
    /// Drops the faults that can hit no other request.
    pub(crate) fn take(faults: &mut Vec<Fault>, operation: &Operation) -> FaultPlan {
        let mut effects = Vec::new();
        for fault in faults.iter_mut().filter(|fault| fault.applies_to(operation)) {
            fault.seen += 1;
            if fault.seen >= fault.from {
                effects.push(fault.effect.clone());
            }
        }
        faults.retain(|fault| fault.to.is_none_or(|to| fault.seen < to));
        FaultPlan { effects }
    }

    pub(crate) fn instead(&self, now: Timestamp, behaviour: &Behaviour) -> Option<Response> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Refuse(response) => Some(response.clone()),
            Effect::RateLimit(seconds) => Some(used_up(*seconds, now, behaviour)),
            _ => None,
        })
    }

    pub(crate) fn write_between(&self, table: &mut Table, id: u64, now: Timestamp) {
        for effect in &self.effects {
            if let (Effect::OtherWriter(path, token), Some(document)) = (effect, table.get(id)) {
                let written = with_values(document, &[(path.clone(), token.clone())]);
                table.put(id, timestamp::with_modified(&written, &timestamp::short(now)));
            }
        }
    }

    /// The document that is stored for an edit, without the parts that a fault silently drops.
    pub(crate) fn drop_ignored_parts(&self, before: &Json, mut after: Json) -> Json {
        for effect in &self.effects {
            let stored = match effect {
                Effect::Truncate(path, units) => truncated(&after, path, *units).map(|token| (path, token)),
                Effect::Ignore(path) => value_at(&after, path)
                    .map(|_| (path, value_at(before, path).map_or("null", View::raw).to_string())),
                _ => None,
            };
            if let Some((path, token)) = stored {
                after = with_values(&after, &[(path.clone(), token)]);
            }
        }
        after
    }

    pub(crate) fn change(&self, response: &mut Response, document: impl Fn(u64) -> Option<String>) {
        for effect in &self.effects {
            match effect {
                Effect::Deliver(delivery) => response.delivery = *delivery,
                Effect::Replace(new) if response.is_success() => response.replace(new.clone()),
                Effect::Swap(id) if response.is_success() => response.replace(match document(*id) {
                    Some(text) => Response::json(200, text),
                    None => {
                        Response::error(500, &format!("The fault names customer {id}, which does not exist."))
                    }
                }),
                _ => {}
            }
        }
    }
}

/// None if the text is no longer than this.
fn truncated(document: &Json, path: &Path, units: usize) -> Option<String> {
    let text = value_at(document, path)?.as_text()?;
    let all: Vec<u16> = text.encode_utf16().collect();
    all.get(..units).filter(|kept| kept.len() < all.len()).map(|kept| quote(&String::from_utf16_lossy(kept)))
}
