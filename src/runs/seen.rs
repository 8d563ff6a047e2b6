//! Whether a customer is named twice, for any number of rows in bounded memory: sorted parts are put on the disk and
//! merged at the end.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

/// How many rows are held in memory.
const PART: usize = 32 * 1024;

/// The customers that were named, and on which lines.
#[derive(Debug)]
pub struct Seen {
    part: Vec<(u64, u64)>,
    parts: Vec<File>,
    size: usize,
}

/// A customer that is named on two lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Twice {
    /// The vendor's id of the customer.
    pub customer: u64,
    /// The line it is named on before.
    pub first: u64,
    /// The line it is named on again.
    pub line: u64,
}

impl Default for Seen {
    fn default() -> Seen {
        Seen { part: Vec::new(), parts: Vec::new(), size: PART }
    }
}

impl Seen {
    /// Notes that a customer is named on a line.
    ///
    /// # Errors
    /// Where a temporary file cannot be written.
    pub fn insert(&mut self, customer: u64, line: u64) -> io::Result<()> {
        self.part.push((customer, line));
        if self.part.len() == self.size {
            self.spill()?;
        }
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        self.part.sort_unstable();
        let mut out = BufWriter::new(tempfile::tempfile()?);
        for (customer, line) in self.part.drain(..) {
            out.write_all(&customer.to_le_bytes())?;
            out.write_all(&line.to_le_bytes())?;
        }
        self.parts.push(out.into_inner().map_err(io::IntoInnerError::into_error)?);
        Ok(())
    }

    /// Gives every customer that is named again to `each`, by id.
    ///
    /// # Errors
    /// Where the temporary files cannot be read.
    pub fn twice(mut self, mut each: impl FnMut(Twice)) -> io::Result<()> {
        self.part.sort_unstable();
        let mut parts: Vec<Box<dyn Iterator<Item = Pair>>> = Vec::new();
        for mut file in self.parts {
            file.seek(SeekFrom::Start(0))?;
            parts.push(Box::new(Pairs(BufReader::new(file))));
        }
        parts.push(Box::new(self.part.into_iter().map(Ok)));
        let mut heap = BinaryHeap::new();
        for (at, part) in parts.iter_mut().enumerate() {
            heap.extend(part.next().transpose()?.map(|pair| Reverse((pair, at))));
        }
        let mut last: Option<(u64, u64)> = None;
        while let Some(Reverse(((customer, line), at))) = heap.pop() {
            if let Some((_, first)) = last.filter(|(other, _)| *other == customer) {
                each(Twice { customer, first, line });
            }
            last = Some((customer, line));
            heap.extend(parts[at].next().transpose()?.map(|pair| Reverse((pair, at))));
        }
        Ok(())
    }
}

/// A customer and the line it is named on, or why it cannot be read.
type Pair = io::Result<(u64, u64)>;

/// The rows of a part on the disk.
struct Pairs(BufReader<File>);

impl Iterator for Pairs {
    type Item = Pair;

    fn next(&mut self) -> Option<Self::Item> {
        let mut bytes = [0; 16];
        match self.0.read_exact(&mut bytes) {
            Err(why) if why.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(why) => Some(Err(why)),
            Ok(()) => {
                let number = |half: &[u8]| half.try_into().map_or(0, u64::from_le_bytes);
                Some(Ok((number(&bytes[..8]), number(&bytes[8..]))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_again_is_found_in_memory_and_on_the_disk() {
        for size in [2, 3, 100] {
            let mut seen = Seen { size, ..Seen::default() };
            for (line, customer) in (2..).zip([7, 5, 9, 7, 1, 5, 7]) {
                seen.insert(customer, line).unwrap();
            }
            let mut found = Vec::new();
            seen.twice(|it| found.push((it.customer, it.first, it.line))).unwrap();
            assert_eq!(found, [(5, 3, 7), (7, 2, 5), (7, 5, 8)], "{size}");
        }
    }
}
