//! A list of customers, read page by page (the vendor's page "Pagination"). It ends with an empty page, or when as many
//! rows were read as the larger of the two documented counts, because the vendor may send smaller pages than asked for.
//! Without a count, a page that is not full is the last.

use std::collections::HashSet;

use super::{Answer, Client, Failure, LARGEST_PAGE};
use crate::document::json::ValueKind;
use crate::document::{Customer, Json};
use crate::error::{Error, ErrorKind, Result};

/// The vendor's own maximum is "never below 1,000".
pub(crate) const LARGEST: u64 = 1_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    /// The API's name of the field.
    pub(crate) by: String,
    pub(crate) descending: bool,
}

#[derive(Debug)]
pub(crate) struct Pages<'a> {
    client: &'a Client,
    query: String,
    order: Order,
    size: u64,
    progress: Progress,
}

#[derive(Debug)]
struct Page {
    customers: Vec<Customer>,
    headers: PageHeaders,
}

#[derive(Debug, Clone, Copy, Default)]
struct PageHeaders {
    /// `X-Count`: how many customers match.
    count: Option<u64>,
    /// `X-MaxCount`, described as all results there are.
    most: Option<u64>,
    /// `X-PageSize`, if it is not the size that was asked for.
    size: Option<u64>,
}

/// Pure: the pages are given.
#[derive(Debug, Default)]
struct Progress {
    /// Counted from 0.
    next: u64,
    /// Counts repeated rows too: the API cuts pages from the list by position.
    rows: u64,
    /// The ids on every page so far: a customer that changes while the list is read may move by many pages.
    seen: HashSet<u64>,
    headers: PageHeaders,
    ended: bool,
    changed: bool,
}

impl Client {
    /// `query` is a filter, encoded for a URL; every customer passes an empty one.
    pub(crate) fn pages(&self, query: String, order: Order, size: u64) -> Pages<'_> {
        let size = size.clamp(1, LARGEST);
        Pages { client: self, query, order, size, progress: Progress::default() }
    }

    /// The customers of an answer that is a list.
    pub(super) fn customers(&self, answer: Answer) -> Result<Vec<Customer>> {
        let body = answer.body.map_err(Failure::into_error)?;
        let wrong = || self.unreadable("the API's answer is not a list of customers", &body);
        let list = Json::parse(body.as_str()).map_err(|reason| wrong().source(reason))?;
        if list.root().kind() != ValueKind::Array {
            return Err(wrong());
        }
        let customers = list.root().children().enumerate().map(|(at, row)| {
            Customer::parse(row.raw()).map_err(|reason| {
                let message = format!("row {} of the API's answer is not a customer", at + 1);
                Error::new(ErrorKind::Failed, message).source(reason)
            })
        });
        customers.collect()
    }
}

impl Pages<'_> {
    /// None after the last page. Customers of earlier pages are left out.
    pub(crate) fn read(&mut self) -> Result<Option<Vec<Customer>>> {
        if self.progress.ended {
            return Ok(None);
        }
        let page = self.client.read(&self.path(), LARGEST_PAGE, |answer| self.page(answer));
        let page =
            page.map_err(|error| error.step(format!("reading page {} of the list", self.progress.next + 1)))?;
        Ok(Some(self.progress.take(page, self.size)))
    }

    fn path(&self) -> String {
        let direction = if self.order.descending { "Descending" } else { "Ascending" };
        let filter = if self.query.is_empty() { String::new() } else { format!("query={}&", self.query) };
        format!(
            "/customers?{filter}pageSize={}&pageNumber={}&sortOrder={direction}&sortExpression={}",
            self.size, self.progress.next, self.order.by
        )
    }

    fn page(&self, answer: Answer) -> Result<Page> {
        match answer.status {
            200..=299 => {}
            // The vendor documents 400 for a malformed key; a filter may cause it too.
            400 if !self.query.is_empty() => {
                let message = "the API does not take the filter or the key (HTTP 400)";
                return Err(Error::new(ErrorKind::Failed, message)
                    .detail(answer.words())
                    .hint("without --where the same command tells which of the two it is"));
            }
            _ => return Err(answer.error()),
        }
        let number = |name: &str| answer.header(name)?.trim().parse().ok();
        let headers =
            PageHeaders { count: number("x-count"), most: number("x-maxcount"), size: number("x-pagesize") };
        Ok(Page { customers: self.client.customers(answer)?, headers })
    }

    /// If the list changed while it was read, customers may be missing from it.
    pub(crate) fn changed(&self) -> bool {
        self.progress.changed
    }

    /// None if the API does not tell.
    pub(crate) fn more(&self) -> Option<bool> {
        self.progress.more()
    }
}

impl PageHeaders {
    fn total(self) -> Option<u64> {
        self.count.max(self.most)
    }

    fn or(self, before: PageHeaders) -> PageHeaders {
        let (count, most) = (self.count.or(before.count), self.most.or(before.most));
        PageHeaders { count, most, size: self.size.or(before.size) }
    }
}

