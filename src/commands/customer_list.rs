//! `fusebill customer list`.

use super::customer_export::Table;
use super::session::Context;
use crate::api::Pages;
use crate::api::pages::LARGEST;
use crate::cli::{ListArgs, Output};
use crate::document::{Customer, Path};
use crate::error::{ErrorKind, Result};
use crate::field::nearest_path;
use crate::report::bulk::counted;
use crate::report::list::Listing;
use crate::search::{Search, SearchMatch, names};
use crate::terminal::Notes;

/// The smallest page that is asked for, so that few requests are needed if the API ignores a filter.
const LEAST: u64 = 100;

pub(super) fn run(args: &ListArgs, context: &Context) -> Result<ErrorKind> {
    let request = args.request()?;
    if let Some(out) = &args.out {
        Table::check_writable(out)?;
    }
    let session = &context.open()?;
    let (terminal, output) = (&session.terminal, session.global.output);
    note_local_conditions(&request.search, terminal.notes());
    let out = args.out.as_ref();
    let mut table = out.map(|out| Table::new(out, request.columns.clone(), session)).transpose()?;
    let mut listing = Listing::new(request.columns.clone(), output, terminal.look());
    let mut text = String::new();
    let exact = request.limit.filter(|_| request.search.is_exact());
    let size = exact.map_or(LARGEST, |limit| limit.clamp(LEAST, LARGEST));
    let mut pages = session.client.pages(request.search.query(), request.order.clone(), size);
    let limit = request.limit.unwrap_or(u64::MAX);
    let mut found = Found { search: &request.search, limit, count: 0, beyond: false, unexpected: 0 };
    // Only the customers tell whether they have a column that the program does not know.
    let is_unknown = |path: &&Path| names::path(&path.dotted()).is_none();
    let mut missing: Vec<Path> = request.columns.iter().flatten().filter(is_unknown).cloned().collect();
    while let Some(page) = pages.read()? {
        let matches = found.take(page);
        missing.retain(|path| !matches.iter().any(|customer| customer.get(path).is_some()));
        let is_read = match &mut table {
            Some(table) => table.add(&matches).map(|()| true)?,
            None => {
                text += &listing.take(&matches);
                // A failure is printed as one JSON value too, so nothing may be printed before it.
                output == Output::Json || terminal.stream(&std::mem::take(&mut text))?
            }
        };
        if !is_read {
            return Ok(ErrorKind::Done);
        }
        if found.is_enough() {
            break;
        }
    }
    match table {
        Some(table) => table.finish(found.count, session)?,
        None => terminal.print(&(text + &listing.end()))?,
    }
    if output == Output::Table {
        note_count(args, &found, &pages, terminal.notes());
    }
    found.warn(&pages, terminal.notes());
    if found.count > 0 {
        missing.iter().for_each(|path| terminal.notes().warn(&no_such_column(path)));
    }
    Ok(ErrorKind::Done)
}

fn note_count(args: &ListArgs, found: &Found<'_>, pages: &Pages<'_>, notes: Notes) {
    if args.out.is_none() || args.limit.is_some() {
        notes.say(&found.sentence(pages));
    }
    if found.count == 0 {
        for wider in found.search.wider() {
            notes.say(&format!("A pattern is for the whole value; a part is found with --where '{wider}'."));
        }
    }
}

fn no_such_column(path: &Path) -> String {
    let hint = nearest_path(&path.dotted()).map(|near| format!(" (did you mean `{near}`?)"));
    format!("none of these customers has `{path}`{}", hint.unwrap_or_default())
}

fn note_local_conditions(search: &Search, notes: Notes) {
    let given: Vec<String> = search.conditions_without_filter().map(|given| format!("`{given}`")).collect();
    if given.is_empty() {
        return;
    }
    let others = if search.query().is_empty() { "" } else { " that matches the rest" };
    let given = given.join(", ");
    notes.say(&format!(
        "The API cannot be asked for {given}, so every customer{others} is read and checked here."
    ));
}

struct Found<'a> {
    search: &'a Search,
    limit: u64,
    count: u64,
    /// Whether more than `limit` were found.
    beyond: bool,
    /// How many the API sent although its query excludes them.
    unexpected: u64,
}

impl Found<'_> {
    fn take(&mut self, page: Vec<Customer>) -> Vec<Customer> {
        let mut matches = Vec::new();
        for customer in page {
            match self.search.judge(customer.root()) {
                SearchMatch::Match if self.is_enough() => self.beyond = true,
                SearchMatch::Match => {
                    self.count += 1;
                    matches.push(customer);
                }
                SearchMatch::Extra => {}
                SearchMatch::Unexpected => self.unexpected += 1,
            }
        }
        matches
    }

    fn is_enough(&self) -> bool {
        self.count >= self.limit
    }

    fn sentence(&self, pages: &Pages<'_>) -> String {
        let more = match pages.more() {
            _ if self.beyond => "more match",
            _ if self.count == 0 => return "No customer matches.".to_string(),
            Some(false) => return format!("{}.", counted(self.count, "customer")),
            Some(true) if self.search.is_exact() && self.unexpected == 0 => "more match",
            _ => "more may match",
        };
        match self.count {
            1 => format!("The first customer; {more}."),
            count => format!("The first {count} customers; {more}."),
        }
    }

    fn warn(&self, pages: &Pages<'_>, notes: Notes) {
        if self.unexpected > 0 {
            let sent = counted(self.unexpected, "customer");
            notes.warn(&format!("the API sent {sent} that do not match; it seems to ignore a filter"));
        }
        if pages.changed() {
            notes.warn(
                "the list changed while it was read, so customers may be missing from it: run the same command again",
            );
        }
    }
}
