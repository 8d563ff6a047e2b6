//! Where an answer ends: lengths and chunks that lie, connections that are cut, a second answer behind the first, and
//! bodies that are not what their encoding says.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::server::{Part, Says, Server, cut, ok, raw, whole, with};
use super::{Case, bounded, claims_what_is_so, is_journalled, try_all, try_within};
use crate::world::World;

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
const CHUNKED: &str = "Transfer-Encoding: chunked\r\n\r\n";

fn headed(headers: &str, body: &str) -> Vec<u8> {
    [HEAD, headers, body].concat().into_bytes()
}

fn endless(headers: &str, again: &[u8]) -> Says {
    vec![Part::Bytes(headed(headers, "")), Part::Endless(again.to_vec())]
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

#[test]
fn an_endless_body_or_a_wrong_length_is_handled_at_every_moment() {
    // Ten megabytes in small chunks take seconds of computing, and the machine may be busy.
    try_within(
        120,
        &[
            Case {
                name: "a body without a length or an end",
                says: |_| endless("\r\n", &[b' '; 65_536]),
                because: "larger than 10485760 bytes",
                codes: [1, 0, 9, 8],
            },
            Case {
                name: "chunks without an end",
                says: |_| endless(CHUNKED, &b"8\r\n        \r\n".repeat(1000)),
                because: "larger than 10485760 bytes",
                codes: [1, 0, 9, 8],
            },
            Case {
                name: "a length far above what is read",
                says: |_| endless("Content-Length: 1099511627776\r\n\r\n", &[b' '; 65_536]),
                because: "larger than 10485760 bytes",
                codes: [1, 0, 9, 8],
            },
            Case {
                name: "less than the length says",
                says: |body| cut(headed(&format!("Content-Length: {}\r\n\r\n", body.len() + 1), body)),
                because: "the connection broke",
                codes: [7, 0, 9, 8],
            },
            Case {
                name: "more than the length says",
                says: |body| raw(headed(&format!("Content-Length: {}\r\n\r\n", body.len() - 1), body)),
                because: "not a customer that can be edited safely",
                codes: [1, 0, 9, 8],
            },
            Case {
                name: "a length that is negative",
                says: |body| raw(headed("Content-Length: -1\r\n\r\n", body)),
                because: "the exchange with the API failed",
                codes: [7, 0, 8, 8],
            },
            Case {
                name: "a length that is no number",
                says: |body| raw(headed("Content-Length: many\r\n\r\n", body)),
                because: "the exchange with the API failed",
                codes: [7, 0, 8, 8],
            },
            Case {
                name: "a length beyond all numbers",
                says: |body| raw(headed("Content-Length: 99999999999999999999999\r\n\r\n", body)),
                because: "the exchange with the API failed",
                codes: [7, 0, 8, 8],
            },
            Case {
                name: "two lengths",
                says: |body| {
                    let lengths = format!("Content-Length: 2\r\nContent-Length: {}\r\n\r\n", body.len());
                    cut(headed(&lengths, body))
                },
                because: "the exchange with the API failed",
                codes: [7, 0, 8, 8],
            },
        ],
    );
}

#[test]
fn a_malformed_chunk_is_handled_at_every_moment() {
    try_all(&[
        Case {
            name: "a chunk longer than it is",
            says: |body| cut(headed(CHUNKED, &format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len() + 99))),
            because: "the connection broke",
            codes: [7, 0, 9, 8],
        },
        Case {
            name: "a chunk shorter than it is",
            says: |body| cut(headed(CHUNKED, &format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len() - 1))),
            because: "the exchange with the API failed",
            codes: [7, 0, 9, 8],
        },
        Case {
            name: "a chunk of a size beyond all numbers",
            says: |body| cut(headed(CHUNKED, &format!("{}\r\n{body}\r\n0\r\n\r\n", "f".repeat(40)))),
            because: "the exchange with the API failed",
            codes: [7, 0, 9, 8],
        },
        Case {
            name: "a chunk of the largest size",
            says: |_| endless(&format!("{CHUNKED}ffffffffffffffff\r\n"), &[b' '; 65_536]),
            because: "larger than 10485760 bytes",
            codes: [1, 0, 9, 8],
        },
        Case {
            name: "a chunk of a negative size",
            says: |body| cut(headed(CHUNKED, &format!("-5\r\n{body}\r\n0\r\n\r\n"))),
            because: "the exchange with the API failed",
            codes: [7, 0, 9, 8],
        },
        Case {
            name: "a chunk whose size is no number",
            says: |body| cut(headed(CHUNKED, &format!("much\r\n{body}\r\n0\r\n\r\n"))),
            because: "the exchange with the API failed",
            codes: [7, 0, 9, 8],
        },
        Case {
            name: "no last chunk",
            says: |body| cut(headed(CHUNKED, &format!("{:x}\r\n{body}\r\n", body.len()))),
            because: "the connection broke",
            codes: [7, 0, 9, 8],
        },
        Case {
            name: "the size of a chunk without an end",
            says: |_| endless(CHUNKED, &[b'0'; 65_536]),
            because: "the exchange with the API failed",
            codes: [7, 0, 9, 8],
        },
    ]);
}

