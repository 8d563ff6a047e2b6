//! A world for one test: a home of its own, an empty environment, a sandbox on loopback that keeps what it was sent.

use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use fusebill::sandbox::{self, Behaviour, Options, Recorded, Server};
use fusebill::store::{Entry, Filter, Store};
use serde_json::{Value, json};
use tempfile::TempDir;
use unicode_width::UnicodeWidthStr;

/// A home directory and a server.
pub struct World {
    pub home: TempDir,
    pub server: Server,
}

/// A program that has ended.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    /// Without the line that says how to take the change back.
    pub stderr: String,
    /// The command that takes the change back, where one was named.
    pub undo: Option<String>,
}

impl World {
    /// A fresh home and a sandbox with the seed in memory.
    pub fn new() -> World {
        World::with(Options::default())
    }

    /// A fresh home and a sandbox with these options.
    pub fn with(options: Options) -> World {
        let server = Server::start(options).expect("the sandbox starts on a free port");
        World { home: tempfile::tempdir().expect("a temporary folder"), server }
    }

    /// A fresh home and a sandbox that answers as chosen where the vendor is silent.
    pub fn behaving(choices: &[&str]) -> World {
        let mut behaviour = Behaviour::default();
        for choice in choices {
            behaviour.set(choice).unwrap_or_else(|error| panic!("{choice}: {error}"));
        }
        World::with(Options { behaviour, ..Options::default() })
    }

    /// Makes the next matching requests fail.
    pub fn fault(&self, spec: &str) {
        self.server.inject(spec.parse().unwrap_or_else(|error| panic!("{spec}: {error}")));
    }

    /// The program with nothing in its environment but this world.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fusebill"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.home.path())
            .env("FUSEBILL_BASE_URL", self.server.base_url())
            .env("FUSEBILL_API_KEY", sandbox::KEY)
            .current_dir(self.home.path());
        command
    }

    /// Runs the program without standard input.
    pub fn run(&self, arguments: &[&str]) -> Run {
        finished(self.command(arguments).stdin(Stdio::null()))
    }

    /// Runs the program with these variables beside the usual ones.
    pub fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Run {
        finished(self.command(arguments).envs(variables.iter().copied()).stdin(Stdio::null()))
    }

    /// Runs `customer update 123` with these arguments after it.
    pub fn update(&self, arguments: &[&str]) -> Run {
        self.run(&[&["customer", "update", "123"], arguments].concat())
    }

    /// Runs the program with this on standard input.
    pub fn pipe(&self, arguments: &[&str], input: &[u8]) -> Run {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        // A program that refuses its arguments does not read its input.
        let _ = child.stdin.take().expect("standard input is piped").write_all(input);
        Run::of(child.wait_with_output().expect("the program ends"))
    }

    /// Writes a file into the home and gives its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.home.path().join(name);
        std::fs::write(&path, content).expect("the home can be written");
        path.display().to_string()
    }

    /// What was sent, in order.
    pub fn requests(&self) -> Vec<Recorded> {
        self.server.requests()
    }

    /// What was sent, as "METHOD path".
    pub fn lines(&self) -> Vec<String> {
        self.requests().iter().map(|request| format!("{} {}", request.method, request.path)).collect()
    }

    /// The bodies of the PUTs, in order.
    pub fn puts(&self) -> Vec<String> {
        let puts = self.requests().into_iter().filter(|request| request.method == "PUT");
        puts.map(|put| String::from_utf8(put.body).expect("the body is text")).collect()
    }

    /// The body of the only PUT.
    #[track_caller]
    pub fn put_body(&self) -> String {
        let mut puts = self.puts();
        assert_eq!(puts.len(), 1, "one PUT was expected");
        puts.remove(0)
    }

    /// Asserts that nothing ever connected to the server.
    #[track_caller]
    pub fn was_left_alone(&self) {
        assert_eq!((self.server.connections(), self.lines()), (0, Vec::new()));
    }

    /// The store of this home, as another process opens it.
    pub fn store(&self) -> Store {
        Store::at(self.home.path().join(".local/state/fusebill"), Duration::from_secs(10))
    }

    /// What the store holds, the oldest first: of each entry a record of its intent, and one of its outcome if it has one.
    pub fn journal(&self) -> Vec<Value> {
        let (store, mut records) = (self.store(), Vec::new());
        for entry in store.history(&Filter::default()) {
            let entry: Entry = entry.expect("the store can be read");
            let plan = store.plan(&entry).expect("an entry has a plan");
            let stored = store.stored(&entry).expect("the store can be read");
            if let Some(outcome) = entry.outcome {
                let stored = stored.map(|stored| stored.text().to_string());
                let name = entry.entry.to_string();
                records.push(
                    json!({"record": "outcome", "entry": name, "outcome": outcome.name(), "stored": stored}),
                );
            }
            records.push(json!({
                "record": "intent",
                "entry": entry.entry.to_string(),
                "time": entry.time.to_string(),
                "profile": entry.profile,
                "host": entry.host,
                "command": entry.command,
                "undoes": entry.undoes.map(|undone| undone.to_string()),
                "row": entry.row.map(|row| json!({"run": row.run.to_string(), "row": row.row})),
                "customer": {"id": entry.customer, "name": entry.name},
                "edits": serde_json::to_value(&entry.edits).expect("edits are JSON"),
                "before": plan.before.text(),
                "after": plan.after.text(),
            }));
        }
        records.reverse();
        records
    }

    /// The name of the latest entry.
    pub fn entry(&self) -> String {
        let journal = self.journal();
        let entry =
            journal.last().expect("there is an entry")["entry"].as_str().expect("an entry has a name");
        entry.to_string()
    }

    /// The document that the server holds.
    pub fn stored(&self, id: u64) -> String {
        self.server.customer(id).unwrap_or_else(|| panic!("customer {id} is stored"))
    }
}

