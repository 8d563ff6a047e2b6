//! The customers a sandbox holds: their documents by id.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow};

use super::ledger::{self, Ledger};
use crate::document::json::{Json, View};
use crate::document::path::Path;
use crate::document::splice::splice;

/// All are made up: the addresses are under example.com and example.org, the numbers are 555 ones.
static SEED: &str = include_str!("seed.ndjson");

/// The documents of the customers that a new sandbox holds, each compact JSON.
pub fn seed() -> impl Iterator<Item = &'static str> {
    SEED.lines()
}

/// Documents by customer id; a list without a sort is in this order (the vendor's old .NET sample, `QueryOptions.cs`).
#[derive(Default)]
pub(crate) struct Table {
    documents: BTreeMap<u64, Json>,
    ledgers: BTreeMap<u64, Ledger>,
}

impl Table {
    pub(crate) fn seeded() -> anyhow::Result<Table> {
        Table::read(seed().chain(Ledger::seeded())).context("the built-in seed")
    }

    pub(crate) fn read<'a>(documents: impl Iterator<Item = &'a str>) -> anyhow::Result<Table> {
        let mut table = Table::default();
        for (at, document) in documents.enumerate() {
            table.add_line(document).with_context(|| format!("line {}", at + 1))?;
        }
        Ok(table)
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Json> {
        self.documents.get(&id)
    }

    pub(crate) fn documents(&self) -> impl Iterator<Item = &Json> {
        self.documents.values()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = u64> {
        self.documents.keys().copied()
    }

    pub(crate) fn put(&mut self, id: u64, document: Json) {
        self.documents.insert(id, document);
    }

    fn add_line(&mut self, text: &str) -> anyhow::Result<()> {
        if !text.starts_with(&format!("{{\"{}\":", ledger::OF)) {
            return self.add(text);
        }
        self.keep(serde_json::from_str(text)?);
        Ok(())
    }

    /// What the customer pays for.
    pub(crate) fn ledger(&self, id: u64) -> Ledger {
        let made = || self.get(id).map(|document| Ledger::of(id, document.root()));
        self.ledgers.get(&id).cloned().or_else(made).unwrap_or_else(|| Ledger::of(id, Json::null().root()))
    }

    pub(crate) fn keep(&mut self, ledger: Ledger) {
        self.ledgers.insert(ledger.ledger_of, ledger);
    }

    pub(crate) fn ledgers(&self) -> impl Iterator<Item = &Ledger> {
        self.ledgers.values()
    }

    pub(crate) fn add(&mut self, text: &str) -> anyhow::Result<()> {
        let json = Json::parse(text)?;
        let id = json.root().member("id").and_then(|id| id.raw().parse().ok());
        self.put(id.ok_or_else(|| anyhow!("a customer needs a whole number as its id"))?, json);
        Ok(())
    }
}

/// Every other byte stays.
pub(crate) fn with_values(document: &Json, values: &[(Path, String)]) -> Json {
    let values = values.iter().map(|(path, token)| (path, Some(token.as_str()))).collect();
    Json::known(splice(document.text(), document.root(), values))
}

pub(crate) fn value_at<'a>(document: &'a Json, path: &Path) -> Option<View<'a>> {
    path.names().iter().try_fold(document.root(), |view, name| view.member(name))
}
