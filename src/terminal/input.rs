//! Files and standard input.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{Terminal, keyboard};
use crate::error::{Error, Result};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Written `-`.
    Stdin,
    File(PathBuf),
}

impl Terminal {
    pub(crate) fn open(&self, input: &Input) -> Result<Box<dyn Read>> {
        match input {
            Input::Stdin => {
                keyboard::leave_stdin();
                Ok(Box::new(io::stdin()))
            }
            Input::File(path) => match File::open(path) {
                Ok(file) => Ok(Box::new(file)),
                Err(error) => Err(unreadable(input, error)),
            },
        }
    }

    /// A file that is read from any place.
    pub(crate) fn open_file(&self, path: &Path) -> Result<File> {
        File::open(path).map_err(|error| unreadable(&Input::File(path.to_path_buf()), error))
    }

    pub(crate) fn read(&self, input: &Input) -> Result<String> {
        let mut bytes = Vec::new();
        self.open(input)?.read_to_end(&mut bytes).map_err(|error| unreadable(input, error))?;
        String::from_utf8(bytes).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
            Error::usage(format!("{input} is not UTF-8 text (line {line})"))
        })
    }
}

fn unreadable(input: &Input, error: io::Error) -> Error {
    let is_json = input.name().starts_with(['{', '[']);
    let error = Error::usage(format!("cannot read {input}")).source(error);
    if is_json { error.hint("name a file that holds the JSON, or - to read standard input") } else { error }
}

impl Input {
    pub(crate) fn name(&self) -> String {
        match self {
            Input::Stdin => "standard input".to_string(),
            Input::File(path) => path.display().to_string(),
        }
    }
}

impl From<&str> for Input {
    fn from(text: &str) -> Input {
        if text == "-" { Input::Stdin } else { Input::File(PathBuf::from(text)) }
    }
}

/// In a sentence, unlike [`Input::name`].
impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Input::Stdin => f.write_str(&self.name()),
            Input::File(_) => write!(f, "`{}`", self.name()),
        }
    }
}
