//! The customers the sandbox holds, in memory or in a file that several sandboxes share.

pub(crate) mod file;
pub(crate) mod seed;

use std::collections::BTreeMap;
use std::sync::Mutex;

use anyhow::{Context, anyhow};

use super::{State, lock};
use crate::document::json::{Json, View};
use file::StateFile;

/// Documents by customer id; a list without a sort is in this order (the vendor's old .NET sample, `QueryOptions.cs`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Table {
    documents: BTreeMap<u64, String>,
}

impl Table {
    /// A customer's document, as it was put in.
    pub(crate) fn get(&self, id: u64) -> Option<&str> {
        self.documents.get(&id).map(String::as_str)
    }

    /// A customer's document, read.
    pub(crate) fn json(&self, id: u64) -> Option<Json> {
        self.get(id).map(|text| Json::known(text.to_string()))
    }

    /// Every document, by id.
    pub(crate) fn documents(&self) -> impl Iterator<Item = &str> {
        self.documents.values().map(String::as_str)
    }

    /// Every id, in order.
    pub(crate) fn ids(&self) -> impl Iterator<Item = u64> {
        self.documents.keys().copied()
    }

    /// Takes in a document that is JSON and has this id.
    pub(crate) fn put(&mut self, id: u64, text: String) {
        self.documents.insert(id, text);
    }

    /// Takes in a document of unknown worth.
    pub(crate) fn add(&mut self, text: &str) -> anyhow::Result<()> {
        let json = Json::parse(text)?;
        let id =
            customer_id(json.root()).ok_or_else(|| anyhow!("a customer needs a whole number as its id"))?;
        self.put(id, text.to_string());
        Ok(())
    }
}

/// The id in a customer document, where it has one.
pub(crate) fn customer_id(document: View<'_>) -> Option<u64> {
    document.member("id")?.raw().parse().ok()
}

/// Where the table is kept.
pub(crate) enum Store {
    Memory(Mutex<Table>),
    File(StateFile),
}

impl Store {
    /// Opens the state; a file is seeded where it is missing and read once, so that a damaged one is told at the start.
    pub(crate) fn open(state: &State) -> anyhow::Result<Store> {
        match state {
            State::Memory => Ok(Store::Memory(Mutex::new(seed::table().context("the built-in seed")?))),
            State::File(path) => {
                let file = StateFile::open(path)?;
                file.read()?;
                Ok(Store::File(file))
            }
        }
    }

    /// Reads the customers as they are at one moment.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Table) -> T) -> anyhow::Result<T> {
        match self {
            Store::Memory(table) => Ok(look(&lock(table))),
            Store::File(file) => Ok(look(&file.read()?)),
        }
    }

    /// Changes customers, with no other change in between.
    pub(crate) fn write<T>(&self, change: impl FnOnce(&mut Table) -> T) -> anyhow::Result<T> {
        match self {
            Store::Memory(table) => Ok(change(&mut lock(table))),
            Store::File(file) => file.write(change),
        }
    }
}
