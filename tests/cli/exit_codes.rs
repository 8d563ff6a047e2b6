//! Every exit code, and with it what is said, what was sent and what is stored.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use fusebill::error::{ErrorKind, TABLE};

use crate::world::{JON, Run, World, table, without_timestamp};

/// One way for `customer update 123` to end.
struct Case {
    code: i32,
    faults: &'static [&'static str],
    arguments: &'static [&'static str],
    says: &'static [&'static str],
    /// `outcome` and `error.kind` of the JSON output.
    json: (&'static str, Option<&'static str>),
    /// How many GETs and PUTs the server saw.
    requests: (usize, usize),
    /// The first name that is stored afterwards.
    stored: &'static str,
}

const JOHN: &[&str] = &["--first-name", "John"];
const NOTHING: &str = "Nothing was written.";
const AS_BEFORE: &str = "a read shows the old values";
const HELD: &str = "Written and verified: 1 changed.";

const fn ends(code: i32, faults: &'static [&'static str], says: &'static [&'static str]) -> Case {
    let json = ("failed", None);
    Case { code, faults, arguments: JOHN, says, json, requests: (1, 0), stored: "Jon" }
}

impl Case {
    const fn of(self, kind: &'static str) -> Case {
        Case { json: ("failed", Some(kind)), ..self }
    }

    const fn with(self, arguments: &'static [&'static str]) -> Case {
        Case { arguments, ..self }
    }

    const fn sent(self, gets: usize, puts: usize) -> Case {
        Case { requests: (gets, puts), ..self }
    }

    const fn outcome(self, outcome: &'static str, kind: Option<&'static str>) -> Case {
        Case { json: (outcome, kind), ..self }
    }

    const fn leaves(self, stored: &'static str) -> Case {
        Case { stored, ..self }
    }

    /// Done, in spite of what went wrong on the way.
    const fn done(faults: &'static [&'static str], gets: usize) -> Case {
        ends(0, faults, &[HELD]).outcome("updated", None).sent(gets, 1).leaves("John")
    }

    fn check(&self) {
        for json in [false, true] {
            let world = World::new();
            let before = world.stored(123);
            self.faults.iter().for_each(|fault| world.fault(fault));
            let form: &[&str] = if json { &["-o", "json"] } else { &[] };
            let run = world.update(&[self.arguments, form].concat());
            let what = format!("{:?} {:?}\n{run:#?}", self.faults, self.arguments);
            assert_eq!(run.code, self.code, "{what}");
            self.says.iter().for_each(|text| assert!(run.stderr.contains(text), "{text:?} is not in {what}"));
            // Where a write may have happened, doing it again is no advice.
            assert!(self.code != 8 || !run.stderr.contains("run the same command again"), "{what}");
            self.check_world(&world, &before, &what);
            if json { self.check_json(&run, &what) } else { self.check_table(&run, &what) }
        }
    }

    fn check_world(&self, world: &World, before: &str, what: &str) {
        let count = |method: &str| world.requests().iter().filter(|request| request.method == method).count();
        assert_eq!((count("GET"), count("PUT")), self.requests, "{what}");
        let after = before.replacen("\"Jon\"", "\"John\"", 1);
        if self.arguments == JOHN {
            world.puts().iter().for_each(|put| assert_eq!(*put, after, "{what}"));
        }
        let stored = before.replacen("\"Jon\"", &format!("\"{}\"", self.stored), 1);
        if !self.faults.iter().any(|fault| fault.contains("other-writer") || fault.contains("companyName")) {
            assert_eq!(without_timestamp(&world.stored(123)), without_timestamp(&stored), "{what}");
        }
    }

    fn check_table(&self, run: &Run, what: &str) {
        let shown = table(JON, &[["firstName", "\"Jon\"", "\"John\""]]);
        let planned = self.requests.1 > 0 || self.json.0 == "planned";
        if self.arguments.starts_with(JOHN) {
            assert_eq!(run.stdout, if planned { shown.as_str() } else { "" }, "{what}");
        }
        assert_eq!(
            run.stderr.contains(NOTHING),
            !matches!(self.code, 8 | 9) && !run.stderr.contains(HELD),
            "{what}"
        );
    }

    fn check_json(&self, run: &Run, what: &str) {
        let object = run.json();
        let (outcome, kind) = self.json;
        assert_eq!(object["outcome"], outcome, "{what}");
        assert_eq!(object["error"]["kind"].as_str(), kind, "{what}");
        if self.requests.1 > 0 {
            assert_eq!(object["customer"]["id"], 123, "{what}");
            assert_eq!(object["changes"].as_array().map(Vec::len), Some(1), "{what}");
        }
    }
}

