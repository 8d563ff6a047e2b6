//! Bodies that came whole and are no customer.

use super::server::{Part, Says, Server, cut, ok, raw, with};
use super::{Case, SKIP, bounded, try_all, try_within};
use crate::world::World;

const UNSAFE: &str = "not a customer that can be edited safely";

/// A customer like the one that is held, with another text in place of one in it.
fn but(body: &str, from: &str, to: &str) -> Says {
    assert!(body.contains(from), "{from} is not in {body}");
    ok(body.replacen(from, to, 1))
}

/// The customer that is held with this for its own id, which comes after those of what is in it.
fn with_id(body: &str, id: &str) -> Says {
    const ID: &str = "\"id\":123";
    let at = body.rfind(ID).expect("a customer has an id");
    ok([&body[..at], id, &body[at + ID.len()..]].concat())
}

/// A case of a body that says yes, and is no customer.
const fn unsafe_body(name: &'static str, says: fn(&str) -> Says, because: &'static str) -> Case {
    Case { name, says, because, codes: [1, 0, 9, 8] }
}

/// The same of a body that is no text.
const fn no_text(name: &'static str, says: fn(&str) -> Says) -> Case {
    Case { name, says, because: "not UTF-8 text", codes: [1, 0, 9, 8] }
}

#[test]
fn a_body_that_is_not_json_is_handled_at_every_moment() {
    try_all(&[
        unsafe_body("empty", |_| ok(""), UNSAFE),
        unsafe_body("204", |_| raw("HTTP/1.1 204 No Content\r\n\r\n"), UNSAFE),
        unsafe_body("white space", |_| ok(" \r\n\t"), UNSAFE),
        unsafe_body(
            "a web page",
            |_| ok("<html><script>x()</script><h1>Sign in</h1>"),
            "a web page: Sign in",
        ),
        unsafe_body("cut short", |body| ok(&body[..body.len() - 1]), UNSAFE),
        unsafe_body("something behind it", |body| ok(format!("{body}x")), UNSAFE),
        unsafe_body("itself twice", |body| ok(format!("{body}{body}")), UNSAFE),
        unsafe_body("a NUL behind it", |body| ok(format!("{body}\0")), UNSAFE),
        unsafe_body("NULs before it", |body| ok(format!("\0\0{body}")), UNSAFE),
        unsafe_body("a NUL in a text", |body| but(body, "Jo", "Jo\0"), UNSAFE),
        unsafe_body("a mark of the byte order", |body| ok(format!("\u{feff}{body}")), UNSAFE),
        unsafe_body("a comment", |body| ok(format!("/* {{ */{body}")), UNSAFE),
        unsafe_body("NaN", |body| but(body, "{", "{\"x\":NaN,"), UNSAFE),
        unsafe_body("a prefix against hijacking", |body| ok(format!(")]}}',\n{body}")), UNSAFE),
        no_text("bytes that are no UTF-8", |body| ok([body.as_bytes(), b"\xff"].concat())),
        no_text("a surrogate in UTF-8", |body| ok([b"\xed\xa0\x80", body.as_bytes()].concat())),
        no_text("UTF-16 with its mark", |body| {
            let units = body.encode_utf16().flat_map(u16::to_le_bytes);
            with("200 OK", "", [0xff, 0xfe].into_iter().chain(units).collect::<Vec<u8>>())
        }),
        unsafe_body(
            "UTF-16",
            |_| ok("{\"id\":123}".encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>()),
            UNSAFE,
        ),
    ]);
}

