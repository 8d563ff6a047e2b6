//! `PUT /v1/customers` by the documented rules.

use fusebill::document::json::Json;
use fusebill::field::FIELDS;
use fusebill::sandbox::seed;

use crate::client::{Ask, at, plus, sandbox, with, without};

#[test]
fn a_put_of_the_read_document_changes_only_the_timestamp() {
    let server = sandbox();
    for seeded in seed() {
        let id = at(seeded, "id").parse().unwrap();
        let read = server.document(id);
        assert_eq!(read, seeded);
        let answered = server.put(&read);
        assert_eq!(answered.status, 200, "{id}: {}", answered.text());
        let long = answered.at("modifiedTimestamp");
        assert!(long.len() == 30 && long.ends_with("Z\""), "{long}");
        assert_eq!(with(answered.text(), "modifiedTimestamp", "0"), with(&read, "modifiedTimestamp", "0"));
        let later = server.document(id);
        let short = at(&later, "modifiedTimestamp");
        assert!(short.len() < 27 && long.starts_with(short.trim_end_matches('"')), "{short} {long}");
        assert_eq!(with(&later, "modifiedTimestamp", "0"), with(&read, "modifiedTimestamp", "0"));
    }
}

#[test]
fn omitted_writable_fields_become_null_and_read_only_ones_stay() {
    let server = sandbox();
    let before = server.document(123);
    let after = server.put(r#"{"id":123,"status":"Active","firstName":"John"}"#);
    assert_eq!(after.status, 200, "{}", after.text());
    assert_eq!(after.at("firstName"), "\"John\"");
    for field in FIELDS {
        let expected = match field.path {
            "firstName" | "status" | "currency" => continue,
            "customerReference.salesTrackingCodes" => "[]",
            _ => "null",
        };
        assert_eq!(after.at(field.path), expected, "{}", field.path);
    }
    for kept in
        ["id", "uri", "monthlyRecurringRevenue", "salesforceId", "portalUserName", "customerReference.uri"]
    {
        assert_eq!(after.at(kept), at(&before, kept), "{kept}");
    }
}

#[test]
fn a_currency_that_is_left_out_becomes_the_account_s_default() {
    let server = sandbox();
    assert_eq!(at(&server.document(1017), "currency"), "\"CAD\"");
    let after = server.put(&without(&server.document(1017), "currency"));
    assert_eq!(after.at("currency"), "\"USD\"");
    assert_eq!(at(&server.document(1001), "canChangeCurrency"), "false");
    let after = server.put(&without(&server.document(1001), "currency"));
    assert_eq!((after.status, after.at("currency").as_str()), (200, "\"USD\""));
}

#[test]
fn id_and_status_are_required() {
    let server = sandbox();
    let refused = server.put(r#"{"firstName":"John"}"#);
    assert_eq!(refused.status, 400);
    assert_eq!((refused.at("ErrorId"), refused.at("HttpStatusCode")), ("0".into(), "400".into()));
    assert_eq!(refused.at("Errors.0.Value"), "\"id is required.\"");
    assert_eq!(refused.at("Errors.1.Value"), "\"status is required.\"");
    assert!(server.put(r#"{"id":123,"firstName":"John"}"#).text().contains("status is required"));
    assert!(server.put(r#"{"id":"123","status":"Active"}"#).text().contains("whole number"));
    assert_eq!(server.put(r#"{"id":5,"status":"Active"}"#).status, 404);
}

#[test]
fn keys_are_read_without_regard_to_case() {
    let server = sandbox();
    let after = server
        .put(r#"{"ID":123,"STATUS":"Active","firstname":"John","CustomerReference":{"REFERENCE1":"x"}}"#);
    assert_eq!(after.at("firstName"), "\"John\"");
    assert_eq!(after.at("customerReference.reference1"), "\"x\"");
    assert_eq!(after.at("firstname"), "-");
}

#[test]
fn a_body_that_is_no_json_object_is_refused() {
    let server = sandbox();
    for body in [
        "",
        "{id:123,status:'Active}",
        "[]",
        "null",
        "{\"id\":123,\"status\":\"Active\",}",
        "{\"id\":1,\"id\":2}",
        "\u{feff}{\"id\":123,\"status\":\"Hold\"}",
    ] {
        let refused = server.put(body);
        assert_eq!((refused.status, refused.at("HttpStatusCode").as_str()), (400, "400"), "{body}");
    }
}

#[test]
fn values_are_stored_with_the_token_that_was_sent() {
    let server = sandbox();
    let before = server.document(123);
    let edited = with(&before, "firstName", r#""Andr\u00e9 \/""#);
    let edited = with(&edited, "primaryPhone", "5551234");
    let edited = with(&edited, "customerAcquisition.keyword", r#""\ud800""#);
    let edited = with(&edited, "quickBooksId", "9007199254740993");
    let answered = server.put(&edited);
    assert_eq!(answered.status, 200, "{}", answered.text());
    assert_eq!(
        with(&server.document(123), "modifiedTimestamp", "0"),
        with(&edited, "modifiedTimestamp", "0")
    );
}

#[test]
fn read_only_fields_are_ignored() {
    let server = sandbox();
    let before = server.document(123);
    let edited = with(&before, "monthlyRecurringRevenue", "9");
    let edited = with(&edited, "customerAccountStatus", "\"Collection\"");
    let edited = with(&edited, "customerReference.id", "5");
    let edited = with(&edited, "uri", "\"x\"");
    assert_eq!(server.put(&edited).status, 200);
    assert_eq!(
        with(&server.document(123), "modifiedTimestamp", "0"),
        with(&before, "modifiedTimestamp", "0")
    );
}

#[test]
fn every_problem_is_reported_and_nothing_is_stored() {
    let server = sandbox();
    let before = server.document(123);
    let edited = with(&before, "firstName", &format!("\"{}\"", "x".repeat(51)));
    let edited = with(&edited, "title", "\"mR\"");
    let edited = with(&edited, "currency", "\"usd\"");
    let edited = with(&edited, "status", "\"active\"");
    let edited = with(&edited, "lastName", "true");
    let edited = with(&edited, "quickBooksId", "-1");
    let refused = server.put(&edited);
    let message = refused.text();
    assert_eq!(refused.status, 400);
    assert_eq!(
        Json::parse(message).unwrap().root().member("Errors").unwrap().children().count(),
        6,
        "{message}"
    );
    for part in [
        "firstName cannot be longer than 50",
        "Mr, Mrs, Ms, Miss, Dr",
        "ISO currency",
        "Draft, Active",
        "not a boolean",
        "whole number",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert_eq!(server.document(123), before);
}

#[test]
fn a_text_may_be_as_long_as_its_limit_and_no_longer() {
    let server = sandbox();
    let before = server.document(123);
    for (path, max) in
        [("firstName", 50), ("primaryEmail", 255), ("reference", 255), ("customerAcquisition.medium", 255)]
    {
        let put =
            |length: usize| server.put(&with(&before, path, &format!("\"{}\"", "é".repeat(length)))).status;
        assert_eq!((put(max), put(max + 1)), (200, 400), "{path}");
    }
}

#[test]
fn a_put_cannot_suspend_a_customer() {
    let server = sandbox();
    let refused = server.put(&with(&server.document(123), "status", "\"Suspended\""));
    let documented = r#"{"ErrorId":0,"HttpStatusCode":400,"Errors":[{"Key":"Api Error","Value":"Cannot manually suspend customer, the system is in charge of suspending customers."}]}"#;
    assert_eq!((refused.status, refused.text()), (400, documented));
}

#[test]
fn a_parent_must_exist_and_not_be_below_its_child() {
    let server = sandbox();
    let put = |id: u64, parent: &str| server.put(&with(&server.document(id), "parentId", parent));
    assert!(put(123, "5").text().contains("does not exist"));
    assert!(put(123, "123").text().contains("itself or below"));
    assert!(put(2001, "2003").text().contains("itself or below"));
    assert!(put(123, "\"2001\"").text().contains("whole number"));
    assert_eq!(put(123, "2001").at("parentId"), "2001");
    assert_eq!(put(2003, "2005").status, 200);
}

#[test]
fn sales_tracking_codes_are_completed_and_those_that_stay_are_not_touched() {
    let server = sandbox();
    let before = server.document(123);
    let path = "customerReference.salesTrackingCodes";
    let kept = at(&before, &format!("{path}.1"));
    let sent = format!(r#"[{{"code":"APAC","TYPE":"sales tracking code 1"}},{kept}]"#);
    let after = server.put(&with(&before, path, &sent));
    assert_eq!(after.status, 200, "{}", after.text());
    let new = r#"{"type":"sales tracking code 1","code":"APAC","name":"Asia and Pacific","id":9003,"uri":"https://secure.fusebill.com/v1/SalesTrackingCodes/9003"}"#;
    assert_eq!(after.at(path), format!("[{new},{kept}]"));
}

#[test]
fn sales_tracking_codes_must_be_known_and_at_most_five() {
    let server = sandbox();
    let before = server.document(123);
    let put = |codes: &str| {
        server.put(&with(&before, "customerReference.salesTrackingCodes", codes)).text().to_string()
    };
    assert!(put(r#"[{"type":"Colour","code":"red"}]"#).contains("no sales tracking code type 'Colour'"));
    assert!(put(r#"[{"type":"Region","code":"SR-01"}]"#).contains("'SR-01' does not exist under 'Region'"));
    assert!(put(r#"[{"type":"Region"}]"#).contains("needs a code"));
    assert!(put("{}").contains("must be an array"));
    assert!(put(r#"[{"type":"Sales Rep","code":"SR-07"}]"#).contains("retired"));
    let twice = r#"[{"type":"Region","code":"NA"},{"type":"Sales Tracking Code 1","code":"EMEA"}]"#;
    assert!(put(twice).contains("more than once"));
    let six = [r#"{"type":"Region","code":"NA"}"#; 6].join(",");
    assert!(put(&format!("[{six}]")).contains("at most 5"));
}

#[test]
fn a_customer_without_a_nested_object_gets_it_when_it_is_sent() {
    let server = sandbox();
    let before = server.document(4001);
    let after = server.put(&plus(&before, r#""customerAcquisition":{"source":"fair"}"#));
    assert_eq!(
        after.at("customerAcquisition"),
        r#"{"adContent":null,"campaign":null,"keyword":null,"landingPage":null,"medium":null,"source":"fair","id":4001,"uri":"https://secure.fusebill.com/v1/customers/4001"}"#
    );
    let refused = server.put(&with(&before, "customerReference", "\"x\""));
    assert!(refused.text().contains("customerReference must be an object"));
}
