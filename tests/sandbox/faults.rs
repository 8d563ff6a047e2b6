//! Every kind of fault.

use std::time::{Duration, Instant};

use fusebill::document::json::Json;
use fusebill::sandbox::{Fault, Options, Server, State};

use crate::actions;
use crate::client::{Ask, Reply, Wire, at, behaving, faulty, request, sandbox, with};

/// A PUT of customer 123 with another first name, and whether it took effect.
fn put(server: &Server) -> (Option<Reply>, bool) {
    let edited = with(&server.customer(123).unwrap(), "firstName", "\"John\"");
    let reply = server.ask("PUT", "/v1/customers", &edited);
    (reply, at(&server.customer(123).unwrap(), "firstName") == "\"John\"")
}

/// The answer to a PUT under one fault, and whether it took effect.
fn answered(fault: &str) -> (Reply, bool) {
    let (reply, written) = put(&faulty(&[fault]));
    (reply.unwrap_or_else(|| panic!("{fault}: no answer")), written)
}

/// Polls until the condition holds, for effects that follow the response.
fn until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::yield_now();
    }
}

/// Every kind and a check of it; the table of kinds is held to this one.
static CASES: &[(&str, fn())] = &[
    ("latency", || {
        let begun = Instant::now();
        let (reply, written) = answered("put:latency=30ms");
        assert!(begun.elapsed() >= Duration::from_millis(30) && reply.status == 200 && written);
    }),
    ("status", || {
        let (reply, written) = answered("put:status=503");
        assert_eq!((reply.status, reply.at("HttpStatusCode").as_str(), written), (503, "503", false));
    }),
    ("message", || {
        let (reply, written) = answered("put:message=500");
        assert_eq!(
            (reply.status, reply.at("Message").as_str(), written),
            (500, "\"The sandbox was told to fail.\"", false)
        );
    }),
    ("html", || {
        let (reply, written) = answered("put:html");
        assert_eq!((reply.status, reply.header("content-type"), written), (502, Some("text/html"), false));
        assert!(reply.text().starts_with("<!DOCTYPE html>"));
        assert_eq!(answered("put:html=200").0.status, 200);
    }),
    ("text", || {
        let (reply, written) = answered("put:text=504");
        assert_eq!((reply.status, reply.text(), written), (504, "The sandbox was told to fail.", false));
    }),
    ("empty", || {
        let (reply, written) = answered("put:empty=500");
        assert_eq!((reply.status, reply.text(), written), (500, "", false));
    }),
    ("refuse", || {
        let (reply, written) = answered("put:refuse=Not on: a \"Sunday\"=x");
        assert_eq!((reply.status, written), (400, false));
        assert_eq!(reply.at("Errors.0.Value"), r#""Not on: a \"Sunday\"=x""#);
    }),
    ("redirect", || {
        let (reply, written) = answered("put:redirect=302");
        assert_eq!((reply.status, reply.header("location"), written), (302, Some("/v1/moved"), false));
        let (reply, _) = answered("put:redirect=307,https://example.com/x");
        assert_eq!((reply.status, reply.header("location")), (307, Some("https://example.com/x")));
    }),
    ("rate-limit", || {
        let server = behaving(&["reset=epoch"]);
        server.inject("put:rate-limit=5".parse().unwrap());
        let (reply, written) = put(&server);
        let reply = reply.unwrap();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let reset: u64 = reply.header("x-rate-limit-reset-minute").unwrap().parse().unwrap();
        assert_eq!(
            (reply.status, reply.header("x-rate-limit-remaining-minute"), written),
            (429, Some("0"), false)
        );
        assert!((now..=now + 5).contains(&reset), "{now} {reset}");
    }),
    ("null", || {
        let (reply, written) = answered("put:null");
        assert_eq!((reply.status, reply.text(), written), (200, "null", true));
    }),
    ("no-content", || {
        let (reply, written) = answered("put:no-content");
        assert_eq!((reply.status, reply.text(), written), (204, "", true));
    }),
    ("body", || {
        let (reply, written) = answered("put:body={\"id\": 1}=:");
        assert_eq!((reply.status, reply.text(), written), (200, "{\"id\": 1}=:", true));
    }),
    ("not-utf8", || {
        let (reply, written) = answered("put:not-utf8");
        assert!(reply.status == 200 && std::str::from_utf8(&reply.body).is_err() && written);
    }),
    ("huge", || {
        let (reply, written) = answered("put:huge=300000");
        assert_eq!((reply.status, reply.body.len(), written), (200, 300_000, true));
        assert!(Json::parse(reply.text()).is_ok());
    }),
    ("swap", || {
        let (reply, written) = answered("put:swap=1001");
        assert_eq!((reply.status, reply.at("id").as_str(), written), (200, "1001", true));
        assert_eq!(answered("put:swap=5").0.status, 500);
    }),
    ("status-after", || {
        let (reply, written) = answered("put:status-after=500");
        assert_eq!((reply.status, reply.at("HttpStatusCode").as_str(), written), (500, "500", true));
    }),
    ("cut", || {
        let (reply, written) = answered("put:cut");
        assert_eq!((reply.status, reply.complete, written), (200, false, true));
        let promised: usize = reply.header("content-length").unwrap().parse().unwrap();
        assert_eq!(reply.body.len(), promised / 2);
    }),
    ("slow", || {
        let begun = Instant::now();
        let (reply, written) = answered("put:slow=40ms");
        assert!(begun.elapsed() >= Duration::from_millis(40) && reply.complete && written);
        assert_eq!(reply.at("id"), "123");
    }),
    ("lost-before", || {
        let (reply, written) = put(&faulty(&["put:lost-before"]));
        assert_eq!((reply, written), (None, false));
    }),
    ("lost-after", || {
        let (reply, written) = put(&faulty(&["put:lost-after"]));
        assert_eq!((reply, written), (None, true));
    }),
    ("late", || {
        let server = faulty(&["put:late=30ms"]);
        let begun = Instant::now();
        assert_eq!(put(&server), (None, false));
        until(|| at(&server.document(123), "firstName") == "\"John\"");
        assert!(begun.elapsed() >= Duration::from_millis(30));
    }),
    ("close", || {
        let server = faulty(&["get:close"]);
        let mut wire = Wire::to(&server);
        let reply = wire.ask("GET", "/v1/customers/123", "").unwrap();
        assert_eq!((reply.status, reply.complete, reply.header("connection")), (200, true, None));
        assert!(wire.ended());
    }),
    ("hang", || {
        let server = faulty(&["get:hang"]);
        let mut wire = Wire::to(&server);
        wire.send(&request("GET", "/v1/customers/123", ""));
        assert_eq!(server.get(1001).status, 200, "others are served meanwhile");
        drop(server);
        assert!(wire.ended());
    }),
    ("other-writer", || {
        let server = faulty(&["get@2:other-writer=customerReference.reference2=\"theirs\""]);
        let before = server.document(123);
        let after = server.document(123);
        assert_eq!(at(&after, "customerReference.reference2"), "\"theirs\"");
        assert_ne!(at(&after, "modifiedTimestamp"), at(&before, "modifiedTimestamp"));
        server.inject("put:other-writer=portalUserName=\"theirs\"".parse().unwrap());
        let reply = server.put(&before);
        assert_eq!(reply.at("portalUserName"), "\"theirs\"");
        assert_eq!(reply.at("customerReference.reference2"), at(&before, "customerReference.reference2"));
    }),
    ("done-first", || {
        let server = faulty(&["post:done-first"]);
        let reply = actions::activate(&server, "");
        assert_eq!((reply.status, actions::moved(&server, 1017)), (400, actions::one("activate", 15_820)));
    }),
    ("price", || {
        let server = faulty(&["post:price=5.00"]);
        assert_eq!(actions::activate(&server, "?preview=true").at("invoicePreview.total"), "158.20");
        assert_eq!(actions::activate(&server, "?view=sideeffects").at("invoicePreview.total"), "169.50");
    }),
    ("truncate", || {
        let (reply, _) = answered("put:truncate=customerReference.reference1,4");
        assert_eq!((reply.status, reply.at("customerReference.reference1").as_str()), (200, "\"PO-2\""));
        assert_eq!(
            answered("put:truncate=customerReference.reference1,99").0.at("customerReference.reference1"),
            "\"PO-2291\""
        );
    }),
    ("ignore", || {
        let (reply, written) = answered("put:ignore=firstName");
        assert_eq!((reply.status, reply.at("firstName").as_str(), written), (200, "\"Jon\"", false));
    }),
];

#[test]
fn every_kind_of_fault_has_its_effect() {
    let kinds: Vec<&str> = Fault::kinds().iter().map(|kind| kind.name).collect();
    assert_eq!(kinds, CASES.iter().map(|(kind, _)| *kind).collect::<Vec<_>>());
    for (kind, case) in CASES {
        println!("{kind}");
        case();
    }
}

#[test]
fn a_fault_hits_the_requests_it_counts_and_no_others() {
    let server = sandbox();
    server.get(123);
    server.inject("get@2*3:status=503".parse().unwrap());
    server.list("");
    let statuses: Vec<u16> = (0..6).map(|_| server.get(123).status).collect();
    assert_eq!(statuses, [200, 503, 503, 503, 200, 200]);
}

#[test]
fn a_fault_for_any_request_hits_all_of_them() {
    let server = faulty(&["any*all:empty=500"]);
    assert_eq!(server.get(123).status, 500);
    assert_eq!(server.list("").status, 500);
    assert_eq!(server.put("{}").status, 500);
    assert_eq!(server.ask("GET", "/v1/nothing", "").unwrap().status, 500);
}

#[test]
fn a_fault_for_lists_leaves_single_customers_alone() {
    let server = faulty(&["list:html"]);
    assert_eq!(server.get(123).status, 200);
    assert_eq!(server.list("").status, 502);
    assert_eq!(server.list("").status, 200);
}

#[test]
fn faults_that_hit_together_all_take_place() {
    let server = faulty(&["put:ignore=firstName", "put:truncate=lastName,2", "put:null", "put:cut"]);
    let (reply, written) = put(&server);
    let reply = reply.unwrap();
    assert_eq!((reply.text(), reply.complete, written), ("nu", false, false));
    assert_eq!(at(&server.customer(123).unwrap(), "lastName"), "\"Sm\"");
}

#[test]
fn a_late_put_overwrites_an_earlier_answered_put() {
    let server = faulty(&["put:late=30ms"]);
    assert_eq!(put(&server), (None, false));
    let reply = server.put(&with(&server.document(123), "lastName", "\"Smythe\""));
    assert_eq!((reply.status, reply.at("lastName").as_str()), (200, "\"Smythe\""));
    until(|| at(&server.document(123), "firstName") == "\"John\"");
    assert_eq!(at(&server.document(123), "lastName"), "\"Smith\"");
    let puts = server.requests().into_iter().filter(|request| request.method == "PUT");
    assert_eq!(puts.map(|request| request.status).collect::<Vec<_>>(), [None, Some(200)]);
}

#[test]
fn a_put_that_is_late_when_the_sandbox_stops_never_arrives() {
    let folder = tempfile::tempdir().unwrap();
    let state = State::File(folder.path().join("customers.ndjson"));
    let start = || Server::start(Options { state: state.clone(), ..Options::default() }).unwrap();
    let server = start();
    server.inject("put:late=1m".parse().unwrap());
    assert_eq!(put(&server), (None, false));
    drop(server);
    assert_eq!(at(&start().document(123), "firstName"), "\"Jon\"");
}

#[test]
fn a_refusal_is_not_covered_up_by_a_fault_of_the_answer() {
    let server = faulty(&["put:null"]);
    assert_eq!(server.put("{}").status, 400);
}

#[test]
fn a_connection_lives_on_after_an_answer_that_was_a_fault() {
    let server = faulty(&["get:status=500", "get@2:slow=5ms"]);
    let mut wire = Wire::to(&server);
    let statuses: Vec<u16> =
        (0..3).map(|_| wire.ask("GET", "/v1/customers/123", "").unwrap().status).collect();
    assert_eq!(statuses, [500, 200, 200]);
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_lost_answer_is_recorded_as_none() {
    let server = faulty(&["get:lost-after", "get@2:lost-before"]);
    let asked = || server.ask("GET", "/v1/customers/123", "").map(|reply| reply.status);
    assert_eq!([asked(), asked(), asked()], [None, None, Some(200)]);
    let seen: Vec<_> = server.requests().iter().map(|request| request.status).collect();
    assert_eq!(seen, [None, None, Some(200)]);
}

#[test]
fn faulty_responses_have_the_headers_of_the_limits() {
    for fault in ["get:status=500", "get:html", "get:null", "get:redirect=302"] {
        let reply = faulty(&[fault]).get(123);
        assert_eq!(reply.header("x-rate-limit-limit-minute"), Some("1000"), "{fault}");
    }
}
