//! The rules of the write, on the program: what is found in tests/protocol holds for what is sent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread;

use crate::world::{Run, World};

const LATE: &str = "if the server applies it late, it overwrites later changes";

/// A world in which these faults are waiting.
fn world(faults: &[&str]) -> World {
    let world = World::new();
    faults.iter().for_each(|fault| world.fault(fault));
    world
}

#[track_caller]
fn holds(world: &World, tokens: &[&str]) {
    let stored = world.stored(123);
    tokens.iter().for_each(|token| assert!(stored.contains(token), "{token} is not in {stored}"));
}

fn outcome(world: &World) -> String {
    let journal = world.journal();
    journal.last().and_then(|line| line["outcome"].as_str()).expect("an outcome").to_string()
}

/// A reading is old after a second, so one that took longer is made again, and with it what another client wrote.
const SLOW: [&str; 2] = ["get:latency=1100ms", "get@2:other-writer=lastName=\"Theirs\""];

#[test]
fn an_update_keeps_a_change_made_after_its_slow_get() {
    let world = world(&SLOW);
    let run = world.update(&["--first-name", "John"]);
    assert_eq!(run.code, 0, "{run:#?}");
    run.says(&["Kept a change of another client: `lastName` was \"Smith\", is now \"Theirs\""]);
    holds(&world, &["\"firstName\":\"John\"", "\"lastName\":\"Theirs\""]);
    let undone = world.run(&["customer", "undo", &world.entry()]);
    assert_eq!(undone.code, 0, "{undone:#?}");
    holds(&world, &["\"firstName\":\"Jon\"", "\"lastName\":\"Theirs\""]);
}

#[test]
fn an_undo_keeps_a_change_made_after_its_slow_get() {
    let world = World::new();
    assert_eq!(world.update(&["--first-name", "John"]).code, 0);
    SLOW.iter().for_each(|fault| world.fault(fault));
    let undone = world.run(&["customer", "undo", "--last"]);
    assert_eq!(undone.code, 0, "{undone:#?}");
    holds(&world, &["\"firstName\":\"Jon\"", "\"lastName\":\"Theirs\""]);
}

#[test]
fn a_row_keeps_a_change_made_after_its_slow_get() {
    let world = world(&SLOW);
    let rows = world.file("rows.csv", "id,firstName\n123,John\n");
    let run = world.run(&["customer", "bulk", "update", &rows, "--yes"]);
    assert_eq!(run.code, 0, "{run:#?}");
    holds(&world, &["\"firstName\":\"John\"", "\"lastName\":\"Theirs\""]);
}

#[test]
fn a_conflict_after_a_slow_reading_writes_nothing() {
    let world = world(&["get:latency=1100ms", "get@2:other-writer=firstName=\"Theirs\""]);
    let run = world.update(&["--first-name", "John"]);
    run.says(&["`firstName`: was \"Jon\", is now \"Theirs\"", "Nothing was written."]);
    assert_eq!((run.code, world.puts().len()), (6, 0), "{run:#?}");
}

#[test]
fn a_correction_after_a_lost_answer_is_not_undone() {
    let world = world(&["put:lost-after", "get@2:other-writer=firstName=\"Jon\""]);
    let run = world.update(&["--first-name", "John"]);
    assert_eq!((run.code, world.puts().len()), (8, 1), "{run:#?}");
    run.says(&["the customer was modified since, so the PUT is not sent again", LATE]);
    holds(&world, &["\"firstName\":\"Jon\""]);
}

#[test]
fn a_change_stored_despite_an_error_answer_has_an_unknown_outcome() {
    let faults = ["put:status-after=500", "get@2:other-writer=firstName=\"Jon\"", "put@2:refuse=No."];
    let world = world(&faults);
    let run = world.update(&["--first-name", "John"]);
    assert_eq!((run.code, world.puts().len(), outcome(&world).as_str()), (8, 1, "unknown"), "{run:#?}");
    assert!(!run.stderr.contains("Nothing was written."), "{run:#?}");
}

#[test]
fn a_put_in_flight_is_reported_even_if_another_client_made_the_change() {
    let world = world(&["put:late=60m", "get@2:other-writer=firstName=\"John\""]);
    let run = world.update(&["--first-name", "John"]);
    assert_eq!((run.code, world.puts().len()), (0, 1), "{run:#?}");
    run.says(&["warning: an attempt has no known outcome", LATE, "`fusebill customer get 123`"]);
    ["put:late=60m", "get@2:other-writer=lastName=\"Smythe\""].iter().for_each(|fault| world.fault(fault));
    let run = world.update(&["--last-name", "Smythe", "-o", "json"]);
    let object = run.json();
    assert_eq!((run.code, &object["outcome"]), (0, &"updated".into()), "{run:#?}");
    assert!(object["warnings"][0].as_str().is_some_and(|warning| warning.contains(LATE)), "{object}");
}

#[test]
fn preconditions_are_checked_again_before_a_second_attempt() {
    let moment = |world: &World| {
        let stored: serde_json::Value = serde_json::from_str(&world.stored(123)).expect("JSON");
        stored["modifiedTimestamp"].as_str().expect("a text").to_string()
    };
    for (field, json) in [("customerAccountStatus", "\"PoorStanding\""), ("monthlyRecurringRevenue", "1")] {
        let (world, held) = (world(&["put:rate-limit=1"]), World::new().stored(123));
        let held: serde_json::Value = serde_json::from_str(&held).expect("JSON");
        world.fault(&format!("get@2:other-writer={field}={json}"));
        let expected = format!("{field}={}", held[field].to_string().trim_matches('"'));
        let run = world.update(&["--first-name", "John", "--expect", &expected]);
        assert_eq!((run.code, world.puts().len()), (6, 1), "{run:#?}");
        run.says(&["does not meet --expect or --expect-modified", "Nothing was written."]);
        assert_eq!(outcome(&world), "not-written");
    }
    let other = "get@2:other-writer=suffix=\"Jr.\"";
    let world = world(&["put:rate-limit=1", other]);
    let expected = moment(&world);
    let run = world.update(&["--first-name", "John", "--expect-modified", &expected]);
    assert_eq!((run.code, world.puts().len()), (6, 1), "{run:#?}");
}