/// A customer without the time of its last change, which every PUT moves.
pub fn without_timestamp(customer: &str) -> String {
    let name = "\"modifiedTimestamp\":\"";
    let Some(start) = customer.find(name).map(|at| at + name.len()) else { return customer.to_string() };
    let end = start + customer[start..].find('"').expect("the text ends");
    format!("{}{}", &customer[..start], &customer[end..])
}

/// JSON without the space between its tokens.
pub fn compact(json: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    let mut keep = |c: char| {
        let kept = inside || !c.is_ascii_whitespace();
        if c == '"' && !escaped {
            inside = !inside;
        }
        escaped = inside && c == '\\' && !escaped;
        kept
    };
    json.chars().filter(|c| keep(*c)).collect()
}

/// The table of changes as it is to be printed; values are JSON.
pub fn table(head: &str, rows: &[[&str; 3]]) -> String {
    let shown = |[path, before, after]: &[&str; 3]| {
        let removed = match *after {
            "\"\"" => " (empty text)",
            "null" | "[]" if *before != "null" => " (cleared)",
            _ => "",
        };
        [(*path).to_string(), bare(before), bare(after) + removed]
    };
    let header = ["Field", "Before", "After"].map(str::to_string);
    let rows: Vec<[String; 3]> = rows.iter().map(shown).collect();
    let width = |column: usize| {
        let all = std::iter::once(&header).chain(&rows);
        all.map(|row| row[column].width()).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    let line = |row: &[String; 3]| {
        let cell = |column: usize| row[column].clone() + &" ".repeat(widths[column] - row[column].width());
        format!("{}  {}  {}", cell(0), cell(1), cell(2)).trim_end().to_string() + "\n"
    };
    let rule =
        format!("{} {} {}\n", "─".repeat(widths[0] + 1), "─".repeat(widths[1] + 1), "─".repeat(widths[2]));
    let body: String = rows.iter().map(line).collect();
    format!("{head}  (profile default, 127.0.0.1)\n{}{rule}{body}", line(&header))
}

/// A text without its quotes, if nothing else looks like it.
fn bare(json: &str) -> String {
    let inside = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'));
    let escapes = ["\\n", "\\r", "\\t", "\\u", "\\\"", "\\\\", "…"];
    let plain = inside.filter(|text| !text.is_empty() && *text != "null" && text.trim() == *text);
    plain.filter(|text| !escapes.iter().any(|escape| text.contains(escape))).unwrap_or(json).to_string()
}

/// The head of customer 123.
pub const JON: &str = "Customer 123 Jon Smith (Acme Inc.)";

/// Whether the tests run under `nohup`, which is no world for a test of what happens when the terminal goes away.
pub fn is_under_nohup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

/// Runs a command to its end.
pub fn finished(command: &mut Command) -> Run {
    Run::of(command.output().expect("the program starts"))
}

impl Run {
    pub fn of(output: std::process::Output) -> Run {
        const UNDO: &str = "To undo: ";
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints text");
        let message = text(output.stderr);
        collect(&message);
        let is_undo = |line: &&str| line.starts_with(UNDO);
        let undo = message.lines().find(is_undo).map(|line| line[UNDO.len()..].to_string());
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: message.split_inclusive('\n').filter(|line| !is_undo(line)).collect(),
            undo,
        }
    }

    /// Asserts the exit code and both outputs, word for word.
    #[track_caller]
    pub fn is(&self, code: i32, stdout: &str, stderr: &str) {
        assert_eq!((self.code, self.stdout.as_str(), self.stderr.as_str()), (code, stdout, stderr));
    }

    /// Asserts a failure: the exit code, nothing on standard output, and what standard error says.
    #[track_caller]
    pub fn fails(&self, code: i32, says: &[&str]) {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{}", self.stderr);
        self.says(says);
    }

    /// The one JSON object on standard output.
    #[track_caller]
    pub fn json(&self) -> Value {
        let value: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|reason| panic!("{reason}:\n{}{}", self.stdout, self.stderr));
        assert!(value.is_object() && self.stdout.ends_with("}\n"), "{}", self.stdout);
        value
    }

    /// Asserts that standard error says each of these.
    #[track_caller]
    pub fn says(&self, says: &[&str]) {
        for text in says {
            assert!(self.stderr.contains(text), "{text:?} is not in:\n{}", self.stderr);
        }
    }
}

