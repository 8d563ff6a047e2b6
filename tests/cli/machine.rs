//! A machine that is against us: full disks, folders that are no folders, planted links, limits, a clock that was put
//! back. Whatever it is, nothing is sent without a record, and nothing is claimed that is not so.

mod between;
mod clock;
mod full;
mod homes;
mod killed;
mod limits;
mod links;
mod streams;
mod together;

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::world::{Run, World, finished};

/// How long anything may take that takes next to no time.
const PATIENCE: Duration = Duration::from_secs(60);

const JOHN: [&str; 5] = ["customer", "update", "123", "--first-name", "John"];

/// The program as a shell starts it, which first does something to itself.
fn behind(world: &World, script: &str, arguments: &[&str]) -> Command {
    let program = world.command(arguments);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", script]).arg(program.get_program()).args(program.get_args()).env_clear();
    shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(world.home.path()).stdin(Stdio::null());
    shell
}

/// The program under a limit that a shell sets.
fn under(world: &World, limit: &str, arguments: &[&str]) -> Run {
    finished(&mut behind(world, &format!("{limit} && exec \"$0\" \"$@\""), arguments))
}

/// The program where no file may be longer than this, in bytes.
pub fn on_a_disk_of(world: &World, bytes: u64, arguments: &[&str]) -> Run {
    let script = format!("exec /usr/bin/prlimit --fsize={bytes} -- \"$0\" \"$@\"");
    finished(&mut behind(world, &script, arguments))
}

fn state(world: &World, name: &str) -> PathBuf {
    world.home.path().join(".local/state/fusebill").join(name)
}

fn config(world: &World, name: &str) -> PathBuf {
    world.home.path().join(".config/fusebill").join(name)
}

fn records(world: &World) -> Vec<Value> {
    world.journal()
}

/// Changes the store behind the program's back.
fn edit_store(world: &World, sql: &str) {
    let store = rusqlite::Connection::open(state(world, "fusebill.db")).expect("the store opens");
    store.execute_batch(sql).expect("the store is changed");
}

fn kinds(world: &World) -> Vec<String> {
    let kind = |record: &Value| record["outcome"].as_str().unwrap_or("intent").to_string();
    records(world).iter().map(kind).collect()
}

/// Asserts that nothing was sent without a record of what was sent.
#[track_caller]
fn is_accounted_for(world: &World) {
    let records = records(world);
    for put in world.puts().iter().filter(|put| !put.is_empty()) {
        assert!(records.iter().any(|record| record["after"] == **put), "no record of {put}");
    }
}

/// Asserts that it was refused before anything was sent that changes something, and that standard error says so.
#[track_caller]
fn wrote_nothing(world: &World, run: &Run, code: i32, says: &[&str]) {
    assert_eq!(run.code, code, "{run:#?}");
    run.says(says);
    run.says(&["Nothing was written."]);
    assert_eq!(world.puts(), Vec::<String>::new());
    assert!(world.stored(123).contains("\"Jon\""));
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
}

/// Asserts that the change was written, and is on record as such.
#[track_caller]
fn wrote_john(world: &World, run: &Run) {
    assert_eq!(run.code, 0, "{run:#?}");
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    assert_eq!((world.puts().len(), kinds(world)), (1, vec!["intent".to_string(), "written".to_string()]));
    assert!(world.stored(123).contains("\"John\""));
    is_accounted_for(world);
}

/// Every file and link below the home.
fn files(world: &World) -> Vec<String> {
    fn below(folder: &std::path::Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry"));
        let all = entries.map(|entry| (entry.path(), entry.file_type().expect("it has a type")));
        all.flat_map(|(path, kind)| if kind.is_dir() { below(&path) } else { vec![path] }).collect()
    }
    let home = world.home.path();
    let name = |path: PathBuf| path.strip_prefix(home).expect("it is below").display().to_string();
    let mut names: Vec<String> = below(home).into_iter().map(name).collect();
    names.sort();
    names
}

fn start(mut command: Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the program starts")
}

fn ended(child: Child) -> Run {
    Run::of(child.wait_with_output().expect("the program ends"))
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

/// Stops a process where it is, until it gets the signal to continue.
fn stop(child: &Child) {
    signal(child, "STOP");
    let stat = format!("/proc/{}/stat", child.id());
    until("it stops", || std::fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") T ")));
}

#[track_caller]
fn until(what: &str, so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        std::thread::yield_now();
    }
}

fn until_seen(world: &World, method: &str) {
    until(method, || world.requests().iter().any(|request| request.method == method));
}
