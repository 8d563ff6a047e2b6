//! The write protocol, explored: the program's own state machine against everything that a server, another client and a
//! crash can do to it, up to a bound.
//!
//! Bounds: two fields of three values, three attempts, three writes of another client, one Ctrl-C, a crash anywhere.

mod actions;
mod documents;
mod explorer;
mod mutants;
mod simulation;
mod traces;
mod world;

use std::time::Instant;

use documents::Second;
use explorer::{Explored, Explorer};
use mutants::Rules;
use world::Bounds;

const WHOLE: Bounds = Bounds { refreshes: 3, foreign: 3, crashes: true, signals: true };

fn holds(bounds: Bounds, second: Second) -> Explored {
    let began = Instant::now();
    let explored = Explorer::new(bounds, second, Rules::default()).run();
    println!("{second:?}: {:.1} s, {}", began.elapsed().as_secs_f32(), explored.told());
    assert!(explored.violations.is_empty(), "{}", explored.told());
    explored
}

#[test]
fn every_property_holds_beside_another_writer() {
    holds(WHOLE, Second::Value);
}

#[test]
fn every_property_holds_with_a_precondition() {
    holds(WHOLE, Second::Expected);
}

#[test]
fn every_property_holds_with_a_precondition_on_a_value_that_moves_by_itself() {
    holds(WHOLE, Second::Derived);
}
