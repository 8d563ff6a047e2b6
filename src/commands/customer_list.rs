//! `fusebill customer list`.

use super::session::Context;
use crate::api::Pages;
use crate::api::pages::LARGEST;
use crate::cli::{ListArgs, ListRequest, Output};
use crate::document::{Customer, Path};
use crate::error::{Kind, Result};
use crate::field::{FIELDS, READ_ONLY, nearest};
use crate::report::list::Listing;
use crate::search::{Fit, Search, names};
use crate::terminal::Notes;

pub(super) fn run(args: &ListArgs, context: &Context) -> Result<Kind> {
    let request = args.request()?;
    let session = &context.open()?;
    let terminal = &session.terminal;
    say_what_is_kept_back(&request.search, terminal.notes());
    let mut listing = Listing::new(request.columns.clone(), session.global.output);
    let mut text = String::new();
    let mut pages = session.client.pages(request.search.query(), request.order.clone(), page_size(&request));
    let mut found = Found::new(&request);
    let mut unknown = unknown_columns(&request);
    while let Some(page) = pages.read()? {
        let meant = found.take(page);
        unknown.retain(|path| !meant.iter().any(|customer| customer.get(path).is_some()));
        text += &listing.take(&meant);
        // What a failure prints is one JSON value too, so there must be none before it.
        if session.global.output != Output::Json && !terminal.stream(&std::mem::take(&mut text))? {
            return Ok(Kind::Done);
        }
        if found.is_enough() {
            break;
        }
    }
    terminal.print(&(text + &listing.end(terminal.look())))?;
    if session.global.output == Output::Table {
        terminal.notes().say(&found.count(&pages));
    }
    found.warn(&pages, terminal.notes());
    if found.count > 0 {
        unknown.iter().for_each(|path| terminal.notes().warn(&no_such_column(path)));
    }
    Ok(Kind::Done)
}

/// The columns that only the customers themselves can know.
fn unknown_columns(request: &ListRequest) -> Vec<Path> {
    let is_unknown = |path: &&Path| names::path(&path.dotted()).is_none();
    request.columns.iter().flatten().filter(is_unknown).cloned().collect()
}

fn no_such_column(path: &Path) -> String {
    let fields = FIELDS.iter().map(|field| field.path).chain(READ_ONLY.iter().map(|field| field.path));
    let near = nearest(&path.dotted(), fields);
    let meant = near.first().map(|near| format!(" (did you mean `{near}`?)"));
    format!("none of these customers has `{path}`{}", meant.unwrap_or_default())
}

/// The smallest page that is asked for, so that an API that ignores a filter is not read customer by customer.
const LEAST: u64 = 100;

/// Not many more are asked for than are wanted, where the API sends no others.
fn page_size(request: &ListRequest) -> u64 {
    let exact = request.limit.filter(|_| request.search.is_exact());
    exact.map_or(LARGEST, |limit| limit.clamp(LEAST, LARGEST))
}

fn say_what_is_kept_back(search: &Search, notes: Notes) {
    let kept_back: Vec<String> = search.kept_back().map(|given| format!("`{given}`")).collect();
    if kept_back.is_empty() {
        return;
    }
    let read =
        if search.query().is_empty() { "every customer" } else { "every customer of whom the rest holds" };
    notes.say(&format!(
        "The API cannot be asked for {}, so {read} is read and checked here.",
        kept_back.join(", ")
    ));
}

/// What was found so far.
struct Found<'a> {
    search: &'a Search,
    limit: u64,
    count: u64,
    /// One more was found than is wanted.
    beyond: bool,
    /// How many the API sent that it was asked to leave out.
    unasked: u64,
}

impl Found<'_> {
    fn new(request: &ListRequest) -> Found<'_> {
        let limit = request.limit.unwrap_or(u64::MAX);
        Found { search: &request.search, limit, count: 0, beyond: false, unasked: 0 }
    }

    /// The customers of a page that are meant and wanted.
    fn take(&mut self, page: Vec<Customer>) -> Vec<Customer> {
        let mut meant = Vec::new();
        for customer in page {
            match self.search.judge(customer.root()) {
                Fit::Match if self.is_enough() => self.beyond = true,
                Fit::Match => {
                    self.count += 1;
                    meant.push(customer);
                }
                Fit::Extra => {}
                Fit::Unexpected => self.unasked += 1,
            }
        }
        meant
    }

    fn is_enough(&self) -> bool {
        self.count >= self.limit
    }

    /// Whether more match than were wanted; none where that cannot be told.
    fn more(&self, pages: &Pages<'_>) -> Option<bool> {
        match pages.more() {
            _ if self.beyond => Some(true),
            Some(true) if !self.search.is_exact() || self.unasked > 0 => None,
            more => more,
        }
    }

    /// How many there are, in words.
    fn count(&self, pages: &Pages<'_>) -> String {
        let all = match self.count {
            0 => return "No customer matches.".to_string(),
            1 => "1 customer.".to_string(),
            count => format!("{count} customers."),
        };
        let first = match self.count {
            1 => "The first customer".to_string(),
            count => format!("The first {count} customers"),
        };
        match self.more(pages) {
            Some(false) => all,
            Some(true) => format!("{first}; more match."),
            None => format!("{first}; more may match."),
        }
    }

    fn warn(&self, pages: &Pages<'_>, notes: Notes) {
        if self.unasked > 0 {
            let unasked = self.unasked;
            notes.warn(&format!(
                "{unasked} of the customers that the API sent do not match and were left out: it seems to ignore a filter"
            ));
        }
        if pages.changed() {
            notes.warn(
                "the list changed while it was read, so customers may be missing from it: run the same command again",
            );
        }
    }
}
