//! Reads which action a request asks for. Keys match in any case, and a number may come as text, as from the vendor's CRM.

use crate::document::json::{Json, View};
use crate::sandbox::behaviour::Behaviour;
use crate::sandbox::customers::body::{self, Problem};
use crate::sandbox::record::{Recorded, normalized};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Address {
    Activate,
    Hold(u64),
    Unhold,
    Cancel,
    Uncancel(u64),
}

impl Address {
    pub(crate) fn of(path: &str) -> Option<Address> {
        let path = normalized(path);
        let rest = path.strip_prefix("/v1/")?;
        let id = |prefix: &str| rest.strip_prefix(prefix)?.parse().ok();
        match rest {
            "customeractivation" => Some(Address::Activate),
            "customers/unhold" => Some(Address::Unhold),
            "customercancellation" => Some(Address::Cancel),
            _ => id("customerhold/")
                .map(Address::Hold)
                .or_else(|| id("customers/uncancel/").map(Address::Uncancel)),
        }
    }

    pub(crate) fn has_body(self) -> bool {
        !matches!(self, Address::Hold(_) | Address::Uncancel(_))
    }

    /// The vendor takes `preview` in the query of an activation and in the body of an un-hold.
    pub(crate) fn is_preview(self, request: &Recorded) -> bool {
        match self {
            Address::Activate => query_flag(request, "preview"),
            Address::Unhold => {
                body::parse(&request.body).is_ok_and(|body| flag(body.root(), "preview") == Some(true))
            }
            Address::Hold(_) | Address::Cancel | Address::Uncancel(_) => false,
        }
    }
}

pub(super) fn is_preview(request: &Recorded) -> bool {
    Address::of(&request.path).is_some_and(|address| address.is_preview(request))
}

/// In the query of an activation, and in the body of an un-hold.
pub(super) fn shows_zero(request: &Recorded) -> bool {
    let name = "showZeroDollarCharges";
    let in_body = || body::parse(&request.body).is_ok_and(|body| flag(body.root(), name) == Some(true));
    query_flag(request, name) || in_body()
}

fn query_flag(request: &Recorded, name: &str) -> bool {
    query(request, name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

pub(super) fn query(request: &Recorded, name: &str) -> Option<String> {
    let query = request.query.as_deref().unwrap_or_default();
    let named = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.into_owned())
}

fn flag(body: View<'_>, name: &str) -> Option<bool> {
    let value = body::member(body, name)?;
    value.text_or_token().to_ascii_lowercase().parse().ok()
}

fn word(body: View<'_>, name: &str, words: &[&str]) -> Result<String, Problem> {
    let sent = body::member(body, name).map(|value| value.text_or_token().into_owned()).unwrap_or_default();
    let known = words.iter().find(|word| word.eq_ignore_ascii_case(&sent));
    let wrong = || Problem::field(name, format!("{name} must be one of {}.", words.join(", ")));
    known.map(ToString::to_string).ok_or_else(wrong)
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    Activate { subscriptions: bool, purchases: bool, posts: bool },
    Hold,
    Unhold { option: String, posts: bool },
    Cancel { option: String },
    Uncancel,
}

impl Action {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Action::Activate { .. } => "activate",
            Action::Hold => "hold",
            Action::Unhold { .. } => "unhold",
            Action::Cancel { .. } => "cancel",
            Action::Uncancel => "uncancel",
        }
    }
}

/// The customer and the action.
pub(super) fn read(request: &Recorded, behaviour: &Behaviour) -> Result<(u64, Action), Problem> {
    let address = Address::of(&request.path).ok_or_else(|| Problem::rule("There is no such action."))?;
    match address {
        Address::Hold(id) => Ok((id, Action::Hold)),
        Address::Uncancel(id) => Ok((id, Action::Uncancel)),
        Address::Activate | Address::Unhold | Address::Cancel => {
            let body = body::parse(&request.body)?;
            let action = action(address, &body, address.is_preview(request), behaviour)?;
            Ok((customer(body.root())?, action))
        }
    }
}

fn customer(body: View<'_>) -> Result<u64, Problem> {
    let sent = body::member(body, "customerId").map(View::text_or_token).unwrap_or_default();
    sent.parse().map_err(|_| Problem::field("customerId", "customerId must be a whole number."))
}

fn action(address: Address, body: &Json, is_preview: bool, behaviour: &Behaviour) -> Result<Action, Problem> {
    let root = body.root();
    let required = |name: &str| match flag(root, name) {
        None if !is_preview && behaviour.is("activation-defaults", "refuse") => {
            Err(Problem::field(name, format!("{name} is required.")))
        }
        sent => Ok(sent.unwrap_or(false)),
    };
    let posts = !flag(root, "temporarilyDisableAutoPost").unwrap_or(false);
    Ok(match address {
        Address::Unhold => Action::Unhold { option: word(root, "serviceStartOption", OPTIONS)?, posts },
        Address::Cancel => {
            Action::Cancel { option: word(root, "cancellationOption", &["None", "Unearned", "Full"])? }
        }
        _ => {
            required("temporarilyDisableAutoPost")?;
            let subscriptions = required("activateAllSubscriptions")?;
            Action::Activate { subscriptions, purchases: required("activateAllDraftPurchases")?, posts }
        }
    })
}

const OPTIONS: &[&str] = &[
    "ChargeForAllMissedPeriods",
    "ChargeForLastMissedPeriods",
    "NoChargesForMissedPeriods",
    "ChargeForCurrentFullPeriod",
];
