//! Servers that answer anything at all. Whatever they say and however they say it, the program ends in time and in little
//! memory, prints nothing that steers a terminal, and claims nothing that is not so.

mod bodies;
mod documents;
mod framing;
mod heads;
mod lists;
mod rows;
mod sealed;
pub mod server;
mod waits;
mod words;

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::world::{Run, World, all};
use server::{Request, Says, Server, State};

/// The address space of the program, in KiB.
const MEMORY: &str = "1000000";
/// How much later than its deadline a program may end on a machine that is busy.
const LATE: Duration = Duration::from_secs(8);

/// An answer, by name, and what has to come of it at every moment.
struct Case {
    name: &'static str,
    says: fn(&str) -> Says,
    /// What the failure says where there is one.
    because: &'static str,
    codes: [i32; 4],
}

/// When the answer is given.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Moment {
    /// To every reading.
    Reading,
    /// To every PUT, each of which takes effect; readings are honest.
    Written,
    /// To every PUT, none of which takes effect; readings are honest.
    Dropped,
    /// To every PUT, which takes effect, and to every reading after it.
    Blind,
}

const MOMENTS: [Moment; 4] = [Moment::Reading, Moment::Written, Moment::Dropped, Moment::Blind];
/// A cell that is not tried: the answer is no lie then, or one that nobody can see through.
const SKIP: i32 = -1;

/// A case at a moment.
struct Cell<'a> {
    case: &'a Case,
    moment: Moment,
    code: i32,
    timeout: u64,
}

impl Cell<'_> {
    fn server(&self, before: String) -> Server {
        let (says, moment) = (self.case.says, self.moment);
        Server::new([before], move |state, request| answer(moment, says, state, request))
    }

    /// Runs it, and gives what it did where that is not what the table says.
    fn check(&self) -> Option<String> {
        let world = World::new();
        let before = world.stored(123);
        let server = self.server(before.clone());
        let timeout = self.timeout.to_string();
        let arguments = ["customer", "update", "123", "--first-name", "John", "--timeout", &timeout];
        let run = bounded(&world, &server, &[&arguments[..], &["-v", "-o", "json"]].concat(), self.timeout);
        let what = format!("{} at {:?}: {run:#?}", self.case.name, self.moment);
        let state = server.state();
        let after = before.replacen("\"Jon\"", "\"John\"", 1);
        let puts: Vec<&Request> = state.requests.iter().filter(|request| request.method == "PUT").collect();
        assert!(puts.len() <= 4 && puts.iter().all(|put| put.body == after), "{what}");
        assert!(self.moment != Moment::Reading || run.code == 0 || puts.is_empty(), "{what}");
        let stored = &state.customers[&123];
        claims_what_is_so(&run, *stored == after, &what);
        is_journalled(&world, &run, !puts.is_empty(), &what);
        world.was_left_alone();
        let told = run.code == 0 || self.moment != Moment::Reading || run.stderr.contains(self.case.because);
        let as_expected = run.code == self.code && told;
        (!as_expected).then(|| {
            format!(
                "{} at {:?}: {}, not {}\n{}",
                self.case.name, self.moment, run.code, self.code, run.stderr
            )
        })
    }
}

fn answer(moment: Moment, says: fn(&str) -> Says, state: &mut State, request: &Request) -> Says {
    let (is_put, written) = (request.method == "PUT", state.count("PUT") > 0);
    let hostile = match moment {
        Moment::Reading => !is_put,
        Moment::Written | Moment::Dropped => is_put,
        Moment::Blind => written,
    };
    if !hostile {
        return state.honestly(request);
    }
    if is_put && moment != Moment::Dropped {
        state.honestly(request);
    }
    says(&state.customers[&123])
}

/// Runs the program with little memory, and asserts that it ends in time and prints nothing that steers a terminal.
fn bounded(world: &World, server: &Server, arguments: &[&str], timeout: u64) -> Run {
    let mut command = std::process::Command::new("/bin/sh");
    let program = world.command(arguments);
    command.args(["-c", &format!("ulimit -v {MEMORY} && exec \"$0\" \"$@\"")]);
    command.arg(program.get_program()).args(program.get_args()).env_clear();
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("FUSEBILL_BASE_URL", server.base()).current_dir(world.home.path()).stdin(Stdio::null());
    let begun = Instant::now();
    let run = Run::of(command.output().expect("the program starts"));
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(timeout) + LATE, "{took:?} {run:#?}");
    assert!(!run.stderr.contains("panicked") && run.code >= 0 && run.code <= 12, "{run:#?}");
    steers_nothing(&run.stderr);
    assert!(run.stderr.len() < 200_000, "a flood of {} bytes", run.stderr.len());
    run
}

/// Asserts that a text has nothing in it that a terminal would act upon, but for the ends of its lines.
#[track_caller]
fn steers_nothing(text: &str) {
    let steers = |c: char| {
        c != '\n' && c.is_control()
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            || c == '\u{feff}'
    };
    assert!(!text.contains(steers), "{:?} is in {text:?}", text.chars().find(|c| steers(*c)));
}

/// What the exit code and the words claim is what the server holds.
fn claims_what_is_so(run: &Run, written: bool, what: &str) {
    let object = run.json();
    let (outcome, nothing) = (&object["outcome"], run.stderr.contains("Nothing was written."));
    assert_eq!(object["error"].is_null(), run.code == 0, "{what}");
    match run.code {
        0 => assert!(written && outcome == "updated", "{what}"),
        8 => assert!(outcome == "unknown" && !nothing, "{what}"),
        9 => assert!(outcome == "differs" && !nothing && !written, "{what}"),
        _ => assert!(outcome == "failed" && nothing && !written, "{what}"),
    }
}

/// The journal has the one change that was sent, if any, and ends as the exit code does.
fn is_journalled(world: &World, run: &Run, sent: bool, what: &str) {
    let history = world.run(&["customer", "history", "-o", "json"]).json();
    let outcomes: Vec<&Value> =
        history["entries"].as_array().expect("a list").iter().map(|entry| &entry["outcome"]).collect();
    let ending = match run.code {
        0 => "written",
        8 => "unknown",
        9 => "differs",
        _ => "not-written",
    };
    let expected: &[&str] = if sent { &[ending] } else { &[] };
    assert_eq!(outcomes, expected, "{what}");
}

/// Tries every case at every moment.
#[track_caller]
fn try_all(cases: &[Case]) {
    try_within(20, cases);
}

/// The same, with so many seconds for each.
#[track_caller]
fn try_within(timeout: u64, cases: &[Case]) {
    let cells = cases.iter().flat_map(|case| {
        let cell = move |(moment, code)| Cell { case, moment, code, timeout };
        MOMENTS.into_iter().zip(case.codes).filter(|(_, code)| *code != SKIP).map(cell)
    });
    let surprises = all(cells, |cell| cell.check());
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}