/// Appends the lines of a run to the file that `FUSEBILL_MESSAGES` names, for the review of all messages (docs/testing.md).
/// Numbers, entries and folders are the same in every run, so that `sort -u` leaves each message once.
fn collect(message: &str) {
    let Some(list) = std::env::var_os("FUSEBILL_MESSAGES") else { return };
    let list = std::fs::OpenOptions::new().create(true).append(true).open(list);
    let mut words = String::new();
    for line in message.lines() {
        let same = line.split(' ').map(same_in_every_run).collect::<Vec<_>>();
        words += &format!("{}\n", same.join(" "));
    }
    list.expect("FUSEBILL_MESSAGES names a file")
        .write_all(words.as_bytes())
        .expect("the list can be written");
}

fn same_in_every_run(word: &str) -> String {
    if word.contains("/tmp/") || word.contains("/.tmp") {
        return "FILE".to_string();
    }
    if word.starts_with(|c: char| c.is_ascii_digit()) && word.matches('-').count() > 1 {
        return "ENTRY".to_string();
    }
    let mut same = String::new();
    for c in word.chars() {
        match c.is_ascii_digit() {
            true if same.ends_with('0') => {}
            true => same.push('0'),
            false => same.push(c),
        }
    }
    same
}

/// Runs that wait rather than work, so more of them than there are cores.
const WORKERS: usize = 8;

/// Does something for each of them, several at once, and gives what was a surprise, in order.
pub fn all<T: Send>(
    each: impl Iterator<Item = T> + Send,
    check: impl Fn(T) -> Option<String> + Sync,
) -> Vec<String> {
    let waiting = Mutex::new(each);
    let next = || waiting.lock().expect("none fails while the next is taken").next();
    let surprises = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(cell) = next() {
                    let surprise = check(cell);
                    surprises.lock().expect("none fails while it is noted").extend(surprise);
                }
            });
        }
    });
    let mut surprises = surprises.into_inner().expect("none fails while it is noted");
    surprises.sort();
    surprises
}
