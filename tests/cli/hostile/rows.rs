//! Many customers: a bad answer to one row is that row's alone.

use serde_json::Value;

use super::bounded;
use super::server::{Part, Says, Server, cut, ok, with};
use crate::world::{World, all};

const IDS: [u64; 3] = [123, 1001, 1016];

/// A name, the answer, and what becomes of the row where it is the answer to its reading and to its PUT.
struct Case(&'static str, fn(&str) -> Says, [&'static str; 2]);

const CASES: &[Case] = &[
    Case("a web page", |_| ok("<html>Sign in"), ["failed", "written"]),
    Case("null", |_| ok("null"), ["failed", "written"]),
    Case("another customer", |_| ok(r#"{"id":123,"status":"Active"}"#), ["failed", "written"]),
    Case("no UTF-8", |_| ok(b"\xff"), ["failed", "written"]),
    Case("a hundred thousand lists", |_| ok("[".repeat(100_000)), ["failed", "written"]),
    Case(
        "a body without an end",
        |_| vec![Part::Bytes(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()), Part::Endless(vec![b' '; 65_536])],
        ["failed", "written"],
    ),
    Case("a cut", |_| cut("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), ["failed", "written"]),
    Case("no HTTP", |_| cut("what?"), ["failed", "written"]),
    Case("silence", |_| vec![Part::Silence], ["failed", "written"]),
    Case(
        "too many headers",
        |body| with("200 OK", &"X-Flood: x\r\n".repeat(10_000), body),
        ["failed", "written"],
    ),
    Case(
        "an answer behind the answer",
        |body| vec![Part::Bytes([ok_bytes(body), ok_bytes(r#"{"id":1016,"status":"Gone"}"#)].concat())],
        ["written", "written"],
    ),
];

fn ok_bytes(body: &str) -> Vec<u8> {
    super::server::whole("200 OK", "", body)
}

#[test]
fn a_bad_answer_to_one_row_disturbs_no_other() {
    let cells =
        CASES.iter().flat_map(|case| ["GET", "PUT"].into_iter().enumerate().map(move |cell| (case, cell)));
    let surprises = all(cells, |(Case(name, says, outcomes), (at, method))| {
        let world = World::new();
        let says = *says;
        let server = Server::new(IDS.map(|id| world.stored(id)), move |state, request| {
            let honest = state.honestly(request);
            let hostile = request.method == method && request.customer() == Some(1001);
            if hostile { says(&state.customers[&1001]) } else { honest }
        });
        let rows = world.file("rows.csv", "id,middleName\n123,Q\n1001,Q\n1016,Q\n");
        let update = ["customer", "bulk", "update", &rows, "--yes", "--jobs", "3", "--timeout", "3"];
        let run = bounded(&world, &server, &[&update[..], &["-o", "ndjson"]].concat(), 10);
        let what = format!("{name} to {method}: {run:#?}");
        let mut ends: Vec<(u64, String)> = run
            .stdout
            .lines()
            .map(|line| serde_json::from_str(line).expect("every line is JSON"))
            .map(|row: Value| {
                (row["row"].as_u64().expect("a row"), row["outcome"].as_str().expect("an end").into())
            })
            .collect();
        ends.sort();
        let all_written = outcomes[at] == "written";
        let expected = [(1, "written".into()), (2, outcomes[at].to_string()), (3, "written".into())];
        let state = server.state();
        for id in IDS {
            let written = state.customers[&id].contains("\"middleName\":\"Q\"");
            assert_eq!(written, id != 1001 || all_written, "{what}");
        }
        let as_expected = ends == expected && run.code == if all_written { 0 } else { 10 };
        (!as_expected).then_some(what)
    });
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}
