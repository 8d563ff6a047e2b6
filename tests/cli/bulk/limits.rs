//! A server that has told its limit is never asked beyond it.

use std::time::Duration;

use fusebill::sandbox::{Limits, Options};
use jiff::SignedDuration;

use super::signals::Running;
use super::{FIRST, bulk_of, fleet_in, names};
use crate::world::World;

/// Writes rows where a window of one second allows so many requests, and gives how many were refused.
fn refused(per_minute: u32, rows: u64, jobs: &str, reset: &str) -> usize {
    refused_by(super::boundless(), per_minute, rows, jobs, reset)
}

fn refused_by(mut options: Options, per_minute: u32, rows: u64, jobs: &str, reset: &str) -> usize {
    options.limits.per_minute = per_minute;
    options.limits.minute = Duration::from_secs(1);
    options.behaviour.set(reset).expect("a behaviour");
    let world = fleet_in(World::with(options), rows);
    let run = bulk_of(&world, &["update", "-", "--yes", "--jobs", jobs, "-o", "json"], names(rows, "Paced"));
    assert_eq!((run.code, &run.json()["rows"]["written"]), (0, &rows.into()), "{}", run.stderr);
    assert!(!run.stderr.contains("waiting"), "no wait is of several seconds: {}", run.stderr);
    assert!(world.stored(FIRST).contains("Paced"));
    assert_eq!(world.puts().len() as u64, rows);
    world.requests().iter().filter(|request| request.status == Some(429)).count()
}

#[test]
fn no_request_is_refused_with_fifty_requests_a_window() {
    assert_eq!(refused(50, 80, "4", "reset=iso"), 0);
}

#[test]
fn no_request_is_refused_if_the_reset_is_in_seconds() {
    assert_eq!(refused(50, 80, "4", "reset=epoch"), 0);
}

#[test]
fn no_request_is_refused_with_more_workers_than_requests_a_window() {
    assert_eq!(refused(10, 30, "16", "reset=iso"), 0);
}

#[test]
fn a_reset_is_read_by_the_server_s_clock() {
    for (minutes, reset) in [(10, "reset=iso"), (10, "reset=epoch"), (-10, "reset=iso")] {
        let clock = SignedDuration::from_mins(minutes);
        let options = Options { clock, ..super::boundless() };
        assert_eq!(refused_by(options, 50, 80, "4", reset), 0, "{minutes} {reset}");
    }
}

#[test]
fn a_429_is_waited_for_by_the_server_s_clock() {
    for minutes in [10, -10] {
        let clock = SignedDuration::from_mins(minutes);
        let world = World::with(Options { clock, ..Options::default() });
        world.fault("put:rate-limit=1");
        let run = world.update(&["--first-name", "John", "--timeout", "20"]);
        assert_eq!((run.code, world.puts().len()), (0, 2), "{minutes} {run:#?}");
    }
}

#[test]
fn rows_that_wait_for_the_limit_hold_no_customer_lock() {
    let mut options = super::boundless();
    options.limits.per_minute = 6;
    let (world, elsewhere) = (fleet_in(World::with(options), 10), super::fleet(10));
    let file = world.file("rows.csv", names(10, "Waits"));
    let mut running = Running::start(&world, &["update", &file, "--yes", "--jobs", "10"]);
    while world.requests().len() < 6 {
        std::thread::yield_now();
    }
    let update = ["customer", "update", &(FIRST + 9).to_string(), "--first-name", "Now", "--timeout", "9"];
    let run = world.run_with(&[("FUSEBILL_BASE_URL", &elsewhere.server.base_url())], &update);
    assert_eq!((run.code, elsewhere.stored(FIRST + 9).contains("Now")), (0, true), "{}", run.stderr);
    running.interrupt();
    running.until_said("finishing the rows in flight");
    assert_eq!(running.end().0, Some(130));
    assert_eq!((world.requests().len(), world.puts().len()), (6, 3));
}

#[test]
fn the_default_limits_are_those_of_a_live_account() {
    let limits = Options::default().limits;
    assert_eq!(limits, Limits { per_minute: 1_000, per_day: 180_000, minute: Duration::from_secs(60) });
}
