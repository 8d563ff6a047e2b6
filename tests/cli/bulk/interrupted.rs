//! A round trip that is interrupted: an exported table is edited and written, something fails in the middle, and the run goes on.
//! At the end every customer is byte for byte what the edits ask for, each row was written once, and an undo restores all.

use std::path::PathBuf;

use serde_json::Value;

use super::killed::{Random, killed_until_done, take_faults_back};
use super::round_trip::{colleague, export, lines};
use super::signals::{Running, until_puts};
use super::{FIRST, boundless, bulk, fleet_in, held, latest, puts_by_customer, runs, same, tokens};
use crate::machine::on_a_disk_of;
use crate::world::{Run, World};

const ROWS: u64 = 32;
const EDITED: usize = 28;

/// The last name is edited in seven of eight rows, and in one of them a reference is cleared too.
struct Trip {
    world: World,
    path: PathBuf,
    before: Vec<String>,
    expected: Vec<String>,
}

impl Trip {
    fn new() -> Trip {
        let world = fleet_in(World::with(boundless()), ROWS);
        let before = held(&world, ROWS);
        let path = export(&world, "customers.csv");
        edit_cells(&path, |row| match row {
            row if row % 8 == 7 => vec![],
            0 => vec![("lastName", name(0)), ("customerReference.reference1", "#CLEAR".to_string())],
            row => vec![("lastName", name(row))],
        });
        let expected = (0..).zip(&before).map(|(row, text)| edited(text, row)).collect();
        Trip { world, path, before, expected }
    }

    fn file(&self) -> String {
        self.path.display().to_string()
    }

    fn update(&self, more: &[&str]) -> Run {
        bulk(&self.world, &[&["update", &self.file(), "--yes"], more].concat())
    }

    fn resume(&self) -> Run {
        bulk(&self.world, &["resume", "--last"])
    }

    /// Asserts the documents, and that each edited row was written once. `lost` is how many PUTs took effect without an answer.
    #[track_caller]
    fn is_written_once(&self, lost: usize) {
        same(&held(&self.world, ROWS), &self.expected);
        let statuses = |puts: Vec<super::Put>| puts.into_iter().map(|put| put.0).collect::<Vec<_>>();
        let puts: Vec<_> = puts_by_customer(&self.world).into_values().map(statuses).collect();
        let written = |statuses: &&Vec<Option<u16>>| statuses.contains(&Some(200));
        let twice = |statuses: &&Vec<Option<u16>>| statuses.iter().filter(|it| **it == Some(200)).count() > 1;
        let unanswered: Vec<_> = puts.iter().filter(|puts| !written(puts)).collect();
        assert_eq!((puts.len(), unanswered.len()), (EDITED, lost), "{puts:?}");
        assert!(!puts.iter().any(|puts| twice(&puts)), "{puts:?}");
        assert!(unanswered.iter().all(|puts| puts.len() == 1), "{puts:?}");
    }

    #[track_caller]
    fn is_taken_back(&self, runs: &[String]) {
        for run in runs {
            let undone = bulk(&self.world, &["undo", run, "--yes"]);
            assert_eq!(undone.code, 0, "{}", undone.stderr);
        }
        same(&held(&self.world, ROWS), &self.before);
    }
}

fn name(row: u64) -> String {
    format!("Edited \"{row}\"")
}

