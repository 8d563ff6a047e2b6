//! What the API is known to refuse, found without a write: a dry run must promise no more than the command does.

use crate::api::Client;
use crate::document::Plan;
use crate::error::{Error, ErrorKind, Result};

use super::conflict::before_writing;

/// `Refused` if the plan itself shows that the API would refuse it.
pub(super) fn refuse_known(plan: &Plan) -> Result<()> {
    plan.known_refusal().map_or(Ok(()), |error| Err(refused(plan, &error)))
}

/// Reads what the plan refers to; gives the ids that it found.
pub(super) fn check_references(plan: &Plan, client: &Client) -> Result<Vec<u64>> {
    let Some(parent) = plan.new_parent() else { return Ok(Vec::new()) };
    match client.get(parent) {
        Ok(_) => Ok(vec![parent]),
        Err(error) if error.kind == ErrorKind::NotFound => {
            Err(refused(plan, &format!("its new parent, customer {parent}, does not exist")))
        }
        Err(error) => Err(error),
    }
}

fn refused(plan: &Plan, reason: &str) -> Error {
    Error::new(ErrorKind::Refused, format!("the API would refuse the change: {reason}"))
        .step(before_writing(plan))
}
