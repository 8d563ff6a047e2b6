//! `GET /v1/customers`: filters, order and pages, by the vendor's pages "List customers", "String filtering", "Date
//! filtering", "Sorting" and "Pagination".

mod filter;
mod names;
mod page;

use std::borrow::Cow;

use super::behaviour::Behaviour;
use super::http::answer::Answer;
use super::store::Table;
use crate::document::json::Json;
use filter::Filter;
use names::Name;
use page::Page;

/// What a list is asked for.
struct Question {
    filter: Filter,
    sort: Option<Sort>,
    page: Page,
}

/// The order of a list; without one it is by id.
struct Sort {
    name: Name,
    expression: String,
    descending: bool,
}

/// Answers a list with an array and paging headers.
pub(crate) fn list(table: &Table, query: &str, behaviour: &Behaviour) -> Answer {
    match Question::read(query, behaviour) {
        Ok(question) => question.answer(table, behaviour),
        Err(why) => Answer::refusal(400, &why),
    }
}

impl Question {
    fn read(query: &str, behaviour: &Behaviour) -> Result<Question, String> {
        let parameters: Vec<(Cow<str>, Cow<str>)> = form_urlencoded::parse(query.as_bytes()).collect();
        let get = |name: &str| {
            let known = parameters.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name));
            known.map(|(_, value)| value.as_ref()).filter(|value| !value.is_empty())
        };
        Ok(Question {
            filter: Filter::read(get("query").unwrap_or_default(), behaviour)?,
            sort: Sort::read(get("sortExpression"), get("sortOrder"), behaviour)?,
            page: Page::read(get("pageSize"), get("pageNumber"), behaviour)?,
        })
    }

    fn answer(&self, table: &Table, behaviour: &Behaviour) -> Answer {
        let matches = self.matches(table);
        let page = matches.iter().skip(self.page.first()).take(self.page.size);
        let body = page.copied().collect::<Vec<&str>>().join(",");
        let mut answer = Answer::json(200, format!("[{body}]"));
        for (name, value) in self.page.headers(matches.len(), behaviour) {
            answer.header(name, &value);
        }
        if let Some(sort) = &self.sort {
            answer.header("x-sortorder", if sort.descending { "Descending" } else { "Ascending" });
            answer.header("x-sortexpression", &sort.expression);
        }
        answer
    }

    fn matches<'a>(&self, table: &'a Table) -> Vec<&'a str> {
        if self.filter.takes_all() && self.sort.is_none() {
            return table.documents().collect();
        }
        let read = |text: &'a str| (Json::known(text.to_string()), text);
        let mut matches: Vec<(Json, &str)> =
            table.documents().map(read).filter(|(json, _)| self.filter.takes(json.root())).collect();
        if let Some(sort) = &self.sort {
            matches.sort_by_cached_key(|(json, _)| sort.name.sort_key(json.root()));
            if sort.descending {
                matches.reverse();
            }
        }
        matches.into_iter().map(|(_, text)| text).collect()
    }
}

impl Sort {
    /// Both are needed for an order ("Sorting").
    fn read(
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
        let name = names::find(expression, behaviour)?;
        Ok(name.map(|name| Sort { name, expression: expression.to_string(), descending }))
    }
}
