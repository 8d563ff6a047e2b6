//! Finds the customer that a name means, if it is not an id.

use super::session::Session;
use crate::api::pages::LARGEST;
use crate::api::{Client, Order};
use crate::document::{Customer, View};
use crate::error::{Error, ErrorKind, Result};
use crate::report::escape::escaped;
use crate::search::{CustomerName, Lookup, names};

const SHOWN: usize = 10;

impl Session<'_> {
    /// `NotFound` lists candidates if a lookup matches no customer or several.
    pub(super) fn find(&self, name: &CustomerName) -> Result<u64> {
        match name {
            CustomerName::Id(id) => Ok(*id),
            CustomerName::Lookup(lookup) => find(lookup, &self.client),
        }
    }
}

/// Refuses a customer that a lookup found, but would not find now.
pub(super) fn check_still_matches(name: &CustomerName, customer: &Customer) -> Result<()> {
    match name {
        CustomerName::Lookup(lookup) if !lookup.names(customer.root()) => {
            let id = customer.id();
            Err(Error::new(ErrorKind::Conflict, format!("customer {id} is no longer {lookup}"))
                .hint("look it up again"))
        }
        _ => Ok(()),
    }
}

pub(super) fn find(lookup: &Lookup, client: &Client) -> Result<u64> {
    let step = format!("looking up {lookup}");
    let order = Order { by: names::CREATED.to_string(), descending: false };
    let mut pages = client.pages(lookup.search().query(), order, LARGEST);
    let (mut matches, mut near) = (Vec::new(), Vec::new());
    let mut count = 0;
    while let Some(page) = pages.read().map_err(|reason| reason.detail([format!("this was {step}")]))? {
        for customer in page {
            if lookup.names(customer.root()) {
                count += 1;
                matches.push(customer);
                matches.truncate(SHOWN);
            } else if lookup.names_ignoring_case(customer.root()) && near.len() < SHOWN {
                near.push(customer);
            }
        }
    }
    if pages.changed() {
        return Err(Error::new(ErrorKind::Network, "the list of customers changed while it was read")
            .step(&step)
            .hint("run the same command again"));
    }
    let error = |message: String| Error::new(ErrorKind::NotFound, message).step(&step);
    match (count, matches.as_slice()) {
        (1, [one]) => Ok(one.id()),
        (0, _) if near.is_empty() => Err(error("no customer was found".to_string())
            .hint("`fusebill customer list --where …` finds customers by parts of what they hold")),
        (0, _) => Err(error("no customer was found".to_string())
            .detail(near.iter().map(candidate))
            .hint("upper and lower case count in a reference: name the customer by its id")),
        _ => {
            let more = (count > SHOWN).then(|| format!("and {} more", count - SHOWN));
            Err(error(format!("{count} customers were found, and one is needed"))
                .detail(matches.iter().map(candidate).chain(more))
                .hint("name the customer by its id"))
        }
    }
}

fn candidate(customer: &Customer) -> String {
    let text = |name: &str| {
        let value = customer.root().member(name).filter(|value| !value.is_null());
        value.map(View::text_or_token)
    };
    let reference = text("reference").map(|reference| format!(", reference {reference}"));
    let status = text("status").map(|status| format!(", {status}"));
    let named = format!("{} {}", customer.id(), customer.name());
    let line = format!("{}{}{}", named.trim_end(), reference.unwrap_or_default(), status.unwrap_or_default());
    escaped(&line).into_owned()
}
