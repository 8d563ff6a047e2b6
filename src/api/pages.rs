//! A list from its first page to its last.
//!
//! The API tells how many customers match in headers that its documents describe in two ways, and may hold fewer to a
//! page than it was asked for. So a list ends with an empty page, or when as many rows were seen as the larger of both
//! counts; only where no count is told, a page that is not full is the last.

use std::collections::HashSet;

use super::Client;
use super::list::{Page, PageHeaders, PageRequest};
use crate::document::Customer;
use crate::error::Result;

/// The largest page that is asked for: "never below 1,000" is what the vendor says of the most that it gives.
pub const LARGEST: u64 = 1_000;

/// The order of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The API's name of the field.
    pub by: String,
    /// The largest first.
    pub descending: bool,
}

/// The pages of a list, read one after the other.
#[derive(Debug)]
pub struct Pages<'a> {
    client: &'a Client,
    query: String,
    order: Order,
    size: u64,
    progress: Progress,
}

/// How far a list was read. Pure: the pages are given.
#[derive(Debug, Default)]
struct Progress {
    /// The number of the next page.
    next: u64,
    /// How many rows came, the repeated ones too: pages are cut from the list by position.
    rows: u64,
    /// The ids of the page before.
    before: HashSet<u64>,
    headers: PageHeaders,
    ended: bool,
    changed: bool,
}

impl Client {
    /// The pages of the list of customers that pass a filter, encoded for a URL, with so many customers each. Nothing is
    /// read yet.
    pub fn pages(&self, query: String, order: Order, size: u64) -> Pages<'_> {
        let size = size.clamp(1, LARGEST);
        Pages { client: self, query, order, size, progress: Progress::default() }
    }
}

impl Pages<'_> {
    /// Reads the next page; none after the last. Customers that the page before had are left out.
    ///
    /// # Errors
    /// As [`Client::get`] has them; `Failed` where the answer is no list of customers.
    pub fn read(&mut self) -> Result<Option<Vec<Customer>>> {
        if self.progress.ended {
            return Ok(None);
        }
        let request = PageRequest {
            query: &self.query,
            order: &self.order,
            size: self.size,
            number: self.progress.next,
        };
        let page = self.client.page(&request)?;
        Ok(Some(self.progress.take(page, self.size)))
    }

    /// Whether the list changed while it was read, so that customers may be missing from it.
    pub fn changed(&self) -> bool {
        self.progress.changed
    }

    /// Whether more customers follow; none where the API does not tell.
    pub fn more(&self) -> Option<bool> {
        self.progress.more()
    }
}

impl PageHeaders {
    /// The larger of both counts.
    fn total(self) -> Option<u64> {
        self.count.max(self.most)
    }

    /// What is told, and where it is not, what was told before.
    fn or(self, before: PageHeaders) -> PageHeaders {
        let (count, most) = (self.count.or(before.count), self.most.or(before.most));
        PageHeaders { count, most, size: self.size.or(before.size) }
    }
}

impl Progress {
    /// Notes a page and gives the customers in it that are new.
    fn take(&mut self, page: Page, asked: u64) -> Vec<Customer> {
        let rows = page.customers.len() as u64;
        let moved = self.headers.total().zip(page.headers.total()).is_some_and(|(before, now)| before != now);
        self.headers = page.headers.or(self.headers);
        self.next += 1;
        self.rows += rows;
        let ids: HashSet<u64> = page.customers.iter().map(Customer::id).collect();
        let mut customers = page.customers;
        customers.retain(|customer| !self.before.contains(&customer.id()));
        self.before = ids;
        let repeated = rows > customers.len() as u64;
        self.ended = customers.is_empty()
            || match self.headers.total() {
                Some(total) => self.rows >= total,
                None => rows < self.headers.size.unwrap_or(asked),
            };
        self.changed |= moved || repeated || (self.ended && self.is_short());
        customers
    }

    /// Whether fewer rows were seen than match.
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

    const UNTOLD: PageHeaders = PageHeaders { count: None, most: None, size: None };

    fn told(count: u64) -> PageHeaders {
        PageHeaders { count: Some(count), most: Some(count), size: None }
    }

    /// Reads pages of three until the list ends: the ids that were new, whether it changed, and the pages left over.
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
    fn a_list_ends_where_the_count_says() {
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
        assert_eq!(read(&[(&[1, 2, 3], UNTOLD), (&[4], UNTOLD)]), (vec![1, 2, 3, 4], false, 0));
        assert_eq!(read(&[(&[1, 2, 3], UNTOLD), (&[], UNTOLD)]), (vec![1, 2, 3], false, 0));
        let clipped = PageHeaders { size: Some(2), ..UNTOLD };
        assert_eq!(read(&[(&[1, 2], clipped), (&[3], clipped)]), (vec![1, 2, 3], false, 0));
    }

    #[test]
    fn a_short_page_is_not_the_last_where_the_count_says_more() {
        let pages: [(&[u64], PageHeaders); 2] = [(&[1, 2], told(3)), (&[3], told(3))];
        assert_eq!(read(&pages), (vec![1, 2, 3], false, 0));
    }

    #[test]
    fn a_list_that_changes_is_said_to() {
        assert_eq!(read(&[(&[1, 2, 3], told(4)), (&[3], told(4))]), (vec![1, 2, 3], true, 0));
        assert_eq!(read(&[(&[1, 2, 3], told(5)), (&[4], told(4))]), (vec![1, 2, 3, 4], true, 0));
        assert_eq!(read(&[(&[1, 2, 3], told(9)), (&[], told(9))]), (vec![1, 2, 3], true, 0));
        assert_eq!(
            read(&[(&[1, 2, 3], told(9)), (&[4], UNTOLD), (&[], UNTOLD)]),
            (vec![1, 2, 3, 4], true, 0)
        );
    }

    #[test]
    fn an_api_that_knows_no_pages_does_not_go_on_for_ever() {
        assert_eq!(read(&[(&[1, 2, 3], UNTOLD), (&[1, 2, 3], UNTOLD)]), (vec![1, 2, 3], true, 0));
    }
}
