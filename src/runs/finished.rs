//! Which rows have an end: a bit for each.

/// Which rows have an end.
#[derive(Debug, Clone, Default)]
pub struct Finished {
    bits: Vec<u64>,
}

impl Finished {
    /// Notes that a row has an end.
    pub fn insert(&mut self, row: u64) {
        let at = (row / 64) as usize;
        if at >= self.bits.len() {
            self.bits.resize(at + 1, 0);
        }
        self.bits[at] |= 1 << (row % 64);
    }

    /// Whether a row has an end.
    pub fn contains(&self, row: u64) -> bool {
        self.bits.get((row / 64) as usize).is_some_and(|bits| bits & (1 << (row % 64)) != 0)
    }
}
