//! The status actions of the vendor: when each is possible, what it sends, and what takes it back.
//! They move money and cannot be repeated safely, so an action is sent once for each consent. Source of requests and
//! transitions: the vendor's pages "Activate customer", "Hold customer", "Un-hold customer", "Cancel customer" and
//! "Uncancel customer".

pub mod preview;
pub mod spelling;
pub mod stored;

use crate::document::json::{Json, quote};
use crate::document::{Customer, Path, Plan, View, plan::rewrite};
use crate::error::{Error, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusAction {
    Activate { subscriptions: bool, purchases: bool, auto_post: bool },
    Hold,
    Unhold { charge: Charge, auto_post: bool },
    Cancel(Reverse),
    Uncancel,
}

/// What an un-hold charges for the time on hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Charge {
    /// Every period that went by on hold
    AllMissed,
    /// The last period that went by on hold
    LastMissed,
    /// Nothing for the time on hold
    None,
    /// The current period, in full
    CurrentFull,
}

/// What a cancellation reverses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Reverse {
    /// Nothing: all of the current period counts as earned
    None,
    /// The part of the current period that is not earned yet
    Unearned,
    /// All of the current period
    Full,
}

/// A request of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Below the base URL.
    pub path: String,
    pub body: String,
}

/// Whether an action is possible for a customer in a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// Documented as possible, or not documented: the server decides.
    Possible,
    /// The customer has the status that the action leads to.
    Done,
    /// The API refuses it. Names the action that leads there, if one does.
    Refused(Option<&'static str>),
}

/// Every action by its name, with what takes it back.
static OPPOSITES: &[(&str, Option<&str>, &str)] = &[
    (
        "activate",
        None,
        "an activation cannot be taken back; a cancellation (`cancel --reverse …`) reverses charges",
    ),
    (
        "hold",
        Some("unhold --charge none"),
        "it charges nothing; another --charge may, and `--preview` shows it",
    ),
    ("unhold", Some("hold"), "it stops billing again, and gives no charge back"),
    ("cancel", Some("uncancel"), "it charges nothing, and what was reversed stays reversed"),
    ("uncancel", Some("cancel --reverse none"), "`--reverse` says what it reverses"),
];

/// What takes the action of this name back, if anything, and at what cost.
pub(crate) fn opposite(name: &str) -> (Option<&'static str>, &'static str) {
    let found = OPPOSITES.iter().find(|(known, ..)| *known == name);
    found.map_or((None, "it cannot be taken back"), |(_, command, cost)| (*command, *cost))
}

/// The action that the vendor advises for a change of status, if one leads there.
pub(crate) fn advised(before: &str, after: &str) -> Option<&'static str> {
    match (before, after) {
        ("Draft", "Active") => Some("activate"),
        (_, "Hold") => Some("hold"),
        ("Hold" | "Suspended", "Active") => Some("unhold --charge none"),
        (_, "Cancelled") => Some("cancel --reverse none"),
        ("Cancelled", _) => Some("uncancel"),
        _ => None,
    }
}

