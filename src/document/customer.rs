//! A customer document: a JSON object with an `id` and a `status`.

use super::json::{Json, JsonError, Key, ValueKind, View};
use super::path::Path;
use crate::field;

/// A customer as the server sent it: an object without duplicate keys, with an integer `id` and a `status`, because every
/// PUT must have them ("In all cases, include id and status").
#[derive(Debug, Clone)]
pub struct Customer {
    json: Json,
    id: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCustomerError {
    #[error(transparent)]
    Json(#[from] JsonError),
    #[error("{0} instead of an object")]
    NotAnObject(ValueKind),
    #[error("it has no `id` that is a whole number")]
    NoId,
    #[error("it has no `status`")]
    NoStatus,
    /// Two names differ only by case, which the API ignores.
    #[error("it has both `{0:.100}` and `{1:.100}`, which the API does not tell apart")]
    CaseTwice(String, String),
    #[error("it has `{0}`, so it is an activation preview that must never be sent back")]
    Preview(String),
}

impl Customer {
    pub fn parse(text: impl Into<String>) -> Result<Customer, NotCustomerError> {
        let json = Json::parse(text)?;
        let root = json.root();
        if root.kind() != ValueKind::Object {
            return Err(NotCustomerError::NotAnObject(root.kind()));
        }
        let id = root.member("id").and_then(id_of).ok_or(NotCustomerError::NoId)?;
        let status = root.member("status").and_then(View::as_text);
        if status.is_none_or(|status| status.trim().is_empty()) {
            return Err(NotCustomerError::NoStatus);
        }
        refuse_names_by_case(root)?;
        if let Some(name) = field::PREVIEW_ONLY.iter().find(|name| root.member(name).is_some()) {
            return Err(NotCustomerError::Preview((*name).to_string()));
        }
        Ok(Customer { json, id })
    }

    pub fn text(&self) -> &str {
        self.json.text()
    }

    pub fn root(&self) -> View<'_> {
        self.json.root()
    }

    pub fn id(&self) -> u64 {
        self.id
    }

    /// The value at a path, through objects and, by index, arrays.
    pub fn get(&self, path: &Path) -> Option<View<'_>> {
        get(self.root(), path.names())
    }

    /// The text at a dotted path of the field table, unless it is blank.
    pub(crate) fn text_at(&self, path: &'static str) -> Option<String> {
        let text = get(self.root(), path.split('.'))?.as_text()?;
        (!text.trim().is_empty()).then(|| text.into_owned())
    }

    /// The first and last name and the company, without those that are blank.
    pub(crate) fn name(&self) -> String {
        let names: Vec<String> =
            ["firstName", "lastName"].iter().filter_map(|path| self.text_at(path)).collect();
        match (names.join(" "), self.text_at("companyName")) {
            (name, Some(company)) if name.is_empty() => company,
            (name, Some(company)) => format!("{name} ({company})"),
            (name, None) => name,
        }
    }
}

/// The value at these names inside a value, through objects by name and arrays by index (RFC 6901 section 4).
pub fn get<'a>(view: View<'a>, names: impl IntoIterator<Item = impl AsRef<str>>) -> Option<View<'a>> {
    names.into_iter().try_fold(view, |view, name| match view.kind() {
        ValueKind::Array => element(view, name.as_ref()),
        _ => view.member(name.as_ref()),
    })
}

fn element<'a>(array: View<'a>, index: &str) -> Option<View<'a>> {
    let plain = index == "0" || !index.starts_with(['0', '+']);
    array.children().nth(index.parse().ok().filter(|_| plain)?)
}

pub(crate) fn id_of(view: View<'_>) -> Option<u64> {
    if view.kind() == ValueKind::Number { view.raw().parse().ok().filter(|id| *id > 0) } else { None }
}

/// The API ignores the case of names, so two that differ only by case are ambiguous in a PUT.
fn refuse_names_by_case(root: View<'_>) -> Result<(), NotCustomerError> {
    let mut open = vec![root];
    while let Some(view) = open.pop() {
        let lowered = |(key, _): (Key<'_>, View<'_>)| (key.name().to_lowercase(), key.name().into_owned());
        let mut names: Vec<(String, String)> = view.members().map(lowered).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(NotCustomerError::CaseTwice(pair[0].1.clone(), pair[1].1.clone()));
        }
        open.extend(view.children());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_has_an_id_and_a_status() {
        let customer =
            Customer::parse(r#"{"id":7,"status":"Active","firstName":"Jo","companyName":"X"}"#).unwrap();
        assert_eq!((customer.id(), customer.name()), (7, "Jo (X)".to_string()));
        let named =
            |rest: &str| Customer::parse(format!(r#"{{"id":7,"status":"Active"{rest}}}"#)).unwrap().name();
        assert_eq!(named(r#","firstName":" ","companyName":"X""#), "X");
        assert_eq!(
            (named(r#","firstName":"Jo","lastName":"Do""#), named("")),
            ("Jo Do".into(), String::new())
        );
        assert_eq!(NotCustomerError::NoStatus.to_string(), "it has no `status`");
        for (text, reason) in [
            (r#"{"status":"Active"}"#, NotCustomerError::NoId),
            (r#"{"id":"7","status":"Active"}"#, NotCustomerError::NoId),
            (r#"{"id":7.0,"status":"Active"}"#, NotCustomerError::NoId),
            (r#"{"id":0,"status":"Active"}"#, NotCustomerError::NoId),
            (r#"{"id":7}"#, NotCustomerError::NoStatus),
            (r#"{"id":7,"status":null}"#, NotCustomerError::NoStatus),
            (r#"{"id":7,"status":" "}"#, NotCustomerError::NoStatus),
            ("null", NotCustomerError::NotAnObject(ValueKind::Null)),
            ("[]", NotCustomerError::NotAnObject(ValueKind::Array)),
        ] {
            assert_eq!(Customer::parse(text).unwrap_err(), reason, "{text}");
        }
    }

    #[test]
    fn names_that_differ_by_case_are_refused() {
        let text = r#"{"id":7,"status":"Active","Status":"Hold"}"#;
        let reason = Customer::parse(text).unwrap_err();
        assert_eq!(reason, NotCustomerError::CaseTwice("Status".into(), "status".into()));
        let inside =
            r#"{"id":7,"status":"Active","list":[{"customerReference":{"reference3":1,"Reference3":2}}]}"#;
        let reason = Customer::parse(inside).unwrap_err();
        assert_eq!(reason, NotCustomerError::CaseTwice("Reference3".into(), "reference3".into()));
    }

    #[test]
    fn an_activation_preview_is_no_customer() {
        let text = r#"{"id":7,"status":"Active","invoicePreview":{}}"#;
        assert!(matches!(Customer::parse(text), Err(NotCustomerError::Preview(_))));
    }

    #[test]
    fn arrays_are_read_by_index() {
        let customer = Customer::parse(r#"{"id":7,"status":"Active","a":[{"b":1},2]}"#).unwrap();
        let raw = |path| customer.get(&Path::parse(path).unwrap()).map(View::raw);
        assert_eq!(raw("/a/0/b"), Some("1"));
        assert_eq!(raw("a.1"), Some("2"));
        assert_eq!((raw("a.2"), raw("a.01"), raw("a.-"), raw("a.+1")), (None, None, None, None));
    }
}