#[test]
fn a_cut_connection_is_handled_at_every_moment() {
    try_all(&[
        Case { name: "at once", says: |_| vec![Part::Close], because: "", codes: [7, 0, 8, 8] },
        Case {
            name: "within the status line",
            says: |_| cut("HTTP/1.1 20"),
            because: "the connection broke",
            codes: [7, 0, 8, 8],
        },
        Case {
            name: "within the headers",
            says: |_| cut(headed("Content-Le", "")),
            because: "the connection broke",
            codes: [7, 0, 8, 8],
        },
        Case {
            name: "before the body",
            says: |_| cut(headed("Content-Length: 100\r\n\r\n", "")),
            because: "the connection broke",
            codes: [7, 0, 9, 8],
        },
        Case {
            name: "within the body",
            says: |body| {
                let half = body.char_indices().nth(body.chars().count() / 2).map_or(0, |(at, _)| at);
                cut(headed(&format!("Content-Length: {}\r\n\r\n", body.len()), &body[..half]))
            },
            because: "the connection broke",
            codes: [7, 0, 9, 8],
        },
        Case {
            name: "within a body without a length",
            says: |body| cut(headed("\r\n", &body[..body.len() - 1])),
            because: "not a customer that can be edited safely",
            codes: [1, 0, 9, 8],
        },
    ]);
}

#[test]
fn a_bad_content_encoding_is_handled_at_every_moment() {
    try_all(&[
        Case {
            name: "gzip that grows past the limit",
            says: |_| with("200 OK", "Content-Encoding: gzip\r\n", gzipped(&vec![b' '; 64 << 20])),
            because: "larger than 10485760 bytes",
            codes: [1, 0, 9, 8],
        },
        Case {
            name: "gzip that is none",
            says: |body| with("200 OK", "Content-Encoding: gzip\r\n", body),
            because: "gzip decompression failed",
            codes: [7, 0, 9, 8],
        },
        Case {
            name: "gzip that ends early",
            says: |body| {
                let whole = gzipped(body.as_bytes());
                with("200 OK", "Content-Encoding: gzip\r\n", &whole[..whole.len() / 2])
            },
            because: "gzip decompression failed",
            codes: [7, 0, 9, 8],
        },
        Case {
            name: "gzip whose checksum is wrong",
            says: |body| {
                let mut whole = gzipped(body.as_bytes());
                let end = whole.len() - 8;
                whole[end] ^= 1;
                with("200 OK", "Content-Encoding: gzip\r\n", whole)
            },
            because: "gzip decompression failed",
            codes: [7, 0, 9, 8],
        },
        Case {
            name: "an encoding that nobody knows",
            says: |_| with("200 OK", "Content-Encoding: rot13\r\n", b"{\"vq\":123}"),
            because: "not a customer that can be edited safely",
            codes: [1, 0, 9, 8],
        },
        Case {
            name: "gzip within gzip",
            says: |body| {
                with("200 OK", "Content-Encoding: gzip, gzip\r\n", gzipped(&gzipped(body.as_bytes())))
            },
            because: "not UTF-8 text",
            codes: [1, 0, 9, 8],
        },
    ]);
}

#[test]
fn a_gzip_answer_is_decoded_to_the_same_customer() {
    let world = World::new();
    let before = world.stored(123);
    let server = Server::new([before.clone()], |state, request| {
        state.honestly(request);
        with("200 OK", "Content-Encoding: gzip\r\n", gzipped(state.customers[&123].as_bytes()))
    });
    let arguments = ["customer", "update", "123", "--first-name", "John", "-o", "json"];
    let run = bounded(&world, &server, &arguments, 60);
    assert_eq!(run.code, 0, "{run:#?}");
    let after = before.replacen("\"Jon\"", "\"John\"", 1);
    let state = server.state();
    assert_eq!((&state.customers[&123], state.requests.len()), (&after, 2));
    is_journalled(&world, &run, true, "packed");
    world.update(&["--first-name", "John"]);
    let asked = world.requests().iter().all(|request| request.header("accept-encoding") == Some("gzip"));
    assert!(asked && world.requests().len() == 2, "servers are told that they may pack");
}