fn all(cases: impl IntoIterator<Item = Case>) {
    cases.into_iter().for_each(|case| case.check());
}

#[test]
fn code_0_is_a_stored_change_even_after_a_bad_answer() {
    all([
        Case::done(&[], 1),
        Case::done(&["put:null"], 2),
        Case::done(&["put:no-content"], 2),
        Case::done(&["put:body=yes"], 2),
        Case::done(&["put:body={}"], 2),
        Case::done(&["put:swap=1001"], 2),
        Case::done(&["put:not-utf8"], 2),
        Case::done(&["put:huge=10485761"], 2),
        Case::done(&["put:cut"], 2),
        Case::done(&["put:lost-after"], 2),
        Case::done(&["put:close"], 1),
        Case::done(&["put:slow=20ms"], 1),
        Case::done(&["get:latency=20ms"], 1),
    ]);
}

#[test]
fn code_0_is_a_read_that_works_when_it_is_tried_again() {
    all([
        Case::done(&["get:status=503"], 2),
        Case::done(&["get*3:html=502"], 4),
        Case::done(&["get:status=408"], 2),
        Case::done(&["get:lost-before"], 2),
        Case::done(&["get:cut"], 2),
        Case::done(&["get:rate-limit=1"], 2),
        Case::done(&["put:lost-after", "get@2:status=500"], 3),
    ]);
}

#[test]
fn code_0_is_nothing_to_change_and_a_dry_run() {
    let nothing = ends(0, &[], &["No changes: customer 123 already has these values. Nothing was written."]);
    let dry = ends(0, &[], &["Dry run: 1 changed. Nothing was written."]);
    all([
        nothing.outcome("unchanged", None).with(&["--first-name", "Jon"]),
        dry.outcome("planned", None).with(&["--first-name", "John", "--dry-run"]),
    ]);
}

#[test]
fn code_1_is_an_answer_that_cannot_be_edited_safely() {
    all([
        ends(1, &["get:body={}"], &["reading customer 123", "not a customer", "no `id`"]).of("failed"),
        ends(1, &["get:body={\"id\":123,\"id\":123,\"status\":\"Active\"}"], &["\"id\" occurs twice"])
            .of("failed"),
        ends(
            1,
            &["get:body={\"id\":123,\"status\":\"Active\",\"Status\":\"Hold\"}"],
            &["`Status` and `status`"],
        )
        .of("failed"),
        ends(
            1,
            &["get:body={\"id\":123,\"status\":\"Active\",\"x\":{\"reference3\":1,\"Reference3\":2}}"],
            &["`Reference3` and `reference3`"],
        )
        .of("failed"),
        ends(
            1,
            &["get:body={\"id\":123,\"status\":\"Draft\",\"invoicePreview\":{}}"],
            &["activation preview"],
        )
        .of("failed"),
        ends(1, &["get:body=[]"], &["an array instead of an object"]).of("failed"),
        ends(1, &["get:html=200"], &["the answer is a web page, not the API's"]).of("failed"),
        ends(1, &["get:null"], &["null instead of an object"]).of("failed"),
        ends(1, &["get:no-content"], &["not JSON"]).of("failed"),
        ends(1, &["get:swap=1001"], &["answered with customer 1001 when asked for 123"]).of("failed"),
        ends(1, &["get:not-utf8"], &["not UTF-8"]).of("failed"),
        ends(1, &["get:huge=10485761"], &["larger than 10485760 bytes"]).of("failed"),
    ]);
}

#[test]
fn code_2_is_a_command_that_cannot_be_carried_out_as_written() {
    all([
        ends(2, &[], &["no flag names a change"]).of("usage").with(&[]).sent(0, 0),
        ends(2, &[], &["--parent-id", "whole number"]).of("usage").with(&["--parent-id", "x"]).sent(0, 0),
        ends(2, &[], &["--frist-name", "--first-name"]).of("usage").with(&["--frist-name", "x"]).sent(0, 0),
        ends(2, &[], &["needs consent", "`status` affects billing", "--yes"])
            .of("usage")
            .with(&["--status", "Hold"]),
        ends(2, &[], &["no field `fristName`", "`firstName`"]).of("usage").with(&["--set", "fristName=x"]),
        ends(2, &[], &["would be cleared (null), and no --clear names it", "--yes"])
            .of("usage")
            .with(&["--set-json", "lastName=null"]),
    ]);
}

