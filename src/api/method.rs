//! The kinds of requests that there are.

use super::pass::Purpose;

/// The largest answer that is read, in bytes, after decompression.
const LARGEST_ANSWER: u64 = 10 * 1024 * 1024;
/// The same for a page of a list, which holds up to a thousand customers.
const LARGEST_PAGE: u64 = 64 * 1024 * 1024;

/// What a request asks of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// The GET of a customer.
    Get,
    /// The GET of a customer that is changed next.
    GetToChange,
    /// The GET of a page.
    List,
    /// The PUT of a customer.
    Put,
}

impl Method {
    pub(super) fn name(self) -> &'static str {
        match self {
            Method::Get | Method::GetToChange | Method::List => "GET",
            Method::Put => "PUT",
        }
    }

    pub(super) fn purpose(self) -> Purpose {
        match self {
            Method::Get | Method::List => Purpose::Read,
            Method::GetToChange => Purpose::ReadToChange,
            Method::Put => Purpose::Change,
        }
    }

    pub(super) fn largest_answer(self) -> u64 {
        if self == Method::List { LARGEST_PAGE } else { LARGEST_ANSWER }
    }
}
