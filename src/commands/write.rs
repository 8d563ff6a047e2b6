//! The write itself: the intent in the journal, the PUT, what came of it, the outcome in the journal.
//!
//! Every command that changes a customer goes through here, so that none can send without a record, or claim what it
//! does not know.

use std::cell::Cell;
use std::time::Duration;

use crate::account::command;
use crate::api::wait::{ATTEMPTS, backoff};
use crate::api::{Client, FailureClass, Put};
use crate::document::json::Json;
use crate::document::verify::{Difference, Standing, Verdict, moved, standing, verify};
use crate::document::{Customer, Plan};
use crate::error::{Error, Kind, Result};
use crate::report::outcome::Facts;
use crate::report::table::values;
use crate::signals::Signals;
use crate::store::{Ending, EntryId, Origin, Store};
use crate::terminal::Notes;

/// Everything a write needs beside the plan.
pub(super) struct Writer<'a> {
    pub(super) client: &'a Client,
    /// None where the user wants no record.
    pub(super) journal: Option<&'a Store>,
    pub(super) origin: Origin,
    /// Whether the customer is read again even where the PUT's answer shows it.
    pub(super) reads_again: bool,
    pub(super) signals: &'a Signals,
    pub(super) notes: Notes,
    /// How often the change was sent.
    pub(super) attempts: Cell<u32>,
}

/// What became of a write.
enum Fate {
    /// What was asked is stored, and nothing else changed.
    Written,
    /// Something is stored, but not what was asked.
    Differs(Box<Customer>, Verdict),
    /// Nothing was written.
    NotWritten(Error),
    /// Nobody knows.
    Unknown(Error, Verdict),
}

/// What one attempt came to.
enum Attempt {
    Ended(Fate),
    /// Nothing was written, and after a pause it may be: this one, where the API named one.
    NotNow(Error, Option<Duration>),
    /// Only reading the customer tells what came of it.
    Open {
        why: Error,
        /// Whether it may yet have its effect, after the customer was read.
        may_arrive: bool,
    },
}