#[test]
fn code_3_is_a_customer_that_is_not_there() {
    all([
        ends(
            3,
            &["get:empty=404"],
            &["reading customer 123", "no such customer (HTTP 404)", "check the id 123"],
        )
        .of("not-found"),
        ends(3, &["put:empty=404"], &["writing customer 123", "no such customer"]).of("not-found").sent(1, 1),
    ]);
    let world = World::new();
    world
        .run(&["customer", "update", "99", "--suffix", "x"])
        .fails(3, &["there is no such customer", NOTHING]);
    assert_eq!(world.lines(), ["GET /v1/customers/99"]);
}

#[test]
fn code_4_is_a_key_that_is_refused() {
    all([
        ends(
            4,
            &["get:status=401"],
            &["the API refused the key (HTTP 401)", "`fusebill auth status`", "live or test"],
        )
        .of("credentials"),
        ends(4, &["get:empty=403"], &["the API refused the key (HTTP 403)"]).of("credentials"),
        ends(4, &["get:status=400"], &["malformed key"]).of("credentials"),
        ends(4, &["put:status=401"], &["writing customer 123", "refused the key"])
            .of("credentials")
            .sent(1, 1),
    ]);
}

#[test]
fn code_5_is_a_change_that_the_api_refuses_in_its_own_words() {
    const REFUSED: &str = "the API refused the change (HTTP 400)";
    const SUSPENDED: &str =
        "Api Error: Cannot manually suspend customer, the system is in charge of suspending customers.\n";
    all([
        ends(5, &["put:refuse=No. Not today."], &[REFUSED, "Api Error: No. Not today."])
            .of("refused")
            .sent(1, 1),
        ends(5, &["put:message=409"], &["(HTTP 409)", "The sandbox was told to fail."])
            .of("refused")
            .sent(1, 1),
        ends(5, &["put:empty=422"], &["(HTTP 422)", "it gave no reason"]).of("refused").sent(1, 1),
        ends(5, &[], &[REFUSED, SUSPENDED])
            .of("refused")
            .with(&["--status", "Suspended", "--yes"])
            .sent(1, 1),
    ]);
}

#[test]
fn code_6_is_a_customer_that_is_not_as_expected() {
    all([ends(
        6,
        &[],
        &["does not meet --expect or --expect-modified", "status: expected Hold, found \"Active\""],
    )
    .of("conflict")
    .with(&["--first-name", "John", "--expect", "status=Hold"])]);
}

#[test]
fn code_7_is_a_read_that_does_not_come_through() {
    all([
        ends(7, &["get*all:status=500"], &["the API failed (HTTP 500)", "attempt 4 of 4", "trying again in"])
            .of("network")
            .sent(4, 0),
        ends(7, &["get*all:lost-before"], &["the connection broke", "attempt 4 of 4"])
            .of("network")
            .sent(4, 0),
        ends(7, &["get*all:rate-limit=900"], &["rate limit is used up (HTTP 429)", "--timeout"])
            .of("network"),
        ends(7, &["get:redirect=302"], &["redirects to /v1/moved (HTTP 302)", "check the base URL"])
            .of("network"),
        ends(7, &["get:hang"], &["no answer within the time allowed", "--timeout"]).of("network").with(&[
            "--first-name",
            "John",
            "--timeout",
            "0.3",
        ]),
    ]);
}

#[test]
fn code_0_is_a_write_that_was_sent_again_after_it_provably_did_nothing() {
    let again = |faults, gets, puts| Case::done(faults, gets).sent(gets, puts);
    all([
        again(&["put:status=500"], 2, 2),
        again(&["put:html"], 2, 2),
        again(&["put:status=408"], 2, 2),
        again(&["put:lost-before"], 2, 2),
        again(&["put*2:status=503"], 3, 3),
        again(&["put:rate-limit=1"], 2, 2),
    ]);
}

#[test]
fn code_7_is_a_write_that_provably_did_not_happen() {
    all([
        ends(7, &["put:redirect=307"], &["redirects to /v1/moved (HTTP 307)", AS_BEFORE])
            .of("network")
            .sent(2, 1),
        ends(7, &["put*all:rate-limit=900"], &["rate limit is used up"]).of("network").sent(1, 1),
    ]);
}

