//! A customer out of an answer of the API.

use super::{Answer, ApiKey, answer};
use crate::document::Customer;
use crate::error::{Error, Kind, Result};

/// The answer to the GET of a customer as what it means.
pub(super) fn read(answer: Answer, id: u64) -> Result<Answer> {
    match answer.status {
        200..=299 => Ok(answer),
        404 => Err(answer.not_found(id)),
        _ => Err(answer.error()),
    }
}

/// The customer that an answer is.
pub(super) fn customer(body: &str, id: u64, key: &ApiKey) -> Result<Customer> {
    let customer = Customer::parse(body).map_err(|why| {
        unreadable("the API's answer is not a customer that can be edited safely", body, key).because(why)
    })?;
    if customer.id() != id {
        let got = customer.id();
        let message = format!("the API answered with customer {got} when asked for {id}");
        return Err(Error::new(Kind::Failed, message));
    }
    Ok(customer)
}

/// An answer that is not what was asked for, with what it says instead, but for the key.
pub(super) fn unreadable(message: &str, body: &str, key: &ApiKey) -> Error {
    let body = key.redacted(answer::beginning(body));
    let said = answer::words(&body).into_iter().map(|words| format!("the API said: {words}"));
    Error::new(Kind::Failed, message).detail(said.take(1))
}