#[test]
fn a_row_expectation_is_checked_again_before_a_second_attempt() {
    let held = World::new().stored(123);
    let moment = held.split("\"modifiedTimestamp\":\"").nth(1).and_then(|rest| rest.split('"').next());
    let csv = format!("id,firstName,modifiedTimestamp\n123,John,{}\n", moment.expect("a timestamp"));
    let world = world(&["put:status=503", "get@2:other-writer=suffix=\"Jr.\""]);
    let rows = world.file("rows.csv", csv);
    let run = world.run(&["customer", "bulk", "update", &rows, "--yes", "-o", "ndjson"]);
    assert_eq!((run.code, world.puts().len()), (10, 1), "{run:#?}");
    holds(&world, &["\"firstName\":\"Jon\"", "\"suffix\":\"Jr.\""]);
}

#[test]
fn an_answer_one_version_behind_is_read_once_more() {
    let world = World::new();
    let before = world.stored(123);
    world.fault(&format!("put:body={before}"));
    let run = world.update(&["--first-name", "John"]);
    assert_eq!((run.code, world.puts().len()), (0, 1), "{run:#?}");
    holds(&world, &["\"firstName\":\"John\""]);
}

#[test]
fn a_failure_reports_the_last_attempt_and_not_an_earlier_one() {
    let world = world(&["put:rate-limit=1", "get@3*4:status=500"]);
    let run = world.update(&["--first-name", "John", "--verify", "read"]);
    assert_eq!((run.code, world.puts().len()), (8, 2), "{run:#?}");
    run.says(&["the API accepted the PUT, but the customer cannot be read to verify it"]);
    assert!(!run.stderr.contains("reading the customer to find out whether"), "{run:#?}");
}

/// A server that answers the GET honestly and every PUT with these bytes, and how often it was sent a PUT.
fn refusing(answer: &'static [u8]) -> (Run, usize, World) {
    let world = World::new();
    let (customer, listener) = (world.stored(123), TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let url = format!("http://{}/v1", listener.local_addr().expect("it is bound"));
    let serving = thread::spawn(move || {
        let mut puts = 0;
        for socket in listener.incoming() {
            let mut stream = BufReader::new(socket.expect("a client"));
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).is_ok_and(|read| read > 0) {}
            let length = head.lines().find_map(|line| {
                line.to_lowercase().strip_prefix("content-length: ").and_then(|length| length.parse().ok())
            });
            stream.read_exact(&mut vec![0; length.unwrap_or(0)]).expect("the whole body");
            match head.split(' ').next() {
                Some("PUT") => {
                    puts += 1;
                    stream.get_mut().write_all(answer).expect("the client listens");
                }
                Some("GET") => {
                    let text = format!(
                        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{customer}",
                        customer.len()
                    );
                    stream.get_mut().write_all(text.as_bytes()).expect("the client listens");
                }
                _ => return puts,
            }
        }
        puts
    });
    let variables = [("FUSEBILL_BASE_URL", url.as_str())];
    let run = world.run_with(&variables, &["customer", "update", "123", "--first-name", "John"]);
    let address = url.trim_start_matches("http://").trim_end_matches("/v1").to_string();
    std::net::TcpStream::connect(address)
        .and_then(|mut end| end.write_all(b"END\r\n\r\n"))
        .expect("it listens");
    (run, serving.join().expect("the server ends"), world)
}

#[test]
fn a_refusal_is_decided_by_its_status_and_not_its_body() {
    for answer in [
        &b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 3\r\n\r\n\xff\xfe\xfd"[..],
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 900\r\n\r\ncut short",
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 10485761\r\n\r\n",
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nrats",
    ] {
        let (run, puts, _world) = refusing(answer);
        assert_eq!((run.code, puts), (5, 1), "{} {run:#?}", String::from_utf8_lossy(answer));
        run.says(&["the API refused the change (HTTP 400)", "Nothing was written."]);
    }
}

#[test]
fn a_change_that_the_api_accepted_and_did_not_store_is_shown() {
    let answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nnull";
    let (run, puts, _world) = refusing(answer);
    assert_eq!((run.code, puts), (9, 1), "{run:#?}");
    run.says(&[
        "`firstName`: sent \"John\", stored \"Jon\"",
        "stored none of the new values",
        "`fusebill customer get 123`",
    ]);
    assert!(!run.stderr.contains("customer undo"), "{run:#?}");
}

#[test]
fn a_web_page_in_answer_to_a_put_is_not_told_as_the_api() {
    let hint = "hint: a web page comes from a proxy, a captive portal or a wrong base URL, so the API may never have seen the request";
    let world = World::new();
    world.fault("put:html=200");
    let run = world.update(&["--first-name", "John"]);
    assert_eq!((run.code, world.puts().len()), (9, 1), "{run:#?}");
    run.says(&["the answer to the PUT is a web page, and none of the new values is stored", hint]);
    assert!(!run.stderr.contains("accepted"), "{run:#?}");
    world.fault("post:html=200");
    let run = world.run(&["customer", "cancel", "123", "--reverse", "none", "--yes"]);
    assert_eq!(run.code, 9, "{run:#?}");
    run.says(&["the answer is a web page, and the status of the customer did not change", hint]);
    assert!(!run.stderr.contains("the API took it"), "{run:#?}");
}
