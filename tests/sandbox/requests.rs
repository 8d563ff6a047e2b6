//! Every request: address, host, key, quota, record.

use std::io::Read;

use fusebill::sandbox::{KEY, Limits, Options, Server};

use crate::client::{Ask, Reply, Wire, at, behaving, request, sandbox};

fn with_header(server: &Server, line: &str) -> u16 {
    let mut wire = Wire::to(server);
    wire.send(format!("GET /v1/customers/123 HTTP/1.1\r\nHost: localhost\r\n{line}\r\n").as_bytes());
    wire.reply().unwrap().status
}

#[test]
fn a_customer_is_answered_byte_for_byte() {
    let server = sandbox();
    let text = "{ \"id\" : 77 ,\n\t\"x\":1E5, \"y\":\"\\u00e9\\/\" }\n";
    server.store(text).unwrap();
    let reply = server.get(77);
    assert_eq!((reply.status, reply.text()), (200, text));
    assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(server.customer(77).as_deref(), Some(text));
    assert!(server.store("[]").is_err() && server.store("{\"id\":\"a\"}").is_err());
}

#[test]
fn an_address_is_read_without_regard_to_case_and_to_a_slash_at_its_end() {
    let server = sandbox();
    for target in ["/v1/customers/123", "/V1/Customers/123", "/v1/CUSTOMERS/123/"] {
        assert_eq!(server.ask("GET", target, "").unwrap().status, 200, "{target}");
    }
    assert_eq!(server.ask("GET", "/v1/Customers/?query=firstName:Jon", "").unwrap().ids(), [123]);
}

#[test]
fn an_unknown_address_is_404_and_a_wrong_method_405() {
    let server = sandbox();
    for target in ["/v1", "/v1/customers/abc", "/v1/customers/123/other", "/", "/v1/invoices"] {
        assert_eq!(server.ask("GET", target, "").unwrap().status, 404, "{target}");
    }
    assert_eq!(server.ask("POST", "/v1/customers", "{}").unwrap().status, 405);
    assert_eq!(server.ask("DELETE", "/v1/customers/123", "").unwrap().status, 405);
    assert_eq!(server.ask("PUT", "/v1/customers/123", "{}").unwrap().status, 405);
    assert_eq!(server.ask("GET", "/v1/customeractivation", "").unwrap().status, 405);
    assert_eq!(server.ask("PUT", "/v1/customers/123/overview", "").unwrap().status, 405);
}

#[test]
fn a_405_names_the_allowed_methods() {
    let server = sandbox();
    for (method, target, allowed) in [
        ("POST", "/v1/customers", "GET,HEAD,PUT"),
        ("PUT", "/v1/customers/123", "GET,HEAD"),
        ("PUT", "/_sandbox/faults", "GET,HEAD,POST,DELETE"),
        ("DELETE", "/_sandbox/requests", "GET,HEAD"),
    ] {
        let reply = server.ask(method, target, "").unwrap();
        assert_eq!((reply.status, reply.header("allow")), (405, Some(allowed)), "{method} {target}");
    }
}

#[test]
fn head_is_a_get_without_its_body() {
    let server = sandbox();
    let promised = server.get(123).body.len().to_string();
    let mut wire = Wire::to(&server);
    wire.send(&request("HEAD", "/v1/customers/123", ""));
    wire.send(&request("GET", "/v1/nothing", ""));
    let head = wire.head().unwrap();
    assert_eq!((head.status, head.header("content-length")), (200, Some(promised.as_str())));
    assert_eq!(wire.reply().unwrap().status, 404, "no body stands between the two answers");
}

#[test]
fn only_this_machine_may_be_named_as_the_host() {
    let server = sandbox();
    let status = |host: &str, target: &str| {
        let mut wire = Wire::to(&server);
        wire.send(format!("GET {target} HTTP/1.1\r\n{host}Authorization: Basic {KEY}\r\n\r\n").as_bytes());
        wire.reply().unwrap().status
    };
    for host in ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:1", "[::1]:80", "[::1]"] {
        assert_eq!(status(&format!("Host: {host}\r\n"), "/v1/customers/123"), 200, "{host}");
    }
    for host in ["evil.example.com", "localhost.example.com", "10.0.0.1:80", ""] {
        assert_eq!(status(&format!("Host: {host}\r\n"), "/v1/customers/123"), 403, "{host}");
        assert_eq!(status(&format!("Host: {host}\r\n"), "/_sandbox/requests"), 403, "{host}");
    }
    assert_eq!(status("", "/v1/customers/123"), 403);
}

#[test]
fn a_missing_or_wrong_key_is_401_and_a_malformed_one_400() {
    let server = sandbox();
    let other = format!("{}MDAx", KEY.strip_suffix("MDAw").unwrap());
    assert_eq!(with_header(&server, &format!("authorization: basic {KEY}\r\n")), 200);
    assert_eq!(with_header(&server, ""), 401);
    assert_eq!(with_header(&server, &format!("Authorization: Basic {other}\r\n")), 401);
    for wrong in ["Basic", "Basic short", "Bearer x", &format!("Basic  {KEY}"), &format!("Basic {KEY}A")] {
        assert_eq!(with_header(&server, &format!("Authorization: {wrong}\r\n")), 400, "{wrong}");
    }
    let mut wire = Wire::to(&server);
    wire.send(b"GET /v1/customers/123 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic x\r\n\r\n");
    let envelope = r#"{"ErrorId":0,"HttpStatusCode":400,"Errors":[{"Key":"Api Error","Value":"Authorization key is not in the correct format."}]}"#;
    assert_eq!(wire.reply().unwrap().text(), envelope);
}

