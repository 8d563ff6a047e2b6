//! Generators: values, customers as text, and what may be asked of them.

use std::collections::HashSet;
use std::fmt;

use fusebill::document::json::MAX_DEPTH;
use fusebill::document::{Action, Customer, Edit, Edits, Json, Path, Plan, plan};
use fusebill::field::{self, CODES_PATH, FIELDS, Field, FieldKind, MOST_CODES, READ_ONLY};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::spelling::{Number, Spelled, Text, Value, spell, units};

/// What serde_json's `Value` can read too (tame), or all that JSON can say: lone surrogates, numbers beyond `f64`,
/// nesting up to the limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Oddity {
    Tame,
    Wild,
}

/// Text of a dozen characters at most, with those that JSON, paths and editors trip over.
pub(crate) fn message() -> impl Strategy<Value = String> + Clone {
    let piece = prop_oneof![
        6 => "[a-z0-9]{1,4}",
        2 => select(vec!["\"", "\\", "/", "~", "~1", ".", "é", "e\u{301}", "😀", "\u{2028}", "\u{7f}", "\0", "\n", "\t"])
            .prop_map(str::to_string),
        1 => any::<char>().prop_map(String::from),
    ];
    vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

pub(crate) fn text(oddity: Oddity) -> BoxedStrategy<Text> {
    let message = message().prop_map(|text| units(&text));
    if oddity == Oddity::Tame {
        return message.boxed();
    }
    let halves = (message.clone(), 0xd800_u16..0xe000, message.clone())
        .prop_map(|(before, half, after)| [before, vec![half], after].concat());
    prop_oneof![20 => message, 1 => halves].boxed()
}

pub(crate) fn number(oddity: Oddity) -> BoxedStrategy<Number> {
    let exponents = match oddity {
        Oddity::Tame => -40_i64..40,
        Oddity::Wild => -5_000..5_000,
    };
    let digits = prop_oneof![6 => "[0-9]{1,4}", 1 => "[0-9]{23}", 1 => Just("0".to_string()), 1 => Just("25".to_string())];
    (any::<bool>(), digits, prop_oneof![4 => -4_i64..4, 1 => exponents])
        .prop_map(|(negative, digits, exponent)| Number::new(negative, &digits, exponent))
        .boxed()
}

fn scalar(oddity: Oddity) -> BoxedStrategy<Value> {
    prop_oneof![
        2 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        3 => number(oddity).prop_map(Value::Number),
        4 => text(oddity).prop_map(Value::Text),
    ]
    .boxed()
}

/// Any JSON value.
pub(crate) fn value(oddity: Oddity) -> BoxedStrategy<Value> {
    let shallow = scalar(oddity).prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            vec((text(oddity), inner), 0..4).prop_map(|members| Value::Object(distinct(members))),
        ]
    });
    if oddity == Oddity::Tame { shallow.boxed() } else { prop_oneof![60 => shallow, 1 => deep()].boxed() }
}

/// A chain of arrays and objects, down to the limit inside `customerReference`.
fn deep() -> impl Strategy<Value = Value> {
    (vec(any::<bool>(), 1..MAX_DEPTH - 1), number(Oddity::Wild)).prop_map(|(levels, last)| {
        levels.into_iter().fold(Value::Number(last), |inside, object| match object {
            true => Value::Object(vec![(units("d"), inside)]),
            false => Value::Array(vec![inside]),
        })
    })
}

fn distinct(members: Vec<(Text, Value)>) -> Vec<(Text, Value)> {
    let mut seen = HashSet::new();
    members.into_iter().filter(|(key, _)| seen.insert(key.clone())).collect()
}

