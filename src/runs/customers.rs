//! The customers that the rows of a file were found to mean, where the rows name them by something else than their ids.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::files::private;

const NAME: &str = "customers";
/// What one customer takes, in bytes.
const SIZE: u64 = 8;

/// An id for each row, by the row's number; rows are noted in any order and read in theirs.
#[derive(Debug)]
pub struct Customers {
    file: BufReader<File>,
    /// The row that is read next, counted from 1.
    next: u64,
}

impl Customers {
    /// A new file in the folder of a run.
    ///
    /// # Errors
    /// As the file system has them.
    pub fn create(folder: &Path) -> io::Result<Customers> {
        let file =
            private(OpenOptions::new().create_new(true).read(true).write(true)).open(folder.join(NAME))?;
        Ok(Customers { file: BufReader::new(file), next: 1 })
    }

    /// That of a run; none where its rows name customers by their ids.
    ///
    /// # Errors
    /// As the file system has them.
    pub fn open(folder: &Path) -> io::Result<Option<Customers>> {
        match File::open(folder.join(NAME)) {
            Ok(file) => Ok(Some(Customers { file: BufReader::new(file), next: 1 })),
            Err(why) if why.kind() == ErrorKind::NotFound => Ok(None),
            Err(why) => Err(why),
        }
    }

    /// Notes which customer a row means.
    ///
    /// # Errors
    /// As the file system has them.
    pub fn note(&mut self, row: u64, customer: u64) -> io::Result<()> {
        let file = self.file.get_mut();
        file.seek(SeekFrom::Start((row - 1) * SIZE))?;
        file.write_all(&customer.to_le_bytes())
    }

    /// Puts what was noted on the disk.
    ///
    /// # Errors
    /// As the file system has them.
    pub fn keep(&mut self) -> io::Result<()> {
        self.file.get_mut().sync_all()
    }

    /// The customer that a row means; rows are asked for in their order, and some may be left out.
    ///
    /// # Errors
    /// As the file system has them; `InvalidData` where none was noted for the row.
    pub fn of(&mut self, row: u64) -> io::Result<u64> {
        let offset = i64::try_from((row - self.next) * SIZE).unwrap_or(i64::MAX);
        self.file.seek_relative(offset)?;
        let mut bytes = [0; SIZE as usize];
        self.file.read_exact(&mut bytes)?;
        self.next = row + 1;
        let customer = u64::from_le_bytes(bytes);
        if customer == 0 { Err(ErrorKind::InvalidData.into()) } else { Ok(customer) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_in_any_order_is_read_in_that_of_the_rows() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Customers::open(folder.path()).unwrap().is_none());
        let mut noted = Customers::create(folder.path()).unwrap();
        for row in [3, 1, 5, 4] {
            noted.note(row, row * 100).unwrap();
        }
        noted.keep().unwrap();
        let mut read = Customers::open(folder.path()).unwrap().unwrap();
        assert_eq!((read.of(1).unwrap(), read.of(3).unwrap(), read.of(5).unwrap()), (100, 300, 500));
        assert!(read.of(6).is_err());
        let mut read = Customers::open(folder.path()).unwrap().unwrap();
        assert_eq!(read.of(2).unwrap_err().kind(), ErrorKind::InvalidData);
    }
}