/// The response to a request with the key and this further header.
fn with_key(line: &str, header: &str, body: &str) -> Reply {
    let server = sandbox();
    let mut wire = Wire::to(&server);
    let length = body.len();
    let head =
        format!("Host: localhost\r\nAuthorization: Basic {KEY}\r\nContent-Length: {length}\r\n{header}");
    wire.send(format!("{line} HTTP/1.1\r\n{head}\r\n{body}").as_bytes());
    wire.reply().unwrap()
}

#[test]
fn a_put_needs_the_media_type_of_json() {
    for (header, status) in [
        ("", 415),
        ("Content-Type: application/x-www-form-urlencoded\r\n", 415),
        ("Content-Type: Application/JSON;charset=utf-8\r\n", 200),
    ] {
        let reply = with_key("PUT /v1/customers", header, r#"{"id":123,"status":"Active"}"#);
        assert_eq!(reply.status, status, "{header}");
    }
}

#[test]
fn a_response_is_gzip_if_the_client_accepts_it() {
    let get =
        |codings: &str| with_key("GET /v1/customers/123", &format!("Accept-Encoding: {codings}\r\n"), "");
    let reply = get("deflate, gzip");
    assert_eq!(reply.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(reply.body.as_slice()).read_to_string(&mut text).unwrap();
    assert_eq!(at(&text, "id"), "123");
    assert_eq!(get("deflate").header("content-encoding"), None);
}

#[test]
fn every_response_has_the_headers_of_both_limits() {
    let server = sandbox();
    for target in ["/v1/customers/123", "/v1/customers/5", "/v1/nothing"] {
        let reply = server.ask("GET", target, "").unwrap();
        assert_eq!(reply.header("x-rate-limit-limit-minute"), Some("1000"));
        assert_eq!(reply.header("x-rate-limit-limit-day"), Some("180000"));
    }
    let reply = server.get(123);
    assert_eq!(reply.header("x-rate-limit-remaining-minute"), Some("996"));
    assert_eq!(reply.header("x-rate-limit-remaining-day"), Some("179996"));
    assert!(reply.header("x-rate-limit-reset-day").unwrap().ends_with('Z'));
}

#[test]
fn a_used_up_limit_is_429_until_it_starts_anew() {
    for (limits, message) in [
        (Limits { per_minute: 2, per_day: 9, ..Limits::default() }, "per minute"),
        (Limits { per_minute: 9, per_day: 2, ..Limits::default() }, "per day"),
    ] {
        let server = Server::start(Options { limits, ..Options::default() }).unwrap();
        let statuses: Vec<u16> = (0..4).map(|_| server.get(123).status).collect();
        assert_eq!(statuses, [200, 200, 429, 429]);
        let reply = server.get(123);
        assert!(reply.text().contains(message), "{}", reply.text());
        assert_eq!(with_header(&server, ""), 401, "a request without a key counts against nothing");
    }
}

#[test]
fn requests_are_recorded_with_their_connection_and_answer() {
    let server = sandbox();
    let mut wire = Wire::to(&server);
    wire.ask("GET", "/v1/Customers/123?a=%20b", "").unwrap();
    wire.ask("PUT", "/v1/customers", "{}").unwrap();
    server.get(9);
    let seen = server.requests();
    let brief: Vec<_> = seen.iter().map(|r| (r.number, r.connection, r.method.as_str(), r.status)).collect();
    assert_eq!(brief, [(1, 1, "GET", Some(200)), (2, 1, "PUT", Some(400)), (3, 2, "GET", Some(404))]);
    assert_eq!((seen[0].path.as_str(), seen[0].query.as_deref()), ("/v1/Customers/123", Some("a=%20b")));
    assert_eq!(seen[1].body, b"{}");
    assert_eq!(seen[1].header("authorization"), Some(format!("Basic {KEY}").as_str()));
    assert_eq!(server.connections(), 2);
}

#[test]
fn only_the_latest_requests_are_remembered() {
    let server = Server::start(Options { remembered: 2, ..Options::default() }).unwrap();
    for id in 1..=5 {
        server.get(id);
    }
    let seen = server.requests();
    assert_eq!(seen.iter().map(|request| request.number).collect::<Vec<_>>(), [4, 5]);
    assert_eq!(seen[1].status, Some(404));
}

#[test]
fn a_body_may_come_in_pieces() {
    let server = sandbox();
    let whole = request("PUT", "/v1/customers", "{\"id\":123,\"status\":\"Active\"}");
    let mut wire = Wire::to(&server);
    for piece in whole.chunks(50) {
        wire.send(piece);
    }
    assert_eq!(wire.reply().unwrap().status, 200);
}

#[test]
fn the_sandbox_listens_on_loopback_and_stops_with_its_connections() {
    let server = sandbox();
    let address = server.address();
    assert!(address.ip().is_loopback());
    assert_eq!(server.base_url(), format!("http://127.0.0.1:{}/v1", address.port()));
    let mut idle = Wire::to(&server);
    idle.ask("GET", "/v1/customers/123", "").unwrap();
    drop(server);
    assert!(idle.ended());
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn ten_thousand_customers_are_found_by_id() {
    let server = behaving(&[]);
    for id in 100_000..110_000 {
        server.store(&format!("{{\"id\":{id},\"status\":\"Active\"}}")).unwrap();
    }
    assert_eq!(server.get(109_999).at("id"), "109999");
    assert_eq!(server.list("pageSize=1").header("x-count"), Some("10038"));
}
