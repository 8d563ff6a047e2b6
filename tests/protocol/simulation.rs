//! Several clients on several machines, another writer and a failing server, by a virtual clock and one seed.
//!
//! What a client does with documents, plans, undo and resolving is the program's own; the server, the locks and the store
//! are simulated. `FUSEBILL_SEEDS=100000 cargo test --release --test protocol seeds` runs more of it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::time::Duration;

use fastrand::Rng;
use fusebill::document::undo::{Undo, undo};
use fusebill::document::{Action as EditAction, Customer, Edit, Edits, Json, Path, Plan, View, plan};
use fusebill::error::{Error, ErrorKind};
use fusebill::protocol::compare::{Effect, Refresh, effect, refresh};
use fusebill::protocol::resolve::{Resolution, resolve};
use fusebill::protocol::{Action, Answer, Claim, Event, Limits, Refreshed, Span, Write};

const FIELDS: [&str; 3] = ["firstName", "lastName", "companyName"];
const CUSTOMERS: usize = 2;
const MACHINES: usize = 2;
const CLIENTS: usize = 4;
/// When faults, crashes and the other writer stop, in milliseconds.
const CALM: u64 = 120_000;
/// How old a reading can be when a PUT leaves, beside the time that the reading took.
const FRESH: u64 = 1_000;

/// A customer as the server stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Record {
    fields: [u8; 3],
    /// A value that the vendor computes; it moves without the timestamp.
    revenue: u8,
    version: u32,
}

impl Record {
    fn customer(self, id: usize) -> Customer {
        let members: Vec<String> =
            FIELDS.iter().zip(self.fields).map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
        let (members, id, version) = (members.join(","), id + 1, self.version);
        let (hours, minutes, seconds) = (version / 3600, version / 60 % 60, version % 60);
        let stamp = format!("2026-01-01T{hours:02}:{minutes:02}:{seconds:02}");
        let text = format!(
            r#"{{"id":{id},"status":"Active",{members},"monthlyRecurringRevenue":{},"modifiedTimestamp":"{stamp}"}}"#,
            self.revenue
        );
        Customer::parse(text).expect("the documents of this test are customers")
    }

    fn values(customer: &Customer) -> [u8; 3] {
        FIELDS.map(|name| {
            let text = customer.get(&Path::root(name)).and_then(View::as_text);
            text.expect("every field has a text").parse().expect("every text is a number")
        })
    }
}

/// A PUT that was sent.
#[derive(Debug, Clone, Copy)]
struct Request {
    entry: (usize, usize),
    customer: usize,
    body: [u8; 3],
    base: [u8; 3],
    /// When the reading that it is based on was asked for, when the server made it, and when the PUT left.
    asked: u64,
    read: u64,
    left: u64,
    /// How long that reading took.
    took: u64,
}

#[derive(Debug)]
struct Server {
    records: Vec<Record>,
    /// When each field was last written.
    written: Vec<[u64; 3]>,
    under_way: Vec<(u64, Request)>,
    /// How often each entry took effect.
    effects: HashMap<(usize, usize), usize>,
}

impl Server {
    fn set(&mut self, customer: usize, fields: [u8; 3], now: u64) {
        let record = &mut self.records[customer];
        for (at, value) in fields.into_iter().enumerate() {
            if record.fields[at] != value {
                self.written[customer][at] = now;
            }
        }
        record.fields = fields;
        record.version += 1;
    }

    /// Applies a PUT; what it overwrites must have been written within its last round trip.
    fn apply(&mut self, put: Request, now: u64) {
        let (record, written) = (self.records[put.customer], self.written[put.customer]);
        let again = self.effects.contains_key(&put.entry);
        for (at, written) in written.iter().enumerate() {
            let (is, was, becomes) = (record.fields[at], put.base[at], put.body[at]);
            let asked = was != becomes;
            if is != becomes && (!asked || is != was || again) {
                assert!(*written >= put.read, "a change that was seen is overwritten: {put:?}");
                assert!(put.left - put.asked <= FRESH + put.took, "a PUT left too late: {put:?}");
            }
        }
        self.set(put.customer, put.body, now);
        *self.effects.entry(put.entry).or_default() += 1;
    }