impl Writer<'_> {
    fn take_back(&self, id: u64, entry: Option<&EntryId>) -> String {
        match entry {
            Some(entry) => {
                format!("`{}` takes the change back", self.command(&format!("customer undo {entry}")))
            }
            None => format!("look at it with `{}`", self.command(&format!("customer get {id}"))),
        }
    }

    fn settle(&self, id: u64, entry: Option<&EntryId>) -> String {
        match entry {
            Some(_) => {
                let history = self.command(&format!("customer history {id} --resolve"));
                format!("`{history}` reads the customer and settles it")
            }
            None => format!(
                "look at it with `{}` before you write again",
                self.command(&format!("customer get {id}"))
            ),
        }
    }

    fn command(&self, rest: &str) -> String {
        command(&self.origin.profile, rest)
    }

    /// Writes a plan and proves what is stored.
    ///
    /// # Errors
    /// `Refused`, `Network`, `Failed` and the like where nothing was written; `Unknown` where that cannot be told;
    /// `Differs` where what is stored is not what was asked.
    pub(super) fn write(&self, plan: &Plan, facts: &mut Facts) -> Result<Option<EntryId>> {
        let id = plan.before.id();
        let entry = self.begin(plan)?;
        facts.entry(entry.as_ref());
        // Rows of a run are settled by the run.
        let settle = self.origin.row.is_none().then(|| self.settle(id, entry.as_ref()));
        let mut writing = self.signals.writing(settle);
        let fate = self.send(plan);
        self.end(entry.as_ref(), &fate);
        if !matches!(fate, Fate::NotWritten(_)) {
            writing.sent();
        }
        drop(writing);
        let error = match fate {
            Fate::Written => return Ok(entry),
            Fate::NotWritten(error) => error.at(format!("writing customer {id}")),
            Fate::Differs(_, verdict) => {
                facts.verdict(&verdict);
                Error::new(Kind::Differs, "what is stored is not what was asked for")
                    .at(format!("verifying customer {id}"))
                    .detail(lines(&verdict))
                    .hint(self.take_back(id, entry.as_ref()))
            }
            Fate::Unknown(error, verdict) => {
                facts.verdict(&verdict);
                let error = Error { kind: Kind::Unknown, hints: Vec::new(), ..error };
                error
                    .at(format!("writing customer {id}"))
                    .detail(lines(&verdict))
                    .hint(self.settle(id, entry.as_ref()))
            }
        };
        Err(error)
    }

    fn begin(&self, plan: &Plan) -> Result<Option<EntryId>> {
        let Some(journal) = self.journal else { return Ok(None) };
        let refused = |why: Error| {
            let message = format!("without a record of the change nothing is sent: {}", why.message);
            Error { message, ..why }
                .at(format!("before writing customer {}", plan.before.id()))
                .hint("--no-journal writes without a record; it cannot be undone then")
        };
        journal.begin(plan, &self.origin).map(Some).map_err(refused)
    }

    fn end(&self, entry: Option<&EntryId>, fate: &Fate) {
        let (Some(journal), Some(entry)) = (self.journal, entry) else { return };
        let ended = match fate {
            Fate::Written => journal.end(entry, Ending::Written, None),
            Fate::Differs(stored, _) => journal.end(entry, Ending::Differs, Some(stored)),
            Fate::NotWritten(_) => journal.end(entry, Ending::NotWritten, None),
            Fate::Unknown(..) => journal.end(entry, Ending::Unknown, None),
        };
        if let Err(why) = ended {
            self.notes.warn(&format!("the outcome of entry {entry} is not recorded: {why}"));
        }
    }

    fn send(&self, plan: &Plan) -> Fate {
        let mut lost = false;
        let fate = self.settled(plan, &mut lost);
        self.after_all(plan, fate, lost)
    }

    /// Sends until it is settled what is stored, or there is no more time. Nothing is sent again that was not read after
    /// every wait. An attempt that may still arrive is `lost`.
    fn settled(&self, plan: &Plan, lost: &mut bool) -> Fate {
        let mut attempt = 1;
        loop {
            match self.attempt(plan) {
                Attempt::Ended(fate) => return fate,
                Attempt::NotNow(why, pause) => {
                    let pause = pause.unwrap_or_else(|| backoff(attempt));
                    if attempt == ATTEMPTS || !self.client.pause(pause, &why.headline(), attempt) {
                        return Fate::NotWritten(why);
                    }
                    attempt += 1;
                }
                Attempt::Open { why, may_arrive } => {
                    let again = attempt < ATTEMPTS && self.client.wait(backoff(attempt));
                    let why = match self.resolve(plan, why) {
                        Ok(fate) => return fate,
                        Err(why) => why,
                    };
                    *lost |= may_arrive;
                    if !again {
                        return Fate::NotWritten(why);
                    }
                    attempt += 1;
                    self.notes.say(&format!(
                        "The customer is as it was before; trying again (attempt {attempt} of {ATTEMPTS})"
                    ));
                    continue;
                }
            }
            if let Err(why) = self.refuse_moved(plan) {
                return Fate::NotWritten(why);
            }
        }
    }

    /// An attempt that was `lost` may still arrive, whatever became of later ones.
    fn after_all(&self, plan: &Plan, fate: Fate, lost: bool) -> Fate {
        match fate {
            Fate::NotWritten(why) if lost => {
                let why = why.detail(["an attempt that got no answer may still arrive".to_string()]);
                Fate::Unknown(why, Verdict::default())
            }
            Fate::Written if lost => {
                let again = self.command(&format!("customer get {}", plan.before.id()));
                self.notes.warn(&format!(
                    "an attempt that got no answer may still arrive, and would undo what is changed after this; \
                     `{again}` shows what is stored"
                ));
                Fate::Written
            }
            fate => fate,
        }
    }

    /// The API may have asked to wait for long, and what is sent is the whole customer: it must still be as it was read.
    fn refuse_moved(&self, plan: &Plan) -> Result<()> {
        self.client.acquire()?;
        let now = self.client.get(plan.before.id())?;
        let moved = moved(&plan.before, &now);
        if moved.is_empty() {
            return Ok(());
        }
        Err(Error::new(Kind::Conflict, "the customer changed while the write had to wait")
            .detail(moved.iter().map(|change| format!("`{}` changed", change.path)))
            .hint("run the same command again to see the change against what is there now"))
    }

    fn attempt(&self, plan: &Plan) -> Attempt {
        let failure = match self.client.put(&plan.after) {
            Ok(put) => {
                self.count_attempt();
                return Attempt::Ended(match put {
                    Put::Stored(stored) if !self.reads_again => judge(plan, *stored),
                    _ => self.read_back(plan),
                });
            }
            Err(failure) => failure,
        };
        if !matches!(failure.class, FailureClass::NotSent | FailureClass::Impossible) {
            self.count_attempt();
        }
        let (class, why) = (failure.class, failure.into_error());
        match class {
            FailureClass::NotSent => Attempt::NotNow(why, None),
            FailureClass::RateLimited(pause) => Attempt::NotNow(why, pause),
            FailureClass::Impossible | FailureClass::Refused => Attempt::Ended(Fate::NotWritten(why)),
            FailureClass::Redirected => {
                Attempt::Ended(self.resolve(plan, why).unwrap_or_else(Fate::NotWritten))
            }
            FailureClass::ServerError => Attempt::Open { why, may_arrive: false },
            FailureClass::Lost => Attempt::Open { why, may_arrive: true },
        }
    }

    fn count_attempt(&self) {
        self.attempts.set(self.attempts.get() + 1);
    }

    /// The API said yes; reading the customer tells what it stored.
    fn read_back(&self, plan: &Plan) -> Fate {
        match self.client.get(plan.before.id()) {
            Ok(stored) => judge(plan, stored),
            Err(why) => {
                let message = "the API took the change, but what it stored cannot be read";
                Fate::Unknown(
                    Error::new(Kind::Unknown, message).because(anyhow::anyhow!(why.headline())),
                    Verdict::default(),
                )
            }
        }
    }

    /// Settles a PUT whose answer does not tell what is stored, by reading. The error comes back, with a word on it,
    /// where the customer is as it was before.
    fn resolve(&self, plan: &Plan, lost: Error) -> std::result::Result<Fate, Error> {
        self.notes.say(&format!("{}; reading the customer to see what came of it", lost.headline()));
        let stored = match self.client.get(plan.before.id()) {
            Ok(stored) => stored,
            Err(why) => {
                let error = lost.detail([format!("then {}", why.headline())]);
                return Ok(Fate::Unknown(error, Verdict::default()));
            }
        };
        match standing(plan, &stored) {
            Standing::After => Ok(Fate::Written),
            Standing::Before => {
                Err(lost.detail(["read again: the customer is as it was before".to_string()]))
            }
            Standing::Neither(verdict) if verdict.has_what_was_asked() => {
                Ok(Fate::Differs(Box::new(stored), verdict))
            }
            Standing::Neither(verdict) => Ok(Fate::Unknown(lost, verdict)),
        }
    }
}

fn judge(plan: &Plan, stored: Customer) -> Fate {
    let verdict = verify(plan, &stored);
    if verdict.holds() { Fate::Written } else { Fate::Differs(Box::new(stored), verdict) }
}

fn lines(verdict: &Verdict) -> Vec<String> {
    verdict.differences.iter().map(line).collect()
}

fn line(difference: &Difference) -> String {
    let views = [&difference.sent, &difference.stored].map(|json| json.as_ref().map(Json::root));
    let ([sent, stored], path) = (values(views), &difference.path);
    let asked = if difference.asked { "" } else { " (nobody asked to change it)" };
    format!("`{path}`: sent {sent}, stored {stored}{asked}")
}
