//! The status actions: what is shown, what consent they need, what they say of what happened.

use fusebill::sandbox::{Movement, Recorded};

use crate::terminal::{Terminal, unwrapped};
use crate::world::World;

const ALL: [&str; 3] = ["customer", "activate", "1017"];

fn activate(world: &World, more: &[&str]) -> crate::world::Run {
    world.run(&[&ALL[..], &["--all-subscriptions"], more].concat())
}

/// Whether a request is an action, and not its preview.
pub(crate) fn is_post(request: &Recorded) -> bool {
    let is_preview = request.query.as_deref().is_some_and(|query| query.contains("preview=true"))
        || String::from_utf8_lossy(&request.body).contains("\"preview\":true");
    request.method == "POST" && !is_preview
}

pub(crate) fn posts(world: &World) -> usize {
    world.requests().iter().filter(|request| is_post(request)).count()
}

fn moved(world: &World, id: u64) -> Vec<i64> {
    world.server.money(id).iter().map(|Movement { cents, .. }| *cents).collect()
}

fn status(world: &World, id: u64) -> String {
    let stored: serde_json::Value = serde_json::from_str(&world.stored(id)).expect("JSON");
    stored["status"].as_str().expect("a text").to_string()
}

#[test]
fn a_preview_shows_the_invoice_and_changes_nothing() {
    let world = World::new();
    let run = activate(&world, &["--all-purchases", "--preview"]);
    assert_eq!((run.code, posts(&world), moved(&world, 1017)), (0, 0, vec![]), "{run:#?}");
    for text in ["Draft → Active", "arBalance", "Support plan", "Setup fee", "Tax HST 13 %", "158.20 CAD"] {
        assert!(run.stdout.contains(text), "{text}: {}", run.stdout);
    }
    run.says(&["Preview only: nothing was changed."]);
    assert!(world.journal().is_empty());
}

#[test]
fn consent_off_a_terminal_needs_a_bound() {
    let world = World::new();
    let run = activate(&world, &[]);
    assert_eq!((run.code, posts(&world)), (2, 0), "{run:#?}");
    run.says(&["charge 129.95 CAD?", "--expect-total AMOUNT", "Nothing was written."]);
    let run = activate(&world, &["--yes"]);
    assert_eq!(run.code, 2, "{run:#?}");
    run.says(&["--yes alone does not say how much may be charged"]);
    for bound in [["--expect-total", "130"], ["--max-total", "129.94"]] {
        let run = activate(&world, &[&["--yes"], &bound[..]].concat());
        assert_eq!((run.code, posts(&world)), (6, 0), "{run:#?}");
        run.says(&["it would charge 129.95 CAD", "Nothing was written."]);
    }
    let run = activate(&world, &["--yes", "--expect-total", "129.950"]);
    assert_eq!((run.code, posts(&world), moved(&world, 1017)), (0, 1, vec![12_995]), "{run:#?}");
    run.says(&["Done and verified: the customer is Active. Charged: 129.95 CAD."]);
}

#[test]
fn the_invoice_of_an_unhold_can_stay_a_draft_and_its_preview_shows_charges_of_zero() {
    let world = World::behaving(&["collection=fails"]);
    let unhold = |more: &[&str]| world.run(&[&["customer", "unhold", "1019"], more].concat());
    let run = unhold(&["--charge", "none", "--preview"]);
    assert!(run.stdout.contains("Hosting       0         75.25  0.00"), "{}", run.stdout);
    let run = unhold(&[
        "--charge",
        "last-missed",
        "--no-auto-post",
        "--yes",
        "--expect-total",
        "85.03",
        "-o",
        "json",
    ]);
    assert_eq!((run.code, moved(&world, 1019)), (0, vec![8_503]), "{run:#?}");
    assert!(!world.server.money(1019)[0].posted);
    assert_eq!(run.json()["action"]["option"], "last-missed+no-auto-post");
}

