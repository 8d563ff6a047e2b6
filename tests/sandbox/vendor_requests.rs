//! Requests of other clients, byte for byte: the samples of the vendor's page "Edit customer", and public Node clients.
//! Only `{APIKey}`, `{id}` and the host are replaced.

use std::io::Read;

use fusebill::sandbox::{KEY, Server};

use crate::client::{Ask, Reply, Wire, at, sandbox, with};

/// The curl sample, with the headers that curl 7.88 adds.
const CURL: &str = "PUT /v1/customers HTTP/1.1\r\nHost: {host}\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\
    Content-Type: application/json\r\nAuthorization: Basic {key}\r\nContent-Length: 93\r\n\r\n\
    {id:123,title:'Mr',firstName:'John',lastName:'Smith',companyName:'Acme Inc.',Status:'Active'}";

/// The Python sample, with the headers that requests 2.34 adds.
const PYTHON: &str = "PUT /v1/customers HTTP/1.1\r\nHost: {host}\r\nUser-Agent: python-requests/2.34.2\r\n\
    Accept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\nAuthorization: Basic {key}\r\n\
    Content-Type: application/json\r\nContent-Length: 76\r\n\r\n\
    {\"id\": 183365, \"firstName\": \"john\", \"lastName\": \"smith\", \"Status\": \"Active\"}";

/// The head of the C# sample: `HttpWebRequest` sends its body only after `100 Continue`.
const C_SHARP_HEAD: &str = "PUT /v1/customers HTTP/1.1\r\nContent-Type: application/json\r\nAuthorization: Basic {key}\r\n\
    Host: {host}\r\nContent-Length: 808\r\nExpect: 100-continue\r\nConnection: Keep-Alive\r\n\r\n";

/// The page hides its e-mail addresses.
const C_SHARP_BODY: &str = "{'firstName':'John','middleName':'B','lastName':'Smith','companyName':'Acme Inc','suffix':'Sr','primaryEmail':'[email protected]','primaryPhone':'809997777','secondaryEmail':'[email protected]','secondaryPhone':'1 (800) 445-6000','title':'Mr','reference':null,'status':'Cancelled','customerAccountStatus':'Good','currency':'USD','customerReference':{'reference1':null,'reference2':null,'reference3':null,'salesTrackingCodes':[],'id':169458},'customerAcquisition':{'adContent':null,'campaign':null,'keyword':null,'landingPage':null,'medium':null,'source':null,'id':169458},'monthlyRecurringRevenue':0,'netMonthlyRecurringRevenue':0,'salesforceId':null,'salesforceAccountType':null,'salesforceSynchStatus':'Enabled','netsuiteId':null,'netsuiteCustomerType':'','portalUserName':null,'parentId':null,'id':169458}";

/// The JSON that the page shows under its samples: phones and references are numbers.
const JSON: &str = r#"{
"firstName": "Katelyn",
"middleName": "Kent",
"lastName": "Floyd",
"companyName": "Ronbert",
"suffix": "Sr.",
"primaryEmail": "[email protected]",
"primaryPhone": 9964413586,
"secondaryEmail": "[email protected]",
"secondaryPhone": 9555473089,
"title": "Miss",
"reference": 100986,
"status": "Active",
"customerAccountStatus": "Good",
"currency": "USD",
"customerReference": {
"reference1": null,
"reference2": "customValue",
"reference3": null,
"salesTrackingCodes": [],
"id": 12000750,
"uri": "https://secure.fusebill.com/v1/customers/12000750"
},
"customerAcquisition": {
"adContent": null,
"campaign": null,
"keyword": null,
"landingPage": null,
"medium": null,
"source": null,
"id": 12000750,
"uri": "https://secure.fusebill.com/v1/customers/12000750"
},
"monthlyRecurringRevenue": 250,
"netMonthlyRecurringRevenue": 220,
"salesforceId": 12345678,
"salesforceAccountType": null,
"salesforceSynchStatus": "Enabled",
"netsuiteId": 12345678,
"netsuiteSynchStatus": "Enabled",
"netsuiteCustomerType": "Individual",
"portalUserName": "Katelyn1974",
"parentId": 12000749,
"quickBooksLatchType": null,
"quickBooksId": null,
"quickBooksSyncToken": null,
"hubSpotId": null,
"modifiedTimestamp": "2019-11-07T15:51:11.1915461Z",
"id": 12000750,
"uri": "https://secure.fusebill.com/v1/customers/12000750"
}"#;

fn filled(request: &str, server: &Server) -> Vec<u8> {
    let host = server.address().to_string();
    request.replace("{key}", KEY).replace("{host}", &host).into_bytes()
}

fn answer(request: &str, server: &Server) -> Reply {
    let mut wire = Wire::to(server);
    wire.send(&filled(request, server));
    wire.reply().unwrap()
}

