//! What a PUT makes of a stored document: the fields it names take their values, those it leaves out become null.

use super::members::Members;
use super::splice::Splice;
use super::{Problem, billing, check, codes, parent};
use crate::document::json::{Json, ValueKind, View, quote};
use crate::field::{CODES_PATH, FIELDS, Field, FieldKind, READ_ONLY};
use crate::sandbox::behaviour::{
    Behaviour, KeyCaseTwice, NestedOmitted, NestedPartial, NullCodes, UnknownKeys,
};
use crate::sandbox::store::Table;

/// The objects that hold documented fields.
const NESTED: [&str; 2] = ["customerReference", "customerAcquisition"];

/// The document after a PUT, or everything that speaks against it.
pub(crate) fn update(
    id: u64,
    stored: &Json,
    body: View<'_>,
    table: &Table,
    behaviour: &Behaviour,
) -> Result<Json, Vec<Problem>> {
    let sent = Members::of(body);
    let mut update = Update { id, stored: stored.root(), sent, table, behaviour, problems: Vec::new() };
    let complete = complete(id, stored, &update.sent);
    update.stored = complete.root();
    let mut splice = Splice::new(&complete);
    update.keys(&mut splice);
    for field in FIELDS.iter().filter(|field| !field.path.contains('.')) {
        update.top(field, &mut splice);
    }
    for name in NESTED {
        update.nested(name, &mut splice);
    }
    if update.problems.is_empty() { Ok(splice.finish()) } else { Err(update.problems) }
}

/// The stored document with the nested objects that it lacks and the body has.
fn complete(id: u64, stored: &Json, sent: &Members<'_>) -> Json {
    let mut splice = Splice::new(stored);
    for name in NESTED {
        let held = stored.root().member(name);
        if !sent.get(name).is_some_and(|sent| sent.kind() == ValueKind::Object) {
            continue;
        }
        match held {
            Some(held) if held.kind() == ValueKind::Object => {}
            Some(held) => splice.replace(held, &blank(id, name)),
            None => splice.insert(stored.root(), name, &blank(id, name)),
        }
    }
    if splice.is_empty() { stored.clone() } else { splice.finish() }
}