#[test]
fn code_7_is_an_address_that_refuses_connections() {
    let world = World::new();
    let closed = [("FUSEBILL_BASE_URL", "http://127.0.0.1:1/v1")];
    let run = world.run_with(&closed, &["customer", "get", "123"]);
    run.fails(7, &["the API cannot be reached", "attempt 4 of 4", "check the network"]);
    world.was_left_alone();
}

#[test]
fn code_7_is_a_server_that_stops_before_the_write() {
    let (world, listener) = (World::new(), TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let url = format!("http://{}/v1", listener.local_addr().expect("it is bound"));
    let customer = world.stored(123);
    let answering = thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("the program connects");
        let read = BufReader::new(&socket).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
        assert!(read.count() > 0, "a request came");
        drop(listener);
        let head =
            format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", customer.len());
        socket.write_all(format!("{head}{customer}").as_bytes()).expect("the program listens");
        socket
    });
    let run = world
        .run_with(&[("FUSEBILL_BASE_URL", &url)], &["customer", "update", "123", "--first-name", "John"]);
    drop(answering.join().expect("the server answered"));
    assert_eq!(run.code, 7, "{run:#?}");
    run.says(&["the API cannot be reached", "attempt 4 of 4 was the last", "check the network", NOTHING]);
    let journal = world.journal();
    assert_eq!(journal.last().expect("an outcome")["outcome"], "not-written");
}

#[test]
fn without_a_journal_an_uncertain_write_is_looked_at_and_not_taken_back() {
    for (faults, code, word) in [
        (&["put:lost-before", "get@2*all:status=500"][..], 8, "fusebill customer get 123"),
        (&["put:truncate=companyName,4"][..], 9, "look at it with `fusebill customer get 123`"),
    ] {
        let world = World::new();
        faults.iter().for_each(|fault| world.fault(fault));
        let run = world.update(&["--first-name", "John", "--no-journal"]);
        assert_eq!(run.code, code, "{run:#?}");
        run.says(&[word]);
        assert!(!run.stderr.contains("undo") && !run.stderr.contains("--resolve"), "{}", run.stderr);
        assert!(world.journal().is_empty());
    }
}

#[test]
fn a_lost_attempt_is_warned_about_even_if_a_later_one_succeeds() {
    let world = World::new();
    world.fault("put:lost-before");
    let run = world.update(&["--first-name", "John"]);
    assert_eq!(run.code, 0, "{run:#?}");
    run.says(&[
        HELD,
        "warning: an attempt has no known outcome; if the server applies it late, it overwrites later changes",
        "`fusebill customer get 123`",
    ]);
    run.says(&["The customer is unchanged; sending the PUT again (attempt 2 of 4)\n"]);
    let broke = World::new();
    broke.fault("put:status=500");
    broke.update(&["--first-name", "John"]).says(&[HELD, "if the server applies it late"]);
    let limited = World::new();
    limited.fault("put:rate-limit=1");
    let run = limited.update(&["--first-name", "John"]);
    assert!(run.stderr.contains(HELD) && !run.stderr.contains("late"), "{run:#?}");
}

#[test]
fn code_8_is_a_write_with_an_unknown_outcome() {
    const TOLD: &str = "The change was sent; it is not known whether the API applied it.";
    const SETTLE: &str = "fusebill customer history 123 --resolve";
    const LATE: &str = "if the server applies it late";
    let unknown = |case: Case| case.outcome("unknown", Some("unknown"));
    all([
        unknown(ends(8, &["put:lost-after", "get@2*all:status=500"], &[TOLD, SETTLE, "HTTP 500"]))
            .sent(5, 1)
            .leaves("John"),
        unknown(ends(8, &["put:lost-before", "get@2*all:status=500"], &[TOLD, SETTLE])).sent(5, 1),
        unknown(ends(8, &["put:null", "get@2:status=401"], &[TOLD, SETTLE, "the API accepted the PUT"]))
            .sent(2, 1)
            .leaves("John"),
        unknown(ends(
            8,
            &["put:lost-before", "get@2:other-writer=lastName=\"X\""],
            &[TOLD, "`firstName`", "`lastName`"],
        ))
        .sent(2, 1),
        unknown(ends(
            8,
            &["put:lost-after", "put:truncate=firstName,2"],
            &[TOLD, "sent \"John\", stored \"Jo\""],
        ))
        .sent(2, 1)
        .leaves("Jo"),
        unknown(ends(8, &["put*all:html"], &[TOLD, SETTLE, "HTTP 502", LATE, AS_BEFORE])).sent(5, 4),
        unknown(ends(8, &["put*all:status=500"], &[TOLD, SETTLE, "HTTP 500", LATE, AS_BEFORE])).sent(5, 4),
        unknown(ends(8, &["put*all:lost-before"], &[TOLD, SETTLE, LATE, AS_BEFORE])).sent(5, 4),
    ]);
}

