//! Sales-tracking codes: those the sandbox's account knows, and what becomes of an array of them that was sent.

use super::members::Members;
use super::{Problem, check};
use crate::document::json::{ValueKind, View, quote};
use crate::field::{CODE_MAX, CODES_PATH, MOST_CODES};
use crate::sandbox::behaviour::{Behaviour, RetiredCode, TypeTwice};

/// A type of code: the vendor's name of it, and the account's, by either of which it may be called.
struct CodeType {
    default_name: &'static str,
    name: &'static str,
    codes: &'static [Code],
}

struct Code {
    code: &'static str,
    name: &'static str,
    id: u32,
    retired: bool,
}

const fn code(id: u32, code: &'static str, name: &'static str) -> Code {
    Code { code, name, id, retired: false }
}

const fn retired(id: u32, code: &'static str, name: &'static str) -> Code {
    Code { code, name, id, retired: true }
}

#[rustfmt::skip]
static TYPES: [CodeType; MOST_CODES] = [
    CodeType { default_name: "Sales Tracking Code 1", name: "Region", codes: &[
        code(9001, "EMEA", "Europe, Middle East and Africa"), code(9002, "NA", "North America"), code(9003, "APAC", "Asia and Pacific"),
    ] },
    CodeType { default_name: "Sales Tracking Code 2", name: "Sales Rep", codes: &[
        code(9011, "SR-01", "Inside sales"), code(9012, "SR-02", "Field sales"), retired(9017, "SR-07", "Former field sales"),
    ] },
    CodeType { default_name: "Sales Tracking Code 3", name: "Sales Tracking Code 3", codes: &[
        code(9021, "DIRECT", "Direct"), code(9022, "PARTNER", "Partner"),
    ] },
    CodeType { default_name: "Sales Tracking Code 4", name: "Sales Tracking Code 4", codes: &[
        code(9031, "Q1-2024", "First quarter of 2024"), code(9032, "Q2-2024", "Second quarter of 2024"),
    ] },
    CodeType { default_name: "Sales Tracking Code 5", name: "Sales Tracking Code 5", codes: &[
        code(9041, "01234", "Cost centre 01234"), code(9042, "Größe-L", "Large"),
    ] },
];

impl CodeType {
    fn is_called(&self, name: &str) -> bool {
        self.default_name.eq_ignore_ascii_case(name) || self.name.eq_ignore_ascii_case(name)
    }
}

/// The vendor's and the account's name of the type with this number, counted from 1.
pub(crate) fn type_names(number: usize) -> Option<[&'static str; 2]> {
    let known = TYPES.get(number.checked_sub(1)?)?;
    Some([known.default_name, known.name])
}

/// The token that is stored for an array of codes: elements the customer already has stay as they are, others are
/// completed by what the account knows of them.
pub(crate) fn token(
    sent: View<'_>,
    held: Option<View<'_>>,
    behaviour: &Behaviour,
) -> Result<String, Vec<Problem>> {
    if sent.kind() != ValueKind::Array {
        return Err(vec![problem(format!("salesTrackingCodes must be an array, not {}.", sent.kind()))]);
    }
    let (mut elements, mut problems, mut types) = (Vec::new(), Vec::new(), Vec::new());
    let held_elements: Vec<&str> = held.into_iter().flat_map(View::children).map(View::raw).collect();
    for element in sent.children() {
        match Element::read(element, &held_elements, behaviour) {
            Ok(element) => {
                types.push(element.kind.default_name);
                elements.push(element.token);
            }
            Err(problem) => problems.push(problem),
        }
    }
    problems.extend(check_all(sent.children().count(), types, behaviour));
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(match held {
        Some(held) if elements == held_elements && held.kind() == ValueKind::Array => held.raw().to_string(),
        _ => format!("[{}]", elements.join(",")),
    })
}

fn problem(text: impl Into<String>) -> Problem {
    Problem::field(CODES_PATH, text)
}

fn check_all(count: usize, mut types: Vec<&str>, behaviour: &Behaviour) -> Option<Problem> {
    if count > MOST_CODES {
        return Some(problem(format!(
            "A customer has at most {MOST_CODES} sales tracking codes, not {count}."
        )));
    }
    types.sort_unstable();
    let twice = types.windows(2).find(|pair| pair[0] == pair[1]);
    twice
        .filter(|_| behaviour.type_twice == TypeTwice::Refuse)
        .map(|pair| problem(format!("The sales tracking code type '{}' is given more than once.", pair[0])))
}

/// One code that was sent and is accepted.
struct Element {
    kind: &'static CodeType,
    token: String,
}

impl Element {
    fn read(sent: View<'_>, held: &[&str], behaviour: &Behaviour) -> Result<Element, Problem> {
        let members = Members::of(sent);
        let (type_sent, code_sent) =
            (member(&members, "type", behaviour)?, member(&members, "code", behaviour)?);
        let (type_name, code_name) =
            (type_sent.as_text().unwrap_or_default(), code_sent.as_text().unwrap_or_default());
        let kind = TYPES
            .iter()
            .find(|known| known.is_called(&type_name))
            .ok_or_else(|| problem(format!("There is no sales tracking code type '{type_name}'.")))?;
        let known = kind.codes.iter().find(|known| known.code == code_name);
        let known = known.ok_or_else(|| {
            problem(format!("The sales tracking code '{code_name}' does not exist under '{type_name}'."))
        })?;
        let untouched = held.contains(&sent.raw());
        if known.retired && !(untouched && behaviour.retired_code == RetiredCode::Keep) {
            return Err(problem(format!("The sales tracking code '{code_name}' is retired.")));
        }
        let token = if untouched { sent.raw().to_string() } else { known.token(type_sent, code_sent) };
        Ok(Element { kind, token })
    }
}

fn member<'a>(members: &Members<'a>, name: &str, behaviour: &Behaviour) -> Result<View<'a>, Problem> {
    let sent = members.get(name).filter(|sent| sent.kind() == ValueKind::String);
    let sent = sent.ok_or_else(|| problem(format!("A sales tracking code needs a {name}.")))?;
    check::text(name, sent, CODE_MAX, behaviour).map_err(|why| problem(why.text))?;
    Ok(sent)
}

impl Code {
    fn token(&self, type_sent: View<'_>, code_sent: View<'_>) -> String {
        format!(
            r#"{{"type":{},"code":{},"name":{},"id":{id},"uri":"https://secure.fusebill.com/v1/SalesTrackingCodes/{id}"}}"#,
            type_sent.raw(),
            code_sent.raw(),
            quote(self.name),
            id = self.id,
        )
    }
}
