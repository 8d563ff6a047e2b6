//! The customers a sandbox begins with.

use super::Table;

/// One customer a line. All are made up; the addresses are under example.com and example.org, the numbers are 555 ones.
static SEED: &str = include_str!("../seed.ndjson");

/// The documents of the customers that a new sandbox holds, each compact JSON.
pub fn seed() -> impl Iterator<Item = &'static str> {
    SEED.lines()
}

/// The seed as a table.
pub(crate) fn table() -> anyhow::Result<Table> {
    let mut table = Table::default();
    for line in seed() {
        table.add(line)?;
    }
    Ok(table)
}
