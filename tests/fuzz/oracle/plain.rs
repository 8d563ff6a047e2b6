//! JSON read in the plainest way: by recursion into a tree. It shares nothing with serde_json and fusebill's scan, so
//! that it can tell when they are wrong.

/// The deepest nesting that is read, so that the stack is enough.
const DEEPEST: usize = 400;

/// A JSON value. Members keep their order, and a key may be there twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plain {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// The token.
    Number(String),
    /// UTF-16 units, so that lone surrogates have a place.
    Text(Vec<u16>),
    /// Elements in order.
    Array(Vec<Plain>),
    /// Members in order.
    Object(Vec<(Vec<u16>, Plain)>),
}

/// A text as UTF-16 units.
pub fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// Reads JSON as RFC 8259 has it; none where it is not, or nests too deep for this reader.
pub fn strict(text: &str) -> Option<Plain> {
    Reader { rest: text.as_bytes(), relaxed: false }.whole()
}

/// Reads JSON with comments, a comma after the last element, and a byte order mark.
pub fn relaxed(text: &str) -> Option<Plain> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Reader { rest: text.as_bytes(), relaxed: true }.whole()
}

struct Reader<'a> {
    rest: &'a [u8],
    relaxed: bool,
}

impl Reader<'_> {
    fn whole(mut self) -> Option<Plain> {
        let value = self.value(0)?;
        self.space()?;
        self.rest.is_empty().then_some(value)
    }

    /// Passes over white space and comments; none where a comment does not end.
    fn space(&mut self) -> Option<()> {
        loop {
            match self.rest {
                [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] => self.rest = rest,
                [b'/', b'/', rest @ ..] if self.relaxed => {
                    let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
                    self.rest = &rest[end.unwrap_or(rest.len())..];
                }
                [b'/', b'*', rest @ ..] if self.relaxed => {
                    let end = rest.windows(2).position(|two| two == b"*/")?;
                    self.rest = &rest[end + 2..];
                }
                _ => return Some(()),
            }
        }
    }

    fn takes(&mut self, token: &[u8]) -> bool {
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn value(&mut self, depth: usize) -> Option<Plain> {
        self.space()?;
        match *self.rest.first()? {
            _ if depth > DEEPEST => None,
            b'n' => self.takes(b"null").then_some(Plain::Null),
            b't' => self.takes(b"true").then_some(Plain::Bool(true)),
            b'f' => self.takes(b"false").then_some(Plain::Bool(false)),
            b'"' => self.text().map(Plain::Text),
            b'[' => self.list(b']', |reader| reader.value(depth + 1)).map(Plain::Array),
            b'{' => self.list(b'}', |reader| reader.member(depth + 1)).map(Plain::Object),
            _ => self.number(),
        }
    }

    fn list<T>(&mut self, close: u8, element: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.rest = &self.rest[1..];
        let mut list = Vec::new();
        self.space()?;
        if self.takes(&[close]) {
            return Some(list);
        }
        loop {
            list.push(element(self)?);
            self.space()?;
            let comma = self.takes(b",");
            self.space()?;
            if (!comma || self.relaxed) && self.takes(&[close]) {
                return Some(list);
            }
            if !comma {
                return None;
            }
        }
    }

    fn member(&mut self, depth: usize) -> Option<(Vec<u16>, Plain)> {
        self.space()?;
        let key = self.text()?;
        self.space()?;
        if self.takes(b":") { Some((key, self.value(depth)?)) } else { None }
    }

    fn number(&mut self) -> Option<Plain> {
        let begin = self.rest;
        self.takes(b"-");
        if !self.takes(b"0") {
            self.digits()?;
        }
        if self.takes(b".") {
            self.digits()?;
        }
        if self.takes(b"e") || self.takes(b"E") {
            let _ = self.takes(b"+") || self.takes(b"-");
            self.digits()?;
        }
        let token = &begin[..begin.len() - self.rest.len()];
        Some(Plain::Number(String::from_utf8(token.to_vec()).ok()?))
    }

    fn digits(&mut self) -> Option<()> {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.rest = &self.rest[count..];
        (count > 0).then_some(())
    }

    fn text(&mut self) -> Option<Vec<u16>> {
        if !self.takes(b"\"") {
            return None;
        }
        let mut out = Vec::new();
        loop {
            let plain = self.rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))?;
            out.extend(std::str::from_utf8(&self.rest[..plain]).ok()?.encode_utf16());
            self.rest = &self.rest[plain..];
            if self.takes(b"\"") {
                return Some(out);
            }
            out.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Option<u16> {
        let [b'\\', kind, rest @ ..] = self.rest else { return None };
        self.rest = rest;
        Some(match kind {
            b'"' | b'\\' | b'/' => u16::from(*kind),
            b'b' => 8,
            b'f' => 12,
            b'n' => 10,
            b'r' => 13,
            b't' => 9,
            b'u' => {
                let digits = self.rest.get(..4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
                self.rest = &self.rest[4..];
                u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?
            }
            _ => return None,
        })
    }
}

impl Plain {
    /// The value of a member.
    pub fn member(&self, name: &[u16]) -> Option<&Plain> {
        let Plain::Object(members) = self else { return None };
        members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The value at a path of member names.
    pub fn at(&self, path: &[String]) -> Option<&Plain> {
        path.iter().try_fold(self, |value, name| value.member(&units(name)))
    }

    /// Puts a value at a path; what is in the way and no object becomes one.
    pub fn put(&mut self, path: &[String], value: Plain) {
        let Some((name, rest)) = path.split_first() else {
            *self = value;
            return;
        };
        if !matches!(self, Plain::Object(_)) {
            *self = Plain::Object(Vec::new());
        }
        let Plain::Object(members) = self else { return };
        let name = units(name);
        if !members.iter().any(|(key, _)| *key == name) {
            members.push((name.clone(), Plain::Null));
        }
        if let Some((_, inner)) = members.iter_mut().find(|(key, _)| *key == name) {
            inner.put(rest, value);
        }
    }

    /// How deep it nests: 0 for a scalar.
    pub fn depth(&self) -> usize {
        match self {
            Plain::Array(list) => 1 + list.iter().map(Plain::depth).max().unwrap_or(0),
            Plain::Object(members) => 1 + members.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// Whether an object in it has a key twice.
    pub fn has_duplicates(&self) -> bool {
        match self {
            Plain::Array(list) => list.iter().any(Plain::has_duplicates),
            Plain::Object(members) => {
                let mut keys: Vec<_> = members.iter().map(|(key, _)| key).collect();
                keys.sort_unstable();
                keys.windows(2).any(|two| two[0] == two[1])
                    || members.iter().any(|(_, value)| value.has_duplicates())
            }
            _ => false,
        }
    }

    /// Whether two values mean the same: numbers by value, members in any order.
    pub fn means(&self, other: &Plain) -> bool {
        match (self, other) {
            (Plain::Number(one), Plain::Number(other)) => one == other || same_number(one, other),
            (Plain::Array(one), Plain::Array(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.means(other))
            }
            (Plain::Object(one), Plain::Object(two)) => {
                one.len() == two.len()
                    && one.iter().all(|(key, value)| other.member(key).is_some_and(|it| value.means(it)))
            }
            _ => self == other,
        }
    }

    /// The value as JSON on one line, escaped in full.
    pub fn spelled(&self) -> String {
        let joined = |parts: Vec<String>| parts.join(",");
        match self {
            Plain::Null => "null".to_string(),
            Plain::Bool(bool) => bool.to_string(),
            Plain::Number(token) => token.clone(),
            Plain::Text(units) => quoted(units),
            Plain::Array(list) => format!("[{}]", joined(list.iter().map(Plain::spelled).collect())),
            Plain::Object(members) => {
                let member =
                    |(key, value): &(Vec<u16>, Plain)| format!("{}:{}", quoted(key), value.spelled());
                format!("{{{}}}", joined(members.iter().map(member).collect()))
            }
        }
    }
}

fn quoted(units: &[u16]) -> String {
    let unit = |unit: &u16| match char::from_u32(u32::from(*unit)) {
        Some(c) if (' '..='~').contains(&c) && c != '"' && c != '\\' => c.to_string(),
        _ => format!("\\u{unit:04x}"),
    };
    format!("\"{}\"", units.iter().map(unit).collect::<String>())
}

/// Whether two tokens are the same number. Beyond 18 digits of an exponent only the same token is: fusebill says so.
fn same_number(one: &str, other: &str) -> bool {
    let read = |token: &str| {
        let (mantissa, power) = token.split_once(['e', 'E']).unwrap_or((token, "0"));
        if power.trim_start_matches(['+', '-']).len() > 18 {
            return None;
        }
        let (sign, mantissa) = mantissa.strip_prefix('-').map_or((1, mantissa), |rest| (-1, rest));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let significant = digits.trim_end_matches('0');
        let trailing = (digits.len() - significant.len()) as i128;
        let power: i128 = power.parse::<i128>().ok()? - fraction.len() as i128 + trailing;
        let significant = significant.trim_start_matches('0').to_string();
        Some(if significant.is_empty() { (0, significant, 0) } else { (sign, significant, power) })
    };
    read(one).is_some() && read(one) == read(other)
}
