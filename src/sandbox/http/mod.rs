//! The way of a request: connection, record, faults, key, quota, answer, delivery.

pub(crate) mod answer;
pub(crate) mod control;
pub(crate) mod delivery;
pub(crate) mod door;
pub(crate) mod exchange;
pub(crate) mod key;
pub(crate) mod quota;
pub(crate) mod record;
pub(crate) mod server;

use std::sync::Mutex;

use super::behaviour::Behaviour;
use super::fault::Faults;
use super::store::Store;
use quota::Quota;
use record::Records;

/// What every connection of one sandbox shares.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) behaviour: Behaviour,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) records: Mutex<Records>,
    pub(crate) quota: Mutex<Quota>,
}
