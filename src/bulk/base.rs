//! The base of an exported table: what was exported, so that an edited cell is told from one that was not. NDJSON: a head, a
//! line for each customer, an end with the digest of the lines before it.

use std::io::{BufReader, Read, Seek, SeekFrom};

use jiff::Timestamp;
use ring::digest;
use serde::{Deserialize, Serialize};

use super::ndjson::line;
use super::plan_file::json_line;
use crate::document::merge::{Merge, merge};
use crate::document::plan::{plan, rewrite};
use crate::document::{Customer, EditError, Edits, Json, Path, View};

/// The version of the format; a later one is not read.
pub const VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub fusebill_base: u32,
    /// The name of the export: the table's last column has it too.
    pub export: String,
    pub profile: String,
    /// The host and port, or `sandbox`.
    pub host: String,
    pub time: Timestamp,
    /// The fields of the tokens in a line.
    pub fields: Vec<Path>,
}

/// A customer as it was exported: a token for each field, null for one that it did not have.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Exported {
    pub id: u64,
    pub cells: Vec<Json>,
}

#[derive(Debug, Serialize, Deserialize)]
struct End {
    end_of_base: u64,
    digest: String,
}

#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    #[error("a later version of fusebill made it (format {0}; this one reads {VERSION})", VERSION = VERSION)]
    Newer(u32),
    #[error("its first line is not the head of a base")]
    NoHead,
    #[error("it is damaged: its end is missing or does not fit its lines")]
    Damaged,
    #[error(transparent)]
    Unreadable(#[from] std::io::Error),
}

/// Writes the lines of a base.
#[derive(Debug)]
pub struct Writer {
    context: Sha,
    rows: u64,
}

#[derive(Clone)]
struct Sha(digest::Context);

impl std::fmt::Debug for Sha {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sha")
    }
}

impl Sha {
    fn new() -> Sha {
        Sha(digest::Context::new(&digest::SHA256))
    }