#[test]
fn code_8_is_a_refusal_after_an_attempt_that_was_lost_and_may_still_arrive() {
    let world = World::new();
    world.fault("put:lost-before");
    world.fault("put@2:refuse=No.");
    let run = world.update(&["--first-name", "John"]);
    assert_eq!(run.code, 8, "{run:#?}");
    run.says(&["Api Error: No.", "if the server applies it late", "--resolve"]);
    assert_eq!(world.journal().last().expect("an outcome")["outcome"], "unknown");
}

#[test]
fn a_change_elsewhere_while_the_write_had_to_wait_is_kept() {
    let world = World::new();
    world.fault("put:rate-limit=1");
    world.fault("get@2:other-writer=lastName=\"X\"");
    let run = world.update(&["--first-name", "John"]);
    assert_eq!((run.code, world.puts().len()), (0, 2), "{run:#?}");
    run.says(&["Kept a change of another client: `lastName` was \"Smith\", is now \"X\"", HELD]);
    assert!(world.stored(123).contains("\"lastName\":\"X\"") && world.stored(123).contains("\"John\""));
    let undo = run.undo.expect("a command that takes it back");
    let undone = world.run(&undo.split(' ').skip(1).collect::<Vec<_>>());
    assert_eq!(undone.code, 0, "{undone:#?}");
    assert!(world.stored(123).contains("\"lastName\":\"X\"") && world.stored(123).contains("\"Jon\""));
}

#[test]
fn code_6_is_a_field_that_changed_while_the_write_had_to_wait() {
    let world = World::new();
    world.fault("put:rate-limit=1");
    world.fault("get@2:other-writer=firstName=\"Jim\"");
    let run = world.update(&["--first-name", "John"]);
    assert_eq!((run.code, world.puts().len()), (6, 1), "{run:#?}");
    run.says(&[
        "another client changed the same fields before the PUT was sent",
        "`firstName`: was \"Jon\", is now \"Jim\"",
        NOTHING,
    ]);
    assert!(world.stored(123).contains("\"Jim\""));
    assert_eq!(world.journal().last().expect("an entry")["outcome"], "not-written");
}

#[test]
fn the_same_change_by_another_client_during_a_wait_needs_no_second_put() {
    let world = World::new();
    world.fault("put:rate-limit=1");
    world.fault("get@2:other-writer=firstName=\"John\"");
    let run = world.update(&["--first-name", "John"]);
    assert_eq!((run.code, world.puts().len()), (0, 1), "{run:#?}");
    run.says(&["No changes"]);
}

#[test]
fn code_8_is_a_write_without_an_answer_in_time() {
    let world = World::new();
    world.fault("put*all:hang");
    let run = world.update(&["--first-name", "John", "--timeout", "2"]);
    assert_eq!(run.code, 8, "{run:#?}");
    run.says(&["no answer within the time allowed", "not known whether the API applied it", "--resolve"]);
    assert!(!world.puts().is_empty());
}

#[test]
fn code_9_is_a_write_that_is_not_stored_as_asked() {
    const NOT_AS_ASKED: &str = "The change was sent, and the result is not the one that was asked for.";
    let differs = |case: Case| case.outcome("differs", Some("differs"));
    all([
        differs(ends(
            9,
            &["put:truncate=firstName,2"],
            &[NOT_AS_ASKED, "`firstName`: sent \"John\", stored \"Jo\"\n"],
        ))
        .sent(1, 1)
        .leaves("Jo"),
        differs(ends(
            9,
            &["put:ignore=firstName"],
            &[NOT_AS_ASKED, "stored \"Jon\"", "`fusebill customer get 123`"],
        ))
        .sent(2, 1),
        differs(ends(9, &["put:html=200"], &[NOT_AS_ASKED, "stored \"Jon\""])).sent(3, 1),
        differs(ends(9, &["put:truncate=companyName,4"], &["stored \"Acme\" (not changed by this command)"]))
            .sent(1, 1)
            .leaves("John"),
    ]);
}

