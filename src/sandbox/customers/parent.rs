//! Who may be whose parent.

use super::Problem;
use crate::document::json::View;
use crate::sandbox::behaviour::{Behaviour, NullParent, ParentRules};
use crate::sandbox::store::Table;

/// The most generations of a hierarchy, by the vendor's support pages on hierarchies.
const GENERATIONS: usize = 4;
const FIELD: &str = "parentId";

/// The token that is stored for a parent, given what was sent (if anything) and the token that is held.
pub(crate) fn token(
    id: u64,
    sent: Option<View<'_>>,
    held: &str,
    table: &Table,
    behaviour: &Behaviour,
) -> Result<String, Problem> {
    match sent.filter(|sent| !sent.is_null()) {
        Some(sent) if sent.raw() == held => Ok(held.to_string()),
        Some(sent) => {
            let parent = sent.raw().parse().map_err(|_| problem("parentId must be a whole number."))?;
            check(id, parent, table, behaviour)?;
            Ok(sent.raw().to_string())
        }
        None if held == "null" => Ok("null".to_string()),
        None => match behaviour.null_parent {
            NullParent::Detach => Ok("null".to_string()),
            NullParent::Keep => Ok(held.to_string()),
            NullParent::Refuse => Err(problem("The customer cannot be taken from its parent.")),
        },
    }
}

fn problem(text: impl Into<String>) -> Problem {
    Problem::field(FIELD, text)
}

fn check(id: u64, parent: u64, table: &Table, behaviour: &Behaviour) -> Result<(), Problem> {
    let Some(document) = table.json(parent) else {
        return Err(problem(format!("The parent customer {parent} does not exist.")));
    };
    let line = ancestry(parent, table);
    if line.contains(&id) {
        return Err(problem(format!("Customer {parent} is customer {id} itself or below it.")));
    }
    if behaviour.parent_rules == ParentRules::Loose {
        return Ok(());
    }
    if document.root().member("status").is_none_or(|status| status.raw() != "\"Active\"") {
        return Err(problem(format!("The parent customer {parent} is not Active.")));
    }
    if line.len() + generations_below(id, table) > GENERATIONS {
        return Err(problem(format!("A hierarchy has at most {GENERATIONS} generations.")));
    }
    Ok(())
}

/// A customer, its parent, that one's parent and so on.
fn ancestry(id: u64, table: &Table) -> Vec<u64> {
    let mut line = vec![id];
    while let Some(next) = line.last().and_then(|last| parent_of(*last, table)) {
        if line.contains(&next) {
            break;
        }
        line.push(next);
    }
    line
}

fn parent_of(id: u64, table: &Table) -> Option<u64> {
    table.json(id)?.root().member(FIELD)?.raw().parse().ok()
}

/// Generations from this customer down, itself included.
fn generations_below(id: u64, table: &Table) -> usize {
    let line = |other: u64| ancestry(other, table).iter().position(|above| *above == id);
    table.ids().filter_map(line).max().map_or(1, |below| below + 1)
}
