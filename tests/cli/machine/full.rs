//! Disks that are full: every file that is written fails once, and what was promised holds.

use std::os::unix::fs::symlink;

use fusebill::sandbox::KEY;

use super::{JOHN, config, files, is_accounted_for, kinds, on_a_disk_of, state, wrote_john, wrote_nothing};
use crate::safety::key_is_nowhere;
use crate::world::World;

/// The store's files grow by pages, so that rooms of as many pages meet every write.
const PAGE: u64 = 4096;

#[test]
fn a_full_disk_never_loses_the_record_of_a_sent_change() {
    let (mut refused, mut unrecorded, mut written) = (0, 0, 0);
    for room in [0, 1, 511].into_iter().chain((1..60).map(|pages| pages * PAGE + 100)) {
        let world = World::new();
        let run = on_a_disk_of(&world, room, &JOHN);
        is_accounted_for(&world);
        assert!(!run.stderr.contains("panicked"), "{room}: {}", run.stderr);
        if run.code == 1 {
            wrote_nothing(&world, &run, 1, &["fusebill", "--no-journal"]);
            wrote_john(&world, &world.run(&JOHN));
            refused += 1;
            continue;
        }
        assert_eq!((run.code, world.puts().len()), (0, 1), "{room}: {run:#?}");
        run.says(&["Written and verified: 1 changed."]);
        if kinds(&world) == ["intent", "written"] {
            written += 1;
            continue;
        }
        run.says(&["warning: the outcome of entry ", "is not recorded", "fusebill.db"]);
        assert_eq!(kinds(&world), ["intent"]);
        let next = world.run(&["customer", "update", "123", "--title", "dr", "--dry-run"]);
        next.says(&["has no known outcome", "customer history 123 --resolve"]);
        let resolved = world.run(&["customer", "history", "--resolve"]);
        assert_eq!(resolved.code, 0, "{resolved:#?}");
        assert_eq!(kinds(&world), ["intent", "written"]);
        let undone = world.run(&["customer", "undo", "--last"]);
        assert_eq!(undone.code, 0, "{undone:#?}");
        assert!(world.stored(123).contains("\"Jon\""));
        unrecorded += 1;
    }
    assert!(refused > 5 && unrecorded > 0 && written > 5, "{refused} {unrecorded} {written}");
}

#[test]
fn a_device_in_the_place_of_the_store_keeps_everything_from_being_sent() {
    let world = World::new();
    std::fs::create_dir_all(state(&world, "")).expect("a folder is made");
    symlink("/dev/full", state(&world, "fusebill.db")).expect("a link is made");
    let run = world.run(&JOHN);
    wrote_nothing(&world, &run, 1, &["fusebill.db", "--no-journal"]);
    let run = world.run(&[&JOHN[..], &["--no-journal"]].concat());
    assert_eq!((run.code, run.undo, world.puts().len()), (0, None, 1), "{}", run.stderr);
}

#[test]
fn a_bad_log_is_ignored_and_a_damaged_store_is_refused_and_kept() {
    let world = World::new();
    wrote_john(&world, &world.run(&JOHN));
    for torn in [&b"{"[..], &[0; 5_000], &[0xff; 40_000]] {
        std::fs::write(state(&world, "fusebill.db-wal"), torn).expect("it is written");
        assert_eq!(kinds(&world), ["intent", "written"]);
    }
    let mut store = std::fs::read(state(&world, "fusebill.db")).expect("it is there");
    store.chunks_mut(4096).skip(1).for_each(|page| page[..50].fill(0xff));
    std::fs::write(state(&world, "fusebill.db"), &store).expect("it is written");
    let run = world.run(&["customer", "update", "123", "--first-name", "Jim"]);
    assert_eq!((run.code, world.puts().len()), (1, 1), "{run:#?}");
    run.says(&["is damaged", ".recover", "move the damaged file away", "Nothing was written."]);
    assert_eq!(std::fs::read(state(&world, "fusebill.db")).expect("it is there"), store);
}

#[test]
fn a_run_on_a_full_disk_stops_and_resume_writes_the_rest_once() {
    const ROWS: u64 = 6;
    let ids = [123, 1016, 1020, 1001, 1002, 1003];
    let mut refused = 0;
    let mut partial = 0;
    for room in (0..40).map(|pages| pages * 2 * PAGE + 100) {
        let world = World::new();
        let rows: String = ids.iter().map(|id| format!("{id},Full\n")).collect();
        let file = world.file("rows.csv", format!("id,middleName\n{rows}"));
        let run = on_a_disk_of(&world, room, &["customer", "bulk", "update", &file, "--yes", "--jobs", "1"]);
        assert!([0, 1, 2, 10].contains(&run.code), "{room}: {run:#?}");
        assert!(!run.stderr.contains("panicked"), "{room}: {}", run.stderr);
        is_accounted_for(&world);
        if matches!(run.code, 1 | 2) {
            run.says(&["Nothing was written."]);
            assert_eq!(world.puts().len(), 0, "{room}: {run:#?}");
            refused += 1;
            continue;
        }
        partial += u32::from(run.code == 10);
        let run = crate::bulk::latest(&world);
        let resumed = world.run(&["customer", "bulk", "resume", &run, "--jobs", "1"]);
        assert_eq!(resumed.code, 0, "{room}: {resumed:#?}");
        resumed.says(&[]);
        assert_eq!(world.puts().len() as u64, ROWS, "{room}: {:?}", world.lines());
        assert!(ids.iter().all(|id| world.stored(*id).contains("\"Full\"")), "{room}");
        is_accounted_for(&world);
    }
    assert!(refused >= 1 && partial >= 3, "{refused} were refused, {partial} came to a part");
}

