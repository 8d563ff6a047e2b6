//! JSON values by what they mean, and the many ways to spell one.
//!
//! Nothing here is shared with the core: a [`Value`] is the oracle that its comparison, its spans and its splices are
//! held to.

use std::ops::Range;

/// A JSON value by what it means.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    Text(Text),
    Array(Vec<Value>),
    Object(Vec<(Text, Value)>),
}

/// A string as UTF-16 units, the form in which JSON escapes can say lone surrogates too.
pub(crate) type Text = Vec<u16>;

/// `digits × 10^exponent`; the digits have no zero at either end but for zero itself, which is `0 × 10^0`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Number {
    pub(crate) negative: bool,
    pub(crate) digits: String,
    pub(crate) exponent: i64,
}

impl Number {
    pub(crate) fn new(negative: bool, digits: &str, exponent: i64) -> Number {
        let cut = digits.trim_end_matches('0');
        let exponent = exponent + (digits.len() - cut.len()) as i64;
        match cut.trim_start_matches('0') {
            "" => Number { negative: false, digits: "0".to_string(), exponent: 0 },
            digits => Number { negative, digits: digits.to_string(), exponent },
        }
    }
}

pub(crate) fn units(text: &str) -> Text {
    text.encode_utf16().collect()
}

impl Value {
    pub(crate) fn text(text: &str) -> Value {
        Value::Text(units(text))
    }

    pub(crate) fn whole(number: u64) -> Value {
        Value::Number(Number::new(false, &number.to_string(), 0))
    }

    pub(crate) fn member(&self, name: &[u16]) -> Option<&Value> {
        let Value::Object(members) = self else { return None };
        members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub(crate) fn at(&self, path: &[String]) -> Option<&Value> {
        path.iter().try_fold(self, |value, name| value.member(&units(name)))
    }

    /// Puts a value at a path; whatever is no object on the way becomes one.
    pub(crate) fn put(&mut self, path: &[String], new: Value) {
        let Some((name, rest)) = path.split_first() else { return *self = new };
        if !matches!(self, Value::Object(_)) {
            *self = Value::Object(Vec::new());
        }
        let Value::Object(members) = self else { return };
        let name = units(name);
        let at = members.iter().position(|(key, _)| *key == name).unwrap_or_else(|| {
            members.push((name, Value::Null));
            members.len() - 1
        });
        members[at].1.put(rest, new);
    }

    /// Takes the member at a path away.
    pub(crate) fn remove(&mut self, path: &[String]) {
        let Value::Object(members) = self else { return };
        let Some((name, rest)) = path.split_first() else { return };
        let name = units(name);
        if rest.is_empty() {
            members.retain(|(key, _)| *key != name);
        } else if let Some((_, inside)) = members.iter_mut().find(|(key, _)| *key == name) {
            inside.remove(rest);
        }
    }

    /// Whether two values mean the same: members in any order, elements in theirs.
    pub(crate) fn means(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Array(a), Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.means(b))
            }
            (Value::Object(a), Value::Object(b)) => {
                a.len() == b.len()
                    && a.iter().all(|(key, value)| other.member(key).is_some_and(|b| value.means(b)))
            }
            _ => self == other,
        }
    }

    pub(crate) fn is_empty_object(&self) -> bool {
        matches!(self, Value::Object(members) if members.is_empty())
    }

    /// How many levels of arrays and objects it has.
    pub(crate) fn depth(&self) -> usize {
        let deepest = match self {
            Value::Array(elements) => elements.iter().map(Value::depth).max(),
            Value::Object(members) => members.iter().map(|(_, value)| value.depth()).max(),
            _ => return 0,
        };
        1 + deepest.unwrap_or(0)
    }
}

/// Chooses among spellings; the same seed makes the same choices.
struct Pen(u64);

impl Pen {
    fn below(&mut self, limit: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<'a>(&mut self, among: &[&'a str]) -> &'a str {
        among[self.below(among.len())]
    }
}

/// Where a member's value stands in a spelled text.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) path: Vec<Text>,
    pub(crate) span: Range<usize>,
    /// For an object: where its last value ends, or none where it is empty.
    pub(crate) last: Option<usize>,
}

/// A text, and where its members stand; the first place is the whole value with the empty path.
#[derive(Debug, Clone)]
pub(crate) struct Spelled {
    pub(crate) text: String,
    pub(crate) places: Vec<Place>,
}

impl Spelled {
    pub(crate) fn place(&self, path: &[String]) -> Option<&Place> {
        let path: Vec<Text> = path.iter().map(|name| units(name)).collect();
        self.places.iter().find(|place| place.path == path)
    }

    pub(crate) fn raw(&self, path: &[String]) -> Option<&str> {
        self.place(path).map(|place| &self.text[place.span.clone()])
    }
}

/// One spelling of a value, members in the order in which it has them.
pub(crate) fn spell(value: &Value, seed: u64) -> Spelled {
    Speller::new(seed, false).run(value)
}

/// One spelling of a value, members in any order.
pub(crate) fn respell(value: &Value, seed: u64) -> String {
    Speller::new(seed, true).run(value).text
}

struct Speller {
    pen: Pen,
    shuffled: bool,
    /// One gap in so many is filled; none where the text is dense.
    airy: Option<usize>,
    out: String,
    path: Vec<Text>,
    places: Vec<Place>,
}

impl Speller {
    fn new(seed: u64, shuffled: bool) -> Speller {
        let mut pen = Pen(seed);
        let airy = [None, Some(1), Some(4)][pen.below(3)];
        Speller { pen, shuffled, airy, out: String::new(), path: Vec::new(), places: Vec::new() }
    }

    fn run(mut self, value: &Value) -> Spelled {
        self.gap();
        self.place(value);
        self.gap();
        Spelled { text: self.out, places: self.places }
    }

