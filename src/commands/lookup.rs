//! Which customer a name means, where it is not an id.

use super::session::Session;
use crate::api::Order;
use crate::api::pages::LARGEST;
use crate::document::Customer;
use crate::error::{Error, Kind, Result};
use crate::report::escape::escaped;
use crate::search::{CustomerName, Lookup, names};

/// How many candidates are shown.
const SHOWN: usize = 10;

impl Session<'_> {
    /// The id of the customer that a name means.
    ///
    /// # Errors
    /// `NotFound` where a lookup finds none, or more than one; with those that may be meant.
    pub(super) fn find(&self, name: &CustomerName) -> Result<u64> {
        match name {
            CustomerName::Id(id) => Ok(*id),
            CustomerName::Lookup(lookup) => find(lookup, &self.client),
        }
    }
}

/// Refuses a customer that is no longer the one that a lookup found.
///
/// # Errors
/// `Conflict`.
pub(super) fn still_named(name: &CustomerName, customer: &Customer) -> Result<()> {
    match name {
        CustomerName::Lookup(lookup) if !lookup.names(customer.root()) => {
            let id = customer.id();
            Err(Error::new(Kind::Conflict, format!("customer {id} is no longer {lookup}"))
                .hint("look it up again"))
        }
        _ => Ok(()),
    }
}

/// The one customer that a lookup means.
///
/// # Errors
/// As [`Session::find`].
pub(super) fn find(lookup: &Lookup, client: &crate::api::Client) -> Result<u64> {
    let step = format!("looking up {lookup}");
    let order = Order { by: names::CREATED.to_string(), descending: false };
    let mut pages = client.pages(lookup.search().query(), order, LARGEST);
    let (mut meant, mut near) = (Vec::new(), Vec::new());
    let mut count = 0;
    while let Some(page) = pages.read().map_err(|why| why.detail([format!("this was {step}")]))? {
        for customer in page {
            if lookup.names(customer.root()) {
                count += 1;
                meant.push(customer);
                meant.truncate(SHOWN);
            } else if lookup.nearly_names(customer.root()) && near.len() < SHOWN {
                near.push(customer);
            }
        }
    }
    if pages.changed() {
        return Err(Error::new(Kind::Network, "the list of customers changed while it was read")
            .at(step)
            .hint("run the same command again"));
    }
    match (count, meant.as_slice()) {
        (1, [one]) => Ok(one.id()),
        (0, _) => Err(none(&near).at(step)),
        _ => Err(several(count, &meant).at(step)),
    }
}

fn none(near: &[Customer]) -> Error {
    let error = Error::new(Kind::NotFound, "no customer was found");
    if near.is_empty() {
        return error.hint("`fusebill customer list --where …` finds customers by parts of what they hold");
    }
    error
        .detail(near.iter().map(candidate))
        .hint("upper and lower case count in a reference: name the one that is meant by its id")
}

fn several(count: usize, meant: &[Customer]) -> Error {
    let more = count - meant.len();
    let more = (more > 0).then(|| format!("and {more} more"));
    Error::new(Kind::NotFound, format!("{count} customers were found, and one is needed"))
        .detail(meant.iter().map(candidate).chain(more))
        .hint("name the one that is meant by its id")
}

fn candidate(customer: &Customer) -> String {
    let text = |name: &str| {
        let value = customer.root().member(name).filter(|value| !value.is_null());
        value.map(|value| {
            value.as_text().map_or_else(|| value.raw().to_string(), std::borrow::Cow::into_owned)
        })
    };
    let reference = text("reference").map(|reference| format!(", reference {reference}"));
    let status = text("status").map(|status| format!(", {status}"));
    let named = format!("{} {}", customer.id(), customer.name());
    let line = format!("{}{}{}", named.trim_end(), reference.unwrap_or_default(), status.unwrap_or_default());
    escaped(&line).into_owned()
}