    fn is_under_way(&self, entry: (usize, usize)) -> bool {
        self.under_way.iter().any(|(_, put)| put.entry == entry)
    }
}

#[derive(Debug, Clone)]
struct Entry {
    plan: Plan,
    /// None while it is unfinished or unknown.
    outcome: Option<&'static str>,
}

#[derive(Debug, Default)]
struct Machine {
    entries: Vec<Entry>,
    locked: HashSet<usize>,
}

#[derive(Debug, Clone, Copy)]
enum Task {
    /// Sets a field; with a precondition on the revenue or without.
    Edit { field: usize, value: u8, expects: bool },
    /// Takes back the last change that was written.
    Undo,
    /// Settles the entries without an outcome.
    Resolve,
}

/// A process; it performs one task after another, and is started again after a crash.
#[derive(Debug)]
struct Client {
    machine: usize,
    customer: usize,
    tasks: Vec<Task>,
    task: Task,
    life: u32,
    at: At,
}

#[derive(Debug)]
enum At {
    Idle,
    /// The first reading.
    Reading {
        asked: u64,
        got: Option<(u64, Record)>,
    },
    Writing(Box<Writing>),
    /// `--resolve` reads for this entry.
    Resolving {
        entry: usize,
    },
    Done,
}

#[derive(Debug)]
struct Writing {
    write: Write<Plan>,
    action: Action,
    began: u64,
    entry: usize,
    /// The last reading: when it was asked for, when the server made it.
    asked: u64,
    read: u64,
    /// How long it took.
    took: u64,
    /// What the action led to, once it did.
    event: Option<Event<Plan>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wake {
    Client(usize, u32),
    Late(u64),
    Foreign,
}

struct Simulation {
    rng: Rng,
    now: u64,
    queue: BinaryHeap<Reverse<(u64, u64, Wake)>>,
    count: u64,
    server: Server,
    machines: Vec<Machine>,
    clients: Vec<Client>,
    trace: Vec<String>,
}

fn moment(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn check(expects: bool) -> impl Fn(&Customer) -> Result<(), Error> {
    move |customer| {
        let revenue = customer.get(&Path::root("monthlyRecurringRevenue")).map(|view| view.raw() == "0");
        match expects && revenue != Some(true) {
            true => Err(Error::new(ErrorKind::Conflict, "not as expected")),
            false => Ok(()),
        }
    }
}

impl Simulation {
    fn new(seed: u64) -> Simulation {
        let mut rng = Rng::with_seed(seed);
        let record = Record { fields: [0; 3], revenue: 0, version: 1 };
        let server = Server {
            records: vec![record; CUSTOMERS],
            written: vec![[0; 3]; CUSTOMERS],
            under_way: Vec::new(),
            effects: HashMap::new(),
        };
        let clients = (0..CLIENTS).map(|at| Client {
            machine: at % MACHINES,
            customer: rng.usize(..CUSTOMERS),
            tasks: tasks(&mut rng),
            task: Task::Resolve,
            life: 0,
            at: At::Idle,
        });
        let clients = clients.collect();
        let machines = (0..MACHINES).map(|_| Machine::default()).collect();
        let queue = BinaryHeap::new();
        Simulation { rng, now: 0, queue, count: 0, server, machines, clients, trace: Vec::new() }
    }

    fn run(mut self) -> Vec<String> {
        for client in 0..CLIENTS {
            self.wake_in(client as u64 * 50, Wake::Client(client, 0));
        }
        self.wake_in(500, Wake::Foreign);
        while let Some(Reverse((time, _, wake))) = self.queue.pop() {
            self.now = time;
            assert!(time < 10 * CALM, "it does not end");
            match wake {
                Wake::Client(client, life) if self.clients[client].life == life => self.client(client),
                Wake::Client(..) => {}
                Wake::Late(count) => self.late(count),
                Wake::Foreign => self.foreign(),
            }
        }
        let open = |machine: &Machine| machine.entries.iter().any(|entry| entry.outcome.is_none());
        assert!(!self.machines.iter().any(open), "an entry is open at the end");
        assert!(self.clients.iter().all(|client| matches!(client.at, At::Done)), "a client does not end");
        self.trace
    }

    fn note(&mut self, line: impl FnOnce(&Simulation) -> String) {
        let line = format!("{:>7} {}", self.now, line(self));
        self.trace.push(line);
    }

    fn wake_in(&mut self, millis: u64, wake: Wake) {
        self.count += 1;
        self.queue.push(Reverse((self.now + millis, self.count, wake)));
    }

    fn goes_wrong(&mut self, one_in: u32) -> bool {
        self.now < CALM && self.rng.u32(..one_in) == 0
    }

    /// Half the time of an exchange, in which now and then the process is stopped.
    fn transit(&mut self) -> u64 {
        if self.goes_wrong(25) { self.rng.u64(1_000..20_000) } else { self.rng.u64(5..100) }
    }

    fn foreign(&mut self) {
        if self.now >= CALM {
            return;
        }
        let customer = self.rng.usize(..CUSTOMERS);
        if self.rng.u32(..4) == 0 {
            self.server.records[customer].revenue ^= 1;
        } else {
            let mut fields = self.server.records[customer].fields;
            fields[self.rng.usize(..FIELDS.len())] = self.rng.u8(..3);
            self.server.set(customer, fields, self.now);
        }
        self.note(|sim| format!("another writer: customer {customer} {:?}", sim.server.records[customer]));
        let pause = self.rng.u64(20..3_000);
        self.wake_in(pause, Wake::Foreign);
    }

    fn late(&mut self, count: u64) {
        let Some(at) = self.server.under_way.iter().position(|(number, _)| *number == count) else { return };
        let (_, put) = self.server.under_way.remove(at);
        self.note(|_| format!("late PUT of {:?}", put.entry));
        self.server.apply(put, self.now);
    }

    fn client(&mut self, at: usize) {
        if !matches!(self.clients[at].at, At::Idle | At::Done) && self.goes_wrong(60) {
            return self.crash(at);
        }
        match std::mem::replace(&mut self.clients[at].at, At::Idle) {
            At::Idle => self.next_task(at),
            At::Reading { asked, got: None } => {
                let read = (self.now, self.server.records[self.clients[at].customer]);
                self.clients[at].at = At::Reading { asked, got: Some(read) };
                self.go_on_later(at);
            }
            At::Reading { asked, got: Some((read, record)) } => self.plan(at, asked, read, record),
            At::Writing(writing) if writing.event.is_none() => self.act(at, writing),
            At::Writing(writing) => self.step(at, writing),
            At::Resolving { entry } => self.resolve(at, entry),
            At::Done => self.clients[at].at = At::Done,
        }
    }

    fn go_on_later(&mut self, at: usize) {
        let (transit, life) = (self.transit(), self.clients[at].life);
        self.wake_in(transit, Wake::Client(at, life));
    }

    fn crash(&mut self, at: usize) {
        self.note(|_| format!("client {at} dies"));
        if let At::Writing(writing) = std::mem::replace(&mut self.clients[at].at, At::Idle)
            && let (Action::Put { latest }, None) = (writing.action, &writing.event)
            && moment(writing.began) <= latest
        {
            let put = self.request(at, &writing);
            self.leave_under_way(put);
        }
        self.unlock(at);
        self.clients[at].life += 1;
        self.clients[at].at = At::Idle;
        self.go_on_later(at);
    }

    fn unlock(&mut self, at: usize) {
        let (machine, customer) = (self.clients[at].machine, self.clients[at].customer);
        self.machines[machine].locked.remove(&customer);
    }

    fn next_task(&mut self, at: usize) {
        let client = &self.clients[at];
        if self.machines[client.machine].locked.contains(&client.customer) {
            return self.wake_in(50, Wake::Client(at, client.life));
        }
        let (machine, customer) = (client.machine, client.customer);
        // The last task resolves what crashes left, once no request is under way any more.
        let task = match self.clients[at].tasks.pop() {
            Some(task) => task,
            None if self.now < CALM + 60_000 => {
                let life = self.clients[at].life;
                return self.wake_in(1_000, Wake::Client(at, life));
            }
            None if self.open_entry(at).is_some() => Task::Resolve,
            None => {
                self.clients[at].at = At::Done;
                return;
            }
        };
        self.machines[machine].locked.insert(customer);
        self.clients[at].task = task;
        let open = self.open_entry(at);
        self.clients[at].at = match (task, open) {
            (Task::Resolve, Some(entry)) => At::Resolving { entry },
            _ => At::Reading { asked: self.now, got: None },
        };
        self.note(|_| format!("client {at}: {task:?}"));
        self.go_on_later(at);
    }

    /// An entry of this customer on this machine that has no outcome.
    fn open_entry(&self, at: usize) -> Option<usize> {
        let client = &self.clients[at];
        let id = client.customer as u64 + 1;
        let is_open = |entry: &Entry| entry.outcome.is_none() && entry.plan.before.id() == id;
        self.machines[client.machine].entries.iter().position(is_open)
    }

    fn resolve(&mut self, at: usize, entry: usize) {
        let (machine, customer) = (self.clients[at].machine, self.clients[at].customer);
        if !self.goes_wrong(5) {
            let stored = self.server.records[customer].customer(customer);
            let resolved = resolve(&self.machines[machine].entries[entry].plan, Some(&stored), &[]);
            self.note(|_| format!("client {at}: entry {entry} is {resolved:?}"));
            let applied = self.server.effects.contains_key(&(machine, entry));
            assert!(!(resolved == Resolution::NotWritten && applied), "resolved as not written, and it was");
            self.machines[machine].entries[entry].outcome = Some(match resolved {
                Resolution::Written => "written",
                _ => "resolved",
            });
        }
        self.end_task(at);
    }

    fn end_task(&mut self, at: usize) {
        self.unlock(at);
        self.clients[at].at = At::Idle;
        self.go_on_later(at);
    }

    fn plan(&mut self, at: usize, asked: u64, read: u64, record: Record) {
        let customer = record.customer(self.clients[at].customer);
        let plan = match self.clients[at].task {
            Task::Edit { field, value, expects } => {
                check(expects)(&customer).ok().map(|()| edited(customer, field, value))
            }
            Task::Undo => self.undone(at, &customer),
            Task::Resolve => None,
        };
        let Some(plan) = plan.filter(|plan| !plan.is_empty()) else { return self.end_task(at) };
        let limits = Limits { attempts: 4, refreshes: 10 };
        let span = Span { began: moment(asked), ended: moment(self.now) };
        let (write, action) = Write::begin(plan, span, moment(self.now), limits);
        let entry = usize::MAX;
        let writing = Writing {
            write,
            action,
            began: self.now,
            entry,
            asked,
            read,
            took: self.now - asked,
            event: None,
        };
        self.clients[at].at = At::Writing(Box::new(writing));
        self.go_on_later(at);
    }

    fn undone(&self, at: usize, now: &Customer) -> Option<Plan> {
        let entries = &self.machines[self.clients[at].machine].entries;
        let written = |entry: &&Entry| entry.outcome == Some("written") && entry.plan.before.id() == now.id();
        let last = entries.iter().rfind(written)?;
        let Ok(Undo::Restored(plan)) = undo(&last.plan, None, now) else { return None };
        let (was, back, now) = (&last.plan.before, Record::values(&plan.after), Record::values(now));
        for (at, name) in FIELDS.iter().enumerate() {
            let ours = last.plan.changes.iter().any(|change| change.path == Path::root(*name));
            assert_eq!(
                back[at],
                if ours { Record::values(was)[at] } else { now[at] },
                "undo restores its fields"
            );
        }
        Some(*plan)
    }

    /// Performs an action at the moment at which it reaches what it is for.
    fn act(&mut self, at: usize, mut writing: Box<Writing>) {
        let (machine, customer) = (self.clients[at].machine, self.clients[at].customer);
        let expects = matches!(self.clients[at].task, Task::Edit { expects: true, .. });
        let record = self.server.records[customer];
        let plan = writing.write.plan().clone();
        let mut pause = None;
        let event = match writing.action {
            Action::RecordIntent if self.goes_wrong(30) => Event::Stored(false),
            Action::RecordIntent => {
                let entry = Entry { plan, outcome: None };
                let entries = &mut self.machines[machine].entries;
                match entries.get_mut(writing.entry) {
                    Some(old) => *old = entry,
                    None => {
                        writing.entry = entries.len();
                        entries.push(entry);
                    }
                }
                Event::Stored(true)
            }
            Action::Refresh | Action::Look if self.goes_wrong(15) => match writing.action {
                Action::Look => Event::Seen(Effect::Unreadable),
                _ => Event::Refreshed(Refreshed::Refused),
            },
            Action::Refresh | Action::Look => {
                (writing.asked, writing.read) = (writing.began, self.now);
                let stored = record.customer(customer);
                match writing.action {
                    Action::Look => Event::Seen(effect(&plan, &stored, &check(expects))),
                    _ => Event::Refreshed(match refresh(&plan, &stored, &check(expects)) {
                        Refresh::Same => Refreshed::Same,
                        Refresh::Nothing => Refreshed::Nothing,
                        Refresh::Merged { plan, .. } => Refreshed::Merged(*plan),
                        _ => Refreshed::Refused,
                    }),
                }
            }
            Action::Put { .. } => Event::Answer(self.put(at, &plan, &writing)),
            Action::Wait(time) if time > moment(30_000) => Event::OutOfTime,
            Action::Wait(time) => {
                pause = Some(time.as_millis() as u64);
                Event::Timer
            }
            Action::RecordOutcome(_) if self.goes_wrong(30) => Event::Stored(false),
            Action::RecordOutcome(claim) => {
                self.machines[machine].entries[writing.entry].outcome = match claim {
                    Claim::Unknown(_) => None,
                    Claim::Written { .. } => Some("written"),
                    Claim::Differs { .. } => Some("differs"),
                    Claim::NotWritten(_) | Claim::Unchanged => Some("not-written"),
                };
                Event::Stored(true)
            }
            Action::Report(claim) => {
                self.judge(at, claim, writing.entry);
                return self.end_task(at);
            }
        };
        let named = event_name(&event);
        self.note(|_| format!("client {at}: {:?} → {named}", writing.action));
        writing.event = Some(event);
        self.clients[at].at = At::Writing(writing);
        match pause {
            Some(pause) => self.wake_in(pause, Wake::Client(at, self.clients[at].life)),
            None => self.go_on_later(at),
        }
    }

    fn step(&mut self, at: usize, mut writing: Box<Writing>) {
        let Some(event) = writing.event.take() else { return };
        if let Action::Refresh | Action::Look = writing.action {
            writing.took = self.now - writing.began;
        }
        let took = Span { began: moment(writing.began), ended: moment(self.now) };
        // A process that is stopped after an action goes on where it was.
        let event = if self.goes_wrong(80) && matches!(event, Event::Timer) { Event::Signal } else { event };
        writing.action = writing.write.step(took, event);
        writing.began = self.now;
        self.clients[at].at = At::Writing(writing);
        // Nothing lies between the decision to send and its check; the request then takes its time.
        self.go_on_later(at);
    }

    fn put(&mut self, at: usize, plan: &Plan, writing: &Writing) -> Answer {
        let Action::Put { latest } = writing.action else { unreachable!("only a PUT is sent") };
        // The request left when the action began; it reaches the server now.
        if moment(writing.began) > latest {
            return Answer::DeadlinePassed;
        }
        let customer = self.clients[at].customer;
        let put = self.request(at, writing);
        if self.now >= CALM || self.rng.u32(..3) > 0 {
            self.server.apply(put, self.now);
            return self.accepted(plan, customer);
        }
        match self.rng.u32(..8) {
            0 => {
                self.server.apply(put, self.now);
                Answer::Open(None)
            }
            1 | 2 => {
                self.leave_under_way(put);
                Answer::Open(None)
            }
            3 => Answer::Open(None),
            4 => Answer::Refused,
            5 => Answer::NotSent,
            6 => Answer::Redirected,
            _ => Answer::RateLimited(Some(moment(self.rng.u64(100..40_000)))),
        }
    }

    /// The PUT of a client; the store must hold its intent.
    fn request(&self, at: usize, writing: &Writing) -> Request {
        let (machine, customer) = (self.clients[at].machine, self.clients[at].customer);
        let (plan, entry) = (writing.write.plan(), &self.machines[machine].entries[writing.entry]);
        assert_eq!(entry.plan.after.text(), plan.after.text(), "the intent is durable");
        assert_eq!(entry.outcome, None, "the entry is open");
        Request {
            entry: (machine, writing.entry),
            customer,
            body: Record::values(&plan.after),
            base: Record::values(&plan.before),
            asked: writing.asked,
            read: writing.read,
            left: writing.began,
            took: writing.took,
        }
    }

    fn leave_under_way(&mut self, put: Request) {
        let (number, delay) = (self.count, self.rng.u64(10..20_000));
        self.server.under_way.push((number, put));
        self.wake_in(delay, Wake::Late(number));
    }

    fn accepted(&mut self, plan: &Plan, customer: usize) -> Answer {
        if self.goes_wrong(4) {
            return Answer::Accepted(None);
        }
        let stored = self.server.records[customer].customer(customer);
        Answer::Accepted(Some(effect(plan, &stored, &|_: &Customer| Ok(()))))
    }

    fn judge(&mut self, at: usize, claim: Claim, entry: usize) {
        self.note(|_| format!("client {at}: {claim:?}"));
        let entry = (self.clients[at].machine, entry);
        let (applied, under_way) =
            (self.server.effects.contains_key(&entry), self.server.is_under_way(entry));
        match claim {
            Claim::Unchanged | Claim::NotWritten(_) => {
                assert!(!applied && !under_way, "not written, and it was");
            }
            Claim::Written { late: false } | Claim::Differs { late: false } => {
                assert!(!under_way, "written, without a word on a PUT under way");
            }
            Claim::Written { .. } | Claim::Differs { .. } | Claim::Unknown(_) => {}
        }
    }
}

fn event_name(event: &Event<Plan>) -> String {
    match event {
        Event::Refreshed(Refreshed::Merged(_)) => "merged".to_string(),
        Event::Refreshed(Refreshed::Same) => "the same".to_string(),
        Event::Refreshed(_) => "refused".to_string(),
        Event::Seen(effect) => format!("{effect:?}"),
        Event::Answer(answer) => format!("{answer:?}"),
        Event::Stored(stored) => format!("stored: {stored}"),
        Event::Timer | Event::Signal => "waited".to_string(),
        Event::OutOfTime => "out of time".to_string(),
    }
}

fn edited(customer: Customer, field: usize, value: u8) -> Plan {
    let edit = Edit {
        path: Path::root(FIELDS[field]),
        action: EditAction::Set(Json::string(&value.to_string())),
        given: String::new(),
    };
    let edits = Edits::check(vec![edit]).expect("a field that may be set");
    plan::plan(customer, &edits, false).expect("a field that is there")
}

fn tasks(rng: &mut Rng) -> Vec<Task> {
    let task = |_| match rng.u32(..10) {
        0..7 => Task::Edit { field: rng.usize(..FIELDS.len()), value: rng.u8(..3), expects: rng.bool() },
        7 | 8 => Task::Undo,
        _ => Task::Resolve,
    };
    (0..8).map(task).collect()
}

#[test]
fn seeds() {
    let seeds = std::env::var("FUSEBILL_SEEDS").ok().and_then(|count| count.parse().ok()).unwrap_or(200);
    for seed in 0..seeds {
        if let Err(panic) = std::panic::catch_unwind(|| Simulation::new(seed).run()) {
            eprintln!("seed {seed} fails");
            std::panic::resume_unwind(panic);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let traces = [7, 7, 8].map(|seed| Simulation::new(seed).run());
    assert_eq!(traces[0], traces[1]);
    assert_ne!(traces[0], traces[2]);
}
