//! Status lines and headers: too many, too long, none, and statuses that are no end or send elsewhere.

use super::server::{Part, Says, Server, cut, ok, raw, whole, with};
use super::{Case, SKIP, bounded, try_all, try_within};
use crate::safety::Bystander;
use crate::world::World;

const NOT_HTTP: &str = "the exchange with the API failed";

fn repeated(line: &str, count: usize, body: &str) -> Says {
    with("200 OK", &line.repeat(count), body)
}

fn after(first: &str, count: usize, body: &str) -> Says {
    raw([first.repeat(count).into_bytes(), whole("200 OK", "", body)].concat())
}

fn endless(first: &str) -> Says {
    vec![Part::Endless(first.repeat(1000).into_bytes())]
}

#[test]
fn a_malformed_or_huge_head_is_handled_at_every_moment() {
    try_all(&[
        Case {
            name: "ten thousand headers",
            says: |body| repeated("X-Flood: x\r\n", 10_000, body),
            because: NOT_HTTP,
            codes: [7, 0, 8, 8],
        },
        Case {
            name: "headers without an end",
            says: |_| {
                vec![
                    Part::Bytes(b"HTTP/1.1 200 OK\r\n".to_vec()),
                    Part::Endless(b"X-Flood: x\r\n".repeat(1000)),
                ]
            },
            because: NOT_HTTP,
            codes: [7, 0, 8, 8],
        },
        Case {
            name: "a header of ten megabytes",
            says: |body| with("200 OK", &format!("X-Flood: {}\r\n", "x".repeat(10 << 20)), body),
            because: NOT_HTTP,
            codes: [7, 0, 8, 8],
        },
        Case {
            name: "a status line without an end",
            says: |_| vec![Part::Bytes(b"HTTP/1.1 200 O".to_vec()), Part::Endless(vec![b'K'; 65_536])],
            because: NOT_HTTP,
            codes: [7, 0, 8, 8],
        },
        Case {
            name: "HTTP/0.9",
            says: |body| cut(format!("{body}\r\n")),
            because: NOT_HTTP,
            codes: [7, 0, 8, 8],
        },
        Case {
            name: "HTTP/2 in the clear",
            says: |_| cut([&b"\0\0\x12\x04\0\0\0\0\0"[..], &[0; 18]].concat()),
            because: NOT_HTTP,
            codes: [7, 0, 8, 8],
        },
        Case {
            name: "another protocol",
            says: |_| cut("220 mail.example.com ESMTP\r\n"),
            because: NOT_HTTP,
            codes: [7, 0, 8, 8],
        },
        Case {
            name: "a version that is none",
            says: |body| cut(format!("HTTP/9.9 200 OK\r\n\r\n{body}")),
            because: NOT_HTTP,
            codes: [7, 0, 8, 8],
        },
        Case {
            name: "a header without a colon",
            says: |body| with("200 OK", "Nonsense\r\n", body),
            because: NOT_HTTP,
            codes: [7, 0, 8, 8],
        },
        Case {
            name: "a NUL in a header",
            says: |body| with("200 OK", "X-Nul: a\0b\r\n", body),
            because: NOT_HTTP,
            codes: [7, 0, 8, 8],
        },
        Case {
            name: "a folded header",
            says: |body| with("200 OK", "X-Fold: a\r\n  b\r\n", body),
            because: NOT_HTTP,
            codes: [7, 0, 8, 8],
        },
        Case {
            name: "nothing but line ends",
            says: |_| endless("\r\n"),
            because: NOT_HTTP,
            codes: [7, 0, 8, 8],
        },
    ]);
}

