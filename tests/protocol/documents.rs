//! Small customers behind small numbers: the explorer's states hold numbers, and what the program's own functions make of
//! the documents behind them is computed once for each pair.

use std::collections::HashMap;

use fusebill::document::undo::{Undo, undo};
use fusebill::document::{Action as EditAction, Customer, Edit, Edits, Json, Path, Plan, plan, verify};
use fusebill::error::{Error, ErrorKind};
use fusebill::protocol::Refreshed;
use fusebill::protocol::compare::{Effect, Refresh, effect, refresh};
use fusebill::protocol::resolve::{Resolution, resolve};

/// A customer: our edit sets `f` from 0 to 1; `g` is carried along; `version` is `modifiedTimestamp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Doc {
    pub(crate) f: u8,
    pub(crate) g: u8,
    pub(crate) version: u8,
}

/// What the second field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Second {
    /// A field that others write too; there is no precondition.
    Value,
    /// A field that others write too, expected to be 0.
    Expected,
    /// A field that the vendor computes without moving the timestamp, expected to be 0.
    Derived,
}

pub(crate) struct Documents {
    pub(crate) second: Second,
    plans: HashMap<Doc, Plan>,
    effects: HashMap<(Doc, Doc), Effect>,
    refreshed: HashMap<(Doc, Doc), Refreshed<Doc>>,
    resolved: HashMap<(Doc, Doc), Resolution>,
}

impl Documents {
    pub(crate) fn new(second: Second) -> Documents {
        Documents {
            second,
            plans: HashMap::new(),
            effects: HashMap::new(),
            refreshed: HashMap::new(),
            resolved: HashMap::new(),
        }
    }

    fn customer(&self, doc: Doc) -> Customer {
        let (last_name, revenue) = match self.second {
            Second::Derived => (0, doc.g),
            Second::Value | Second::Expected => (doc.g, 0),
        };
        let (f, version) = (doc.f, doc.version);
        let text = format!(
            r#"{{"id":7,"status":"Active","firstName":"{f}","lastName":"{last_name}","monthlyRecurringRevenue":{revenue},"modifiedTimestamp":"2026-01-01T00:00:{version:02}"}}"#
        );
        Customer::parse(text).expect("the documents of this test are customers")
    }

    fn number(&self, customer: &Customer) -> Doc {
        let read = |path: &str| {
            let digit = |c: char| c.to_digit(10).expect("the documents of this test are customers") as u8;
            let text = customer
                .get(&Path::root(path))
                .expect("the documents of this test are customers")
                .raw()
                .trim_matches('"')
                .to_string();
            text.chars().last().map(digit).expect("the documents of this test are customers")
        };
        let second = if self.second == Second::Derived { "monthlyRecurringRevenue" } else { "lastName" };
        Doc { f: read("firstName"), g: read(second), version: read("modifiedTimestamp") }
    }

    fn plan(&mut self, base: Doc) -> Plan {
        if !self.plans.contains_key(&base) {
            let edit = Edit {
                path: Path::root("firstName"),
                action: EditAction::Set(Json::string("1")),
                given: "--first-name".to_string(),
            };
            let edits = Edits::check(vec![edit]).expect("the documents of this test are customers");
            self.plans.insert(
                base,
                plan::plan(self.customer(base), &edits, false)
                    .expect("the documents of this test are customers"),
            );
        }
        self.plans[&base].clone()
    }

    /// The precondition of this write, as `--expect` checks it.
    fn check(&self, customer: &Customer) -> Result<(), Error> {
        match self.second != Second::Value && self.number(customer).g != 0 {
            true => Err(Error::new(ErrorKind::Conflict, "not as expected")),
            false => Ok(()),
        }
    }

    pub(crate) fn effect(&mut self, base: Doc, stored: Doc) -> Effect {
        if let Some(known) = self.effects.get(&(base, stored)) {
            return *known;
        }
        let plan = self.plan(base);
        let found = effect(&plan, &self.customer(stored), &|now: &Customer| self.check(now));
        self.effects.insert((base, stored), found);
        found
    }

    pub(crate) fn refresh(&mut self, base: Doc, now: Doc) -> Refreshed<Doc> {
        if let Some(known) = self.refreshed.get(&(base, now)) {
            return *known;
        }
        let plan = self.plan(base);
        let found = match refresh(&plan, &self.customer(now), &|now: &Customer| self.check(now)) {
            Refresh::Same => Refreshed::Same,
            Refresh::Nothing => Refreshed::Nothing,
            Refresh::Merged { plan, .. } => {
                let base = self.number(&plan.before);
                assert_eq!(
                    plan.after.text(),
                    self.plan(base).after.text(),
                    "a merge is our edit on what is there"
                );
                Refreshed::Merged(base)
            }
            Refresh::Conflicts(_) | Refresh::Unmet(_) | Refresh::Unmergeable(_) => Refreshed::Refused,
        };
        self.refreshed.insert((base, now), found);
        found
    }

    /// The merge as it is without preconditions.
    pub(crate) fn merged_unchecked(&mut self, base: Doc, now: Doc) -> Refreshed<Doc> {
        let plan = self.plan(base);
        match refresh(&plan, &self.customer(now), &|_: &Customer| Ok(())) {
            Refresh::Same => Refreshed::Same,
            Refresh::Merged { plan, .. } => Refreshed::Merged(self.number(&plan.before)),
            _ => Refreshed::Refused,
        }
    }

    pub(crate) fn resolve(&mut self, base: Doc, stored: Doc) -> Resolution {
        if let Some(known) = self.resolved.get(&(base, stored)) {
            return *known;
        }
        let plan = self.plan(base);
        let customer = self.customer(stored);
        let found = resolve(&plan, Some(&customer), &[]);
        if found == Resolution::Written {
            self.holds_undo(&plan, &customer);
        }
        self.resolved.insert((base, stored), found);
        found
    }

    /// Undo of a written entry restores its field and nothing else.
    fn holds_undo(&self, done: &Plan, now: &Customer) {
        assert!(verify::verify(done, now).holds());
        let Undo::Restored(back) = undo(done, None, now).expect("the documents of this test are customers")
        else {
            panic!("undo is refused")
        };
        let (was, restored, now) = (self.number(&done.before), self.number(&back.after), self.number(now));
        assert_eq!(restored, Doc { f: was.f, ..now });
    }
}
