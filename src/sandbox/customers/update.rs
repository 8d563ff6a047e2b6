//! Applies the body of a PUT to the stored document: a field that it leaves out becomes null.

use super::body::{self, Problem};
use super::{check, codes, rules};
use crate::document::json::{Json, ValueKind, View, quote};
use crate::document::path::Path;
use crate::field::{CODES_PATH, FIELDS, Field, FieldKind, READ_ONLY};
use crate::sandbox::behaviour::{
    Behaviour, KeyCaseTwice, NestedOmitted, NestedPartial, NullCodes, UnknownKeys,
};
use crate::sandbox::table::{Table, with_values};

const NESTED: [&str; 2] = ["customerReference", "customerAcquisition"];

pub(crate) fn update(
    id: u64,
    stored: &Json,
    body: View<'_>,
    table: &Table,
    behaviour: &Behaviour,
) -> Result<Json, Vec<Problem>> {
    let mut update = Update {
        id,
        stored: stored.root(),
        sent: body,
        table,
        behaviour,
        values: Vec::new(),
        problems: Vec::new(),
    };
    update.unknown_keys();
    for field in FIELDS.iter().filter(|field| !field.path.contains('.')) {
        update.top(field);
    }
    for name in NESTED {
        update.nested(name);
    }
    if update.problems.is_empty() { Ok(with_values(stored, &update.values)) } else { Err(update.problems) }
}

struct Update<'a> {
    id: u64,
    stored: View<'a>,
    sent: View<'a>,
    table: &'a Table,
    behaviour: &'a Behaviour,
    values: Vec<(Path, String)>,
    problems: Vec<Problem>,
}

impl Update<'_> {
    fn unknown_keys(&mut self) {
        if self.behaviour.key_case_twice == KeyCaseTwice::Refuse {
            self.problems.extend(body::repeated_key(self.sent));
        }
        for (key, value) in self.sent.members() {
            let name = &key.name();
            let is_last = body::member(self.sent, name).is_some_and(|last| last.span() == value.span());
            if is_documented(name) || !is_last {
                continue;
            }
            let held = self.stored.members().find(|(key, _)| key.name().eq_ignore_ascii_case(name));
            match (self.behaviour.unknown_keys, held) {
                (UnknownKeys::Ignore, _) | (UnknownKeys::Refuse, Some(_)) => {}
                (UnknownKeys::Store, held) => {
                    let name = held.map_or(name.to_string(), |(key, _)| key.name().into_owned());
                    self.values.push((Path::root(name), value.raw().to_string()));
                }
                (UnknownKeys::Refuse, None) => {
                    self.problems.push(Problem::field(name, format!("There is no field {name}.")));
                }
            }
        }
    }

    fn top(&mut self, field: &Field) {
        let (stored, behaviour) = (self.stored, self.behaviour);
        let sent = body::member(self.sent, field.path).filter(|sent| !sent.is_null());
        let token = match field.path {
            "status" => rules::status(field, sent, stored, behaviour),
            "currency" => rules::currency(field, sent, stored, behaviour),
            "parentId" => rules::parent(self.id, sent, stored, self.table, behaviour),
            _ => plain(field, sent, behaviour),
        };
        let missing = stored.member(field.path).is_none();
        self.store(field, missing, token.map_err(|problem| vec![problem]));
    }

    /// A member that the stored object lacks (`missing`) is not added only to be null.
    fn store(&mut self, field: &Field, missing: bool, token: Result<String, Vec<Problem>>) {
        match token {
            Err(problems) => self.problems.extend(problems),
            Ok(token) if missing && matches!(token.as_str(), "null" | "[]") => {}
            Ok(token) => self.values.push((Path::of(field.path), token)),
        }
    }

    fn nested(&mut self, name: &'static str) {
        let sent = match body::member(self.sent, name).filter(|sent| !sent.is_null()) {
            Some(sent) if sent.kind() == ValueKind::Object => Some(sent),
            Some(sent) => {
                let text = format!("{name} must be an object, not {}.", sent.kind());
                return self.problems.push(Problem::field(name, text));
            }
            None if self.behaviour.nested_omitted == NestedOmitted::Keep => return,
            None if self.behaviour.nested_omitted == NestedOmitted::Refuse => {
                return self.problems.push(Problem::field(name, format!("{name} is required.")));
            }
            None => None,
        };
        if self.behaviour.key_case_twice == KeyCaseTwice::Refuse {
            self.problems.extend(sent.and_then(body::repeated_key));
        }
        let held = self.stored.member(name).filter(|held| held.kind() == ValueKind::Object);
        if held.is_none() && sent.is_none() {
            return;
        }
        for field in FIELDS {
            if let Some(member) = inside(field, name) {
                self.member(field, member, sent, held);
            }
        }
        if held.is_none() {
            self.add_identity(name);
        }
    }

    /// The id and uri are the customer's in all the vendor's samples.
    fn add_identity(&mut self, name: &'static str) {
        let uri = format!("https://secure.fusebill.com/v1/customers/{}", self.id);
        let object = Path::of(name);
        self.values.push((object.join("id"), self.id.to_string()));
        self.values.push((object.join("uri"), quote(&uri)));
    }

    /// `object` is the stored nested object; if there is none yet, every member is written.
    fn member(&mut self, field: &Field, name: &str, sent: Option<View<'_>>, object: Option<View<'_>>) {
        let value = sent.and_then(|sent| body::member(sent, name));
        let is_left_out = sent.is_some() && value.is_none();
        if is_left_out && object.is_some() && self.behaviour.nested_partial == NestedPartial::Keep {
            return;
        }
        let held = object.and_then(|object| object.member(name));
        let token = if field.kind == FieldKind::Codes {
            self.codes(value, held)
        } else {
            plain(field, value, self.behaviour).map_err(|problem| vec![problem])
        };
        self.store(field, object.is_some() && held.is_none(), token);
    }

    fn codes(&self, sent: Option<View<'_>>, held: Option<View<'_>>) -> Result<String, Vec<Problem>> {
        match (sent, self.behaviour.null_codes) {
            (Some(sent), _) if !sent.is_null() => codes::token(sent, held, self.behaviour),
            (Some(_), NullCodes::Keep) => Ok(held.map_or("[]", View::raw).to_string()),
            (Some(_), NullCodes::Refuse) => {
                Err(vec![Problem::field(CODES_PATH, "salesTrackingCodes cannot be null.")])
            }
            _ if held.is_some_and(View::is_null) => Ok("null".to_string()),
            _ => Ok("[]".to_string()),
        }
    }
}

fn plain(field: &Field, sent: Option<View<'_>>, behaviour: &Behaviour) -> Result<String, Problem> {
    sent.map_or(Ok("null".to_string()), |sent| check::value(field, sent, behaviour))
}

fn inside(field: &'static Field, object: &str) -> Option<&'static str> {
    field.path.strip_prefix(object)?.strip_prefix('.')
}

fn is_documented(name: &str) -> bool {
    let known = |path: &str| path.split('.').next().is_some_and(|top| top.eq_ignore_ascii_case(name));
    FIELDS.iter().any(|field| known(field.path)) || READ_ONLY.iter().any(|field| known(field.path))
}
