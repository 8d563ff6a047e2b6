//! Words that would steer a terminal, wherever a server can put them.

use serde_json::{Value, json};

use super::server::{Server, ok, raw, with};
use super::{all, bounded, claims_what_is_so, steers_nothing};
use crate::world::World;

/// Colour, a title, a link, C1, bidirectional controls, ends of lines, NUL, DEL, bell, a mark of the byte order.
const EVIL: &str = "\u{1b}[31m\u{1b}]0;t\u{7}\u{1b}]8;;https://evil.example\u{1b}\\x\u{1b}]8;;\u{1b}\\\u{9b}2J\
                    \u{202e}\u{2066}\u{200f}\u{61c}\u{2028}\r\n\0\u{7f}\u{feff}";

/// What a header can carry of it.
const EVIL_HEADER: &[u8] = b"\xc2\x9b2J \xe2\x80\xae \xe2\x81\xa6 \xff \xef\xbb\xbf end";

/// A customer with evil behind every text and in names, but for what the program itself reads.
fn evil(customer: &str) -> String {
    let mut value: Value = serde_json::from_str(customer).expect("JSON");
    spoil(&mut value);
    value["status"] = json!(format!("Active{EVIL}"));
    value[format!("member{EVIL}")] = json!({ format!("inner{EVIL}"): EVIL });
    value.to_string()
}

fn spoil(value: &mut Value) {
    match value {
        Value::String(text) => text.push_str(EVIL),
        Value::Array(list) => list.iter_mut().for_each(spoil),
        Value::Object(members) => members.values_mut().for_each(spoil),
        _ => {}
    }
}