#[test]
fn an_invalid_status_is_handled_at_every_moment() {
    try_all(&[
        Case { name: "000", says: |body| with("000 Zero", "", body), because: NOT_HTTP, codes: [7, 0, 8, 8] },
        Case { name: "-200", says: |body| with("-200 OK", "", body), because: NOT_HTTP, codes: [7, 0, 8, 8] },
        Case { name: "20", says: |body| with("20 OK", "", body), because: NOT_HTTP, codes: [7, 0, 8, 8] },
        Case { name: "2000", says: |body| with("2000 OK", "", body), because: NOT_HTTP, codes: [7, 0, 8, 8] },
        Case { name: "no status", says: |body| with("OK", "", body), because: NOT_HTTP, codes: [7, 0, 8, 8] },
        Case {
            name: "999",
            says: |body| with("999 Request denied", "", body),
            because: "the API failed (HTTP 999)",
            codes: [7, 0, 8, 8],
        },
        Case {
            name: "600",
            says: |body| with("600 What", "", body),
            because: "the API failed (HTTP 600)",
            codes: [7, 0, 8, 8],
        },
        Case {
            name: "101",
            says: |_| {
                raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: upgrade\r\n\r\n")
            },
            because: "HTTP 101",
            codes: [1, 0, 8, 8],
        },
        Case {
            name: "304",
            says: |_| raw("HTTP/1.1 304 Not Modified\r\n\r\n"),
            because: "HTTP 304",
            codes: [7, 0, 7, 8],
        },
        Case {
            name: "418",
            says: |_| with("418 I'm a teapot", "", "short and stout"),
            because: "short and stout",
            codes: [1, SKIP, 5, SKIP],
        },
    ]);
}

#[test]
fn an_interim_status_is_handled_at_every_moment() {
    let cases = [
        Case {
            name: "100 and then the answer",
            says: |body| after("HTTP/1.1 100 Continue\r\n\r\n", 1, body),
            because: "",
            codes: [0, 0, 9, 0],
        },
        // The HTTP library takes no header with 100.
        Case {
            name: "100 with a header and then the answer",
            says: |body| after("HTTP/1.1 100 Continue\r\nX-Hop: a\r\n\r\n", 1, body),
            because: NOT_HTTP,
            codes: [7, 0, 8, 8],
        },
        Case {
            name: "103 and then the answer",
            says: |body| after("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 1, body),
            because: "",
            codes: [0, 0, 9, 0],
        },
        Case {
            name: "102 and then nothing",
            says: |_| vec![Part::Bytes(b"HTTP/1.1 102 Processing\r\n\r\n".to_vec()), Part::Silence],
            because: "no answer within the time allowed",
            codes: [7, 0, 8, 8],
        },
        Case {
            name: "100 for ever",
            says: |_| endless("HTTP/1.1 100 Continue\r\n\r\n"),
            because: "",
            codes: [7, 0, 8, 8],
        },
        Case {
            name: "103 for ever",
            says: |_| endless("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
            because: "",
            codes: [7, 0, 8, 8],
        },
    ];
    try_within(2, &cases);
}

#[test]
fn no_redirect_leads_anywhere() {
    for code in [300, 301, 302, 303, 305, 307, 308] {
        for method in ["GET", "PUT"] {
            let (world, other) = (World::new(), Bystander::new());
            let before = world.stored(123);
            let (target, hostile) = (other.url(), method.to_string());
            let server = Server::new([before.clone()], move |state, request| {
                let location = format!("Location: {target}\r\n");
                let moved = with(&format!("{code} Moved"), &location, "");
                if request.method == hostile { moved } else { ok(&state.customers[&123]) }
            });
            let run =
                bounded(&world, &server, &["customer", "update", "123", "--first-name", "John", "-v"], 60);
            assert_eq!(run.code, 7, "{run:#?}");
            run.says(&[&format!("redirects to {}", other.url()), "Nothing was written."]);
            other.was_left_alone();
            assert_eq!(server.state().customers[&123], before, "{code}");
        }
    }
}

#[test]
fn a_redirect_in_a_circle_is_not_walked() {
    let world = World::new();
    let server = Server::new([world.stored(123)], |_, request| {
        with("302 Found", &format!("Location: {}\r\n", request.path), "")
    });
    bounded(&world, &server, &["customer", "get", "123"], 60).fails(7, &["redirects to /v1/customers/123"]);
    assert_eq!(server.state().requests.len(), 1);
}
