//! Every status action from every status under every fault, with the money of the sandbox counted: never twice, never
//! without consent, never denied.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use crate::status::posts;
use crate::world::{Run, World, all};

const CUSTOMERS: [(&str, u64); 5] =
    [("Draft", 1017), ("Active", 123), ("Hold", 1019), ("Suspended", 1020), ("Cancelled", 1021)];

/// The action, its arguments, and the status that it leads to.
const ACTIONS: [(&str, &[&str], &str); 7] = [
    ("activate", &["--all-subscriptions", "--all-purchases"], "Active"),
    ("hold", &[], "Hold"),
    ("unhold", &["--charge", "all-missed"], "Active"),
    ("unhold", &["--charge", "none"], "Active"),
    ("cancel", &["--reverse", "full"], "Cancelled"),
    ("cancel", &["--reverse", "unearned"], "Cancelled"),
    ("uncancel", &[], "Active"),
];

/// Faults, one or several for one run.
const FAULTS: [&[&str]; 17] = [
    &[],
    &["post:lost-before"],
    &["post:lost-after"],
    &["post:late=60m"],
    &["post:slow=20ms"],
    &["post:cut"],
    &["post:status=500"],
    &["post:status-after=500"],
    &["post:status=409"],
    &["post:rate-limit=30"],
    &["post:redirect=302"],
    &["post:null"],
    &["post:done-first"],
    &["post:price=5.00"],
    &["post:lost-after", "get@2*all:status=404"],
    &["post:lost-before", "get@2:other-writer=firstName=\"Theirs\""],
    &["preview:status=500", "overview*all:status=404"],
];

/// Where the vendor's documents are silent, both answers.
const BEHAVIOURS: [&[&str]; 2] = [
    &[],
    &["action-refusal=409", "hold-from=active+draft+suspended", "uncancel-to=previous", "collection=fails"],
];

struct Cell {
    status: &'static str,
    id: u64,
    action: (&'static str, &'static [&'static str], &'static str),
    faults: &'static [&'static str],
    behaviour: &'static [&'static str],
}

fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for behaviour in BEHAVIOURS {
        for faults in FAULTS {
            for action in ACTIONS {
                for (status, id) in CUSTOMERS {
                    cells.push(Cell { status, id, action, faults, behaviour });
                }
            }
        }
    }
    cells
}

fn status(world: &World, id: u64) -> String {
    let stored: serde_json::Value = serde_json::from_str(&world.stored(id)).expect("JSON");
    stored["status"].as_str().expect("a text").to_string()
}

/// How many cells sent a request, moved money and ended with exit code 8, so that a matrix that tries nothing is noticed.
#[derive(Default)]
struct Tally {
    sent: AtomicUsize,
    moved: AtomicUsize,
    unknown: AtomicUsize,
}

fn surprise(cell: &Cell, tally: &Tally) -> Option<String> {
    let world = World::behaving(cell.behaviour);
    cell.faults.iter().for_each(|fault| world.fault(fault));
    let id = cell.id.to_string();
    let (name, arguments, _) = cell.action;
    let bound: &[&str] = if matches!(name, "activate" | "unhold") { &["--max-total", "100000"] } else { &[] };
    let run = world.run(&[&["customer", name, &id], arguments, bound, &["--yes"]].concat());
    tally.sent.fetch_add(usize::from(posts(&world) > 0), Relaxed);
    tally.moved.fetch_add(usize::from(!world.server.money(cell.id).is_empty()), Relaxed);
    tally.unknown.fetch_add(usize::from(run.code == 8), Relaxed);
    let problem = judged(cell, &world, &run)?;
    Some(format!(
        "{} {name} {arguments:?} {:?} {:?}: {problem} (exit {})\n{}",
        cell.status, cell.faults, cell.behaviour, run.code, run.stderr
    ))
}

/// What is wrong with what the program did or said.
fn judged(cell: &Cell, world: &World, run: &Run) -> Option<String> {
    let (sent, money, now) = (posts(world), world.server.money(cell.id), status(world, cell.id));
    let by_another = cell.faults.contains(&"post:done-first") && now != cell.status;
    let ours = money.len() - usize::from(by_another && !money.is_empty());
    let denies = run.stderr.contains("Nothing was written.") || run.stderr.contains("Nothing was sent.");
    let (_, _, target) = cell.action;
    let reached = if cell.action.0 == "uncancel" { now != "Cancelled" } else { now == target };
    let outcome =
        world.journal().last().map(|record| record["outcome"].as_str().unwrap_or("open").to_string());
    let problem = match () {
        () if sent > 1 => "it was sent twice",
        () if money.len() > 1 => "money moved twice",
        () if ours > 0 && sent == 0 => "money moved without a request",
        () if ours > 0 && denies => "money moved, and it is denied",
        () if now != cell.status && !by_another && denies => "the status changed, and it is denied",
        () if run.code == 0 && sent > 0 && !reached => "done is claimed, and it is not",
        () if sent == 0 && !denies && run.code != 2 => "nothing was sent, and that is not said",
        () if ours > 0 && outcome.as_deref() == Some("not-written") => "the journal denies it",
        () if run.code == 8 && outcome.as_deref() != Some("unknown") => {
            "the journal does not say that it is unknown"
        }
        () if sent > 0 && outcome.is_none() => "it was sent without a record",
        () if ![0, 1, 3, 5, 6, 7, 8, 9].contains(&run.code) => "no such exit code was expected",
        () => return None,
    };
    Some(problem.to_string())
}

#[test]
fn money_moves_at_most_once_and_is_never_denied() {
    let cells = cells();
    assert_eq!(cells.len(), 2 * 17 * 7 * 5);
    let tally = Tally::default();
    let surprises = all(cells.iter(), |cell| surprise(cell, &tally));
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
    let counts = [&tally.sent, &tally.moved, &tally.unknown].map(|count| count.load(Relaxed));
    println!("sent {}, moved {}, unknown {}", counts[0], counts[1], counts[2]);
    assert!(counts[0] > 300 && counts[1] > 100 && counts[2] > 50, "{counts:?}");
}

#[test]
fn no_action_is_sent_without_consent() {
    let surprises = all(cells().iter().filter(|cell| cell.faults.is_empty()), |cell| {
        let world = World::behaving(cell.behaviour);
        let id = cell.id.to_string();
        let (name, arguments, _) = cell.action;
        world.run(&[&["customer", name, &id], arguments].concat());
        world.run(&[&["customer", name, &id], arguments, &["--preview"]].concat());
        let is_untouched = status(&world, cell.id) == cell.status && world.server.money(cell.id).is_empty();
        (posts(&world) > 0 || !is_untouched).then(|| format!("{name} of {id} was sent"))
    });
    assert_eq!(surprises, Vec::<String>::new());
}