impl StatusAction {
    pub fn name(self) -> &'static str {
        match self {
            StatusAction::Activate { .. } => "activate",
            StatusAction::Hold => "hold",
            StatusAction::Unhold { .. } => "unhold",
            StatusAction::Cancel(_) => "cancel",
            StatusAction::Uncancel => "uncancel",
        }
    }

    /// As the journal names it.
    pub(crate) fn command(self) -> &'static str {
        match self {
            StatusAction::Activate { .. } => "customer activate",
            StatusAction::Hold => "customer hold",
            StatusAction::Unhold { .. } => "customer unhold",
            StatusAction::Cancel(_) => "customer cancel",
            StatusAction::Uncancel => "customer uncancel",
        }
    }

    /// The vendor previews only the actions that charge.
    pub fn has_preview(self) -> bool {
        matches!(self, StatusAction::Activate { .. } | StatusAction::Unhold { .. })
    }

    /// The status that the vendor's page shows in its answer.
    pub fn target(self) -> &'static str {
        match self {
            StatusAction::Hold => "Hold",
            StatusAction::Cancel(_) => "Cancelled",
            StatusAction::Activate { .. } | StatusAction::Unhold { .. } | StatusAction::Uncancel => "Active",
        }
    }

    /// Whether the status of a customer shows that the action was done. What an un-cancelled customer becomes is not
    /// documented.
    pub fn reaches(self, status: &str) -> bool {
        match self {
            StatusAction::Uncancel => status != "Cancelled",
            _ => status == self.target(),
        }
    }

    /// Whether a customer in this status needs no such action any more.
    pub(crate) fn is_done(self, status: &str) -> bool {
        self.standing(status) == Transition::Done
    }

    pub fn standing(self, status: &str) -> Transition {
        use StatusAction::{Activate, Cancel, Hold, Uncancel, Unhold};
        use Transition::{Done, Possible, Refused};
        match (self, status) {
            (Activate { .. } | Unhold { .. } | Uncancel, "Active") => Done,
            (Hold, "Hold") | (Cancel(_), "Cancelled") => Done,
            (Unhold { .. }, "Draft") => Refused(Some("activate")),
            (Uncancel, "Draft" | "Hold" | "Suspended") => Refused(None),
            (Activate { .. }, "Hold") => Refused(Some("unhold --charge …")),
            (Activate { .. }, "Suspended") => Refused(None),
            (Activate { .. } | Hold | Unhold { .. }, "Cancelled") => Refused(Some("uncancel")),
            _ => Possible,
        }
    }

    /// The request that counts.
    pub fn post(self, id: u64) -> Post {
        self.request(id, false)
    }

    /// The message of [`Transition::Refused`].
    pub(crate) fn refusal(self, status: &str) -> String {
        format!("a customer that is {status} cannot be changed by `{}`", self.name())
    }

    /// The request that changes nothing and shows the invoices.
    pub fn preview(self, id: u64) -> Option<Post> {
        self.has_preview().then(|| self.request(id, true))
    }

    /// `preview` is in the query of an activation and in the body of an un-hold. A preview shows charges of zero too: they
    /// tell which subscriptions start. `view=sideeffects` adds the invoice to the answer.
    fn request(self, id: u64, preview: bool) -> Post {
        let post = |path: String, body: String| Post { path, body };
        match self {
            StatusAction::Activate { subscriptions, purchases, auto_post } => {
                let query =
                    if preview { "preview=true&showZeroDollarCharges=true" } else { "view=sideeffects" };
                let draft = !auto_post;
                post(
                    format!("/customeractivation?{query}"),
                    format!(
                        r#"{{"customerId":{id},"activateAllSubscriptions":{subscriptions},"activateAllDraftPurchases":{purchases},"temporarilyDisableAutoPost":{draft}}}"#
                    ),
                )
            }
            StatusAction::Hold => post(format!("/customerhold/{id}"), String::new()),
            StatusAction::Unhold { charge, auto_post } => {
                let option = quote(charge.word());
                let draft = if auto_post { "" } else { r#","temporarilyDisableAutoPost":true"# };
                let zero = if preview { r#","showZeroDollarCharges":true"# } else { "" };
                let body = format!(
                    r#"{{"customerId":{id},"serviceStartOption":{option},"preview":{preview}{zero}{draft}}}"#
                );
                post("/customers/unhold".to_string(), body)
            }
            StatusAction::Cancel(reverse) => {
                let option = quote(reverse.word());
                let body = format!(r#"{{"customerId":{id},"cancellationOption":{option}}}"#);
                post("/customercancellation".to_string(), body)
            }
            StatusAction::Uncancel => post(format!("/customers/uncancel/{id}"), String::new()),
        }
    }

    /// The change as it is shown and recorded: the customer with the new status, and otherwise as it is.
    pub fn plan(self, before: Customer) -> Result<Plan> {
        let status = vec![(Path::of("status"), Some(Json::string(self.target())))];
        rewrite(before, status)
            .map_err(|reason| Error::new(crate::error::ErrorKind::Failed, reason.to_string()))
    }
}

impl Charge {
    fn word(self) -> &'static str {
        match self {
            Charge::AllMissed => "ChargeForAllMissedPeriods",
            Charge::LastMissed => "ChargeForLastMissedPeriods",
            Charge::None => "NoChargesForMissedPeriods",
            Charge::CurrentFull => "ChargeForCurrentFullPeriod",
        }
    }
}

impl Reverse {
    fn word(self) -> &'static str {
        match self {
            Reverse::None => "None",
            Reverse::Unearned => "Unearned",
            Reverse::Full => "Full",
        }
    }
}

pub(crate) fn status(customer: &Customer) -> String {
    customer.get(&Path::of("status")).map(View::text_or_token).unwrap_or_default().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIVATE: StatusAction =
        StatusAction::Activate { subscriptions: true, purchases: false, auto_post: true };

    #[test]
    fn preview_is_in_the_query_of_an_activation_and_in_the_body_of_an_unhold() {
        let preview = ACTIVATE.preview(7).unwrap();
        assert_eq!(preview.path, "/customeractivation?preview=true&showZeroDollarCharges=true");
        assert_eq!(ACTIVATE.post(7).path, "/customeractivation?view=sideeffects");
        assert_eq!(ACTIVATE.post(7).body, preview.body);
        let unhold = |auto_post| StatusAction::Unhold { charge: Charge::None, auto_post };
        let preview = unhold(true).preview(7).unwrap().body;
        assert!(
            preview.ends_with(r#""NoChargesForMissedPeriods","preview":true,"showZeroDollarCharges":true}"#)
        );
        assert!(unhold(true).post(7).body.ends_with(r#""preview":false}"#));
        assert!(
            unhold(false).post(7).body.ends_with(r#""preview":false,"temporarilyDisableAutoPost":true}"#)
        );
        assert_eq!(StatusAction::Hold.post(7), Post { path: "/customerhold/7".into(), body: String::new() });
        assert_eq!(StatusAction::Cancel(Reverse::Full).preview(7), None);
    }

    #[test]
    fn an_undocumented_transition_is_left_to_the_server() {
        for (action, status) in [
            (StatusAction::Hold, "Draft"),
            (StatusAction::Hold, "Suspended"),
            (StatusAction::Unhold { charge: Charge::None, auto_post: true }, "Suspended"),
            (StatusAction::Cancel(Reverse::None), "Suspended"),
            (ACTIVATE, "New"),
        ] {
            assert_eq!(action.standing(status), Transition::Possible, "{action:?} {status}");
        }
        assert_eq!(ACTIVATE.standing("Active"), Transition::Done);
        assert_eq!(StatusAction::Hold.standing("Cancelled"), Transition::Refused(Some("uncancel")));
    }

    #[test]
    fn every_action_has_a_line_about_its_opposite() {
        for name in ["activate", "hold", "unhold", "cancel", "uncancel"] {
            assert!(OPPOSITES.iter().any(|(known, ..)| *known == name), "{name}");
        }
    }
}
