//! What one edit takes, beside other ways to make it: `cargo bench --bench update [-- ROUNDS [ROUNDS_WITH_LATENCY]]`.
//!
//! All of them change the first name of a customer of the same sandbox in this process, in turn, each time to a new
//! value: first without latency, then with 50 ms a request. Then what starting the program takes, beside /bin/true.
//! A tool that is not on the machine is named and left out. The home of the program is on a disk, so the journal's fsync
//! is in its figures.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use fusebill::sandbox::{KEY, Server};

use common::child;
use common::exchange::Exchange;
use common::figures::Figures;
use common::peers;
use common::sandbox::{self, CUSTOMER};

mod common {
    pub mod child;
    pub mod exchange;
    pub mod figures;
    pub mod peers;
    pub mod sandbox;
}

/// What all others are compared with.
const BARE: &str = "curl, GET and PUT";

/// How long a request waits in the second part, in milliseconds.
const LATENCY: u64 = 50;

/// How often the program is started for the figures of its start.
const STARTS: usize = 400;

/// The other ways; each is left out where its tools are not on the machine.
const PIPE: &str = "curl | jq | curl";
const PYTHON: &str = "Python requests";
const NODE: &str = "Node fetch";

/// What is on the machine to compare with.
struct Tools {
    curl: bool,
    pipe: bool,
    python: Option<String>,
    node: bool,
}

impl Tools {
    /// Looks for all of them, and says what is left out.
    fn found() -> Tools {
        let are_there = |programs: &[&str]| {
            let output = |program: &&str| peers::command(program).arg("--version").output();
            programs.iter().map(output).all(|output| output.is_ok_and(|output| output.status.success()))
        };
        let tools = Tools {
            curl: are_there(&["curl"]),
            pipe: are_there(&["bash", "curl", "jq"]),
            python: peers::python(),
            node: are_there(&["node"]),
        };
        let left_out = [
            (tools.curl, BARE, "curl"),
            (tools.pipe, PIPE, "bash, curl and jq"),
            (tools.python.is_some(), PYTHON, "python3 with requests"),
            (tools.node, NODE, "node"),
        ];
        for (_, name, needs) in left_out.into_iter().filter(|(there, ..)| !there) {
            println!("left out: {name}, which needs {needs}");
        }
        tools
    }
}

/// One way to set the first name of the customer.
struct Contender<'a> {
    name: &'static str,
    update: Box<dyn FnMut(&str) -> Taken + 'a>,
    rounds: Vec<Round>,
}

/// What an invocation took.
struct Taken {
    wall: Duration,
    cpu: Duration,
}

struct Round {
    taken: Taken,
    connections: usize,
    requests: usize,
}

fn main() {
    let rounds: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    println!("journal on {}", file_system(home.path()));
    let tools = Tools::found();
    compare(0, rounds.first().copied().unwrap_or(60), &tools, home.path());
    compare(LATENCY, rounds.get(1).copied().unwrap_or(15), &tools, home.path());
    let fusebill = sandbox::installed(home.path());
    start_up(fusebill.to_str().expect("the home has a name of text"));
    let size = std::fs::metadata(fusebill).expect("the program is there").len();
    // Crates that are there for tests and benchmarks ask others for more features than the program does.
    println!("\nbinary of the benchmarks: {size} bytes; `cargo build --release` makes a smaller one");
}

fn compare(latency: u64, rounds: usize, tools: &Tools, home: &Path) {
    let server = sandbox::start(latency);
    let mut contenders = contenders(&server, tools, home);
    let many = contenders.len();
    // The first round warms up, and nobody always follows the same one.
    for round in 0..=rounds {
        for turn in 0..many {
            let contender = &mut contenders[(round + turn) % many];
            let value = format!("{round}-{turn}");
            let counted = counted(contender, &value, &server);
            if round > 0 {
                contender.rounds.push(counted);
            }
        }
    }
    println!("\n{rounds} rounds, {latency} ms a request, times in ms");
    print(&contenders, latency);
}

/// One invocation, which must have changed the customer, with what the server saw of it.
fn counted(contender: &mut Contender, value: &str, server: &Server) -> Round {
    let seen = || (server.connections(), server.requests().last().map_or(0, |request| request.number));
    let before = seen();
    let taken = (contender.update)(value);
    let after = seen();
    let stored = server.customer(CUSTOMER).expect("the customer stays");
    assert!(stored.contains(&named(value)), "{} did not write {value}: {stored}", contender.name);
    Round { taken, connections: after.0 - before.0, requests: after.1 - before.1 }
}

fn named(value: &str) -> String {
    format!("\"firstName\":\"{value}\"")
}

/// The customer as it is, under another first name.
fn document(server: &Server, value: &str) -> String {
    let text = server.customer(CUSTOMER).expect("the customer stays");
    let rest = text.split_once("\"firstName\":\"").and_then(|(_, rest)| rest.split_once('"'));
    text.replacen(&named(rest.expect("it has a first name").0), &named(value), 1)
}