#[test]
fn the_differences_of_code_9_are_in_the_json() {
    let world = World::new();
    world.fault("put:truncate=firstName,2");
    let object = world.update(&["--first-name", "John", "-o", "json"]).json();
    let differences =
        serde_json::json!([{"path": "firstName", "asked": true, "sent": "John", "stored": "Jo"}]);
    assert_eq!(object["differences"], differences);
    assert_eq!(
        object["changes"],
        serde_json::json!([{"path": "firstName", "before": "Jon", "after": "John"}])
    );
}

#[test]
fn code_12_is_a_dry_run_that_found_changes() {
    let dry = &["--first-name", "John", "--dry-run", "--exit-code"];
    let none = &["--first-name", "Jon", "--dry-run", "--exit-code"];
    all([
        ends(12, &[], &["Dry run: 1 changed. Nothing was written."]).outcome("planned", None).with(dry),
        ends(0, &[], &["No changes"]).outcome("unchanged", None).with(none),
    ]);
}

#[test]
fn a_dry_run_of_a_billing_change_asks_for_no_consent() {
    let world = World::new();
    let run = world.update(&["--status", "Hold", "--dry-run"]);
    let shown = table(JON, &[["status", "\"Active\"", "\"Hold\""]]);
    let warning = "`status` affects billing: the write will ask for confirmation, or needs --yes";
    let advice = "to change a status the vendor advises `fusebill customer hold 123`; \
                  what this change charges or stops is not documented";
    let message =
        format!("warning: {advice}\nwarning: {warning}\nDry run: 1 changed. Nothing was written.\n");
    run.is(0, &shown, &message);
    let json = world.update(&["--status", "Hold", "--dry-run", "-o", "json"]).json();
    assert_eq!(json["warnings"], serde_json::json!([advice, warning]));
    let yes = world.update(&["--status", "Hold", "--dry-run", "--yes"]);
    assert!(!yes.stderr.contains("will ask for confirmation"), "{yes:#?}");
    assert!(world.puts().is_empty());
}

#[test]
fn a_dry_run_refuses_changes_that_the_api_is_known_to_refuse() {
    let world = World::new();
    let refused = |customer: &str, arguments: &[&str], reason: &str| {
        let run = world.run(&[&["customer", "update", customer, "--dry-run", "--yes"], arguments].concat());
        assert_eq!(run.code, 5, "{run:#?}");
        run.says(&["the API would refuse the change", reason, NOTHING]);
    };
    refused("123", &["--status", "suspended"], "only the system suspends customers");
    refused("123", &["--parent-id", "123"], "its own parent");
    let fixed = world.stored(123).contains("\"canChangeCurrency\":false");
    assert!(fixed, "the seed has a customer whose currency is fixed");
    refused("123", &["--currency", "CAD"], "`canChangeCurrency` is false");
    assert!(world.puts().is_empty());
}

#[test]
fn success_in_json_is_one_object_with_every_member() {
    let world = World::new();
    let run = world.update(&["--first-name", "John", "--clear", "primary-phone", "-o", "json"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, "Written and verified: 1 changed, 1 cleared.\n"));
    let expected = serde_json::json!({
        "outcome": "updated",
        "customer": {"id": 123, "name": "Jon Smith (Acme Inc.)"},
        "changes": [
            {"path": "firstName", "before": "Jon", "after": "John"},
            {"path": "primaryPhone", "before": "+1 (613) 555-0123", "after": null},
        ],
        "warnings": [], "differences": [], "entry": world.entry(), "error": null,
    });
    assert_eq!(run.json(), expected);
}

#[test]
fn csv_and_ndjson_tell_the_same_change() {
    let csv = World::new().update(&["--first-name", "John", "-o", "csv"]);
    csv.is(0, "customer,outcome,field,before,after\n123,updated,firstName,Jon,John\n", &format!("{HELD}\n"));
    let line = World::new().update(&["--first-name", "John", "-o", "ndjson"]);
    assert_eq!((line.code, line.stdout.lines().count(), &line.json()["outcome"]), (0, 1, &"updated".into()));
}

#[test]
fn no_kind_but_the_uncertain_ones_claims_anything_was_written() {
    for row in TABLE {
        let nothing = !matches!(
            row.kind,
            ErrorKind::Unknown | ErrorKind::Differs | ErrorKind::Partial | ErrorKind::Unshown
        );
        assert_eq!(row.kind.written() == NOTHING, nothing, "{}", row.name);
    }
}
