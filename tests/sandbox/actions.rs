//! The status actions, and the money that they move.

use fusebill::sandbox::{Movement, Server};

use crate::client::{Ask, Reply, behaving, faulty, sandbox};

fn post(server: &Server, target: &str, body: &str) -> Reply {
    server.ask("POST", target, body).expect("an answer")
}

pub(crate) fn activate(server: &Server, query: &str) -> Reply {
    let body = r#"{"customerID":"1017","activateAllSubscriptions":true,"ACTIVATEALLDRAFTPURCHASES":true,"temporarilyDisableAutoPost":false}"#;
    post(server, &format!("/v1/CustomerActivation{query}"), body)
}

fn unhold(server: &Server, option: &str, more: &str) -> Reply {
    let body = format!(r#"{{"customerId":1019,"serviceStartOption":"{option}"{more}}}"#);
    post(server, "/v1/customers/unhold", &body)
}

fn cancel(server: &Server, id: u64, option: &str) -> Reply {
    post(server, "/v1/customercancellation", &format!("{{customerId:{id},cancellationOption:'{option}'}}"))
}

pub(crate) fn hold(server: &Server, id: u64) -> Reply {
    post(server, &format!("/v1/customerhold/{id}"), "")
}

fn status(server: &Server, id: u64) -> String {
    server.get(id).at("status")
}

pub(crate) fn moved(server: &Server, id: u64) -> Vec<(String, i64)> {
    server.money(id).into_iter().map(|Movement { action, cents, .. }| (action, cents)).collect()
}

pub(crate) fn one(action: &str, cents: i64) -> Vec<(String, i64)> {
    vec![(action.to_string(), cents)]
}

#[test]
fn an_activation_is_previewed_and_then_charged_once() {
    let server = sandbox();
    let preview = activate(&server, "?preview=True");
    assert_eq!((preview.status, preview.at("status").as_str()), (200, "\"Draft\""));
    assert_eq!(
        (preview.at("invoicePreview.total"), preview.at("invoicePreview.subtotal")),
        ("158.20".into(), "140.00".into())
    );
    assert_eq!(preview.at("invoicePreview.draftCharges.2.name"), "\"Setup fee\"");
    assert_eq!((status(&server, 1017).as_str(), moved(&server, 1017)), ("\"Draft\"", vec![]));
    let done = activate(&server, "?view=sideeffects");
    assert_eq!((done.at("status"), done.at("invoicePreview.total")), ("\"Active\"".into(), "158.20".into()));
    assert_eq!(moved(&server, 1017), one("activate", 15_820));
    let again = activate(&server, "");
    assert_eq!((again.status, moved(&server, 1017).len()), (400, 1), "{}", again.text());
    assert_eq!(server.get(1017).at("monthlyRecurringRevenue"), "115.00");
}

#[test]
fn an_unhold_charges_by_its_option() {
    for (option, total, cents) in [
        ("ChargeForAllMissedPeriods", "255.10", 25_510),
        ("chargeForLastMissedPeriods", "85.03", 8_503),
        ("NoChargesForMissedPeriods", "0.00", 0),
        ("ChargeForCurrentFullPeriod", "85.03", 8_503),
    ] {
        let server = sandbox();
        let preview = unhold(&server, option, ",\"preview\":true");
        assert_eq!(
            (preview.at("invoicePreview.total").as_str(), status(&server, 1019).as_str()),
            (total, "\"Hold\"")
        );
        assert_eq!(unhold(&server, option, "").at("status"), "\"Active\"");
        let expected = if cents == 0 { vec![] } else { one("unhold", cents) };
        assert_eq!(moved(&server, 1019), expected, "{option}");
    }
    assert_eq!(unhold(&sandbox(), "All", "").status, 400);
}

#[test]
fn a_cancellation_reverses_by_its_option() {
    for (option, cents) in [("None", 0), ("Unearned", -12_500), ("Full", -25_000)] {
        let server = sandbox();
        assert_eq!(cancel(&server, 123, option).at("status"), "\"Cancelled\"");
        assert_eq!(moved(&server, 123), if cents == 0 { vec![] } else { one("cancel", cents) });
        assert_eq!(cancel(&server, 123, option).status, 400);
        assert_eq!(post(&server, "/v1/customers/uncancel/123", "").at("status"), "\"Active\"");
    }
}

/// The statuses of a preview and of an activation that leave flags out.
pub(crate) fn activated_in_part(choice: &str) -> [u16; 2] {
    let server = behaving(&[choice]);
    let partial = r#"{"customerId":1017,"activateAllSubscriptions":true}"#;
    ["/v1/customeractivation?preview=true", "/v1/customeractivation"]
        .map(|target| post(&server, target, partial).status)
}

/// The status and revenue of a customer that was on hold, cancelled, and un-cancelled.
pub(crate) fn back(choice: &str) -> [String; 2] {
    let server = behaving(&[choice]);
    cancel(&server, 1019, "None");
    let reply = post(&server, "/v1/customers/uncancel/1019", "");
    [reply.at("status"), reply.at("monthlyRecurringRevenue")]
}

/// The totals of the two invoices of a preview.
pub(crate) fn previewed(choice: &str) -> [String; 2] {
    let reply = activate(&behaving(&[choice]), "?preview=true");
    ["invoicePreview.total", "additionalInvoicesForPreview.0.total"].map(|path| reply.at(path))
}

/// What the overview says that the customer owes after its activation.
pub(crate) fn owed(choice: &str) -> String {
    let server = behaving(&[choice]);
    activate(&server, "");
    server.ask("GET", "/v1/customers/1017/overview", "").expect("an answer").at("arBalance")
}

#[test]
fn an_action_may_be_lost_before_or_after_it_moved_money() {
    let server = faulty(&["post:lost-after"]);
    assert!(server.ask("POST", "/v1/customerhold/123", "").is_none() && status(&server, 123) == "\"Hold\"");
    let server = faulty(&["post:lost-before"]);
    assert!(server.ask("POST", "/v1/customerhold/123", "").is_none() && status(&server, 123) == "\"Active\"");
}

#[test]
fn a_ledger_is_kept_in_the_state_file() {
    let home = tempfile::tempdir().unwrap();
    let options = || fusebill::sandbox::Options {
        state: fusebill::sandbox::State::File(home.path().join("customers.ndjson")),
        ..Default::default()
    };
    cancel(&Server::start(options()).unwrap(), 123, "Full");
    assert_eq!(moved(&Server::start(options()).unwrap(), 123), one("cancel", -25_000));
}

#[test]
fn a_script_can_count_the_money() {
    let server = sandbox();
    cancel(&server, 123, "Unearned");
    let reply = server.ask("GET", "/_sandbox/money/123", "").expect("an answer");
    assert_eq!(reply.text(), r#"[{"action":"cancel","cents":-12500,"posted":true}]"#);
}