/// Puts values into the cells of an exported file, by row of the fleet.
fn edit_cells(path: &std::path::Path, cells: impl Fn(u64) -> Vec<(&'static str, String)>) {
    let text = lines(path).join("\n");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let mut rows: Vec<Vec<String>> =
        reader.records().map(|row| row.expect("CSV").iter().map(str::to_string).collect()).collect();
    let (header, body) = rows.split_at_mut(1);
    for row in body {
        let at = row[0].parse().ok().and_then(|id: u64| id.checked_sub(FIRST));
        for (column, value) in at.filter(|at| *at < ROWS).map(&cells).unwrap_or_default() {
            let column = header[0].iter().position(|name| name == column).expect("the column");
            row[column] = value;
        }
    }
    let mut writer = csv::Writer::from_path(path).expect("the export can be written");
    rows.iter().for_each(|row| writer.write_record(row).expect("a row"));
    writer.flush().expect("the export can be written");
}

/// The document that the edits of a row ask for.
fn edited(text: &str, row: u64) -> String {
    if row % 8 == 7 {
        return text.to_string();
    }
    let old = tokens(text);
    let last = serde_json::to_string(&name(row)).expect("text is JSON");
    let text =
        text.replacen(&format!("\"lastName\":{}", old["lastName"]), &format!("\"lastName\":{last}"), 1);
    if row > 0 {
        return text;
    }
    let reference = &old["customerReference.reference1"];
    text.replacen(&format!("\"reference1\":{reference}"), "\"reference1\":null", 1)
}

#[test]
fn killed_at_any_moment_it_goes_on_and_so_does_its_undo() {
    let mut kills = 0;
    let mut random = Random(28);
    for _ in 0..4 {
        let trip = Trip::new();
        let update = ["update", &trip.file(), "--yes", "--jobs", "4"];
        kills += killed_until_done(&trip.world, &update, &mut random);
        trip.is_written_once(0);
        let undo = ["undo", &latest(&trip.world), "--yes", "--jobs", "4"];
        kills += killed_until_done(&trip.world, &undo, &mut random);
        same(&held(&trip.world, ROWS), &trip.before);
    }
    assert!(kills > 30, "killed {kills} times");
}

#[test]
fn after_ctrl_c_resume_writes_the_rest() {
    let trip = Trip::new();
    trip.world.fault("put@9*4:latency=1s");
    let mut running = Running::start(&trip.world, &["update", &trip.file(), "--yes"]);
    until_puts(&trip.world, 10);
    running.interrupt();
    running.until_said("finishing the rows in flight");
    let (code, _, stderr) = running.end();
    assert_eq!(code, Some(130), "{stderr}");
    let resumed = trip.resume();
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    trip.is_written_once(0);
    trip.is_taken_back(&[latest(&trip.world)]);
}

/// The faults, the exit code of the update, and how many PUTs took effect without an answer.
const FAULTS: &[(&[&str], i32, usize)] = &[
    (&["put@9*2:rate-limit=1"], 0, 0),
    (&["put@9*2:lost-before"], 0, 0),
    (&["put@9*2:lost-after"], 0, 2),
    (&["put@9:lost-after", "get@10*4:status=500"], 10, 1),
    (&["put@9:lost-before", "get@10*4:status=500"], 10, 0),
    (&["put@9:status-after=500"], 0, 1),
    (&["get@9*4:status=503"], 10, 0),
    (&["any@20*all:status=401"], 10, 0),
];

#[test]
fn after_lost_answers_limits_and_a_revoked_key_resume_writes_each_row_once() {
    let check = |(faults, code, lost): &(&[&str], i32, usize)| {
        let trip = Trip::new();
        faults.iter().for_each(|fault| trip.world.fault(fault));
        let run = trip.update(&["--jobs", "1"]);
        assert_eq!(run.code, *code, "{faults:?}: {}", run.stderr);
        take_faults_back(&trip.world);
        let resumed = trip.resume();
        assert_eq!(resumed.code, 0, "{faults:?}: {}", resumed.stderr);
        trip.is_written_once(*lost);
        trip.is_taken_back(&[latest(&trip.world)]);
        None
    };
    assert_eq!(crate::world::all(FAULTS.iter(), check), [""; 0]);
}

#[test]
fn after_a_full_disk_resume_writes_each_row_once() {
    const PAGE: u64 = 4096;
    let (mut refused, mut partial) = (0, 0);
    for room in (20..180).step_by(8).map(|pages| pages * PAGE + 100) {
        let trip = Trip::new();
        let update = ["customer", "bulk", "update", &trip.file(), "--yes", "--jobs", "1"];
        let run = on_a_disk_of(&trip.world, room, &update);
        assert!(!run.stderr.contains("panicked"), "{room}: {}", run.stderr);
        if run.code == 1 {
            run.says(&["Nothing was written."]);
            assert!(trip.world.puts().is_empty(), "{room}: {}", run.stderr);
            refused += 1;
            continue;
        }
        partial += u32::from(run.code == 10);
        assert!([0, 10].contains(&run.code), "{room}: {}", run.stderr);
        let resumed = trip.resume();
        assert_eq!(resumed.code, 0, "{room}: {}", resumed.stderr);
        trip.is_written_once(0);
        trip.is_taken_back(&[latest(&trip.world)]);
    }
    assert!(refused > 0 && partial > 2, "{refused} were refused, {partial} partly written");
}

#[test]
fn refused_rows_are_written_by_retry() {
    let trip = Trip::new();
    trip.world.fault("put@5*3:refuse=Not now");
    let run = trip.update(&["--jobs", "1", "-o", "json"]);
    assert_eq!((run.code, &run.json()["rows"]["refused"]), (10, &3.into()), "{}", run.stderr);
    let resumed = trip.resume();
    assert_eq!(resumed.code, 10, "{}", resumed.stderr);
    let retried = bulk(&trip.world, &["retry", "--last"]);
    assert_eq!(retried.code, 0, "{}", retried.stderr);
    trip.is_written_once(0);
    trip.is_taken_back(&[latest(&trip.world)]);
}

#[test]
fn the_file_of_failures_is_mended_and_written_as_a_second_run() {
    let trip = Trip::new();
    trip.world.fault("put@5*3:refuse=Not now");
    let run = trip.update(&["--jobs", "1", "--failures", "failures.csv", "--limit", "60"]);
    assert_eq!(run.code, 10, "{}", run.stderr);
    let failures = trip.world.home.path().join("failures.csv");
    let refused = lines(&failures).iter().filter(|line| line.contains("refused: ")).count();
    let rest = lines(&failures).iter().filter(|line| line.ends_with(",not-reached")).count();
    // Rows that were not edited are left out.
    assert_eq!((refused, rest), (3, EDITED - reached(&trip)), "{:?}", lines(&failures));
    let again = ["update", "failures.csv", "--base", "customers.csv.base", "--yes"];
    let again = bulk(&trip.world, &again);
    assert_eq!(again.code, 0, "{}", again.stderr);
    trip.is_written_once(0);
    trip.is_taken_back(&runs(&trip.world));
}

/// How many rows were sent.
fn reached(trip: &Trip) -> usize {
    puts_by_customer(&trip.world).len()
}

#[test]
fn a_change_of_a_colleague_before_resume_stays() {
    let trip = Trip::new();
    let run = trip.update(&["--jobs", "1", "--limit", "50"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let reached = trip.world.puts().len();
    assert!(reached > 2 && reached < EDITED - 2, "{reached}");
    let (beside, same_field) = (FIRST + ROWS - 2, FIRST + ROWS - 3);
    let token = |id: u64, name: &str| tokens(&trip.world.stored(id))[name].clone();
    let change = |id: u64, name: &str| {
        let old = format!("\"{name}\":{}", token(id, name));
        colleague(&trip.world, id, &old, &format!("\"{name}\":\"Theirs\""));
    };
    change(beside, "firstName");
    change(same_field, "lastName");
    let resumed = bulk(&trip.world, &["resume", "--last", "-o", "json"]);
    let rows: &Value = &resumed.json()["rows"];
    assert_eq!((resumed.code, &rows["conflict"]), (10, &1.into()), "{}", resumed.stderr);
    assert_eq!(token(beside, "firstName"), "\"Theirs\"");
    assert_ne!(token(beside, "lastName"), tokens(&trip.before[30])["lastName"]);
    assert_eq!(bulk(&trip.world, &["undo", "--last", "--yes"]).code, 0);
    let theirs = |at: usize, name: &str| {
        let old = format!("\"{name}\":{}", tokens(&trip.before[at])[name]);
        trip.before[at].replacen(&old, &format!("\"{name}\":\"Theirs\""), 1)
    };
    let mut before = trip.before.clone();
    (before[29], before[30]) = (theirs(29, "lastName"), theirs(30, "firstName"));
    same(&held(&trip.world, ROWS), &before);
}
