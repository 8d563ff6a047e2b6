//! `fusebill customer find`.

use std::collections::HashSet;

use super::session::{Context, Session};
use crate::api::Order;
use crate::api::pages::LARGEST;
use crate::cli::{FindArgs, Output};
use crate::document::Customer;
use crate::error::{Error, ErrorKind, Result};
use crate::report::bulk::counted;
use crate::report::list::Listing;
use crate::search::find::Words;
use crate::search::names;

pub(super) fn run(args: &FindArgs, context: &Context) -> Result<ErrorKind> {
    let text = args.text.join(" ");
    let words = Words::of(&text).ok_or_else(|| Error::usage("`customer find` needs a word to look for"))?;
    let columns = args.columns.paths()?;
    let session = &context.open()?;
    let (found, more) = found(&words, args.limit, session)?;
    let (terminal, output) = (&session.terminal, session.global.output);
    let mut listing = Listing::new(columns, output, terminal.look());
    let text = listing.take(&found);
    terminal.print(&(text + &listing.end()))?;
    if output == Output::Table {
        terminal.notes().say(&sentence(found.len() as u64, more));
    }
    Ok(ErrorKind::Done)
}

fn sentence(count: u64, more: bool) -> String {
    match count {
        0 => "No customer has these words in its name, company, e-mail address or reference. \
              `fusebill customer list --where` searches other fields."
            .to_string(),
        count if more => format!("The first {}; more match.", counted(count, "customer")),
        count => format!("{}.", counted(count, "customer")),
    }
}

/// The customers in the order of the searches, each once, and whether there are more than `limit`.
fn found(words: &Words, limit: u64, session: &Session<'_>) -> Result<(Vec<Customer>, bool)> {
    let (mut found, mut ids) = (Vec::new(), HashSet::new());
    if let Some(one) = words.id().map(|id| session.client.get(id)) {
        match one {
            Err(error) if error.kind == ErrorKind::NotFound => {}
            one => found.push(one?),
        }
    }
    ids.extend(found.iter().map(Customer::id));
    for search in words.searches() {
        let order = Order { by: names::CREATED.to_string(), descending: false };
        let mut pages = session.client.pages(search.query(), order, LARGEST);
        while let Some(page) = pages.read()? {
            let matches = page.into_iter().filter(|one| words.hold(one.root()));
            found.extend(matches.filter(|one| ids.insert(one.id())));
            if found.len() as u64 > limit {
                found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
                return Ok((found, true));
            }
        }
    }
    Ok((found, false))
}
