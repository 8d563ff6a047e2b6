//! `/_sandbox/faults` and `/_sandbox/requests`.

use fusebill::document::json::Json;

use crate::client::{Ask, Wire, at, sandbox};

fn plain(method: &str, target: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

#[test]
fn faults_are_given_listed_and_taken_back_without_a_key() {
    let server = sandbox();
    let control = |method: &str, body: &str| {
        let mut wire = Wire::to(&server);
        wire.send(&plain(method, "/_sandbox/faults", body));
        wire.reply().unwrap()
    };
    assert_eq!(control("POST", "get:status=500\n\n put*all:cut \n").status, 204);
    assert_eq!(control("GET", "").text(), "get:status=500\nput*all:cut\n");
    assert_eq!(server.get(123).status, 500);
    assert_eq!(control("GET", "").text(), "put*all:cut\n");
    let refused = control("POST", "get:status=500\nget:nonsense");
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("nonsense") && refused.text().contains("latency"));
    assert_eq!(control("DELETE", "").status, 204);
    assert_eq!(control("GET", "").text(), "");
    assert_eq!(server.get(123).status, 200);
}

#[test]
fn recorded_requests_are_json_without_other_keys() {
    let server = sandbox();
    server.put("{\"a\":\"é\"}");
    let mut wire = Wire::to(&server);
    wire.send(b"GET /v1/customers?x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic real-key\r\n\r\n");
    wire.reply().unwrap();
    wire.send(&plain("GET", "/_sandbox/requests", ""));
    let told = wire.reply().unwrap();
    let json = Json::parse(told.text()).unwrap();
    assert_eq!(json.root().children().count(), 2);
    assert_eq!(at(told.text(), "0.body"), r#""{\"a\":\"é\"}""#);
    assert_eq!(at(told.text(), "0.status"), "400");
    assert_eq!(at(told.text(), "1.query"), "\"x\"");
    assert!(!told.text().contains("real-key"));
    assert!(told.text().contains(fusebill::sandbox::KEY));
}

#[test]
fn control_counts_against_no_limit_and_is_not_recorded() {
    let server = sandbox();
    let mut wire = Wire::to(&server);
    for target in ["/_sandbox/requests", "/_sandbox/faults", "/_sandbox/nothing"] {
        wire.send(&plain("GET", target, ""));
        wire.reply().unwrap();
    }
    assert_eq!(server.requests(), []);
    assert_eq!(server.get(123).header("x-rate-limit-remaining-minute"), Some("999"));
}