fn contenders<'a>(server: &'a Server, tools: &Tools, home: &'a Path) -> Vec<Contender<'a>> {
    let base = server.base_url();
    let mut all = Vec::new();
    let mut exchange = Exchange::with(server);
    add(&mut all, "the server alone", move |value| {
        let wall = exchange.take(&document(server, value));
        Taken { wall, cpu: Duration::ZERO }
    });
    add(&mut all, "fusebill", move |value| {
        let mut command = sandbox::fusebill(server, home);
        taken(command.args(["customer", "update", &CUSTOMER.to_string(), "--yes", "--first-name", value]))
    });
    if tools.curl {
        add(&mut all, BARE, move |value| bare(server, home, value));
    }
    let script = |program: &str, name: &str| {
        let (program, script, base) = (program.to_string(), peers::script(name), base.clone());
        move |value: &str| {
            let mut command = peers::command(&program);
            taken(command.args([&script, &base, KEY, &CUSTOMER.to_string(), value]))
        }
    };
    if tools.pipe {
        add(&mut all, PIPE, script("bash", "update.sh"));
    }
    if let Some(python) = &tools.python {
        add(&mut all, PYTHON, script(python, "update.py"));
    }
    if tools.node {
        add(&mut all, NODE, script("node", "update.mjs"));
    }
    all
}

fn add<'a>(all: &mut Vec<Contender<'a>>, name: &'static str, update: impl FnMut(&str) -> Taken + 'a) {
    all.push(Contender { name, update: Box::new(update), rounds: Vec::new() });
}

fn taken(command: &mut Command) -> Taken {
    let (wall, used) = child::run(command);
    Taken { wall, cpu: used.utime + used.stime }
}

/// One curl that reads the customer and sends, over the same connection, a document that was made before.
fn bare(server: &Server, home: &Path, value: &str) -> Taken {
    let body = home.join("body.json");
    std::fs::write(&body, document(server, value)).expect("the home can be written");
    let key = format!("Authorization: Basic {KEY}");
    let customers = format!("{}/customers", server.base_url());
    let mut curl = peers::command("curl");
    curl.args(["-sSf", "-o", "/dev/null", "-H", &key, &format!("{customers}/{CUSTOMER}"), "--next"])
        .args(["-sSf", "-o", "/dev/null", "-X", "PUT", "-H", &key, "-H", "Content-Type: application/json"])
        .args(["--data-binary", &format!("@{}", body.display()), &customers]);
    taken(&mut curl)
}

fn print(contenders: &[Contender], latency: u64) {
    let times = |contender: &Contender| Figures::of(contender.rounds.iter().map(|round| round.taken.wall));
    let bare = contenders.iter().find(|contender| contender.name == BARE);
    let bare = bare.map(|contender| times(contender).median());
    let trips = 2.0 * latency as f64;
    print!("{:<18} {:>8} {:>17} {:>8}", "", "median", "quartiles", "to curl");
    print!(" {:>8} {:>12} {:>9}", "CPU", "connections", "requests");
    println!("{}", if latency > 0 { "   to two round trips" } else { "" });
    for contender in contenders {
        let walls = times(contender);
        let (low, high) = walls.quartiles();
        let cpu = Figures::of(contender.rounds.iter().map(|round| round.taken.cpu)).median();
        let quartiles = format!("{low:.2} to {high:.2}");
        let ratio = bare.map_or("-".to_string(), |bare| format!("{:.2}", walls.median() / bare));
        print!("{:<18} {:>8.2} {quartiles:>17} {ratio:>8}", contender.name, walls.median());
        let connections = of_a_round(contender, |round| round.connections);
        let requests = of_a_round(contender, |round| round.requests);
        print!(" {cpu:>8.2} {connections:>12} {requests:>9}");
        println!("{}", if latency > 0 { format!("   {:.3}", walls.median() / trips) } else { String::new() });
    }
}

/// What the server counted for an invocation: one number, or from the least to the most.
fn of_a_round(contender: &Contender, count: impl Fn(&Round) -> usize) -> String {
    let counts = || contender.rounds.iter().map(&count);
    let (least, most) = (counts().min().unwrap_or_default(), counts().max().unwrap_or_default());
    if least == most { least.to_string() } else { format!("{least} to {most}") }
}

/// What is there before any work: the program's version and its help, beside a program that does nothing.
fn start_up(fusebill: &str) {
    let nothing = if Path::new("/bin/true").exists() { "/bin/true" } else { "/usr/bin/true" };
    let commands: [(&str, &str, &[&str]); 3] = [
        (nothing, nothing, &[]),
        ("fusebill --version", fusebill, &["--version"]),
        ("fusebill customer update --help", fusebill, &["customer", "update", "--help"]),
    ];
    let mut walls = [const { Vec::new() }; 3];
    for round in 0..STARTS {
        for turn in 0..commands.len() {
            let at = (round + turn) % commands.len();
            let (_, program, arguments) = commands[at];
            walls[at].push(child::run(Command::new(program).args(arguments).env_clear()).0);
        }
    }
    let figures = walls.map(|walls| Figures::of(walls.into_iter()));
    println!("\n{STARTS} starts, times in ms");
    println!("{:<32} {:>8} {:>14} {:>10}", "", "median", "quartiles", "above true");
    for ((name, ..), figure) in commands.iter().zip(&figures) {
        let (low, high) = figure.quartiles();
        let above = figure.median() - figures[0].median();
        println!(
            "{name:<32} {:>8.2} {:>14} {above:>10.2}",
            figure.median(),
            format!("{low:.2} to {high:.2}")
        );
    }
}

/// The file system that a folder is on, as Linux names it.
fn file_system(folder: &Path) -> String {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let of = |line: &str| {
        let mut words = line.split(' ').skip(1);
        let (place, kind) = (words.next()?.to_string(), words.next()?.to_string());
        folder.starts_with(&place).then_some((place.len(), kind))
    };
    let found = mounts.lines().filter_map(of).max_by_key(|(length, _)| *length);
    found.map_or_else(|| "a file system that is not known".to_string(), |(_, kind)| kind)
}
