//! Many rows, and something wrong with every twentieth request.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::Value;

use super::{bulk_of, fleet, held, ids, lines, puts_by_customer, tokens};
use crate::world::without_timestamp;

/// What a row asks for: a path and the text it is to hold, or nothing for a null.
type Asked = Vec<(&'static str, Option<String>)>;

fn asked(row: u64) -> Asked {
    let mut asked: Asked = Vec::new();
    let mut set = |path, text: Option<String>| asked.push((path, text));
    if !row.is_multiple_of(3) {
        set("firstName", Some(format!("Näme {row}")));
    }
    match row % 4 {
        0 => set("reference", None),
        1 => set("reference", Some(format!("REF-{row}"))),
        _ => {}
    }
    match row % 5 {
        0 => set("primaryPhone", Some(format!("00{row}"))),
        1 => set("primaryPhone", Some(String::new())),
        _ => {}
    }
    if row.is_multiple_of(2) {
        set("customerReference.reference1", Some(format!("\"quoted, {row}\"")));
    }
    asked
}

fn csv(count: u64) -> String {
    let mut out = "id,firstName,reference,primaryPhone,customerReference.reference1\n".to_string();
    for (row, id) in (1..).zip(ids(count)) {
        let asked: BTreeMap<_, _> = asked(row).into_iter().collect();
        out += &id.to_string();
        for path in ["firstName", "reference", "primaryPhone", "customerReference.reference1"] {
            out += &match asked.get(path) {
                None => ",".to_string(),
                Some(None) => ",#CLEAR".to_string(),
                Some(Some(text)) if text.is_empty() => ",#EMPTY".to_string(),
                Some(Some(text)) => format!(",\"{}\"", text.replace('"', "\"\"")),
            };
        }
        out.push('\n');
    }
    out
}

/// What goes wrong, in turns.
const WRONG: &[&str] = &[
    "status=500",
    "lost-before",
    "lost-after",
    "cut",
    "status=503",
    "html",
    "null",
    "close",
    "empty=502",
    "no-content",
    "message=500",
    "not-utf8",
    "text=504",
    "body={\"id\":1}",
    "status=408",
    "html=200",
    "swap=123",
    "redirect=302",
    "status=422",
    "message=409",
    "lost-after",
    "cut",
];

/// Whether a document holds what a row asks for.
fn holds(tokens: &BTreeMap<String, String>, asked: &Asked) -> bool {
    asked.iter().all(|(path, text)| {
        let token = tokens.get(*path).map_or("null", String::as_str);
        let value: Value = serde_json::from_str(token).expect("a token is JSON");
        match (text, value) {
            (None, value) => value.is_null(),
            (Some(text), Value::String(there)) => *text == there,
            (Some(_), _) => Some(token) == text.as_deref(),
        }
    })
}

fn rows_of_the_environment() -> u64 {
    std::env::var("FUSEBILL_TEST_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(1_000)
}

#[test]
fn every_row_reports_its_stored_outcome_under_many_faults() {
    let count = rows_of_the_environment();
    let world = fleet(count);
    let before = held(&world, count);
    let others: Vec<String> = [123, 124].iter().filter_map(|id| world.server.customer(*id)).collect();
    // Some 2.1 requests a row.
    let faults = count * 21 / 200;
    for (fault, kind) in (0..faults).zip(WRONG.iter().cycle()) {
        world.fault(&format!("any@{}:{kind}", 20 * fault + 7));
    }
    for row in 1..=count / 100 {
        world.fault(&format!("put@{}:truncate=firstName,2", row * 97));
        world.fault(&format!("put@{}:ignore=reference", row * 89));
        world.fault(&format!("put@{}:refuse=No thanks", row * 83));
    }
    world.fault("any@300*2:rate-limit=0");
    let begun = Instant::now();
    let run = bulk_of(
        &world,
        &["update", "-", "--yes", "-o", "ndjson", "--jobs", "8", "--max-failures", "1000"],
        csv(count),
    );
    let took = begun.elapsed();
    let message = lines(&run.stdout);
    assert_eq!((run.code, message.len() as u64), (10, count), "{}", run.stderr);
    let puts = puts_by_customer(&world);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut seen = std::collections::BTreeSet::new();
    for line in &message {
        let row = line["row"].as_u64().expect("a row has a number");
        let id = line["customer"].as_u64().expect("a row has a customer");
        let outcome = line["outcome"].as_str().expect("a row has an outcome");
        assert!(seen.insert(row) && id == super::FIRST + row - 1, "{line}");
        *counts.entry(outcome.to_string()).or_default() += 1;
        let then = &before[usize::try_from(row - 1).expect("a row fits")];
        let stored = world.stored(id);
        let (was, is) = (tokens(then), tokens(&stored));
        let asked = asked(row);
        let untouched = |tokens: &BTreeMap<String, String>| -> BTreeMap<String, String> {
            let mut rest = tokens.clone();
            rest.retain(|path, _| !asked.iter().any(|(asked, _)| asked == path));
            rest
        };
        let (rest_was, rest_is) = (untouched(&was), untouched(&is));
        let error = line["error"].as_str().unwrap_or_default();
        let told =
            |path: &String| ["differs", "unknown"].contains(&outcome) && error.contains(&format!("`{path}`"));
        let moved = rest_was.iter().filter(|(path, token)| rest_is.get(*path) != Some(token));
        assert!(
            moved.clone().all(|(path, _)| told(path)) && rest_was.len() == rest_is.len(),
            "{line}\n{stored}"
        );
        let same = without_timestamp(then) == without_timestamp(&stored);
        match outcome {
            "written" => {
                assert!(holds(&is, &asked) && !same, "{line}\n{stored}");
                let changes = line["changes"].as_array().expect("changes are a list");
                let moved = is.iter().filter(|(path, token)| was.get(*path) != Some(token)).count();
                assert_eq!(changes.len(), moved, "{line}\n{then}\n{stored}");
            }
            "unchanged" => assert!(same && holds(&was, &asked), "{line}\n{stored}"),
            "refused" | "failed" | "credentials" | "not-found" | "conflict" => {
                assert!(same, "{line}\n{then}\n{stored}");
            }
            // Where an answer was lost and the value was cut or not taken as well, the field is named.
            "unknown" => {
                assert!(
                    same || holds(&is, &asked) || error.contains(", stored "),
                    "{line}\n{then}\n{stored}"
                );
            }
            // An answer of 200 that stored nothing is one of these too.
            "differs" => assert!(!holds(&is, &asked) || moved.count() > 0, "{line}\n{then}\n{stored}"),
            other => panic!("{other}: {line}"),
        }
        assert_eq!(error.is_empty(), ["written", "unchanged"].contains(&outcome), "{line}");
        let sent = puts.get(&id).map_or(&[][..], Vec::as_slice);
        // A change that went out on a connection that the server had just closed never got there.
        let attempts = line["attempts"].as_u64().expect("a row tells its attempts");
        assert!((sent.len() as u64..=4).contains(&attempts), "{line}");
        assert!(sent.is_empty() || line["changes"].as_array().is_some_and(|all| !all.is_empty()), "{line}");
        assert!(sent.len() <= 4 && sent.windows(2).all(|two| two[0].1 == two[1].1), "{line}");
    }
    let told: Vec<String> = counts.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
    for part in &told {
        assert!(run.stderr.contains(part.as_str()), "{part} is not in {}", run.stderr);
    }
    assert_eq!(counts.values().sum::<u64>(), count);
    assert!(counts["written"] > count * 4 / 5, "{counts:?}");
    let still: Vec<String> = [123, 124].iter().filter_map(|id| world.server.customer(*id)).collect();
    assert_eq!(still, others);
    let hit = world.requests().iter().filter(|request| request.status != Some(200)).count();
    let (sent, all) = (world.requests().len(), told.join(", "));
    println!("{count} rows, {sent} requests, {faults} faults ({hit} not 200), {took:?}: {all}");
}
