//! What is read: a file or standard input.

use std::fmt;
use std::io::{self, Read};
use std::path::PathBuf;

use super::Terminal;
use crate::error::{Error, Result};

/// A place for data to come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Standard input, written `-`.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl Terminal {
    /// Opens an input.
    ///
    /// # Errors
    /// `Usage` where it cannot be opened.
    pub fn open(&self, input: &Input) -> Result<Box<dyn Read>> {
        match input {
            Input::Stdin => Ok(Box::new(io::stdin())),
            Input::File(path) => match std::fs::File::open(path) {
                Ok(file) => Ok(Box::new(file)),
                Err(why) => Err(Error::usage(format!("cannot read {input}")).because(why)),
            },
        }
    }

    /// Reads all of an input as text.
    ///
    /// # Errors
    /// `Usage` where it cannot be read or is not UTF-8.
    pub fn read(&self, input: &Input) -> Result<String> {
        let bytes = match input {
            Input::Stdin => {
                let mut bytes = Vec::new();
                io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
            }
            Input::File(path) => std::fs::read(path),
        };
        let bytes = bytes.map_err(|why| Error::usage(format!("cannot read {input}")).because(why))?;
        String::from_utf8(bytes).map_err(|why| {
            let line =
                1 + why.as_bytes()[..why.utf8_error().valid_up_to()].iter().filter(|&&b| b == b'\n').count();
            Error::usage(format!("{input} is not UTF-8 text (line {line})"))
        })
    }
}

impl Input {
    /// What it is called where it stands alone: a path, or standard input.
    pub fn name(&self) -> String {
        match self {
            Input::Stdin => "standard input".to_string(),
            Input::File(path) => path.display().to_string(),
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Input::Stdin => f.write_str("standard input"),
            Input::File(path) => write!(f, "`{}`", path.display()),
        }
    }
}
