//! The path of a value in a document: dotted, or a JSON Pointer (RFC 6901).

use std::fmt;

use serde::{Deserialize, Serialize};

/// The names from the outermost object down to a value; never empty.
/// It is shown dotted if that reads back as the same path, else as a pointer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Path(Vec<String>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    #[error("the path is empty")]
    Empty,
    #[error("the path has an empty name between its dots")]
    EmptyName,
    #[error("in a JSON Pointer `~` is written `~0` and `/` is written `~1`")]
    BadEscape,
}

impl Path {
    /// Reads a JSON Pointer if the text begins with `/`, else a dotted path.
    pub fn parse(text: &str) -> Result<Path, PathError> {
        if text.is_empty() {
            return Err(PathError::Empty);
        }
        if let Some(pointer) = text.strip_prefix('/') {
            return pointer.split('/').map(unescape).collect::<Result<_, _>>().map(Path);
        }
        let names: Vec<String> = text.split('.').map(str::to_string).collect();
        if names.iter().any(String::is_empty) { Err(PathError::EmptyName) } else { Ok(Path(names)) }
    }

    pub fn of(field: &'static str) -> Path {
        Path(field.split('.').map(str::to_string).collect())
    }

    pub(crate) fn is(&self, field: &'static str) -> bool {
        self.0.iter().eq(field.split('.'))
    }

    pub fn root(name: impl Into<String>) -> Path {
        Path(vec![name.into()])
    }

    #[must_use]
    pub fn join(&self, name: impl Into<String>) -> Path {
        Path::below(Some(self), name)
    }

    /// The path of a member of the object at `outer`, or of the outermost object.
    pub(crate) fn below(outer: Option<&Path>, name: impl Into<String>) -> Path {
        let mut names = outer.map_or_else(Vec::new, |outer| outer.0.clone());
        names.push(name.into());
        Path(names)
    }

    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// The path of its first `count` names; none if `count` is zero or greater than their number.
    pub fn outermost(&self, count: usize) -> Option<Path> {
        let names = self.0.get(..count).filter(|names| !names.is_empty())?;
        Some(Path(names.to_vec()))
    }

    pub fn last(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// The names joined by dots, as the field table spells paths. A path with a dot inside a name is no field's, and
    /// gives its pointer.
    pub fn dotted(&self) -> String {
        if self.0.iter().any(|name| name.contains('.')) { self.pointer() } else { self.0.join(".") }
    }

    /// Whether `other` is this path or leads into the value at it.
    pub fn covers(&self, other: &Path) -> bool {
        other.0.starts_with(&self.0)
    }

    pub(crate) fn overlaps(&self, other: &Path) -> bool {
        self.covers(other) || other.covers(self)
    }

    pub fn pointer(&self) -> String {
        self.0.iter().map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).collect()
    }
}

impl TryFrom<String> for Path {
    type Error = PathError;

    fn try_from(text: String) -> Result<Path, PathError> {
        Path::parse(&text)
    }
}

impl From<Path> for String {
    fn from(path: Path) -> String {
        path.to_string()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |name: &String| !name.is_empty() && !name.contains('.');
        if self.0.iter().all(plain) && !self.0[0].starts_with('/') {
            f.write_str(&self.dotted())
        } else {
            f.write_str(&self.pointer())
        }
    }
}

fn unescape(name: &str) -> Result<String, PathError> {
    let mut out = String::with_capacity(name.len());
    let mut rest = name.chars();
    while let Some(c) = rest.next() {
        out.push(match c {
            '~' => match rest.next() {
                Some('0') => '~',
                Some('1') => '/',
                _ => return Err(PathError::BadEscape),
            },
            plain => plain,
        });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_and_pointer_forms_name_the_same_path() {
        let dotted = Path::parse("customerReference.reference1").unwrap();
        assert_eq!(dotted, Path::parse("/customerReference/reference1").unwrap());
        assert_eq!(dotted.to_string(), "customerReference.reference1");
        assert_eq!((dotted.last(), Path::root("a").last()), ("reference1", "a"));
        assert_eq!(Path::parse("").unwrap_err().to_string(), "the path is empty");
    }

    #[test]
    fn a_name_with_a_dot_is_not_taken_for_a_field_of_the_table() {
        assert_eq!(
            Path::parse("/customerReference.reference1").unwrap().dotted(),
            "/customerReference.reference1"
        );
    }

    #[test]
    fn every_path_reads_back_as_it_is_shown() {
        for names in [vec!["a.b", "c"], vec!["", ""], vec!["a/b"], vec!["/a"], vec!["~0", "~1"], vec!["é"]] {
            let path = Path(names.iter().map(|name| (*name).to_string()).collect());
            assert_eq!(Path::parse(&path.to_string()).unwrap(), path);
            assert_eq!(Path::parse(&path.pointer()).unwrap(), path);
        }
    }

    #[test]
    fn a_malformed_path_is_refused() {
        assert_eq!(Path::parse(""), Err(PathError::Empty));
        assert_eq!(Path::parse("a..b"), Err(PathError::EmptyName));
        assert_eq!(Path::parse(".a"), Err(PathError::EmptyName));
        assert_eq!(Path::parse("/a~2"), Err(PathError::BadEscape));
        assert_eq!(Path::parse("/a~"), Err(PathError::BadEscape));
    }
}
