//! `customer bulk`: many customers from a file, whatever goes wrong on the way.

mod actions;
mod interrupted;
mod killed;
pub use killed::take_faults_back;
mod limits;
mod many;
mod mistakes;
mod plans;
mod progress;
mod rehearsal;
mod round_trip;
mod signals;
mod stops;
mod undone;

use std::collections::BTreeMap;

use fusebill::sandbox::{Limits, Options, seed};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::world::{Run, World};

/// The id of the first customer of a fleet.
const FIRST: u64 = 1_000_001;

/// No limit that a test would reach, and a memory for all that is sent.
fn boundless() -> Options {
    let limits = Limits { per_minute: 100_000_000, per_day: 100_000_000, ..Limits::default() };
    Options { limits, remembered: 1_000_000, ..Options::default() }
}

/// A world with so many more customers, copies of the seed's.
pub(crate) fn fleet(count: u64) -> World {
    fleet_in(World::with(boundless()), count)
}

fn fleet_in(world: World, count: u64) -> World {
    let seeds: Vec<&str> = seed().filter(|text| references(text)).collect();
    for (at, text) in (0..count).zip(seeds.iter().cycle()) {
        world.server.store(&with_id(text, FIRST + at)).expect("the sandbox takes a customer");
    }
    world
}

fn ids(count: u64) -> impl Iterator<Item = u64> {
    FIRST..FIRST + count
}

/// Whether it has the object that the references stand in.
fn references(text: &str) -> bool {
    let value: Value = serde_json::from_str(text).expect("a seed is JSON");
    value["customerReference"].is_object()
}

/// A copy of a document with another id, and every other byte as it was.
fn with_id(text: &str, id: u64) -> String {
    let own: BTreeMap<String, &RawValue> = serde_json::from_str(text).expect("a customer is an object");
    let token = own["id"].get();
    let start = token.as_ptr() as usize - text.as_ptr() as usize;
    format!("{}{id}{}", &text[..start], &text[start + token.len()..])
}

/// Every member and its token, those of the two inner objects too; without the time of the last change.
fn tokens(text: &str) -> BTreeMap<String, String> {
    let members = |text: &str| -> BTreeMap<String, Box<RawValue>> {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    };
    let mut all = BTreeMap::new();
    for (key, token) in members(text) {
        if key.starts_with("customer") && token.get().starts_with('{') {
            let inner = members(token.get());
            all.extend(
                inner.into_iter().map(|(name, token)| (format!("{key}.{name}"), token.get().to_string())),
            );
        } else if key != "modifiedTimestamp" {
            all.insert(key, token.get().to_string());
        }
    }
    all
}

/// What the world holds of a fleet.
fn held(world: &World, count: u64) -> Vec<String> {
    ids(count).map(|id| world.stored(id)).collect()
}

/// Asserts that every customer is byte for byte as it was.
#[track_caller]
fn same(now: &[String], then: &[String]) {
    for (now, then) in now.iter().zip(then) {
        assert_eq!(crate::world::without_timestamp(now), crate::world::without_timestamp(then));
    }
}

/// `customer bulk` with these arguments.
fn bulk(world: &World, arguments: &[&str]) -> Run {
    world.run(&[&["customer", "bulk"], arguments].concat())
}

/// `customer bulk` with these arguments and this on standard input.
fn bulk_of(world: &World, arguments: &[&str], input: impl AsRef<[u8]>) -> Run {
    world.pipe(&[&["customer", "bulk"], arguments].concat(), input.as_ref())
}

/// A file that gives every customer of a fleet the same first name.
pub(crate) fn names(count: u64, name: &str) -> String {
    let rows: String = ids(count).map(|id| format!("{id},{name}\n")).collect();
    format!("id,firstName\n{rows}")
}

/// The names of the runs, the newest first.
fn runs(world: &World) -> Vec<String> {
    let listed = bulk(world, &["list", "-o", "json"]).json();
    let name = |run: &Value| run["run"].as_str().expect("a run has a name").to_string();
    listed["runs"].as_array().expect("a list").iter().map(name).collect()
}

pub fn latest(world: &World) -> String {
    runs(world).swap_remove(0)
}

/// Lines of NDJSON.
fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect()
}

/// What became of the rows, by row.
fn outcomes(lines: &[Value]) -> Vec<(u64, String)> {
    let row = |line: &Value| {
        let outcome = line["outcome"].as_str().expect("a row has an outcome").to_string();
        (line["row"].as_u64().expect("a row has a number"), outcome)
    };
    let mut all: Vec<_> = lines.iter().map(row).collect();
    all.sort();
    all
}

/// How many rows ended so.
fn count(lines: &[Value], outcome: &str) -> usize {
    lines.iter().filter(|line| line["outcome"] == outcome).count()
}

/// A PUT: the status it was answered with, and its body.
type Put = (Option<u16>, Vec<u8>);

/// The PUTs that each customer was sent.
fn puts_by_customer(world: &World) -> BTreeMap<u64, Vec<Put>> {
    let mut puts: BTreeMap<u64, Vec<Put>> = BTreeMap::new();
    for put in world.requests().into_iter().filter(|request| request.method == "PUT") {
        let Ok(text) = std::str::from_utf8(&put.body) else { continue };
        let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) else { continue };
        let id = members["id"].get().parse().expect("an id is a number");
        puts.entry(id).or_default().push((put.status, put.body.clone()));
    }
    puts
}