/// A value that the field may be set to, in the spelling in which it is sent.
pub(crate) fn fitting(field: &'static Field) -> BoxedStrategy<Value> {
    match field.kind {
        FieldKind::Text { .. } => {
            prop_oneof![4 => message(), 1 => "[1-9][0-9]{0,9}"].prop_map(|t| Value::text(&t)).boxed()
        }
        FieldKind::Emails { .. } => {
            select(vec!["", "a@example.com", "a@example.com;b@example.org", "a+b@b.example.co,c@d.co"])
                .prop_map(Value::text)
                .boxed()
        }
        FieldKind::Choice(words) => select(words).prop_map(Value::text).boxed(),
        FieldKind::Currency => select(vec!["USD", "CAD", "EUR"]).prop_map(Value::text).boxed(),
        FieldKind::Integer => (0_u64..100_000_000).prop_map(Value::whole).boxed(),
        FieldKind::Codes => codes(0).boxed(),
    }
}

/// A list of at least so many sales-tracking codes of distinct types, with and without what the vendor adds.
pub(crate) fn codes(least: usize) -> impl Strategy<Value = Value> {
    let extra = (message(), scalar(Oddity::Tame))
        .prop_map(|(name, id)| vec![(units("name"), Value::text(&name)), (units("id"), id)]);
    let extra = prop_oneof![Just(Vec::new()), extra];
    let code = (message(), select(vec!["c1", "c2", "Ç\"3"]), extra).prop_map(|(kind, code, extra)| {
        let mut members =
            vec![(units("type"), Value::text(&kind.to_lowercase())), (units("code"), Value::text(code))];
        members.extend(extra);
        Value::Object(members)
    });
    vec(code, least..=MOST_CODES).prop_map(|mut codes| {
        codes.iter_mut().enumerate().for_each(|(at, code)| code.number_type(at));
        Value::Array(codes)
    })
}

impl Value {
    /// Tells the type of a code apart from the others of its list.
    fn number_type(&mut self, at: usize) {
        if let Some(Value::Text(kind)) = self.member(&units("type")).cloned() {
            let kind = [kind, units(&at.to_string())].concat();
            self.put(&["type".to_string()], Value::Text(kind));
        }
    }
}

/// What may stand in a field of a customer that is read, with the vendor's own deviations: null, a number for text.
fn stored(field: &'static Field) -> BoxedStrategy<Value> {
    match field.path {
        "status" => fitting(field),
        _ if field.is_text() => {
            prop_oneof![5 => fitting(field), 2 => Just(Value::Null), 1 => number(Oddity::Tame).prop_map(Value::Number)]
                .boxed()
        }
        _ => prop_oneof![3 => fitting(field), 1 => Just(Value::Null)].boxed(),
    }
}

/// The members of the table that stand directly in the object with this prefix.
fn known(prefix: &'static str, oddity: Oddity) -> impl Strategy<Value = Vec<(Text, Value)>> {
    let own = move |path: &'static str| path.strip_prefix(prefix).filter(|name| !name.contains('.'));
    let fields = FIELDS.iter().filter_map(move |field| Some((own(field.path)?, stored(field))));
    let fixed = READ_ONLY.iter().filter_map(move |fixed| Some((own(fixed.path)?, scalar(oddity))));
    let always = |name: &str| name == "id" || name == "status";
    let members: Vec<BoxedStrategy<Option<(Text, Value)>>> = fields
        .chain(fixed)
        .filter(|(name, _)| !always(name))
        .map(|(name, value)| option::weighted(0.4, value.prop_map(move |value| (units(name), value))).boxed())
        .collect();
    members.prop_map(|members| members.into_iter().flatten().collect())
}

/// `customerReference` and `customerAcquisition`: with members, empty, null; they may also be missing.
fn nested(prefix: &'static str, oddity: Oddity) -> impl Strategy<Value = Value> {
    let full =
        (known(prefix, oddity), unknown(oddity), 1_u64..1_000_000).prop_map(|(mut members, unknown, id)| {
            members.push((units("id"), Value::whole(id)));
            members.extend(unknown);
            Value::Object(distinct(members))
        });
    prop_oneof![6 => full, 1 => Just(Value::Null), 1 => Just(Value::Object(Vec::new()))]
}

/// Members that the table does not know; their names begin with an x, and no field's does.
fn unknown(oddity: Oddity) -> impl Strategy<Value = Vec<(Text, Value)>> {
    let name = text(oddity).prop_map(|name| [units("x"), name].concat());
    vec((name, value(oddity)), 0..4)
}