#[test]
fn no_editor_starts_on_a_full_disk_and_no_file_is_left() {
    for room in [0, 100, 1_000] {
        let world = World::new();
        let trace = world.home.path().join("trace");
        let editor = world.file("ed", format!("#!/bin/sh\n: > '{}'\n", trace.display()));
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(&editor, mode).expect("it may be run");
        let script = format!(
            "export EDITOR='{editor}' PATH=/usr/bin:/bin; exec prlimit --fsize={room} -- \"$0\" \"$@\""
        );
        let run = crate::world::finished(&mut super::behind(
            &world,
            &script,
            &["customer", "edit", "123", "--yes"],
        ));
        wrote_nothing(&world, &run, 1, &["the text could be lost", "File too large"]);
        assert!(!trace.exists());
        let left: Vec<String> =
            files(&world).into_iter().filter(|name| name.contains("/.fusebill-partial")).collect();
        assert_eq!(left, [""; 0]);
    }
}

#[test]
fn a_profile_or_key_write_on_a_full_disk_keeps_the_old_file() {
    let world = World::new();
    assert_eq!(world.run(&["profile", "set", "live", "--label", "LIVE"]).code, 0);
    let before = std::fs::read(config(&world, "config.toml")).expect("it is there");
    for room in [0, 10] {
        let run = on_a_disk_of(&world, room, &["profile", "set", "live", "--label", "OTHER", "--jobs", "3"]);
        run.fails(1, &["cannot write", "config.toml", "File too large"]);
        assert_eq!(std::fs::read(config(&world, "config.toml")).expect("it is there"), before);
        let script = format!(
            "unset FUSEBILL_API_KEY; exec /usr/bin/prlimit --fsize={room} -- \"$0\" \"$@\" < key.txt"
        );
        world.file("key.txt", KEY);
        let mut login = super::behind(&world, &script, &["auth", "login", "--with-key-stdin"]);
        let run = crate::world::finished(&mut login);
        std::fs::remove_file(world.home.path().join("key.txt")).expect("it is removed");
        assert_eq!(run.code, 1, "{run:#?}");
        run.says(&["keys", "File too large"]);
        key_is_nowhere(&world, &run, &KEY[..10]);
        let left: Vec<String> =
            files(&world).into_iter().filter(|name| name.contains("/.fusebill-partial")).collect();
        assert_eq!(left, [""; 0]);
    }
    assert!(world.puts().is_empty());
}

#[test]
fn results_and_plans_that_go_to_a_device_leave_the_device_in_its_place() {
    let world = World::new();
    let file = world.file("rows.csv", "id,middleName\n123,Q\n");
    for (device, code) in [("/dev/null", 0), ("/dev/full", 13)] {
        let link = world.home.path().join(format!("to{}", device.replace('/', "-")));
        symlink(device, &link).expect("a link is made");
        let name = link.display().to_string();
        let update = ["customer", "bulk", "update", &file, "--yes", "--results", &name];
        let run = world.run(&update);
        assert_eq!(run.code, code, "{run:#?}");
        let plan = world.run(&["customer", "bulk", "plan", &file, "--out", &name]);
        assert_eq!(plan.code, i32::from(device == "/dev/full"), "{plan:#?}");
        if device == "/dev/full" {
            run.says(&[
                "every row succeeded (1 unchanged); ",
                "dev-full cannot be written",
                "No space left on device",
            ]);
            plan.says(&["dev-full cannot be written", "No space left on device"]);
        }
        assert_eq!(std::fs::read_link(&link).expect("it is a link still").display().to_string(), device);
    }
    assert_eq!((world.puts().len(), kinds(&world)), (1, vec!["intent".to_string(), "written".to_string()]));
}

#[test]
fn results_behind_a_link_are_written_to_its_target() {
    let world = World::new();
    let file = world.file("rows.csv", "id,middleName\n123,Q\n");
    let link = world.home.path().join("results.csv");
    let targets = [world.file("elsewhere.csv", "old"), "not-there-yet.csv".to_string()];
    for target in targets {
        symlink(&target, &link).expect("a link is made");
        let run = world.run(&["customer", "bulk", "update", &file, "--yes", "--results", "results.csv"]);
        assert_eq!(run.code, 0, "{run:#?}");
        assert!(link.is_symlink());
        let written = std::fs::read_to_string(world.home.path().join(target)).expect("it is there");
        assert!(written.starts_with("row,customer,outcome"), "{written}");
        std::fs::remove_file(&link).expect("the link is there");
    }
}