#[test]
fn an_action_without_a_charge_option_names_the_choices() {
    let run = World::new().run(&["customer", "unhold", "1019"]);
    run.fails(2, &["tip: --charge is all-missed, last-missed, none or current-full; `fusebill help status`"]);
    let run = World::new().run(&["customer", "cancel", "1019"]);
    run.fails(2, &["tip: --reverse is none, unearned or full"]);
}

#[test]
fn an_action_without_a_preview_needs_yes() {
    let world = World::new();
    assert_eq!((world.run(&["customer", "hold", "123"]).code, posts(&world)), (2, 0));
    let run = world.run(&["customer", "hold", "123", "--yes"]);
    assert_eq!((run.code, status(&world, 123).as_str()), (0, "Hold"), "{run:#?}");
    run.says(&["The opposite: fusebill customer unhold --charge none 123\n"]);
    assert_eq!(
        world
            .requests()
            .iter()
            .find(|request| request.method == "POST")
            .expect("a POST")
            .header("content-length"),
        Some("0")
    );
}

#[test]
fn a_customer_that_is_there_already_is_no_change() {
    let world = World::new();
    for (command, id) in [("hold", "1019"), ("uncancel", "123")] {
        let run = world.run(&["customer", command, id, "--yes"]);
        assert_eq!((run.code, posts(&world)), (0, 0), "{run:#?}");
        run.says(&["already. Nothing was sent."]);
    }
    let run = world.run(&["customer", "activate", "123", "--yes", "--max-total", "0", "-o", "json"]);
    assert_eq!(run.json()["outcome"], "unchanged");
}

#[test]
fn an_action_documented_as_refused_is_not_sent() {
    let world = World::new();
    for (command, id, hint) in [
        (&["hold"][..], "1021", "`fusebill customer uncancel 1021` leads there"),
        (&["unhold", "--charge", "none"], "1017", "`fusebill customer activate 1017` leads there"),
        (&["activate"], "1020", "the system lifts a suspension"),
    ] {
        let run = world.run(&[&["customer"], command, &[id, "--preview"]].concat());
        assert_eq!((run.code, posts(&world)), (5, 0), "{run:#?}");
        run.says(&[hint, "Nothing was written."]);
    }
}

#[test]
fn a_price_that_changes_before_it_is_sent_is_a_conflict() {
    let world = World::new();
    // The reading takes so long that the customer and the price are read again before the request.
    world.fault("get:latency=1100ms");
    world.fault("preview@2:price=5.00");
    let run = activate(&world, &["--yes", "--max-total", "500"]);
    assert_eq!((run.code, posts(&world), moved(&world, 1017)), (6, 0, vec![]), "{run:#?}");
    run.says(&["the price changed meanwhile: it was 129.95 CAD, and is 141.25 CAD now"]);
}

#[test]
fn a_charge_that_differs_from_its_preview_is_reported() {
    let world = World::new();
    world.fault("post:price=5.00");
    let run = activate(&world, &["--yes", "--max-total", "500", "-o", "json"]);
    assert_eq!((run.code, posts(&world), moved(&world, 1017)), (9, 1, vec![14_125]), "{run:#?}");
    run.says(&["it charged 141.25 CAD, and the preview said 129.95 CAD"]);
    assert_eq!(
        (&run.json()["outcome"], &run.json()["action"]["total"]),
        (&"differs".into(), &serde_json::json!(129.95))
    );
}

#[test]
fn a_balance_that_differs_from_its_preview_is_reported() {
    let world = World::behaving(&["collection=fails"]);
    world.fault("post:price=5.00");
    let run =
        world.run(&["customer", "unhold", "1019", "--charge", "last-missed", "--yes", "--max-total", "500"]);
    assert_eq!((run.code, moved(&world, 1019)), (0, vec![9_068]), "{run:#?}");
    run.says(&[
        "arBalance was 0.00, is now 90.68.",
        "the balance moved by 90.68 GBP, and the preview said 85.03 GBP",
    ]);
}

