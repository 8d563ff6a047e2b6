//! The tokens of a plan's row, as an object.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::document::{Json, Path};

/// An object with a token for each path, in the order of the file.
#[derive(Debug, Clone, Default)]
pub struct Tokens(pub Vec<(Path, Json)>);

impl Tokens {
    pub(super) fn get(&self, path: &Path) -> Option<&Json> {
        self.0.iter().find(|(at, _)| at == path).map(|(_, token)| token)
    }
}

impl Serialize for Tokens {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(path, token)| (path, token)))
    }
}

impl<'de> Deserialize<'de> for Tokens {
    /// A path that occurs twice is kept twice, so that [`Planned::check`](super::plan_file::Planned::check) refuses it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tokens, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Tokens;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of paths and values")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Tokens, M::Error> {
                let mut tokens = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    tokens.push(entry);
                }
                Ok(Tokens(tokens))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}