/// A nested object with nothing set. Its id and uri are the customer's own, as in all the vendor's samples.
fn blank(id: u64, name: &str) -> String {
    let members = FIELDS.iter().filter_map(|field| Some((inside(field, name)?, field.kind)));
    let members: String = members
        .map(|(member, kind)| {
            format!("{}:{},", quote(member), if kind == FieldKind::Codes { "[]" } else { "null" })
        })
        .collect();
    format!(r#"{{{members}"id":{id},"uri":"https://secure.fusebill.com/v1/customers/{id}"}}"#)
}

/// The name of a field inside this object, if it is one of its fields.
fn inside(field: &'static Field, object: &str) -> Option<&'static str> {
    field.path.strip_prefix(object)?.strip_prefix('.')
}

struct Update<'a> {
    id: u64,
    stored: View<'a>,
    sent: Members<'a>,
    table: &'a Table,
    behaviour: &'a Behaviour,
    problems: Vec<Problem>,
}

impl<'a> Update<'a> {
    fn keys(&mut self, splice: &mut Splice<'_>) {
        if self.behaviour.key_case_twice == KeyCaseTwice::Refuse {
            self.problems.extend(self.sent.twice().map(twice));
        }
        for (name, value) in self.sent.iter() {
            let last = self.sent.get(name).is_some_and(|last| last.span() == value.span());
            if is_documented(name) || !last {
                continue;
            }
            let held = self.stored.members().find(|(key, _)| key.name().eq_ignore_ascii_case(name));
            match (self.behaviour.unknown_keys, held) {
                (UnknownKeys::Ignore, _) | (UnknownKeys::Refuse, Some(_)) => {}
                (UnknownKeys::Store, Some((_, held))) => splice.replace(held, value.raw()),
                (UnknownKeys::Store, None) => splice.insert(self.stored, name, value.raw()),
                (UnknownKeys::Refuse, None) => {
                    self.problems.push(Problem::field(name, format!("There is no field {name}.")));
                }
            }
        }
    }

    fn top(&mut self, field: &Field, splice: &mut Splice<'_>) {
        let held = self.stored.member(field.path);
        let token = match field.path {
            "status" => billing::status(field, self.sent.get(field.path), self.stored, self.behaviour),
            "currency" => billing::currency(field, self.sent.get(field.path), self.stored, self.behaviour),
            "parentId" => {
                let held = held.map_or("null", View::raw);
                parent::token(self.id, self.sent.get(field.path), held, self.table, self.behaviour)
            }
            _ => self.plain(field, self.sent.get(field.path)),
        };
        self.store(token.map_err(|problem| vec![problem]), self.stored, field.path, splice);
    }

    fn plain(&self, field: &Field, sent: Option<View<'_>>) -> Result<String, Problem> {
        sent.map_or(Ok("null".to_string()), |sent| {
            check::value(field, sent, self.behaviour).map(std::borrow::Cow::into_owned)
        })
    }

    fn store(
        &mut self,
        token: Result<String, Vec<Problem>>,
        object: View<'_>,
        name: &str,
        splice: &mut Splice<'_>,
    ) {
        match (token, object.member(name)) {
            (Err(problems), _) => self.problems.extend(problems),
            (Ok(token), Some(held)) => splice.replace(held, &token),
            (Ok(token), None) if matches!(token.as_str(), "null" | "[]") => {}
            (Ok(token), None) => splice.insert(object, name, &token),
        }
    }

    fn nested(&mut self, name: &'static str, splice: &mut Splice<'_>) {
        let sent = match self.sent.get(name).filter(|sent| !sent.is_null()) {
            Some(sent) if sent.kind() == ValueKind::Object => Some(Members::of(sent)),
            Some(sent) => {
                let text = format!("{name} must be an object, not {}.", sent.kind());
                return self.problems.push(Problem::field(name, text));
            }
            None => match self.behaviour.nested_omitted {
                NestedOmitted::Clear => None,
                NestedOmitted::Keep => return,
                NestedOmitted::Refuse => {
                    return self.problems.push(Problem::field(name, format!("{name} is required.")));
                }
            },
        };
        if self.behaviour.key_case_twice == KeyCaseTwice::Refuse {
            self.problems.extend(sent.as_ref().and_then(Members::twice).map(twice));
        }
        let Some(held) = self.stored.member(name) else { return };
        for field in FIELDS {
            if let Some(member) = inside(field, name) {
                self.member(field, member, sent.as_ref(), held, splice);
            }
        }
    }

    fn member(
        &mut self,
        field: &Field,
        name: &str,
        sent: Option<&Members<'a>>,
        object: View<'_>,
        splice: &mut Splice<'_>,
    ) {
        let value = sent.and_then(|sent| sent.get(name));
        let partial = sent.is_some() && value.is_none();
        if partial && self.behaviour.nested_partial == NestedPartial::Keep {
            return;
        }
        let token = if field.kind == FieldKind::Codes {
            self.codes(value, sent.is_some(), object.member(name))
        } else {
            self.plain(field, value).map_err(|problem| vec![problem])
        };
        self.store(token, object, name, splice);
    }

    fn codes(
        &self,
        sent: Option<View<'_>>,
        given: bool,
        held: Option<View<'_>>,
    ) -> Result<String, Vec<Problem>> {
        let explicit_null = given && sent.is_some_and(View::is_null);
        match (sent.filter(|sent| !sent.is_null()), self.behaviour.null_codes) {
            (Some(sent), _) => codes::token(sent, held, self.behaviour),
            (None, NullCodes::Keep) if explicit_null => Ok(held.map_or("[]", View::raw).to_string()),
            (None, NullCodes::Refuse) if explicit_null => {
                Err(vec![Problem::field(CODES_PATH, "salesTrackingCodes cannot be null.")])
            }
            (None, _) if held.is_some_and(View::is_null) => Ok("null".to_string()),
            (None, _) => Ok("[]".to_string()),
        }
    }
}

/// Whether the vendor's documents name such a member of a customer.
fn is_documented(name: &str) -> bool {
    let known = |path: &str| path.split('.').next().is_some_and(|top| top.eq_ignore_ascii_case(name));
    FIELDS.iter().any(|field| known(field.path)) || READ_ONLY.iter().any(|field| known(field.path))
}

fn twice(key: &str) -> Problem {
    Problem::field(key, format!("The key {key} is given more than once."))
}
