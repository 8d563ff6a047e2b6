//! Generators of what is asked of a customer.

use std::fmt;

use fusebill::document::json::MAX_DEPTH;
use fusebill::document::{Action, Edit, Edits, Path, Plan, plan};
use fusebill::field::{CODES_PATH, FIELDS, Field, Kind, READ_ONLY};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::generate::{Document, Oddity, document, fitting, json, path_of, said, value};
use crate::spelling::{Value, spell};

/// One thing asked of a customer: the value as given, and the text in which it is to be sent.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) path: Vec<String>,
    /// None clears.
    pub(crate) given: Option<String>,
    pub(crate) value: Value,
    pub(crate) written: String,
}

/// Something to ask, before it is known of which customer.
#[derive(Debug, Clone)]
enum Wish {
    /// A field of the table is set.
    Field(&'static Field, Value),
    /// A field of the table is cleared.
    Clear(Index),
    /// A value that the customer has is replaced.
    Known(Index, Value),
    /// A member that the customer does not have is added.
    New(Index, Vec<String>, Value),
}

fn wish(oddity: Oddity) -> impl Strategy<Value = Wish> {
    let field = (0..FIELDS.len()).prop_flat_map(|at| (Just(&FIELDS[at]), fitting(&FIELDS[at])));
    let names = vec(said().prop_map(|name| format!("y{}", name.to_lowercase())), 1..4);
    prop_oneof![
        4 => field.prop_map(|(field, value)| Wish::Field(field, value)),
        1 => any::<Index>().prop_map(Wish::Clear),
        3 => (any::<Index>(), value(oddity)).prop_map(|(at, value)| Wish::Known(at, value)),
        2 => (any::<Index>(), names, value(oddity)).prop_map(|(at, names, value)| Wish::New(at, names, value)),
    ]
}

impl Wish {
    /// What the wish comes to for this customer; none where it has no place for it.
    fn ask(self, document: &Document, seed: u64) -> Option<Asked> {
        match self {
            Wish::Field(field, value) => Some(Asked::field(field, value, seed)),
            Wish::Clear(at) => {
                let clearable = clearable();
                Some(Asked::clear(clearable[at.index(clearable.len())]))
            }
            Wish::Known(at, value) => {
                let known = document.paths(|path, _| !is_the_tables(path));
                (!known.is_empty()).then(|| Asked::set(at.get(&known).clone(), value, seed))
            }
            Wish::New(at, names, value) => {
                let mut path = at.get(&document.paths(is_open)).clone();
                path.push(names[0].clone());
                let free = document.value.at(&path).is_none();
                path.extend_from_slice(&names[1..]);
                free.then(|| Asked::set(path, value, seed))
            }
        }
    }
}

fn clearable() -> Vec<&'static Field> {
    FIELDS.iter().filter(|field| field.never_null().is_none()).collect()
}

/// Whether the table says what stands at a path, around it or inside it; such values are set by their fields only.
fn is_the_tables(path: &[String]) -> bool {
    let fields = FIELDS.iter().map(|field| field.path);
    let fixed = READ_ONLY.iter().map(|fixed| fixed.path);
    fields.chain(fixed).any(|known| known.split('.').zip(path).all(|(known, name)| known == name))
}

/// Whether a member may be added: to an object or to null, where the table does not say what stands there.
fn is_open(path: &[String], value: &Value) -> bool {
    let section = ["customerReference", "customerAcquisition"].iter().any(|name| path == [*name]);
    let free = path.is_empty() || section || !is_the_tables(path);
    free && matches!(value, Value::Null | Value::Object(_))
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} becomes {:?}", self.path, self.given)
    }
}

impl Asked {
    fn set(path: Vec<String>, value: Value, seed: u64) -> Asked {
        let given = spell(&value, seed).text;
        let written = given.trim_matches([' ', '\t', '\r', '\n']).to_string();
        Asked { path, given: Some(given), value, written }
    }

    pub(crate) fn field(field: &'static Field, value: Value, seed: u64) -> Asked {
        let path: Vec<String> = field.path.split('.').map(str::to_string).collect();
        let mut asked = Asked::set(path, value, seed);
        match (field.kind, &asked.value) {
            (Kind::Choice(_) | Kind::Currency, Value::Text(word)) => {
                let word = String::from_utf16_lossy(word);
                asked.given = Some(format!(" {:?}", swap_case(&word)));
                asked.written = format!("{word:?}");
            }
            (Kind::Integer, Value::Number(number)) => {
                asked.written = format!("{}{}", number.digits, "0".repeat(number.exponent as usize));
                asked.given = Some(asked.written.clone());
            }
            _ => {}
        }
        asked
    }

    fn clear(field: &'static Field) -> Asked {
        let empty = if field.path == CODES_PATH { Value::Array(Vec::new()) } else { Value::Null };
        let written = if field.path == CODES_PATH { "[]" } else { "null" }.to_string();
        Asked { given: None, written, ..Asked::field(field, empty, 0) }
    }

    pub(crate) fn path(&self) -> Path {
        path_of(&self.path)
    }

    fn edit(&self) -> Edit {
        let action = match &self.given {
            Some(given) => Action::Set(json(given)),
            None => Action::Clear,
        };
        Edit { path: self.path(), action, given: "--given".to_string() }
    }

    /// Whether it is about a field of the table.
    pub(crate) fn is_field(&self) -> bool {
        FIELDS.iter().any(|field| path_of(&self.path) == Path::of(field.path))
    }

    fn overlaps(&self, other: &Asked) -> bool {
        self.path.iter().zip(&other.path).all(|(one, other)| one == other)
    }

    fn fits(&self) -> bool {
        self.path.len() + self.value.depth() <= MAX_DEPTH
    }
}

fn swap_case(word: &str) -> String {
    let swap = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    word.chars().map(swap).collect()
}

/// A customer and what is asked of it, all of which is to be accepted.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) document: Document,
    pub(crate) asked: Vec<Asked>,
}

impl Case {
    fn new(document: Document, wishes: Vec<Wish>, seed: u64) -> Case {
        let mut asked: Vec<Asked> = Vec::new();
        for (at, wish) in wishes.into_iter().enumerate() {
            let new = wish.ask(&document, seed.wrapping_add(at as u64)).filter(Asked::fits);
            asked.extend(new.filter(|new| !asked.iter().any(|old| old.overlaps(new))));
        }
        Case { document, asked }
    }

    pub(crate) fn edits(&self) -> Edits {
        let edits = self.asked.iter().map(Asked::edit).collect();
        Edits::check(edits).unwrap_or_else(|why| panic!("refused: {why}"))
    }

    pub(crate) fn plan(&self) -> Plan {
        plan::plan(self.document.parsed(), &self.edits(), true).unwrap_or_else(|why| panic!("refused: {why}"))
    }
}

/// Customers with a handful of edits that are all allowed.
pub(crate) fn case(oddity: Oddity) -> impl Strategy<Value = Case> {
    (document(oddity), vec(wish(oddity), 0..6), any::<u64>())
        .prop_map(|(document, wishes, seed)| Case::new(document, wishes, seed))
}