impl Progress {
    fn take(&mut self, page: Page, asked: u64) -> Vec<Customer> {
        let rows = page.customers.len() as u64;
        let moved = self.headers.total().zip(page.headers.total()).is_some_and(|(before, now)| before != now);
        self.headers = page.headers.or(self.headers);
        self.next += 1;
        self.rows += rows;
        let mut customers = page.customers;
        let repeated = customers.iter().any(|customer| self.seen.contains(&customer.id()));
        customers.retain(|customer| self.seen.insert(customer.id()));
        self.ended = customers.is_empty()
            || match self.headers.total() {
                Some(total) => self.rows >= total,
                None => rows < self.headers.size.unwrap_or(asked),
            };
        self.changed |= moved || repeated || (self.ended && self.is_short());
        customers
    }

    fn is_short(&self) -> bool {
        self.headers.count.or(self.headers.most).is_some_and(|count| self.rows < count)
    }

    fn more(&self) -> Option<bool> {
        if self.ended { Some(false) } else { self.is_short().then_some(true) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_PAGE_HEADERS: PageHeaders = PageHeaders { count: None, most: None, size: None };

    fn told(count: u64) -> PageHeaders {
        PageHeaders { count: Some(count), most: Some(count), size: None }
    }

    /// The ids that were new, whether the list changed, and the pages left over.
    fn read(pages: &[(&[u64], PageHeaders)]) -> (Vec<u64>, bool, usize) {
        let mut progress = Progress::default();
        let mut ids = Vec::new();
        let mut left = pages.iter();
        while !progress.ended {
            let (page, told) = left.next().expect("the list ends");
            let customer = |id: &u64| Customer::parse(format!(r#"{{"id":{id},"status":"Active"}}"#)).unwrap();
            let page = Page { customers: page.iter().map(customer).collect(), headers: *told };
            ids.extend(progress.take(page, 3).iter().map(Customer::id));
        }
        (ids, progress.changed, left.len())
    }

    #[test]
    fn the_count_header_ends_a_list() {
        let full = read(&[(&[1, 2, 3], told(6)), (&[4, 5, 6], told(6)), (&[], told(6))]);
        assert_eq!(full, (vec![1, 2, 3, 4, 5, 6], false, 1));
        assert_eq!(read(&[(&[], told(0))]), (vec![], false, 0));
        let larger = PageHeaders { count: Some(3), most: Some(4), size: None };
        assert_eq!(read(&[(&[1, 2, 3], larger), (&[4], larger)]), (vec![1, 2, 3, 4], false, 0));
    }

    #[test]
    fn a_count_of_all_customers_is_not_waited_for() {
        let all = PageHeaders { count: Some(3), most: Some(100), size: None };
        assert_eq!(read(&[(&[1, 2, 3], all), (&[], all)]), (vec![1, 2, 3], false, 0));
    }

    #[test]
    fn without_a_count_a_page_that_is_not_full_is_the_last() {
        assert_eq!(
            read(&[(&[1, 2, 3], NO_PAGE_HEADERS), (&[4], NO_PAGE_HEADERS)]),
            (vec![1, 2, 3, 4], false, 0)
        );
        assert_eq!(read(&[(&[1, 2, 3], NO_PAGE_HEADERS), (&[], NO_PAGE_HEADERS)]), (vec![1, 2, 3], false, 0));
        let clipped = PageHeaders { size: Some(2), ..NO_PAGE_HEADERS };
        assert_eq!(read(&[(&[1, 2], clipped), (&[3], clipped)]), (vec![1, 2, 3], false, 0));
    }

    #[test]
    fn a_short_page_is_not_the_last_if_the_count_is_higher() {
        let pages: [(&[u64], PageHeaders); 2] = [(&[1, 2], told(3)), (&[3], told(3))];
        assert_eq!(read(&pages), (vec![1, 2, 3], false, 0));
    }

    #[test]
    fn a_list_that_changes_between_pages_is_flagged() {
        assert_eq!(read(&[(&[1, 2, 3], told(4)), (&[3], told(4))]), (vec![1, 2, 3], true, 0));
        assert_eq!(read(&[(&[1, 2, 3], told(5)), (&[4], told(4))]), (vec![1, 2, 3, 4], true, 0));
        assert_eq!(read(&[(&[1, 2, 3], told(9)), (&[], told(9))]), (vec![1, 2, 3], true, 0));
        assert_eq!(
            read(&[(&[1, 2, 3], told(9)), (&[4], NO_PAGE_HEADERS), (&[], NO_PAGE_HEADERS)]),
            (vec![1, 2, 3, 4], true, 0)
        );
    }

    #[test]
    fn a_customer_that_moves_is_listed_once() {
        let pages: [(&[u64], PageHeaders); 4] =
            [(&[1, 2, 3], told(9)), (&[4, 5, 6], told(9)), (&[8, 9, 1], told(9)), (&[], told(9))];
        assert_eq!(read(&pages), (vec![1, 2, 3, 4, 5, 6, 8, 9], true, 1));
        assert_eq!(read(&[(&[1, 1, 2], told(3))]), (vec![1, 2], false, 0), "twice on one page");
    }

    #[test]
    fn an_api_that_knows_no_pages_does_not_go_on_for_ever() {
        assert_eq!(
            read(&[(&[1, 2, 3], NO_PAGE_HEADERS), (&[1, 2, 3], NO_PAGE_HEADERS)]),
            (vec![1, 2, 3], true, 0)
        );
    }
}
