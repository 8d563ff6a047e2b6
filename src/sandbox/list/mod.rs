//! `GET /v1/customers`: filters, order and pages, by the vendor's pages "List customers", "String filtering", "Date
//! filtering", "Sorting" and "Pagination".

mod filter;

use std::borrow::Cow;

use super::behaviour::Behaviour;
use super::response::Response;
use super::table::Table;
use crate::document::json::Json;
use filter::{Filter, Name};

/// The vendor says only "never below 1,000".
const LARGEST_PAGE: usize = 1_000;
/// The vendor's samples ask for 100; the default is not published.
const DEFAULT_PAGE: usize = 100;

struct Query {
    filter: Filter,
    sort: Option<Sort>,
    page_size: usize,
    /// Pages are counted from 0.
    page_number: usize,
}

/// Without one a list is in the order of ids.
struct Sort {
    name: Name,
    expression: String,
    descending: bool,
}

pub(crate) fn list(table: &Table, query: &str, behaviour: &Behaviour) -> Response {
    match Query::parse(query, behaviour) {
        Ok(query) => query.response(table, behaviour),
        Err(reason) => Response::error(400, &reason),
    }
}

impl Query {
    fn parse(query: &str, behaviour: &Behaviour) -> Result<Query, String> {
        let parameters: Vec<(Cow<str>, Cow<str>)> = form_urlencoded::parse(query.as_bytes()).collect();
        let get = |name: &str| {
            let known = parameters.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name));
            known.map(|(_, value)| value.as_ref()).filter(|value| !value.is_empty())
        };
        Ok(Query {
            filter: Filter::parse(get("query").unwrap_or_default(), behaviour)?,
            sort: Sort::parse(get("sortExpression"), get("sortOrder"), behaviour)?,
            page_size: page_size(get("pageSize"), behaviour)?,
            page_number: get("pageNumber").map_or(Ok(0), |number| whole("pageNumber", number))?,
        })
    }

    fn response(&self, table: &Table, behaviour: &Behaviour) -> Response {
        let matches = self.matches(table);
        let first = self.page_number.saturating_mul(self.page_size);
        let page = matches.iter().skip(first).take(self.page_size);
        let body = page.map(|document| document.text()).collect::<Vec<&str>>().join(",");
        let mut response = Response::json(200, format!("[{body}]"));
        for (name, value) in self.page_headers(matches.len(), behaviour) {
            response.header(name, &value);
        }
        let descending = self.sort.as_ref().is_some_and(|sort| sort.descending);
        response.header("x-sortorder", if descending { "Descending" } else { "Ascending" });
        response.header("x-sortexpression", self.sort.as_ref().map_or("id", |sort| &sort.expression));
        response
    }

    fn matches<'a>(&self, table: &'a Table) -> Vec<&'a Json> {
        let mut matches: Vec<&Json> =
            table.documents().filter(|document| self.filter.matches(document.root())).collect();
        if let Some(sort) = &self.sort {
            matches.sort_by_cached_key(|document| sort.name.sort_key(document.root()));
            if sort.descending {
                matches.reverse();
            }
        }
        matches
    }

    fn page_headers(&self, matches: usize, behaviour: &Behaviour) -> [(&'static str, String); 7] {
        let pages = matches.div_ceil(self.page_size);
        let next = self.page_number.saturating_add(1);
        let has_next = next < pages || behaviour.is("next-page", "one-more");
        let index = |page: Option<usize>| page.map_or("-1".to_string(), |page| page.to_string());
        let last = if behaviour.is("max-page-index", "count") { pages } else { pages.saturating_sub(1) };
        [
            ("x-count", matches.to_string()),
            ("x-maxcount", matches.to_string()),
            ("x-currentpage", self.page_number.to_string()),
            ("x-previouspage", index(self.page_number.checked_sub(1))),
            ("x-nextpage", index(Some(next).filter(|_| has_next))),
            ("x-pagesize", self.page_size.to_string()),
            ("x-maxpageindex", last.to_string()),
        ]
    }
}

impl Sort {
    /// None unless both parameters are given ("Sorting").
    fn parse(
        expression: Option<&str>,
        order: Option<&str>,
        behaviour: &Behaviour,
    ) -> Result<Option<Sort>, String> {
        let (Some(expression), Some(order)) = (expression, order) else { return Ok(None) };
        let descending = match order.to_ascii_lowercase().as_str() {
            "ascending" => false,
            "descending" => true,
            _ => return Err(format!("sortOrder is Ascending or Descending, not {order}.")),
        };
        let name = Name::find(expression, behaviour)?;
        Ok(name.map(|name| Sort { name, expression: expression.to_string(), descending }))
    }
}

fn page_size(given: Option<&str>, behaviour: &Behaviour) -> Result<usize, String> {
    match given.map_or(Ok(DEFAULT_PAGE), |size| whole("pageSize", size))? {
        0 => Err("pageSize must be at least 1.".to_string()),
        size if size > LARGEST_PAGE && behaviour.is("page-size", "refuse") => {
            Err(format!("pageSize cannot be above {LARGEST_PAGE}."))
        }
        size => Ok(size.min(LARGEST_PAGE)),
    }
}

fn whole(name: &str, text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("{name} must be a whole number, not {text}."))
}
