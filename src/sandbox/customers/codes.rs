//! The sales-tracking codes of the sandbox's account, and the check of an array of codes that was sent.

use std::collections::HashSet;

use super::body::{self, Problem};
use super::check;
use crate::document::json::{ValueKind, View, quote};
use crate::field::{CODE_MAX, CODES_PATH, MOST_CODES};
use crate::sandbox::behaviour::Behaviour;

/// The vendor's name `Sales Tracking Code N` works too.
const TYPES: [&str; MOST_CODES] =
    ["Region", "Sales Rep", "Sales Tracking Code 3", "Sales Tracking Code 4", "Sales Tracking Code 5"];

struct Code {
    /// Counted from 1.
    number: usize,
    id: u32,
    code: &'static str,
    name: &'static str,
}

const fn code(number: usize, id: u32, code: &'static str, name: &'static str) -> Code {
    Code { number, id, code, name }
}

#[rustfmt::skip]
static CODES: &[Code] = &[
    code(1, 9001, "EMEA", "Europe, Middle East and Africa"),
    code(1, 9002, "NA", "North America"),
    code(1, 9003, "APAC", "Asia and Pacific"),
    code(2, 9011, "SR-01", "Inside sales"),
    code(2, 9012, "SR-02", "Field sales"),
    code(2, RETIRED, "SR-07", "Former field sales"),
    code(3, 9021, "DIRECT", "Direct"),
    code(3, 9022, "PARTNER", "Partner"),
    code(4, 9031, "Q1-2024", "First quarter of 2024"),
    code(4, 9032, "Q2-2024", "Second quarter of 2024"),
    code(5, 9041, "01234", "Cost centre 01234"),
    code(5, 9042, "Größe-L", "Large"),
];
const RETIRED: u32 = 9017;

pub(crate) fn is_called(number: usize, name: &str) -> bool {
    let own = number.checked_sub(1).and_then(|at| TYPES.get(at));
    own.is_some_and(|own| own.eq_ignore_ascii_case(name) || default_name(number).eq_ignore_ascii_case(name))
}

fn default_name(number: usize) -> String {
    format!("Sales Tracking Code {number}")
}

/// Codes that the customer has keep their token; others get the account's name, id and uri.
pub(crate) fn token(
    sent: View<'_>,
    held: Option<View<'_>>,
    behaviour: &Behaviour,
) -> Result<String, Vec<Problem>> {
    if sent.kind() != ValueKind::Array {
        return Err(vec![problem(format!("salesTrackingCodes must be an array, not {}.", sent.kind()))]);
    }
    let (mut elements, mut problems, mut types) = (Vec::new(), Vec::new(), HashSet::new());
    let held_elements: Vec<&str> = held.into_iter().flat_map(View::children).map(View::raw).collect();
    for element in sent.children() {
        match read(element, &held_elements, behaviour) {
            Ok((number, _)) if !types.insert(number) => problems.push(duplicate_type_problem(number)),
            Ok((_, token)) => elements.push(token),
            Err(problem) => problems.push(problem),
        }
    }
    let count = sent.children().count();
    if count > MOST_CODES {
        let text = format!("A customer has at most {MOST_CODES} sales tracking codes, not {count}.");
        problems.push(problem(text));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(match held {
        Some(held) if elements == held_elements && held.kind() == ValueKind::Array => held.raw().to_string(),
        _ => format!("[{}]", elements.join(",")),
    })
}

fn duplicate_type_problem(number: usize) -> Problem {
    let name = default_name(number);
    problem(format!("The sales tracking code type '{name}' is given more than once."))
}

fn problem(text: impl Into<String>) -> Problem {
    Problem::field(CODES_PATH, text)
}

fn read(sent: View<'_>, held: &[&str], behaviour: &Behaviour) -> Result<(usize, String), Problem> {
    let type_sent = text(sent, "type", behaviour)?;
    let code_sent = text(sent, "code", behaviour)?;
    let type_name = type_sent.as_text().unwrap_or_default();
    let code_name = code_sent.as_text().unwrap_or_default();
    let number = (1..=MOST_CODES)
        .find(|number| is_called(*number, &type_name))
        .ok_or_else(|| problem(format!("There is no sales tracking code type '{type_name}'.")))?;
    let known =
        CODES.iter().find(|known| known.number == number && known.code == code_name).ok_or_else(|| {
            problem(format!("The sales tracking code '{code_name}' does not exist under '{type_name}'."))
        })?;
    let untouched = held.contains(&sent.raw());
    if known.id == RETIRED && !(untouched && behaviour.is("retired-code", "keep")) {
        return Err(problem(format!("The sales tracking code '{code_name}' is retired.")));
    }
    let token = if untouched { sent.raw().to_string() } else { known.token(type_sent, code_sent) };
    Ok((number, token))
}

fn text<'a>(code: View<'a>, name: &str, behaviour: &Behaviour) -> Result<View<'a>, Problem> {
    let sent = body::member(code, name).filter(|sent| sent.kind() == ValueKind::String);
    let sent = sent.ok_or_else(|| problem(format!("A sales tracking code needs a {name}.")))?;
    check::text(name, sent, CODE_MAX, behaviour).map_err(|error| problem(error.text))?;
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