/// A customer by what it means.
pub(crate) fn customer(oddity: Oddity) -> impl Strategy<Value = Value> {
    let reference = option::weighted(0.8, nested("customerReference.", oddity));
    let acquisition = option::weighted(0.7, nested("customerAcquisition.", oddity));
    let always = (1_u64..u64::MAX, stored(field::at("status").expect("a field")));
    (always, known("", oddity), reference, acquisition, unknown(oddity), any::<u64>()).prop_map(
        |((id, status), known, reference, acquisition, unknown, order)| {
            let mut members = vec![(units("id"), Value::whole(id)), (units("status"), status)];
            members.extend(known);
            members.extend(reference.map(|value| (units("customerReference"), value)));
            members.extend(acquisition.map(|value| (units("customerAcquisition"), value)));
            members.extend(unknown);
            let mut seen = HashSet::new();
            members.retain(|(key, _)| seen.insert(String::from_utf16_lossy(key).to_lowercase()));
            let turn = (order % members.len() as u64) as usize;
            members.rotate_left(turn);
            Value::Object(members)
        },
    )
}

/// A customer and its text.
#[derive(Clone)]
pub(crate) struct Document {
    pub(crate) value: Value,
    pub(crate) spelled: Spelled,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.spelled.text)
    }
}

impl Document {
    pub(crate) fn parsed(&self) -> Customer {
        Customer::parse(self.spelled.text.clone()).expect("a generated customer is one")
    }
}

pub(crate) fn document(oddity: Oddity) -> impl Strategy<Value = Document> {
    (customer(oddity), any::<u64>())
        .prop_map(|(value, seed)| Document { spelled: spell(&value, seed), value })
}

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
    let names = vec(message().prop_map(|name| format!("y{}", name.to_lowercase())), 1..4);
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

impl Document {
    /// The paths of the customer's members that can be written as text, and of the customer itself (empty).
    pub(crate) fn paths(&self, wanted: impl Fn(&[String], &Value) -> bool) -> Vec<Vec<String>> {
        let named = |path: &Vec<Text>| path.iter().map(|name| String::from_utf16(name).ok()).collect();
        let paths = self.spelled.places.iter().filter_map(|place| named(&place.path));
        paths
            .filter(|path: &Vec<String>| self.value.at(path).is_some_and(|value| wanted(path, value)))
            .collect()
    }
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
            (FieldKind::Choice(_) | FieldKind::Currency, Value::Text(word)) => {
                let word = String::from_utf16_lossy(word);
                asked.given = Some(format!(" {:?}", swap_case(&word)));
                asked.written = format!("{word:?}");
            }
            (FieldKind::Integer, Value::Number(number)) => {
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

    pub(crate) fn edit(&self) -> Edit {
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

/// The path with these names.
pub(crate) fn path_of(names: &[String]) -> Path {
    let (first, rest) = names.split_first().expect("a path has a name");
    rest.iter().fold(Path::root(first), |path, name| path.join(name))
}

/// A name as paths show it: lone surrogates, which have no text, as what their WTF-8 bytes become.
pub(crate) fn shown(name: &Text) -> String {
    let read = char::decode_utf16(name.iter().copied());
    read.map(|unit| unit.map_or("\u{fffd}\u{fffd}\u{fffd}".to_string(), String::from)).collect()
}

/// A text that is known to be JSON.
pub(crate) fn json(text: &str) -> Json {
    Json::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"))
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
        Edits::check(edits).unwrap_or_else(|error| panic!("refused: {error}"))
    }

    pub(crate) fn plan(&self) -> Plan {
        plan::plan(self.document.parsed(), &self.edits(), true)
            .unwrap_or_else(|error| panic!("refused: {error}"))
    }
}

/// Customers with a handful of edits that are all allowed.
pub(crate) fn case(oddity: Oddity) -> impl Strategy<Value = Case> {
    (document(oddity), vec(wish(oddity), 0..6), any::<u64>())
        .prop_map(|(document, wishes, seed)| Case::new(document, wishes, seed))
}
