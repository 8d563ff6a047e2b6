//! One page of `GET /v1/customers`, and what its headers tell (the vendor's page "Pagination").

use super::customer::unreadable;
use super::{Answer, ApiKey, Client, LARGEST_PAGE, Order};
use crate::document::json::ValueKind;
use crate::document::{Customer, Json};
use crate::error::{Error, Kind, Result};

/// A request for one page.
#[derive(Debug)]
pub(super) struct PageRequest<'a> {
    /// The filter, encoded for a URL; empty for every customer.
    pub(super) query: &'a str,
    pub(super) order: &'a Order,
    pub(super) size: u64,
    /// Counted from 0.
    pub(super) number: u64,
}

/// One page.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) customers: Vec<Customer>,
    pub(super) headers: PageHeaders,
}

/// The headers of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct PageHeaders {
    /// `X-Count`: how many customers match.
    pub(super) count: Option<u64>,
    /// `X-MaxCount`, described as all results there are.
    pub(super) most: Option<u64>,
    /// `X-PageSize`: how many a page holds, where that is not what was asked for.
    pub(super) size: Option<u64>,
}

impl Client {
    /// Reads a page of customers, with the same attempts as a GET.
    pub(super) fn page(&self, request: &PageRequest<'_>) -> Result<Page> {
        let step = format!("reading page {} of the list", request.number + 1);
        let filtered = !request.query.is_empty();
        let answer = self.read(&request.path(), LARGEST_PAGE, |answer| listed(answer, filtered));
        answer.and_then(|answer| Page::read(&answer, &self.account.key)).map_err(|error| error.at(step))
    }
}

impl PageRequest<'_> {
    fn path(&self) -> String {
        let direction = if self.order.descending { "Descending" } else { "Ascending" };
        let filter = if self.query.is_empty() { String::new() } else { format!("query={}&", self.query) };
        format!(
            "/customers?{filter}pageSize={}&pageNumber={}&sortOrder={direction}&sortExpression={}",
            self.size, self.number, self.order.by
        )
    }
}

/// The answer to a list as what it means. A 400 is what the vendor documents for a malformed key, and may as well be
/// about the filter.
fn listed(answer: Answer, filtered: bool) -> Result<Answer> {
    match answer.status {
        200..=299 => Ok(answer),
        400 if filtered => {
            Err(Error::new(Kind::Failed, "the API does not take the filter or the key (HTTP 400)")
                .detail(answer.words())
                .hint("without --where the same command tells which of the two it is"))
        }
        _ => Err(answer.error()),
    }
}

impl Page {
    fn read(answer: &Answer, key: &ApiKey) -> Result<Page> {
        let wrong = || unreadable("the API's answer is not a list of customers", &answer.body, key);
        let list = Json::parse(answer.body.as_str()).map_err(|why| wrong().because(why))?;
        if list.root().kind() != ValueKind::Array {
            return Err(wrong());
        }
        let customers = list.root().children().enumerate().map(|(at, row)| {
            Customer::parse(row.raw()).map_err(|why| {
                let message = format!("row {} of the API's answer is not a customer", at + 1);
                Error::new(Kind::Failed, message).because(why)
            })
        });
        let number = |name: &str| answer.header(name)?.trim().parse().ok();
        let headers =
            PageHeaders { count: number("x-count"), most: number("x-maxcount"), size: number("x-pagesize") };
        Ok(Page { customers: customers.collect::<Result<_>>()?, headers })
    }
}