    fn hex(self) -> String {
        self.0.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Writer {
    /// The writer, and the line of the head.
    pub fn new(head: &Head) -> (Writer, String) {
        let mut writer = Writer { context: Sha::new(), rows: 0 };
        let text = writer.noted(json_line(head));
        (writer, text)
    }

    pub fn line(&mut self, customer: &Customer, fields: &[Path]) -> String {
        let token = |path: &Path| customer.get(path).map_or_else(Json::null, View::to_json);
        self.rows += 1;
        self.noted(json_line(&Exported { id: customer.id(), cells: fields.iter().map(token).collect() }))
    }

    pub fn end(self) -> String {
        json_line(&End { end_of_base: self.rows, digest: self.context.hex() })
    }

    fn noted(&mut self, line: String) -> String {
        self.context.0.update(line.trim_end().as_bytes());
        line
    }
}

/// A text that can be read from any place.
pub trait Source: Read + Seek + Send {}

impl<T: Read + Seek + Send> Source for T {}

/// A base that was read to its end and is whole. Only the places of its lines are in memory.
pub struct Base {
    pub head: Head,
    input: BufReader<Box<dyn Source>>,
    /// Where the line of each customer begins, in the order of their ids.
    lines: Vec<(u64, u64)>,
}

impl Base {
    pub fn read(input: Box<dyn Source>) -> Result<Base, BaseError> {
        #[derive(Deserialize)]
        struct Version {
            fusebill_base: u32,
        }
        let mut input = BufReader::new(input);
        let first = line(&mut input)?.ok_or(BaseError::NoHead)?;
        let version: Version = serde_json::from_slice(&first).map_err(|_| BaseError::NoHead)?;
        if version.fusebill_base > VERSION {
            return Err(BaseError::Newer(version.fusebill_base));
        }
        let head: Head = serde_json::from_slice(&first).map_err(|_| BaseError::NoHead)?;
        let mut context = Sha::new();
        context.0.update(&first);
        let lines = places(&mut input, context, head.fields.len())?;
        Ok(Base { head, input, lines })
    }

    /// The customer as it was exported; none if it was not.
    pub fn get(&mut self, id: u64) -> Result<Option<Exported>, BaseError> {
        let Ok(at) = self.lines.binary_search_by_key(&id, |(id, _)| *id) else { return Ok(None) };
        let wanted = i64::try_from(self.lines[at].1).map_err(|_| BaseError::Damaged)?;
        let here = i64::try_from(self.input.stream_position()?).map_err(|_| BaseError::Damaged)?;
        self.input.seek_relative(wanted - here)?;
        let text = line(&mut self.input)?.ok_or(BaseError::Damaged)?;
        let exported: Exported = serde_json::from_slice(&text).map_err(|_| BaseError::Damaged)?;
        Ok(Some(exported).filter(|exported| exported.id == id))
    }
}

/// The place of every line, if the end fits the lines.
fn places(
    input: &mut BufReader<Box<dyn Source>>,
    mut context: Sha,
    fields: usize,
) -> Result<Vec<(u64, u64)>, BaseError> {
    let mut lines = Vec::new();
    loop {
        let begins = input.stream_position()?;
        let text = line(input)?.ok_or(BaseError::Damaged)?;
        if let Ok(end) = serde_json::from_slice::<End>(&text) {
            let fits = end.end_of_base == lines.len() as u64 && end.digest == context.hex();
            if !fits || line(input)?.is_some() {
                return Err(BaseError::Damaged);
            }
            lines.sort_unstable();
            input.seek(SeekFrom::Start(0))?;
            return Ok(lines);
        }
        let exported: Exported = serde_json::from_slice(&text).map_err(|_| BaseError::Damaged)?;
        if exported.cells.len() != fields {
            return Err(BaseError::Damaged);
        }
        context.0.update(&text);
        lines.push((exported.id, begins));
    }
}

/// Merges the edits of a row with the customer that is stored now. `exported` has the exported values of the edited fields; the
/// base is the stored customer with these, so all that a colleague changed elsewhere stays.
pub fn merged(
    now: &Customer,
    edits: &Edits,
    exported: &[(Path, Json)],
    new_fields: bool,
) -> Result<Merge, EditError> {
    let exported = exported.iter().map(|(path, value)| (path.clone(), Some(value.clone()))).collect();
    let base = rewrite(now.clone(), exported)?.after;
    merge(&plan(base, edits, new_fields)?, now)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn text() -> String {
        let fields = vec![Path::root("firstName"), Path::of("customerReference.reference1")];
        let head = Head {
            fusebill_base: VERSION,
            export: "e".to_string(),
            profile: "p".to_string(),
            host: "h".to_string(),
            time: Timestamp::UNIX_EPOCH,
            fields: fields.clone(),
        };
        let (mut writer, mut text) = Writer::new(&head);
        for customer in [
            r#"{"id":9,"status":"Active","firstName":"J\u006f"}"#,
            r#"{"id":7,"status":"Active","firstName":1E5}"#,
        ] {
            text += &writer.line(&Customer::parse(customer).unwrap(), &fields);
        }
        text + &writer.end()
    }

    fn read(text: &str) -> Result<Base, BaseError> {
        Base::read(Box::new(Cursor::new(text.as_bytes().to_vec())))
    }

    #[test]
    fn a_customer_comes_back_token_by_token_in_any_order() {
        let mut base = read(&text()).unwrap();
        for (id, expected) in [(7, "1E5"), (9, "\"J\\u006f\""), (7, "1E5")] {
            let exported = base.get(id).unwrap().unwrap();
            let cells: Vec<&str> = exported.cells.iter().map(Json::text).collect();
            assert_eq!(cells, [expected, "null"]);
        }
        assert!(base.get(8).unwrap().is_none());
    }

    #[test]
    fn a_base_that_is_not_whole_is_not_read() {
        let whole = text();
        assert!(matches!(read(""), Err(BaseError::NoHead)));
        assert!(matches!(read(&whole.replacen(":1,", ":2,", 1)), Err(BaseError::Newer(2))));
        let lines: Vec<&str> = whole.lines().collect();
        let without = |at: usize| [&lines[..at], &lines[at + 1..]].concat().join("\n");
        for damaged in
            [without(1), without(2), without(3), whole.replace("1E5", "1E6"), format!("{whole}{{}}\n")]
        {
            assert!(matches!(read(&damaged), Err(BaseError::Damaged)), "{damaged}");
        }
        assert!(read(&whole.replace('\n', "\r\n")).is_ok());
    }
}