#[test]
fn json_that_is_not_a_customer_is_handled_at_every_moment() {
    try_all(&[
        unsafe_body("null", |_| ok("null"), "null instead of an object"),
        unsafe_body("false", |_| ok("false"), "a boolean instead of an object"),
        unsafe_body("a list of nothing", |_| ok("[]"), "an array instead of an object"),
        unsafe_body(
            "a list of the customer",
            |body| ok(format!("[{body}]")),
            "an array instead of an object",
        ),
        unsafe_body("an empty object", |_| ok("{}"), "no `id`"),
        unsafe_body("an error with status 200", |_| ok(r#"{"Message":"Try later"}"#), "Try later"),
        unsafe_body("a key twice", |body| but(body, "{", "{\"status\":\"Hold\","), "\"status\""),
        unsafe_body("a key twice, once escaped", |body| but(body, "{", "{\"\\u0069d\":5,"), UNSAFE),
        unsafe_body("names that differ by case", |body| but(body, "{", "{\"ID\":5,"), "does not tell apart"),
        unsafe_body("no id", |body| with_id(body, "\"di\":123"), "no `id`"),
        unsafe_body("no status", |body| but(body, "\"status\"", "\"sttus\""), "no `status`"),
        unsafe_body(
            "a status of null",
            |body| but(body, "\"status\":\"Active\"", "\"status\":null"),
            "no `status`",
        ),
        unsafe_body("an id as text", |body| with_id(body, "\"id\":\"123\""), "no `id`"),
        unsafe_body("an id with a fraction", |body| with_id(body, "\"id\":123.0"), "no `id`"),
        unsafe_body("an id with an exponent", |body| with_id(body, "\"id\":1.23e2"), "no `id`"),
        unsafe_body("a negative id", |body| with_id(body, "\"id\":-123"), "no `id`"),
        unsafe_body("an id beyond 64 bits", |body| with_id(body, "\"id\":18446744073709551739"), "no `id`"),
        unsafe_body("an id of null", |body| with_id(body, "\"id\":null"), "no `id`"),
        unsafe_body("an id in a list", |body| with_id(body, "\"id\":[123]"), "no `id`"),
        unsafe_body(
            "another customer",
            |body| with_id(body, "\"id\":124"),
            "customer 124 when asked for 123",
        ),
        unsafe_body("a preview", |body| but(body, "{", "{\"invoicePreview\":{},"), "activation preview"),
    ]);
}

#[test]
fn oversized_json_is_handled_at_every_moment() {
    try_all(&[
        unsafe_body("a hundred thousand lists", |_| ok("[".repeat(100_000)), UNSAFE),
        unsafe_body(
            "a hundred thousand lists that end",
            |_| ok(["[".repeat(100_000), "]".repeat(100_000)].concat()),
            "nest",
        ),
        unsafe_body(
            "a hundred thousand objects",
            |body| {
                let deep = ["{\"x\":".repeat(100_000), "1".into(), "}".repeat(100_000)].concat();
                but(body, "{", &format!("{{\"deep\":{deep},"))
            },
            "nest",
        ),
        unsafe_body(
            "a name of five megabytes, twice",
            |body| {
                let name = "n".repeat(2_500_000);
                but(body, "{", &format!("{{\"{name}\":1,\"{name}\":2,"))
            },
            UNSAFE,
        ),
        unsafe_body(
            "names of megabytes that differ by case",
            |body| {
                let name = "n".repeat(2_500_000);
                but(body, "{", &format!("{{\"{name}\":1,\"{}\":2,", name.to_uppercase()))
            },
            "does not tell apart",
        ),
        unsafe_body(
            "five million values",
            |_| ok(format!("[{}0]", "0,".repeat(5_000_000))),
            "more than 1000000 values",
        ),
        Case {
            name: "a number of a hundred megabytes",
            says: |_| ok("1".repeat(100_000_000)),
            because: "larger than 10485760 bytes",
            codes: [1, 0, 9, 8],
        },
    ]);
}

/// A status with bodies that cannot be read.
const fn status_alone(name: &'static str, says: fn(&str) -> Says, codes: [i32; 4]) -> Case {
    Case { name, says, because: "its reason cannot be read", codes }
}

#[test]
fn an_error_status_decides_the_exit_code_for_every_body() {
    const REFUSED: [i32; 4] = [4, SKIP, 5, SKIP];
    const FAILED: [i32; 4] = [7, 0, 8, 8];
    const HEAD: &str = "HTTP/1.1 400 Bad Request\r\nContent-Length: 99\r\n\r\n{";
    try_all(&[
        status_alone("400, not UTF-8", |_| with("400 Bad Request", "", b"\xff"), REFUSED),
        status_alone("400, too long", |_| with("400 Bad Request", "", vec![b'x'; 11 << 20]), REFUSED),
        status_alone(
            "400, badly packed",
            |_| with("400 Bad Request", "Content-Encoding: gzip\r\n", "{}"),
            REFUSED,
        ),
        status_alone("400, cut", |_| cut(HEAD), REFUSED),
        status_alone("404, not UTF-8", |_| with("404 Not Found", "", b"\xff"), [3, SKIP, 3, SKIP]),
        status_alone("403, cut", |_| cut(HEAD.replace("400", "403")), [4, SKIP, 4, SKIP]),
        status_alone("500, not UTF-8", |_| with("500 Oh", "", b"\xff"), FAILED),
        status_alone("500, badly packed", |_| with("500 Oh", "Content-Encoding: gzip\r\n", "{}"), FAILED),
        status_alone("500, cut", |_| cut(HEAD.replace("400", "500")), FAILED),
    ]);
    let endless = |_: &str| vec![Part::Bytes(HEAD.into()), Part::Silence];
    try_within(2, &[status_alone("400, without an end", endless, REFUSED)]);
}

#[test]
fn a_refusal_that_cannot_be_read_is_sent_once() {
    let world = World::new();
    let server = Server::new([world.stored(123)], |state, request| match request.method.as_str() {
        "PUT" => with("400 Bad Request", "", b"\xff"),
        _ => ok(&state.customers[&123]),
    });
    let run = bounded(&world, &server, &["customer", "update", "123", "--first-name", "John"], 60);
    assert_eq!(run.code, 5, "{run:#?}");
    run.says(&["the API refused the change (HTTP 400)", "not UTF-8 text", "Nothing was written."]);
    assert_eq!(server.state().count("PUT"), 1);
}