    fn gap(&mut self) {
        if self.airy.is_some_and(|times| self.pen.one_in(times)) {
            let gap = self.pen.pick(&[" ", "  ", "\n  ", "\t", "\r\n", "\n\n \t"]);
            self.out.push_str(gap);
        }
    }

    /// A value that can be found again by its path. Ids of the customer have one spelling only.
    fn place(&mut self, value: &Value) {
        let (at, start) = (self.places.len(), self.out.len());
        self.places.push(Place { path: self.path.clone(), span: start..start, last: None });
        let last = match value {
            Value::Object(members) => self.object(members, true),
            Value::Number(id) if self.is_whole() => {
                self.out.push_str(if id.negative { "-" } else { "" });
                self.plain(&id.digits, id.exponent);
                None
            }
            other => {
                self.value(other);
                None
            }
        };
        self.places[at].span.end = self.out.len();
        self.places[at].last = last;
    }

    fn is_whole(&self) -> bool {
        ["id", "parentId", "quickBooksId"].iter().any(|name| self.path == [units(name)])
    }

    /// A value inside an array, where no path of the document's members leads.
    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(yes) => self.out.push_str(if *yes { "true" } else { "false" }),
            Value::Number(number) => self.number(number),
            Value::Text(text) => self.text(text),
            Value::Array(elements) => self.array(elements),
            Value::Object(members) => drop(self.object(members, false)),
        }
    }

    fn array(&mut self, elements: &[Value]) {
        self.out.push('[');
        self.gap();
        for (at, element) in elements.iter().enumerate() {
            self.comma(at);
            self.value(element);
            self.gap();
        }
        self.out.push(']');
    }

    fn object(&mut self, members: &[(Text, Value)], placed: bool) -> Option<usize> {
        let mut last = None;
        self.out.push('{');
        self.gap();
        for (at, (key, value)) in self.ordered(members).into_iter().enumerate() {
            self.comma(at);
            self.text(key);
            self.gap();
            self.out.push(':');
            self.gap();
            if placed {
                self.path.push(key.clone());
                self.place(value);
                self.path.pop();
            } else {
                self.value(value);
            }
            last = Some(self.out.len());
            self.gap();
        }
        self.out.push('}');
        last
    }

    fn ordered<'a>(&mut self, members: &'a [(Text, Value)]) -> Vec<&'a (Text, Value)> {
        let mut members: Vec<_> = members.iter().collect();
        if self.shuffled {
            (1..members.len()).for_each(|at| members.swap(at, self.pen.below(at + 1)));
        }
        members
    }

    fn comma(&mut self, at: usize) {
        if at > 0 {
            self.out.push(',');
            self.gap();
        }
    }

    fn number(&mut self, number: &Number) {
        let Number { negative, digits, exponent } = number;
        if digits == "0" {
            let zero = self.pen.pick(&["0", "-0", "0.0", "0.00", "0e5", "-0.0E-7", "0E+00"]);
            return self.out.push_str(zero);
        }
        if *negative {
            self.out.push('-');
        }
        let zeros = self.pen.below(3);
        let digits = format!("{digits}{}", "0".repeat(zeros));
        let exponent = exponent - zeros as i64;
        if exponent.abs() < 30 && self.pen.one_in(2) {
            return self.plain(&digits, exponent);
        }
        let point = self.pen.below(digits.len() + 1);
        self.scientific(&digits, point, exponent);
    }

    /// Without an exponent.
    fn plain(&mut self, digits: &str, exponent: i64) {
        if exponent >= 0 {
            self.out.push_str(digits);
            return (0..exponent).for_each(|_| self.out.push('0'));
        }
        let fraction = exponent.unsigned_abs() as usize;
        let padded = format!("{digits:0>width$}", width = fraction + 1);
        let (whole, fraction) = padded.split_at(padded.len() - fraction);
        self.out.push_str(&format!("{whole}.{fraction}"));
    }

    fn scientific(&mut self, digits: &str, point: usize, exponent: i64) {
        let (whole, fraction) = digits.split_at(point);
        self.out.push_str(if whole.is_empty() { "0" } else { whole });
        if !fraction.is_empty() {
            self.out.push('.');
            self.out.push_str(fraction);
        }
        let exponent = exponent + fraction.len() as i64;
        self.out.push(if self.pen.one_in(2) { 'e' } else { 'E' });
        self.out.push_str(if exponent < 0 { "-" } else { self.pen.pick(&["", "+"]) });
        let zeros = self.pen.pick(&["", "", "0", "00"]);
        self.out.push_str(zeros);
        self.out.push_str(&exponent.unsigned_abs().to_string());
    }

    fn text(&mut self, text: &[u16]) {
        self.out.push('"');
        let escaped = if self.pen.one_in(4) { 2 } else { 12 };
        for read in char::decode_utf16(text.iter().copied()) {
            match read {
                Ok(plain) => self.char(plain, escaped),
                Err(lone) => self.escape(lone.unpaired_surrogate()),
            }
        }
        self.out.push('"');
    }

    /// One char; one in `escaped` of those that need no escape gets one.
    fn char(&mut self, c: char, escaped: usize) {
        let short = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '/' => "\\/",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            _ => "",
        };
        let must = c < ' ' || c == '"' || c == '\\';
        if !must && !self.pen.one_in(escaped) {
            self.out.push(c);
        } else if !short.is_empty() && self.pen.one_in(2) {
            self.out.push_str(short);
        } else {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| self.escape(*unit));
        }
    }

    fn escape(&mut self, unit: u16) {
        let hex = if self.pen.one_in(2) { format!("\\u{unit:04x}") } else { format!("\\u{unit:04X}") };
        self.out.push_str(&hex);
    }
}
