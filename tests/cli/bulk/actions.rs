//! Status actions from a file: the totals that are agreed to, one request for each row, and the money of the sandbox counted.

use std::collections::BTreeMap;

use expectrl::process::unix::Signal;
use fusebill::sandbox::{Movement, seed};
use serde_json::{Value, json};

use super::killed::{Random, killed_at, start};
use super::{bulk, bulk_of, count, latest, lines, outcomes, runs, with_id};
use crate::status::{is_post, posts};
use crate::terminal::{Terminal, unwrapped};
use crate::world::{Run, World};

const FIRST: u64 = 2_000_001;

const NDJSON: &str = "ndjson";

/// A customer that pays 100.00 a month, so that a period costs 113.00 with its tax.
fn customer(id: u64, status: &str, currency: &str) -> String {
    let draft = seed().find(|text| text.ends_with("/customers/1017\"}")).expect("the seed has a draft");
    let text = with_id(draft, id)
        .replace("\"status\":\"Draft\"", &format!("\"status\":\"{status}\""))
        .replace("\"currency\":\"CAD\"", &format!("\"currency\":\"{currency}\""));
    text.replace("\"monthlyRecurringRevenue\":0,", "\"monthlyRecurringRevenue\":100.00,")
}

/// Customers with these statuses, from `FIRST` on.
fn with_statuses(world: &World, statuses: &[&str]) {
    for (id, status) in (FIRST..).zip(statuses) {
        world.server.store(&customer(id, status, "CAD")).expect("the sandbox takes a customer");
    }
}

fn world_of(statuses: &[&str]) -> World {
    let world = World::new();
    with_statuses(&world, statuses);
    world
}

/// A file of these actions, for the customers from `FIRST` on.
fn file(world: &World, actions: &[&str]) -> String {
    let rows: String = (FIRST..).zip(actions).map(|(id, action)| format!("{id},{action}\n")).collect();
    world.file("actions.csv", format!("id,action\n{rows}"))
}

fn cents(world: &World, at: u64) -> Vec<i64> {
    world.server.money(FIRST + at).iter().map(|Movement { cents, .. }| *cents).collect()
}

fn status(world: &World, at: u64) -> String {
    let stored: Value = serde_json::from_str(&world.stored(FIRST + at)).expect("JSON");
    stored["status"].as_str().expect("a text").to_string()
}

/// How many requests that count each customer was sent, without those that were refused with 429.
fn posts_by_customer(world: &World) -> BTreeMap<u64, usize> {
    let mut posts = BTreeMap::new();
    for request in world.requests().iter().filter(|request| is_post(request) && request.status != Some(429)) {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let of_path = || request.path.rsplit('/').next().and_then(|id| id.parse().ok());
        // A process that was killed in the middle of a request sent no body, and so no action.
        if let Some(id) = body["customerId"].as_u64().or_else(of_path) {
            *posts.entry(id).or_default() += 1;
        }
    }
    posts
}

fn update(world: &World, file: &str, more: &[&str]) -> Run {
    bulk(world, &[&["update", file, "-o", NDJSON], more].concat())
}

/// Makes every entry so old that no request can be on its way any more.
fn grow_old(world: &World) {
    let store = rusqlite::Connection::open(world.store().path()).expect("the store opens");
    let sql = "UPDATE entries SET time = '2020-01-01T00:00:00.000Z'";
    store.execute(sql, []).expect("the store can be written");
}