/// What is printed for people steers nothing, and what is printed for programs is JSON.
fn checked(world: &World, server: &Server, arguments: &[&str], codes: &[i32]) {
    let run = bounded(world, server, arguments, 60);
    assert!(codes.contains(&run.code), "{arguments:?} {run:#?}");
    if arguments.contains(&"json") {
        serde_json::from_str::<Value>(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:#?}"));
    } else {
        steers_nothing(&run.stdout);
    }
}

#[test]
fn customer_values_and_names_cannot_control_the_terminal() {
    let world = World::new();
    let customer = evil(&world.stored(123));
    let server = Server::new([customer], |state, request| match request.customer() {
        None => ok(format!("[{}]", state.customers[&123])),
        Some(_) => state.honestly(request),
    });
    let name = format!("member{}", EVIL.replace('\0', ""));
    let pointer = format!("/{name}");
    for form in [&[][..], &["-o", "json"], &["-v"]] {
        let check =
            |arguments: &[&str], codes: &[i32]| checked(&world, &server, &[arguments, form].concat(), codes);
        check(&["customer", "get", "123"], &[0]);
        check(&["customer", "get", "123", "--all-fields"], &[0, 2]);
        check(&["customer", "list"], &[0]);
        check(&["customer", "list", "--columns", "id,firstName,status"], &[0]);
        check(&["customer", "update", "123", "--first-name", "John", "--dry-run"], &[0]);
        check(&["customer", "update", "123", "--set-json", &format!("{pointer}=1"), "--dry-run"], &[0, 1, 2]);
        check(&["customer", "update", "123", "--expect", "firstName=x", "--first-name", "y"], &[6]);
        check(&["customer", "update", "123", "--first-name", "John", "--last-name", "Doe"], &[0]);
        check(&["customer", "history"], &[0]);
        check(&["customer", "undo", "--last", "--yes"], &[0]);
    }
}

#[test]
fn differing_stored_values_cannot_control_the_terminal() {
    for form in [&[][..], &["-o", "json"]] {
        let world = World::new();
        let spoiled = evil(&world.stored(123));
        let server = Server::new([world.stored(123)], move |state, request| {
            let says = state.honestly(request);
            if request.method == "PUT" { ok(&spoiled) } else { says }
        });
        checked(
            &world,
            &server,
            &[&["customer", "update", "123", "--first-name", "John"], form].concat(),
            &[9],
        );
        checked(&world, &server, &[&["customer", "history", "show", "1"], form].concat(), &[0, 2, 3]);
    }
}

/// Bodies of failures, each with evil in another place.
fn bodies() -> Vec<String> {
    let long = EVIL.repeat(20_000);
    let many: Vec<Value> = (0..20_000).map(|_| json!({"Key": EVIL, "Value": EVIL})).collect();
    vec![
        json!({"ErrorId": EVIL, "Errors": [{"Key": EVIL, "Value": EVIL}]}).to_string(),
        json!({"Errors": [{EVIL: EVIL}]}).to_string(),
        json!({ "Message": EVIL }).to_string(),
        json!({ "Message": long }).to_string(),
        json!({ "Errors": many }).to_string(),
        json!({ "Errors": [{"Key": long, "Value": long}] }).to_string(),
        json!({ EVIL: EVIL }).to_string(),
        json!(EVIL).to_string(),
        EVIL.to_string(),
        long,
        format!("<html><title>{EVIL}</title><a href=\"{EVIL}\">{EVIL}</a>"),
    ]
}

#[test]
fn error_bodies_cannot_control_or_flood_the_terminal() {
    let full = [400, 500].into_iter().flat_map(|status| bodies().into_iter().map(move |body| (status, body)));
    let brief = [200, 302, 401, 404, 422, 429, 999].into_iter().zip(bodies());
    let cells = full
        .chain(brief)
        .flat_map(|(status, body)| ["GET", "PUT"].map(|method| (status, body.clone(), method)));
    all(cells, |(status, body, method)| {
        let world = World::new();
        let server = Server::new([world.stored(123)], move |state, request| {
            if request.method != method {
                return state.honestly(request);
            }
            with(&format!("{status} Oh"), "Retry-After: 99999\r\n", &body)
        });
        let arguments = ["customer", "update", "123", "--first-name", "John", "-v", "-o", "json"];
        let run = bounded(&world, &server, &arguments, 60);
        let what = format!("{status} to {method}: {run:#?}");
        assert!(run.code != 0, "{what}");
        claims_what_is_so(&run, false, &what);
        assert!(run.stdout.len() < 500_000, "{} bytes", run.stdout.len());
        None
    });
}

#[test]
fn response_heads_cannot_control_the_terminal() {
    for status in ["200", "302", "400", "500"] {
        for method in ["GET", "PUT"] {
            let world = World::new();
            let server = Server::new([world.stored(123)], move |state, request| {
                if request.method != method {
                    return state.honestly(request);
                }
                let head =
                    [b"HTTP/1.1 ", status.as_bytes(), b" ", EVIL_HEADER, b"\r\nLocation: ", EVIL_HEADER];
                let more = [b"\r\nX-Evil: \t", EVIL_HEADER, b"\r\nContent-Length: 2\r\n\r\n{}"];
                raw([head.concat(), more.concat()].concat())
            });
            for form in [&[][..], &["-o", "json"]] {
                let arguments = [&["customer", "update", "123", "--first-name", "John", "-v"], form].concat();
                checked(&world, &server, &arguments, &[1, 4, 5, 7, 8, 9]);
            }
        }
    }
}

#[test]
fn a_reason_with_an_escape_in_it_never_reaches_the_terminal() {
    for reason in ["\u{1b}[31mOK", "OK\u{7}", "OK\rX-Other: 1", "\u{1b}]8;;https://evil.example\u{7}OK"] {
        let world = World::new();
        let server =
            Server::new([world.stored(123)], move |_, _| raw(format!("HTTP/1.1 500 {reason}\r\n\r\n")));
        let run = bounded(&world, &server, &["customer", "get", "123", "-v"], 60);
        run.fails(7, &["reading customer 123"]);
    }
}