#[test]
fn a_slow_or_stalled_answer_is_handled_at_every_moment() {
    let cases = [
        Case {
            name: "a body a byte at a time",
            says: |body| {
                let pause = std::time::Duration::from_millis(100);
                let head = headed(&format!("Content-Length: {}\r\n\r\n", body.len()), "");
                vec![Part::Bytes(head), Part::Drip(body.into(), pause)]
            },
            because: "no answer within the time allowed",
            codes: [7, 0, 9, 8],
        },
        Case {
            name: "headers a byte at a time",
            says: |body| vec![Part::Drip(headed("\r\n", body), std::time::Duration::from_millis(100))],
            because: "no answer within the time allowed",
            codes: [7, 0, 8, 8],
        },
        Case {
            name: "trailers without an end",
            says: |body| {
                let chunk = format!("{CHUNKED}{:x}\r\n{body}\r\n0\r\n", body.len());
                endless(&chunk, &b"X-Trailer: again\r\n".repeat(1000))
            },
            because: "no answer within the time allowed",
            codes: [7, 0, 9, 8],
        },
        Case {
            name: "silence",
            says: |_| vec![Part::Silence],
            because: "no answer within the time allowed",
            codes: [7, 0, 8, 8],
        },
        Case {
            name: "silence within the headers",
            says: |_| vec![Part::Bytes(headed("Content-Le", "")), Part::Silence],
            because: "no answer within the time allowed",
            codes: [7, 0, 8, 8],
        },
        Case {
            name: "silence within the body",
            says: |_| vec![Part::Bytes(headed("Content-Length: 9\r\n\r\n", "{")), Part::Silence],
            because: "no answer within the time allowed",
            codes: [7, 0, 9, 8],
        },
    ];
    try_within(2, &cases);
}

/// What a connection is left with, and whether it is in answer to the reading or to the PUT.
type Leftover = (&'static str, &'static str, fn(&str, &str) -> Says);

/// Answers that bring along a second one, which says that the change is stored.
const LEFTOVERS: &[Leftover] = &[
    ("an answer", "GET", |before, after| {
        raw([whole("200 OK", "", before), whole("200 OK", "", after)].concat())
    }),
    ("half an answer", "GET", |before, after| {
        raw([whole("200 OK", "", before), whole("200 OK", "", after)[..40].to_vec()].concat())
    }),
    ("an answer behind chunks", "GET", |before, after| {
        let chunks = format!("{:x}\r\n{before}\r\n0\r\n\r\n", before.len());
        raw([headed(CHUNKED, &chunks), whole("200 OK", "", after)].concat())
    }),
    ("an answer behind an error", "PUT", |_, after| {
        raw([whole("500 Oh", "", "{}"), whole("200 OK", "", after)].concat())
    }),
    ("an answer behind null", "PUT", |_, after| {
        raw([whole("200 OK", "", "null"), whole("200 OK", "", after)].concat())
    }),
    ("an answer behind 204", "PUT", |_, after| {
        raw([b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(), whole("200 OK", "", after)].concat())
    }),
];

#[test]
fn an_answer_that_was_not_asked_for_is_never_taken() {
    for (name, method, says) in LEFTOVERS {
        let world = World::new();
        let before = world.stored(123);
        let after = before.replacen("\"Jon\"", "\"John\"", 1);
        let server = Server::new([before.clone()], move |state, request| {
            if request.method == *method { says(&before, &after) } else { ok(&state.customers[&123]) }
        });
        let arguments = ["customer", "update", "123", "--first-name", "John", "-o", "json"];
        let run = bounded(&world, &server, &arguments, 60);
        let what = format!("{name}: {run:#?}");
        let expected = if name.ends_with("error") { 8 } else { 9 };
        assert_eq!(run.code, expected, "{what}");
        claims_what_is_so(&run, false, &what);
        is_journalled(&world, &run, true, &what);
        assert!(server.state().connections > 1, "{what}");
    }
}