#[test]
fn every_action_of_a_file_is_sent_once_at_its_price() {
    let world = world_of(&["Draft", "Hold", "Active", "Active", "Cancelled", "Hold", "Draft"]);
    let file = file(
        &world,
        &[
            "activate:all-subscriptions",
            "Unhold:last-missed",
            "hold",
            "cancel:full",
            "uncancel",
            "hold",
            "activate:all-subscriptions+no-auto-post",
        ],
    );
    let run = update(&world, &file, &["--yes", "--max-total", "339.00", "--jobs", "3"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.says(&["activate:all-subscriptions", "339.00 CAD", "Status actions cannot be undone"]);
    assert_eq!(run.undo, None);
    let rows = lines(&run.stdout);
    assert_eq!((count(&rows, "written"), count(&rows, "unchanged")), (6, 1));
    let moved: Vec<Vec<i64>> = (0..7).map(|at| cents(&world, at)).collect();
    assert_eq!(moved, [vec![11_300], vec![11_300], vec![], vec![-10_000], vec![], vec![], vec![11_300]]);
    assert!(world.server.money(FIRST)[0].posted && !world.server.money(FIRST + 6)[0].posted);
    let now: Vec<String> = (0..7).map(|at| status(&world, at)).collect();
    assert_eq!(now, ["Active", "Active", "Hold", "Cancelled", "Active", "Hold", "Active"]);
    assert_eq!(posts_by_customer(&world).into_values().collect::<Vec<_>>(), [1; 6]);
    let first = rows.iter().find(|row| row["row"] == 1).expect("the first row");
    assert_eq!(first["action"], "activate:all-subscriptions");
    assert_eq!((&first["total"], &first["currency"]), (&json!(113.00), &json!("CAD")));
    assert_eq!((&first["changes"][0]["before"], &first["attempts"]), (&json!("Draft"), &json!(1)));
    let entry = first["entry"].as_str().expect("an entry");
    let shown = world.run(&["customer", "history", "show", entry, "-o", "json"]).json();
    assert_eq!(shown["summary"]["action"]["option"], "all-subscriptions");
    assert!(shown["summary"]["action"]["preview"]["invoicePreview"]["draftCharges"].is_array(), "{shown}");
    let listed = bulk(&world, &["list", &latest(&world), "-o", "csv"]);
    assert!(listed.stdout.contains(",activate:all-subscriptions,113.00,CAD\n"), "{}", listed.stdout);
}

#[test]
fn the_failures_file_has_the_rows_whose_action_was_refused() {
    let world = world_of(&["Active", "Cancelled"]);
    let file = file(&world, &["hold", "hold"]);
    let path = |name: &str| world.home.path().join(name).display().to_string();
    let (failed, plan, left) = (path("failed.csv"), path("plan.ndjson"), path("left.ndjson"));
    let run = update(&world, &file, &["--yes", "--failures", &failed]);
    assert_eq!((run.code, posts(&world)), (10, 1), "{}", run.stderr);
    let text = std::fs::read_to_string(&failed).expect("the failures are written");
    assert!(text.starts_with(&format!("id,action,#reason\n{},hold,refused: ", FIRST + 1)), "{text}");
    assert_eq!(text.lines().count(), 2, "{text}");
    let again = update(&world, &failed, &["--yes"]);
    assert_eq!((again.code, posts(&world)), (10, 1), "{}", again.stderr);

    with_statuses(&world, &["Active", "Active"]);
    bulk(&world, &["plan", &file, "--out", &plan]).says(&["2 would change"]);
    with_statuses(&world, &["Active", "Suspended"]);
    let run = bulk(&world, &["apply", &plan, "--yes", "--failures", &left]);
    assert_eq!((run.code, posts(&world)), (10, 2), "{}", run.stderr);
    let text = std::fs::read_to_string(&left).expect("the failures are written");
    assert!(
        text.contains("\"action\":{\"action\":\"hold\"") && text.contains("\"reason\":\"conflict: "),
        "{text}"
    );
}

#[test]
fn consent_off_a_terminal_needs_a_bound_for_the_run() {
    let world = world_of(&["Draft", "Draft", "Active"]);
    let file = file(&world, &["activate:all-subscriptions", "activate:all-subscriptions", "hold"]);
    let run = update(&world, &file, &["--yes"]);
    run.fails(2, &["--yes alone does not say how much may be charged", "--max-total AMOUNT"]);
    world.was_left_alone();
    let run = update(&world, &file, &[]);
    run.fails(
        2,
        &["Send 3 status actions as ", "charging 226.00 CAD, on profile default", "--yes and --max-total"],
    );
    let run = update(&world, &file, &["--yes", "--max-total", "225.99"]);
    run.fails(6, &["would charge 226.00 CAD, more than --max-total 225.99", "Nothing was written."]);
    assert_eq!((posts(&world), world.journal().len()), (0, 0));
    bulk(&world, &["list"]).says(&["This machine has no runs."]);
    assert_eq!(update(&world, &file, &["--yes", "--max-total", "226"]).code, 0);
    let free = world.file("free.csv", format!("id,action\n{},cancel:none\n", FIRST + 2));
    assert_eq!(update(&world, &free, &["--yes"]).code, 0, "a cancellation has no preview");
}

#[test]
fn one_bound_is_not_for_two_currencies() {
    let world = world_of(&["Draft"]);
    world.server.store(&customer(FIRST + 1, "Draft", "GBP")).expect("the sandbox takes a customer");
    let file = file(&world, &["activate:all-subscriptions", "activate:all-subscriptions"]);
    let run = update(&world, &file, &["--yes", "--max-total", "1000"]);
    run.fails(2, &["113.00 CAD and 113.00 GBP", "bounds one currency", "one file for each currency"]);
    assert_eq!(posts(&world), 0);
}

#[test]
fn a_row_with_an_action_and_an_edit_is_an_error() {
    let world = World::new();
    let text = "id,first-name,action\n123,Jon,hold\n4001,,unhold\n4002,,pause\n";
    bulk_of(&world, &["update", "-", "--yes"], text).fails(
        2,
        &[
            "line 2, column `action`: a row has an action or changes fields, not both; it sets `first-name`",
            "line 3, column `action`: `unhold` needs what to charge: `unhold:all-missed`",
            "line 4, column `action`: takes `activate`, `hold`",
        ],
    );
    world.was_left_alone();
}

#[test]
fn edits_and_actions_go_in_one_file_and_only_the_edits_are_undone() {
    let world = world_of(&["Active", "Hold", "Active"]);
    let rows =
        format!("id,action,first-name\n{FIRST},hold,\n{},unhold:none,\n{},,Jan\n", FIRST + 1, FIRST + 2);
    let file = world.file("mixed.csv", rows);
    let asked = update(&world, &file, &[]);
    asked.fails(2, &["of 1 customer and send 2 status actions as ", "charging 0.00 CAD,"]);
    let run = update(&world, &file, &["--yes", "--max-total", "0"]);
    assert_eq!((run.code, posts(&world)), (0, 2), "{}", run.stderr);
    let name = latest(&world);
    assert_eq!(run.undo, Some(format!("fusebill customer bulk undo {name}")));
    let undone = bulk(&world, &["undo", &name, "--yes", "-o", NDJSON]);
    assert_eq!((undone.code, lines(&undone.stdout).len(), posts(&world)), (10, 1, 2), "{}", undone.stderr);
    undone.says(&[
        "warning: not taken back: `hold` (1 row): its opposite is `fusebill customer unhold --charge none CUSTOMER`; it charges nothing",
        "warning: not taken back: `unhold` (1 row): its opposite is `fusebill customer hold CUSTOMER`; it stops billing again",
    ]);
    assert!(world.stored(FIRST + 2).contains("\"firstName\":\"Dana\""));
    undone.says(&["1 written, 2 status actions not taken back."]);
    assert_eq!((status(&world, 0).as_str(), status(&world, 1).as_str()), ("Hold", "Active"));
}

#[test]
fn a_run_of_actions_is_not_undone() {
    let world = world_of(&["Draft", "Active"]);
    let file = file(&world, &["activate:all-subscriptions", "cancel:unearned"]);
    assert_eq!(update(&world, &file, &["--yes", "--max-total", "500"]).code, 0);
    let run = bulk(&world, &["undo", "--last", "--yes"]);
    run.fails(
        6,
        &[
            "sent status actions, which undo does not take back",
            "  `activate` (1 row): an activation cannot be taken back",
            "  `cancel` (1 row): its opposite is `fusebill customer uncancel CUSTOMER`; it",
            "Nothing was written.",
        ],
    );
    assert_eq!(posts(&world), 2);
}

#[test]
fn a_plan_keeps_the_action_and_its_price() {
    let world = world_of(&["Draft", "Active", "Hold", "Cancelled"]);
    let file = file(&world, &["activate:all-subscriptions", "cancel:full", "hold", "hold"]);
    let plan = world.home.path().join("a.plan").display().to_string();
    let planned = bulk(&world, &["plan", &file, "--out", &plan, "-o", "json"]);
    assert_eq!((planned.code, posts(&world)), (10, 0), "{}", planned.stderr);
    let planned = planned.json();
    assert_eq!(
        (&planned["would_change"], &planned["unchanged"], &planned["failed"]),
        (&json!(2), &json!(1), &json!(1))
    );
    assert_eq!(
        planned["actions"][0],
        json!({"action": "activate:all-subscriptions", "rows": 1, "total": 113.00, "currency": "CAD"})
    );
    let shown = bulk(&world, &["show", &plan]);
    assert!(shown.stdout.contains("113.00 CAD") && shown.stdout.contains("cancel:full"), "{}", shown.stdout);
    let shown = bulk(&world, &["show", &plan, "-o", "csv"]);
    assert!(shown.stdout.contains(",action,Draft,activate:all-subscriptions\n"), "{}", shown.stdout);
    assert!(shown.stdout.contains(",total,,113.00 CAD\n"), "{}", shown.stdout);
    let asked = bulk(&world, &["apply", &plan]);
    asked.fails(2, &["would send 2 status actions, charging 113.00 CAD,", "--yes and --max-total AMOUNT"]);
    bulk(&world, &["apply", &plan, "--yes", "--max-total", "112"]).fails(6, &["more than --max-total 112"]);
    let run = bulk(&world, &["apply", &plan, "--yes", "--max-total", "113", "-o", NDJSON]);
    assert_eq!((run.code, posts(&world)), (10, 2), "{}", run.stderr);
    let ended: Vec<String> = outcomes(&lines(&run.stdout)).into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(ended, ["written", "written", "unchanged", "failed"]);
    assert_eq!((cents(&world, 0), cents(&world, 1)), (vec![11_300], vec![-10_000]));
}

#[test]
fn a_plan_whose_price_was_removed_is_refused() {
    let world = world_of(&["Draft"]);
    let file = file(&world, &["activate:all-subscriptions"]);
    let plan = bulk(&world, &["plan", &file, "-o", NDJSON]).stdout;
    let free = world.file("free.plan", plan.replace(",\"total\":113.00", ""));
    let run = bulk(&world, &["apply", &free, "--yes", "--max-total", "0"]);
    run.fails(2, &["its action has no status or no price"]);
    let cheap = world.file("cheap.plan", plan.replace("113.00", "1.00"));
    let run = bulk(&world, &["apply", &cheap, "--yes", "--max-total", "1", "-o", NDJSON]);
    assert_eq!((run.code, posts(&world)), (10, 0), "{}", run.stderr);
    assert_eq!(lines(&run.stdout)[0]["outcome"], "conflict");
}

#[test]
fn a_price_that_moves_after_the_plan_is_a_conflict_and_is_asked_for_again() {
    let world = world_of(&["Draft", "Draft"]);
    let file = file(&world, &["activate:all-subscriptions", "activate:all-subscriptions"]);
    let plan = world.home.path().join("a.plan").display().to_string();
    assert_eq!(bulk(&world, &["plan", &file, "--out", &plan]).code, 0);
    world.fault("preview:price=5.00");
    let apply = ["apply", &plan, "--yes", "--max-total", "226", "--jobs", "1", "-o", NDJSON];
    let run = bulk(&world, &apply);
    assert_eq!((run.code, posts(&world)), (10, 1), "{}", run.stderr);
    let rows = lines(&run.stdout);
    assert_eq!(rows[0]["outcome"], "conflict");
    let reason = "the price changed since it was confirmed: it was 113.00 CAD, and is 118.65 CAD now";
    assert!(rows[0]["error"].as_str().is_some_and(|error| error.contains(reason)), "{}", rows[0]);
    assert_eq!((cents(&world, 0), cents(&world, 1)), (vec![], vec![11_300]));
    let name = latest(&world);
    assert_eq!(bulk(&world, &["resume", &name]).code, 10, "a conflict is not tried again");
    bulk(&world, &["retry", &name]).fails(2, &["send 1 status action, charging 118.65 CAD,"]);
    bulk(&world, &["retry", &name, "--yes", "--max-total", "113"]).fails(6, &["more than --max-total 113"]);
    assert_eq!(posts(&world), 1);
    let run = bulk(&world, &["retry", &name, "--yes", "--max-total", "118.65"]);
    assert_eq!((run.code, cents(&world, 0)), (0, vec![11_865]), "{}", run.stderr);
    assert_eq!(posts_by_customer(&world).into_values().collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn a_charge_other_than_the_previewed_one_differs() {
    let world = world_of(&["Draft"]);
    world.fault("post:price=5.00");
    let file = file(&world, &["activate:all-subscriptions"]);
    let run = update(&world, &file, &["--yes", "--max-total", "113"]);
    assert_eq!((run.code, cents(&world, 0)), (10, vec![11_865]), "{}", run.stderr);
    let row = &lines(&run.stdout)[0];
    assert_eq!(row["outcome"], "differs");
    assert!(row["error"].as_str().is_some_and(|it| it.contains("it charged 118.65 CAD")), "{row}");
}

#[test]
fn an_action_that_another_client_does_first_is_a_conflict() {
    let world = world_of(&["Draft", "Active"]);
    world.fault("get@3:other-writer=status=\"Active\"");
    world.fault("post:done-first");
    let file = file(&world, &["activate:all-subscriptions", "hold"]);
    let run = update(&world, &file, &["--yes", "--max-total", "113", "--jobs", "1"]);
    assert_eq!((run.code, posts(&world), cents(&world, 0)), (10, 1, vec![]), "{}", run.stderr);
    let rows = lines(&run.stdout);
    assert_eq!((&rows[0]["outcome"], &rows[1]["outcome"]), (&json!("conflict"), &json!("conflict")));
    let said = |at: usize, text: &str| rows[at]["error"].as_str().is_some_and(|error| error.contains(text));
    assert!(said(0, "the customer was Draft when it was read before, and is Active now"), "{rows:?}");
    assert!(said(1, "another client did this first: the customer is Hold now"), "{rows:?}");
}

#[test]
fn a_lost_answer_is_resolved_by_the_status_and_never_sent_again() {
    let world = world_of(&["Draft", "Draft"]);
    world.fault("post@1:lost-after");
    world.fault("post@2:lost-before");
    let file = file(&world, &["activate:all-subscriptions", "activate:all-subscriptions"]);
    let run = update(&world, &file, &["--yes", "--max-total", "226", "--jobs", "1"]);
    assert_eq!((run.code, posts(&world)), (10, 2), "{}", run.stderr);
    let rows = lines(&run.stdout);
    assert_eq!((&rows[0]["outcome"], &rows[1]["outcome"]), (&json!("written"), &json!("unknown")));
    assert!(
        rows[0]["error"].as_str().is_some_and(|it| it.contains("another client may have done it")),
        "{rows:?}"
    );
    let name = latest(&world);
    for _ in 0..2 {
        let resumed = bulk(&world, &["resume", &name]);
        assert_eq!((resumed.code, posts(&world)), (10, 2), "{}", resumed.stderr);
        resumed.says(&["Row 2 was in flight; its outcome is unknown", "resolve it in 10 minutes"]);
    }
    grow_old(&world);
    // Whichever command finds out first that nothing happened, the request is not repeated.
    assert_eq!(world.run(&["customer", "history", "--resolve"]).code, 0);
    for command in ["resume", "retry", "retry"] {
        let resumed = bulk(&world, &[command, &name]);
        assert_eq!((resumed.code, posts(&world)), (10, 2), "{}", resumed.stderr);
    }
    let told = bulk(&world, &["list", &name, "-o", NDJSON]);
    let row = &lines(&told.stdout)[1];
    assert_eq!(row["outcome"], "undecided");
    assert!(row["error"].as_str().is_some_and(|it| it.contains("it is not sent again")), "{row}");
    assert_eq!((cents(&world, 0), cents(&world, 1)), (vec![11_300], vec![]));
}

#[test]
fn an_action_that_arrives_late_is_resolved_as_written() {
    let world = world_of(&["Draft"]);
    world.fault("post:late=300ms");
    let file = file(&world, &["activate:all-subscriptions"]);
    let run = update(&world, &file, &["--yes", "--max-total", "113"]);
    assert_eq!(
        (run.code, lines(&run.stdout)[0]["outcome"].clone()),
        (10, json!("unknown")),
        "{}",
        run.stderr
    );
    while status(&world, 0) == "Draft" {
        std::thread::yield_now();
    }
    let resumed = bulk(&world, &["resume", "--last"]);
    assert_eq!((resumed.code, posts(&world), cents(&world, 0)), (0, 1, vec![11_300]), "{}", resumed.stderr);
}

#[test]
fn a_rate_limit_is_an_answer_and_the_row_can_be_resumed() {
    let world = world_of(&["Draft"]);
    world.fault("post:rate-limit=1");
    let file = file(&world, &["activate:all-subscriptions"]);
    let left = world.home.path().join("left.csv").display().to_string();
    let run = update(&world, &file, &["--yes", "--max-total", "113", "--failures", &left]);
    let left = std::fs::read_to_string(left).expect("the failures are written");
    assert!(left.contains(&format!("{FIRST},activate:all-subscriptions,failed: ")), "{left}");
    assert_eq!((run.code, lines(&run.stdout)[0]["outcome"].clone()), (10, json!("failed")), "{}", run.stderr);
    assert_eq!(cents(&world, 0), [0; 0]);
    let resumed = bulk(&world, &["resume", "--last"]);
    assert_eq!((resumed.code, cents(&world, 0)), (0, vec![11_300]), "{}", resumed.stderr);
}

#[test]
fn a_bound_of_resume_covers_actions_that_were_agreed_to_before() {
    let world = world_of(&["Draft"]);
    world.fault("post:rate-limit=1");
    let file = file(&world, &["activate:all-subscriptions"]);
    assert_eq!(update(&world, &file, &["--yes", "--max-total", "500"]).code, 10);
    let resumed = bulk(&world, &["resume", "--last", "--yes", "--max-total", "112.99"]);
    resumed.fails(6, &["would charge 113.00 CAD, more than --max-total 112.99"]);
    assert_eq!(cents(&world, 0), [0; 0]);
    let resumed = bulk(&world, &["resume", "--last", "--yes", "--max-total", "113"]);
    assert_eq!((resumed.code, cents(&world, 0)), (0, vec![11_300]), "{}", resumed.stderr);
}

#[test]
fn ctrl_c_after_the_first_rows_revokes_the_consent_to_the_others() {
    let world = world_of(&["Draft"; 5]);
    let file = file(&world, &["activate:all-subscriptions"; 5]);
    let mut terminal = Terminal::start(world.command(["customer", "bulk", "update", &file]));
    terminal.until("[y/n] ");
    terminal.send("y\r");
    terminal.until("Write 2 other customers");
    terminal.until("[y/n] ");
    terminal.signal(Signal::SIGINT);
    let (code, shown) = terminal.end();
    assert_eq!((code, posts(&world)), (10, 3), "{shown}");
    assert!(!shown.contains("takes it back"), "an action cannot be taken back: {shown}");
    bulk(&world, &["resume", "--last"]).fails(2, &["send 2 status actions, charging 226.00 CAD,"]);
}

#[test]
fn a_row_whose_price_cannot_be_read_is_not_sent() {
    let world = world_of(&["Draft", "Draft"]);
    world.fault("preview@1:status=500");
    let file = file(&world, &["activate:all-subscriptions", "activate:all-subscriptions"]);
    let run = update(&world, &file, &["--yes", "--max-total", "226", "--jobs", "1"]);
    assert_eq!((run.code, posts(&world)), (10, 1), "{}", run.stderr);
    run.says(&["(cannot be sent)", "warning: row 1, customer 2000001: failed: "]);
    assert_eq!(lines(&run.stdout)[0]["outcome"], "failed");
    let resumed = bulk(&world, &["resume", "--last"]);
    resumed.fails(2, &["Go on with the run", "send 1 status action, charging 113.00 CAD,"]);
    let resumed = bulk(&world, &["resume", "--last", "--yes", "--max-total", "113"]);
    assert_eq!((resumed.code, posts(&world)), (0, 2), "{}", resumed.stderr);
}

#[test]
fn the_rows_beyond_a_limit_are_asked_for_when_the_run_is_resumed() {
    let world = world_of(&["Draft", "Draft", "Draft"]);
    let file = file(&world, &["activate:all-subscriptions"; 3]);
    let run = update(&world, &file, &["--yes", "--max-total", "113", "--limit", "1"]);
    assert_eq!((run.code, posts(&world)), (0, 1), "{}", run.stderr);
    bulk(&world, &["resume", "--last", "--yes"]).fails(2, &["--yes alone does not say"]);
    bulk(&world, &["resume", "--last"]).fails(2, &["send 2 status actions, charging 226.00 CAD,"]);
    let resumed = bulk(&world, &["resume", "--last", "--yes", "--max-total", "226"]);
    assert_eq!((resumed.code, posts(&world)), (0, 3), "{}", resumed.stderr);
}

#[test]
fn a_precondition_of_an_action_is_checked() {
    let world = world_of(&["Active"]);
    let rows = format!("id,action,modifiedTimestamp\n{FIRST},hold,2020-01-01T00:00:00\n");
    let run = bulk_of(&world, &["update", "-", "--yes", "-o", NDJSON], rows);
    assert_eq!((run.code, posts(&world)), (10, 0), "{}", run.stderr);
    assert_eq!(lines(&run.stdout)[0]["outcome"], "conflict");
}

#[test]
fn a_read_only_profile_plans_actions_and_sends_none() {
    let world = world_of(&["Draft"]);
    let folder = world.home.path().join(".config/fusebill");
    std::fs::create_dir_all(&folder).expect("the home can be written");
    std::fs::write(folder.join("config.toml"), "[profiles.default]\nread_only = true\n")
        .expect("it can be written");
    let file = file(&world, &["activate:all-subscriptions"]);
    assert_eq!(bulk(&world, &["plan", &file]).code, 0);
    assert_eq!((update(&world, &file, &["--yes", "--max-total", "113"]).code, posts(&world)), (2, 0));
}

/// Carries a file out with a process that is killed, and started again or resumed, until it is done.
fn killed_until_done(world: &World, update: &[&str], random: &mut Random) -> usize {
    for kills in 0.. {
        let run = runs(world).pop();
        let arguments = match &run {
            Some(run) => vec!["resume", run.as_str(), "--jobs", "4"],
            // It was killed before the first action, so nothing is left of it.
            None => update.to_vec(),
        };
        let seen = world.requests().len();
        let most = if run.is_some() { 30 } else { 48 };
        if !killed_at(world, start(world, &arguments), seen + 1 + random.below(most)) {
            return kills;
        }
    }
    unreachable!("it ends some time")
}

#[test]
fn killed_and_resumed_no_action_is_sent_twice() {
    const ROWS: u64 = 12;
    let (mut kills, mut written) = (0, 0);
    let mut random = Random(29);
    for _ in 0..6 {
        let world = world_of(&["Draft"; ROWS as usize]);
        let file = file(&world, &["activate:all-subscriptions"; ROWS as usize]);
        let update = ["update", &file, "--yes", "--max-total", "1356", "--jobs", "4"];
        kills += killed_until_done(&world, &update, &mut random);
        let rows = lines(&bulk(&world, &["list", &latest(&world), "-o", NDJSON]).stdout);
        assert_eq!(rows.len() as u64, ROWS);
        for (at, row) in (0..).zip(&rows) {
            let moved = cents(&world, at);
            assert!(moved.len() <= 1, "customer {at} was charged {moved:?}");
            match row["outcome"].as_str() {
                Some("written") => assert_eq!(moved, [11_300], "{row}"),
                // Killed between the record and the answer: resume does not send it again, and says so.
                Some("unknown" | "undecided") => assert_eq!(moved, [0; 0], "{row}"),
                other => panic!("{other:?}: {row}"),
            }
            written += moved.len();
        }
        assert!(
            posts_by_customer(&world).values().all(|posts| *posts == 1),
            "{:?}",
            posts_by_customer(&world)
        );
    }
    assert!(kills > 6 && written > 6, "killed {kills} times, {written} written");
}

/// Faults of the requests of a run.
const FAULTS: [&[&str]; 12] = [
    &["post@2*2:lost-before"],
    &["post@2*2:lost-after"],
    &["post@2*2:cut"],
    &["post@2*2:status=500"],
    &["post@2*2:status-after=500"],
    &["post@2*2:status=409"],
    &["post@2*2:redirect=302"],
    &["post@2*2:null"],
    &["post@2*2:done-first"],
    &["post@2*2:late=60m"],
    &["preview@8*2:price=5.00"],
    &["post*all:lost-after", "get@8*all:status=404"],
];

#[test]
fn with_every_fault_a_row_is_charged_at_most_once_and_its_outcome_is_true() {
    for faults in FAULTS {
        let world = world_of(&["Draft", "Hold", "Draft", "Hold", "Active"]);
        faults.iter().for_each(|fault| world.fault(fault));
        let (activate, unhold) = ("activate:all-subscriptions", "unhold:last-missed");
        let file = file(&world, &[activate, unhold, activate, unhold, "hold"]);
        let run = update(&world, &file, &["--yes", "--max-total", "1000", "--jobs", "2"]);
        let by_another = faults == ["post@2*2:done-first"];
        for row in lines(&run.stdout) {
            let at = row["row"].as_u64().expect("a number") - 1;
            let (moved, outcome) = (cents(&world, at), row["outcome"].as_str().expect("an outcome"));
            let is_charged = !moved.is_empty();
            let charges = at != 4;
            let is_true = match outcome {
                "written" => is_charged == charges,
                "conflict" => !is_charged || by_another,
                "refused" | "failed" | "unchanged" | "not-reached" => !is_charged,
                _ => true,
            };
            assert!(is_true && moved.len() <= 1, "{faults:?}: {moved:?}, {row}\n{}", run.stderr);
        }
        let sent = posts_by_customer(&world);
        assert!(sent.values().all(|posts| *posts == 1), "{faults:?}: {sent:?}");
        super::take_faults_back(&world);
        grow_old(&world);
        for command in ["resume", "retry"] {
            bulk(&world, &[command, "--last", "--yes", "--max-total", "1000"]);
        }
        let twice = posts_by_customer(&world).into_iter().filter(|(_, posts)| *posts > 1).count();
        let may_repeat = faults.iter().any(|fault| fault.ends_with("status=409"));
        assert!(twice == 0 || may_repeat, "{faults:?}: {:?}", posts_by_customer(&world));
        assert!((0..5).all(|at| cents(&world, at).len() <= 1), "{faults:?}");
    }
}

fn asked(world: &World) -> Terminal {
    let file = file(world, &["activate:all-subscriptions", "activate:all-subscriptions", "hold"]);
    let mut terminal = Terminal::start(world.command(["customer", "bulk", "update", &file]));
    let shown = unwrapped(&terminal.until("[y/n] "));
    for text in ["Send 3 status actions", "charging 226.00 CAD,", "profile default", "all"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    terminal
}

#[test]
fn a_yes_sends_every_action_once_and_a_no_sends_nothing() {
    for (answer, code, sent) in [("y\r", 0, 3), ("n\r", 11, 0)] {
        let world = world_of(&["Draft", "Draft", "Active"]);
        let mut terminal = asked(&world);
        assert_eq!(posts(&world), 0);
        terminal.send(answer);
        let (ended, shown) = terminal.end();
        assert_eq!((ended, posts(&world)), (code, sent), "{shown}");
    }
}

#[test]
fn the_first_three_actions_are_shown_before_the_others_are_sent() {
    for (answer, code, sent) in [("y\r", 0, 5), ("n\r", 10, 3)] {
        let world = world_of(&["Active"; 5]);
        let file = file(&world, &["hold"; 5]);
        let mut terminal = Terminal::start(world.command(["customer", "bulk", "update", &file]));
        terminal.until("[y/n] ");
        terminal.send("y\r");
        terminal.until("Write 2 other customers on ");
        terminal.until("[y/n] ");
        assert_eq!(posts(&world), 3);
        terminal.send(answer);
        let (ended, shown) = terminal.end();
        assert_eq!((ended, posts(&world)), (code, sent), "{shown}");
    }
}

#[test]
fn a_price_that_moves_while_the_question_is_open_is_a_conflict_for_that_row() {
    let world = world_of(&["Draft", "Draft", "Active"]);
    let mut terminal = asked(&world);
    world.fault("preview:price=5.00");
    terminal.send("y\r");
    let (code, shown) = terminal.end();
    assert_eq!((code, posts(&world)), (10, 2), "{shown}");
    assert!(unwrapped(&shown).contains("the price changed since it was confirmed"), "{shown}");
}

#[test]
fn a_no_after_the_first_rows_revokes_the_consent_to_the_others() {
    let world = world_of(&["Draft"; 5]);
    let file = file(&world, &["activate:all-subscriptions"; 5]);
    let mut terminal = Terminal::start(world.command(["customer", "bulk", "update", &file]));
    let asked = unwrapped(&terminal.until("[y/n] "));
    assert!(asked.contains("charging 565.00 CAD,"), "{asked}");
    terminal.send("y\r");
    let asked = unwrapped(&terminal.until("[y/n] "));
    assert!(asked.contains("First rows, verified: 3 written."), "{asked}");
    terminal.send("n\r");
    let (code, shown) = terminal.end();
    assert_eq!((code, posts(&world)), (10, 3), "{shown}");
    bulk(&world, &["resume", "--last"]).fails(2, &["send 2 status actions, charging 226.00 CAD,"]);
    let resumed = bulk(&world, &["resume", "--last", "--yes", "--max-total", "226"]);
    assert_eq!((resumed.code, posts(&world)), (0, 5), "{}", resumed.stderr);
}