fn unpacked(reply: &Reply) -> String {
    assert_eq!(reply.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(reply.body.as_slice()).read_to_string(&mut text).unwrap();
    text
}

/// A sandbox with a copy of customer 123 under the id of a sample.
fn with_customer(id: u64) -> Server {
    let server = sandbox();
    let customer = with(&server.document(123), "id", &id.to_string());
    server.store(&customer).unwrap();
    server
}

#[test]
fn the_curl_sample_is_accepted() {
    let server = sandbox();
    let reply = answer(CURL, &server);
    assert_eq!(reply.status, 200, "{}", reply.text());
    for (path, expected) in [
        ("title", "\"Mr\""),
        ("firstName", "\"John\""),
        ("companyName", "\"Acme Inc.\""),
        ("status", "\"Active\""),
        ("primaryPhone", "null"),
    ] {
        assert_eq!(reply.at(path), expected, "{path}");
    }
}

#[test]
fn the_python_sample_is_accepted() {
    let server = with_customer(183_365);
    let reply = answer(PYTHON, &server);
    assert_eq!(reply.status, 200);
    let text = unpacked(&reply);
    assert_eq!(at(&text, "lastName"), "\"smith\"");
    assert_eq!((at(&text, "currency"), at(&text, "primaryPhone")), ("\"USD\"".into(), "null".into()));
}

#[test]
fn the_c_sharp_sample_is_accepted_after_100_continue() {
    let server = with_customer(169_458);
    let mut wire = Wire::to(&server);
    wire.send(&filled(C_SHARP_HEAD, &server));
    assert_eq!(wire.head().unwrap().status, 100);
    wire.send(C_SHARP_BODY.as_bytes());
    let reply = wire.reply().unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    for (path, expected) in [
        ("primaryEmail", "\"[email protected]\""),
        ("secondaryPhone", "\"1 (800) 445-6000\""),
        ("status", "\"Cancelled\""),
        ("customerReference.salesTrackingCodes", "[]"),
    ] {
        assert_eq!(reply.at(path), expected, "{path}");
    }
}

#[test]
fn the_json_sample_is_stored_as_it_was_sent() {
    let server = sandbox();
    let before = server.document(12_000_750);
    let reply = server.put(JSON);
    assert_eq!(reply.status, 200, "{}", reply.text());
    for path in ["firstName", "primaryPhone", "reference", "customerReference.reference2", "parentId"] {
        assert_eq!(reply.at(path), at(JSON, path), "{path}");
    }
    for kept in ["geotabId", "createdTimestamp", "salesforceId"] {
        assert_eq!(reply.at(kept), at(&before, kept), "{kept}");
    }
}

/// What claygorman/fusebill-node-sdk 1.0.1 sends by way of axios 0.21.1.
const SDK: &str = "Accept: application/json, text/plain, */*\r\n{type}Authorization: Basic {key}\r\n\
    User-Agent: axios/0.21.1\r\n{length}Host: {host}\r\nConnection: close\r\n\r\n";

fn by_the_sdk(line: &str, body: &str, server: &Server) -> Reply {
    let length = format!("Content-Length: {}\r\n", body.len());
    let with_body = ("Content-Type: application/json;charset=utf-8\r\n", length.as_str());
    let (kind, length) = if body.is_empty() { ("", "") } else { with_body };
    let head = SDK.replace("{type}", kind).replace("{length}", length);
    answer(&format!("{line} HTTP/1.1\r\n{head}{body}"), server)
}

#[test]
fn the_node_sdk_reads_lists_and_updates() {
    let server = sandbox();
    let read = by_the_sdk("GET /v1/customers/123", "", &server);
    assert_eq!((read.status, read.text()), (200, server.document(123).as_str()));
    // The SDK joins filters with `;` and puts the query last; axios leaves `:` and writes a blank as `+`.
    let query = "pageSize=100&query=firstName:Jon%3BcompanyName:Acme+Inc.";
    assert_eq!(by_the_sdk(&format!("GET /v1/customers?{query}"), "", &server).ids(), [123]);
    let updated = by_the_sdk("PUT /v1/customers", &with(read.text(), "firstName", "\"John\""), &server);
    assert_eq!((updated.status, updated.at("firstName").as_str()), (200, "\"John\""));
    assert_eq!(updated.at("primaryPhone"), read.at("primaryPhone"));
    // It counts its calls by these two.
    assert_eq!(updated.header("x-rate-limit-limit-day"), Some("180000"));
    assert_eq!(updated.header("x-rate-limit-remaining-day"), Some("179996"));
}

/// What mdabydeen/fusebill-node 1.0.0 and Skrumble/fusebill-node send: every request has a body, a GET too.
fn by_the_bindings(line: &str, body: &str, server: &Server) -> Reply {
    let length = body.len();
    let client = r#"{"bindings_version":"1.0.0","lang":"node","publisher":"fusebill","uname":"UNKNOWN"}"#;
    let head = format!(
        "Authorization: Basic {{key}}\r\nAccept: application/json\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nUser-Agent: Fusebill/v1 NodeBindings/1.0.0\r\n\
         X-Fusebill-Client-User-Agent: {client}\r\nHost: {{host}}\r\nConnection: close\r\n\r\n"
    );
    answer(&format!("{line} HTTP/1.1\r\n{head}{body}"), server)
}

#[test]
fn the_node_bindings_read_list_and_update() {
    let server = sandbox();
    let read = by_the_bindings("GET /v1/customers/123", "{}", &server);
    assert_eq!((read.status, read.text()), (200, server.document(123).as_str()));
    let filter = r#"{"query":"firstName:Jon"}"#;
    assert_eq!(by_the_bindings("GET /v1/customers?query=firstName:Jon", filter, &server).ids(), [123]);
    let body = with(read.text(), "lastName", "\"Smythe\"");
    let updated = by_the_bindings("PUT /v1/customers", &body, &server);
    assert_eq!((updated.status, updated.at("lastName").as_str()), (200, "\"Smythe\""));
    let refused = by_the_bindings("PUT /v1/customers", r#"{"id":123}"#, &server);
    assert_eq!((refused.status, refused.at("Errors.0.Value").as_str()), (400, "\"status is required.\""));
}
