//! Lists: pages without an end, pages that repeat, and pages that are none.

use serde_json::Value;

use super::bounded;
use super::server::{Part, Request, Says, Server, cut, ok, raw, with};
use crate::world::{Run, World, all};

fn row(id: u64) -> String {
    format!(r#"{{"id":{id},"status":"Active","companyName":"No. {id}","currency":"USD"}}"#)
}

fn page(ids: impl Iterator<Item = u64>) -> String {
    format!("[{}]", ids.map(row).collect::<Vec<_>>().join(","))
}

/// The number and the size of the page that is asked for.
fn asked(request: &Request) -> (u64, u64) {
    let query = request.path.split_once('?').map_or("", |(_, query)| query);
    let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.parse().ok());
    (value("pageNumber=").expect("a number"), value("pageSize=").expect("a size"))
}

/// A page by its number and size.
type Paged = fn(u64, u64) -> Says;

/// A name, the pages, the exit code, and what is said.
struct Case(&'static str, Paged, i32, &'static str);

const NEVER_MORE: &str = "customers may be missing";

/// What is printed as JSON is JSON, whatever became of the list.
fn is_json(form: &str, run: &Run) {
    let parsed = serde_json::from_str::<Value>(&run.stdout);
    assert!(form != "json" || parsed.is_ok(), "{:?} {}", parsed.err(), run.stderr);
}

/// Lists that a program could follow for ever.
const ENDLESS: &[Case] = &[
    Case("the same page again", |_, size| ok(page(1..=size)), 0, NEVER_MORE),
    Case(
        "the same page again, of a count that is never reached",
        |_, size| with("200 OK", "X-Count: 18446744073709551615\r\n", page(1..=size)),
        0,
        NEVER_MORE,
    ),
    Case("the same row again", |_, _| with("200 OK", "X-Count: 99\r\n", page(5..=5)), 0, NEVER_MORE),
    Case(
        "two pages in turn",
        |number, size| ok(page(number % 2 * size + 1..=number % 2 * size + size)),
        0,
        NEVER_MORE,
    ),
    Case(
        "three pages in turn, of a count that is never reached",
        |number, size| {
            let first = number % 3 * size + 1;
            with("200 OK", "X-Count: 18446744073709551615\r\n", page(first..first + size))
        },
        0,
        NEVER_MORE,
    ),
    Case(
        "always another page",
        |number, size| ok(page(number * size + 1..=number * size + size)),
        7,
        "time allowed",
    ),
    Case(
        "no page is ever full, and more are promised",
        |number, _| with("200 OK", "X-Count: 18446744073709551615\r\n", page(number + 1..=number + 1)),
        7,
        "time allowed",
    ),
    Case(
        "a page size of nothing",
        |_, size| with("200 OK", "X-PageSize: 0\r\n", page(1..=size)),
        0,
        NEVER_MORE,
    ),
];

#[test]
fn a_list_without_an_end_is_left_at_the_latest_when_the_time_is_up() {
    let cells = ENDLESS.iter().flat_map(|case| ["table", "json", "ndjson", "csv"].map(|form| (case, form)));
    let surprises = all(cells, |(Case(name, paged, code, says), form)| {
        let world = World::new();
        let server = Server::new([], |_, request| {
            let (number, size) = asked(request);
            paged(number, size)
        });
        let seconds = if *code == 0 { 60 } else { 2 };
        let timeout = seconds.to_string();
        let run = bounded(&world, &server, &["customer", "list", "-o", form, "--timeout", &timeout], seconds);
        is_json(form, &run);
        let as_expected = run.code == *code && run.stderr.contains(says);
        (!as_expected).then(|| format!("{name} {form}: {} {}", run.code, run.stderr))
    });
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

#[test]
fn a_limit_ends_a_list_without_an_end() {
    let world = World::new();
    let server = Server::new([], |_, request| {
        let (number, size) = asked(request);
        ok(page(number * size + 1..=number * size + size))
    });
    let run = bounded(&world, &server, &["customer", "list", "--limit", "7", "-o", "ndjson"], 60);
    assert_eq!((run.code, run.stdout.lines().count()), (0, 7), "{run:#?}");
    assert_eq!(server.state().requests.len(), 1);
}

/// Answers that are no page.
const NONE: &[Case] = &[
    Case("null", |_, _| ok("null"), 1, "not a list of customers"),
    Case("an object", |_, _| ok("{}"), 1, "not a list of customers"),
    Case("nothing", |_, _| ok(""), 1, "not a list of customers"),
    Case("204", |_, _| raw("HTTP/1.1 204 No Content\r\n\r\n"), 1, "not a list of customers"),
    Case("a web page", |_, _| ok("<html>Sign in"), 1, "a web page: Sign in"),
    Case("cut short", |_, _| ok(&page(1..=3)[..40]), 1, "not a list of customers"),
    Case("a list of null", |_, _| ok("[null]"), 1, "row 1 of the API's answer"),
    Case("a list of lists", |_, _| ok("[[]]"), 1, "row 1 of the API's answer"),
    Case("a row without an id", |_, _| ok(format!("[{},{{\"status\":\"Active\"}}]", row(1))), 1, "row 2"),
    Case("a key twice", |_, _| ok("[{\"id\":1,\"id\":2,\"status\":\"Active\"}]"), 1, "\"id\""),
    Case("deep", |_, _| ok("[".repeat(100_000)), 1, "not a list of customers"),
    Case("no UTF-8", |_, _| ok(b"[\"\xff\"]"), 1, "not UTF-8 text"),
    Case(
        "thirty million rows of nothing",
        |_, _| ok(format!("[{}0]", "0,".repeat(30_000_000))),
        1,
        "more than 1000000 values",
    ),
    Case(
        "a page without an end",
        |_, _| vec![Part::Bytes(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()), Part::Endless(vec![b' '; 65_536])],
        1,
        "larger than 67108864 bytes",
    ),
    Case(
        "a broken connection",
        |_, _| cut("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n["),
        7,
        "the connection broke",
    ),
    Case(
        "more than a page",
        |_, _| with("200 OK", "X-Count: -1\r\nX-MaxCount: 1e9\r\nX-PageSize: x\r\n", page(1..=1500)),
        0,
        "",
    ),
];

#[test]
fn a_malformed_page_fails_the_list() {
    let cells = NONE.iter().flat_map(|case| ["table", "json", "csv"].map(|form| (case, form)));
    let surprises = all(cells, |(Case(name, paged, code, says), form)| {
        let world = World::new();
        let server = Server::new([], |_, _| paged(0, 0));
        let run = bounded(&world, &server, &["customer", "list", "-o", form, "--timeout", "20"], 20);
        is_json(form, &run);
        let as_expected = run.code == *code && run.stderr.contains(says);
        (!as_expected).then(|| format!("{name} {form}: {} {}", run.code, run.stderr))
    });
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}