#[test]
fn an_earlier_action_of_another_client_is_reported_as_a_conflict() {
    let world = World::new();
    world.fault("post:done-first");
    let run = activate(&world, &["--yes", "--max-total", "500"]);
    assert_eq!((run.code, posts(&world), moved(&world, 1017)), (6, 1, vec![12_995]), "{run:#?}");
    run.says(&[
        "another client did this first: the customer is Active now",
        "this request was refused",
        "Nothing was written.",
    ]);
    let slow = World::new();
    slow.fault("get:latency=1100ms");
    slow.fault("get@2:other-writer=status=\"Active\"");
    let run = activate(&slow, &["--yes", "--max-total", "500"]);
    assert_eq!((run.code, posts(&slow)), (6, 0), "{run:#?}");
    run.says(&["another client did this meanwhile: the customer is Active now"]);
}

#[test]
fn a_lost_answer_is_resolved_by_the_status() {
    let world = World::new();
    world.fault("post:lost-after");
    let run = activate(&world, &["--yes", "--max-total", "500"]);
    assert_eq!((run.code, posts(&world), moved(&world, 1017)), (0, 1, vec![12_995]), "{run:#?}");
    run.says(&["the answer was lost, so another client may have done it"]);
    let world = World::new();
    world.fault("post:lost-before");
    let run = activate(&world, &["--yes", "--max-total", "500"]);
    assert_eq!((run.code, posts(&world), moved(&world, 1017)), (8, 1, vec![]), "{run:#?}");
    run.says(&[
        "read again: the customer is Draft",
        "`fusebill customer history 1017 --resolve`",
        "never sent again",
    ]);
    assert!(!run.stderr.contains("Nothing was written"), "{run:#?}");
    let run = world.run(&["customer", "history", "--resolve"]);
    assert_eq!(run.code, 8, "{run:#?}");
    run.says(&["may still be on its way: resolve it in 10 minutes"]);
    assert_eq!(activate(&world, &["--yes", "--max-total", "500"]).code, 0);
}

#[test]
fn an_action_that_arrives_late_is_resolved_as_done() {
    let world = World::new();
    world.fault("post:late=300ms");
    let run = activate(&world, &["--yes", "--max-total", "500"]);
    assert_eq!((run.code, posts(&world)), (8, 1), "{run:#?}");
    while status(&world, 1017) == "Draft" {
        std::thread::yield_now();
    }
    let run = world.run(&["customer", "history", "--resolve"]);
    assert_eq!((run.code, moved(&world, 1017)), (0, vec![12_995]), "{run:#?}");
    run.says(&[": written"]);
}

#[test]
fn a_rate_limit_is_an_answer() {
    let world = World::new();
    world.fault("post:rate-limit=30");
    let run = activate(&world, &["--yes", "--max-total", "500"]);
    assert_eq!((run.code, posts(&world), moved(&world, 1017)), (7, 1, vec![]), "{run:#?}");
    run.says(&["run the same command again in ", "Nothing was written."]);
    assert_eq!(world.journal().last().expect("an entry")["record"], "outcome");
}

#[test]
fn an_action_is_in_the_journal_with_its_preview_and_undo_names_its_opposite() {
    let world = World::new();
    activate(&world, &["--yes", "--max-total", "500"]);
    world.run(&["customer", "hold", "1017", "--yes"]);
    let history = world.run(&["customer", "history", "-o", "json"]).json();
    let action = &history["entries"][1]["action"];
    assert_eq!((&action["name"], &action["total"]), (&"activate".into(), &serde_json::json!(129.95)));
    assert!(action["preview"]["invoicePreview"]["draftCharges"].is_array(), "{history}");
    let entry = history["entries"][1]["entry"].as_str().expect("a name");
    let shown = world.run(&["customer", "history", "show", entry]);
    assert!(shown.stdout.contains("129.95 CAD"), "{}", shown.stdout);
    let run = world.run(&["customer", "undo", entry, "--yes"]);
    assert_eq!(run.code, 6, "{run:#?}");
    run.says(&[
        "it is the status action `activate`, which undo does not take back",
        "an activation cannot be taken back",
    ]);
    let run = world.run(&["customer", "undo", "--last", "--yes"]);
    assert_eq!((run.code, status(&world, 1017).as_str()), (6, "Hold"), "{run:#?}");
    run.says(&["its opposite is `fusebill customer unhold --charge none 1017`"]);
}

