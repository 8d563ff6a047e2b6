//! Applies the body of a PUT to the stored document: a field that it leaves out becomes null.

use super::body::{self, Problem};
use super::{check, codes};
use crate::document::json::{ValueKind, View, quote};
use crate::document::path::Path;
use crate::field::{CODES_PATH, FIELDS, Field, FieldKind, READ_ONLY};
use crate::sandbox::behaviour::Behaviour;
use crate::sandbox::table::Table;

const NESTED: [&str; 2] = ["customerReference", "customerAcquisition"];

pub(super) struct Update<'a> {
    pub(super) id: u64,
    pub(super) stored: View<'a>,
    sent: View<'a>,
    pub(super) table: &'a Table,
    pub(super) behaviour: &'a Behaviour,
    values: Vec<(Path, String)>,
    problems: Vec<Problem>,
}

impl<'a> Update<'a> {
    pub(super) fn new(
        id: u64,
        stored: View<'a>,
        sent: View<'a>,
        table: &'a Table,
        behaviour: &'a Behaviour,
    ) -> Update<'a> {
        Update { id, stored, sent, table, behaviour, values: Vec::new(), problems: Vec::new() }
    }

    /// The new values by their paths.
    pub(super) fn values(mut self) -> Result<Vec<(Path, String)>, Vec<Problem>> {
        self.unknown_keys();
        for field in FIELDS.iter().filter(|field| !field.path.contains('.')) {
            self.top(field);
        }
        for name in NESTED {
            self.nested(name);
        }
        if self.problems.is_empty() { Ok(self.values) } else { Err(self.problems) }
    }

    fn unknown_keys(&mut self) {
        if self.behaviour.is("key-case-twice", "refuse") {
            self.problems.extend(body::repeated_key(self.sent));
        }
        for (key, value) in self.sent.members() {
            let name = &key.name();
            let is_last = body::member(self.sent, name).is_some_and(|last| last.span() == value.span());
            if is_documented(name) || !is_last {
                continue;
            }
            let held = self.stored.members().find(|(key, _)| key.name().eq_ignore_ascii_case(name));
            match (self.behaviour.of("unknown-keys"), held) {
                ("store", held) => {
                    let name = held.map_or(name.to_string(), |(key, _)| key.name().into_owned());
                    self.values.push((Path::root(name), value.raw().to_string()));
                }
                ("refuse", None) => {
                    self.problems.push(Problem::field(name, format!("There is no field {name}.")));
                }
                _ => {}
            }
        }
    }

    fn top(&mut self, field: &Field) {
        let sent = body::member(self.sent, field.path).filter(|sent| !sent.is_null());
        let token = match field.path {
            "status" => self.status(field, sent),
            "currency" => self.currency(field, sent),
            "parentId" => self.parent(sent),
            _ => self.plain(field, sent),
        };
        let missing = self.stored.member(field.path).is_none();
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
            None if self.behaviour.is("nested-omitted", "keep") => return,
            None if self.behaviour.is("nested-omitted", "refuse") => {
                return self.problems.push(Problem::field(name, format!("{name} is required.")));
            }
            None => None,
        };
        if self.behaviour.is("key-case-twice", "refuse") {
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
        if is_left_out && object.is_some() && self.behaviour.is("nested-partial", "keep") {
            return;
        }
        let held = object.and_then(|object| object.member(name));
        let token = if field.kind == FieldKind::Codes {
            self.codes(value, held)
        } else {
            self.plain(field, value).map_err(|problem| vec![problem])
        };
        self.store(field, object.is_some() && held.is_none(), token);
    }

    fn codes(&self, sent: Option<View<'_>>, held: Option<View<'_>>) -> Result<String, Vec<Problem>> {
        match (sent, self.behaviour.of("null-codes")) {
            (Some(sent), _) if !sent.is_null() => codes::token(sent, held, self.behaviour),
            (Some(_), "keep") => Ok(held.map_or("[]", View::raw).to_string()),
            (Some(_), "refuse") => {
                Err(vec![Problem::field(CODES_PATH, "salesTrackingCodes cannot be null.")])
            }
            _ if held.is_some_and(View::is_null) => Ok("null".to_string()),
            _ => Ok("[]".to_string()),
        }
    }

    fn plain(&self, field: &Field, sent: Option<View<'_>>) -> Result<String, Problem> {
        sent.map_or(Ok("null".to_string()), |sent| self.value(field, sent))
    }

    pub(super) fn value(&self, field: &Field, sent: View<'_>) -> Result<String, Problem> {
        check::value(field, sent, self.behaviour)
    }
}

fn inside(field: &'static Field, object: &str) -> Option<&'static str> {
    field.path.strip_prefix(object)?.strip_prefix('.')
}

fn is_documented(name: &str) -> bool {
    let known = |path: &str| path.split('.').next().is_some_and(|top| top.eq_ignore_ascii_case(name));
    FIELDS.iter().any(|field| known(field.path)) || READ_ONLY.iter().any(|field| known(field.path))
}