#[test]
fn a_read_only_profile_allows_a_preview_and_refuses_the_action() {
    let world = World::new();
    let folder = world.home.path().join(".config/fusebill");
    std::fs::create_dir_all(&folder).expect("the home can be written");
    std::fs::write(folder.join("config.toml"), "[profiles.default]\nread_only = true\n")
        .expect("it can be written");
    assert_eq!(activate(&world, &["--preview"]).code, 0);
    assert_eq!((activate(&world, &["--yes", "--max-total", "500"]).code, posts(&world)), (2, 0));
}

#[test]
fn a_status_update_names_the_advised_action_and_offers_no_undo() {
    let world = World::new();
    let run = world.update(&["--status", "Hold", "--yes"]);
    assert_eq!((run.code, run.undo.clone()), (0, None), "{run:#?}");
    run.says(&["to change a status the vendor advises `fusebill customer hold 123`"]);
}

#[test]
fn numbers_that_the_customer_has_are_no_balances() {
    let run = World::new().run(&["customer", "hold", "12000750", "--preview"]);
    assert!(run.stdout.contains("arBalance") && !run.stdout.contains("primaryPhone"), "{}", run.stdout);
}

fn asked(world: &World) -> Terminal {
    let mut terminal =
        Terminal::start(world.command(["customer", "activate", "1017", "--all-subscriptions"]));
    let shown = terminal.until("charge 129.95 CAD? [y/n] ");
    assert!(shown.contains("Support plan") && shown.contains("Activate customer 1017"), "{shown}");
    terminal
}

#[test]
fn a_yes_sends_the_action_once_and_a_no_sends_nothing() {
    for (answer, code, sent) in [("y\r", 0, 1), ("n\r", 11, 0)] {
        let world = World::new();
        let mut terminal = asked(&world);
        terminal.send(answer);
        let (ended, shown) = terminal.end();
        assert_eq!((ended, posts(&world), moved(&world, 1017).len()), (code, sent, sent), "{shown}");
    }
}

#[test]
fn a_price_that_changes_while_the_question_is_open_is_a_conflict() {
    let world = World::new();
    let mut terminal = asked(&world);
    world.fault("preview:price=5.00");
    terminal.send("y\r");
    let (code, shown) = terminal.end();
    assert_eq!((code, posts(&world)), (6, 0), "{shown}");
    assert!(unwrapped(&shown).contains("the price changed meanwhile: it was 129.95 CAD"), "{shown}");
}

#[test]
fn an_edit_by_another_client_at_the_question_does_not_stop_an_action() {
    let world = World::new();
    let mut terminal = asked(&world);
    world.fault("get:other-writer=firstName=\"Theirs\"");
    terminal.send("y\r");
    let (code, shown) = terminal.end();
    assert_eq!((code, posts(&world)), (0, 1), "{shown}");
    assert!(world.stored(1017).contains("\"firstName\":\"Theirs\""));
}

#[test]
fn an_action_that_another_client_does_while_the_question_is_open_is_not_sent() {
    let world = World::new();
    let mut terminal = asked(&world);
    world.fault("get:other-writer=status=\"Active\"");
    terminal.send("y\r");
    let (code, shown) = terminal.end();
    assert_eq!((code, posts(&world)), (6, 0), "{shown}");
    assert!(shown.contains("another client did this meanwhile"), "{shown}");
}
