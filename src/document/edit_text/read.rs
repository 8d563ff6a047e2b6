//! What an edited sheet asks for.

use super::is_written;
use crate::document::codes::{ByHand, by_hand};
use crate::document::compare::{same, same_at};
use crate::document::customer::{Customer, get};
use crate::document::edit::{Action, Edit, EditError, EditProblem, Edits};
use crate::document::json::{Json, JsonError, ValueKind, View, line_of};
use crate::document::path::Path;
use crate::document::plan::plan;
use crate::document::relaxed::{Unclosed, strict};
use crate::field;

/// What an edited sheet asks for.
#[derive(Debug, Default)]
pub struct Reading {
    /// Values that are others now, and fields that were added. Each of them can be planned.
    pub edits: Vec<Edit>,
    /// Members that neither the customer nor the field table knows. They may be fields, or misspelled.
    pub unknown: Vec<UnknownField>,
    /// What the customer has and the text no longer does; it keeps its value.
    pub deleted: Vec<Path>,
    /// What cannot be done, in the order of the lines.
    pub problems: Vec<Problem>,
}

/// A member that nobody knows.
#[derive(Debug)]
pub struct UnknownField {
    /// The edit that adds it.
    pub edit: Edit,
    /// Known names that come close, closest first.
    pub nearest: Vec<String>,
    /// The line it is on, counted from 1.
    pub line: usize,
}

/// Something that cannot be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line it is on, counted from 1.
    pub line: usize,
    /// What is wrong, as a sentence without a full stop.
    pub why: String,
}

/// Compares an edited text with the customer that it was laid out from; none where nothing but comments and space is
/// left in it.
///
/// Comments and trailing commas are accepted. Values are compared by what they say, so another layout, order or
/// spelling asks for nothing. A member that is gone keeps its value: nothing is cleared because it is missing.
/// `all` tells whether the read-only fields were laid out too.
///
/// # Errors
/// A text that is not one JSON object.
pub fn read(text: &str, shown: &Customer, all: bool) -> Result<Option<Reading>, Problem> {
    let strict = strict(text).map_err(|Unclosed { at }| Problem {
        line: line_of(text, at),
        why: "the comment that begins here does not end".to_string(),
    })?;
    if strict.trim().is_empty() {
        return Ok(None);
    }
    let json = Json::parse(strict).map_err(not_json)?;
    if json.root().kind() != ValueKind::Object {
        let line = line_of(text, json.root().span().start);
        let why = format!("a customer is an object in braces, not {}", json.root().kind());
        return Err(Problem { line, why });
    }
    let mut reader = Reader { text: json.text(), shown, all, reading: Reading::default() };
    reader.object(None, json.root(), Some(shown.root()), false);
    let mut reading = reader.reading;
    reading.problems.sort_by_key(|problem| problem.line);
    Ok(Some(reading))
}

/// The line of a text on which the value at a path begins, or the innermost object around it that there is; 1 where the
/// text is no object at all.
pub fn line_at(text: &str, path: &Path) -> usize {
    let Some(json) = strict(text).ok().and_then(|strict| Json::parse(strict).ok()) else { return 1 };
    let mut at = json.root();
    for count in 1..=path.names().len() {
        let Some(outer) = path.outermost(count) else { break };
        match get(json.root(), outer.names()) {
            Some(view) => at = view,
            None => break,
        }
    }
    line_of(text, at.span().start)
}

fn not_json(why: JsonError) -> Problem {
    match why {
        JsonError::Syntax { why, line, .. }
            if matches!(why.as_str(), "expected ident" | "expected value") =>
        {
            let why =
                "not JSON: here a value belongs: text in quotes, a number, true, false or null".to_string();
            Problem { line, why }
        }
        JsonError::Syntax { why, line, .. } if why.starts_with("control character") => {
            Problem { line, why: "not JSON: a text in quotes does not end on its line".to_string() }
        }
        JsonError::Syntax { why, line, .. } => Problem { line, why: format!("not JSON: {why}") },
        JsonError::DuplicateKey { line, .. } => Problem { line, why: why.to_string() },
        JsonError::TooDeep | JsonError::TooMany => Problem { line: 1, why: why.to_string() },
    }
}

struct Reader<'a> {
    text: &'a str,
    shown: &'a Customer,
    all: bool,
    reading: Reading,
}

impl Reader<'_> {
    /// `foreign` is set inside what the field table does not know, where nothing may change.
    fn object(&mut self, at: Option<&Path>, new: View<'_>, old: Option<View<'_>>, foreign: bool) {
        let inside = |name: &str| at.map_or_else(|| Path::root(name), |path| path.join(name));
        for (key, value) in new.members() {
            let there = old.and_then(|old| old.members().find(|(other, _)| other.bytes() == key.bytes()));
            let there = there.map(|(_, value)| value);
            match key.text() {
                Some(name) => self.member(&inside(&name), value, there, foreign),
                None if there.is_some_and(|there| same(there, value)) => {}
                None => self.problem(value, "a name with half of a surrogate pair cannot be edited"),
            }
        }
        for (key, _) in old.into_iter().flat_map(View::members) {
            let path = inside(&key.name());
            let laid_out = self.all || is_written(&path);
            if laid_out && !new.members().any(|(other, _)| other.bytes() == key.bytes()) {
                self.reading.deleted.push(path);
            }
        }
    }

    fn member(&mut self, path: &Path, new: View<'_>, old: Option<View<'_>>, foreign: bool) {
        let dotted = path.dotted();
        let foreign = foreign || (old.is_some() && !is_written(path));
        let holds_fields = field::is_object(&dotted) && old.is_none_or(View::is_null);
        match old {
            Some(old) if old.kind() == ValueKind::Object && new.kind() == ValueKind::Object => {
                self.object(Some(path), new, Some(old), foreign);
            }
            _ if holds_fields && new.kind() == ValueKind::Object => {
                self.object(Some(path), new, None, foreign);
            }
            Some(old) if same_at(path, old, new) => {}
            None if new.is_null() && is_written(path) => {}
            _ if foreign => self.problem(new, &refused(path)),
            _ => self.edit(path, new, old),
        }
    }

    fn edit(&mut self, path: &Path, new: View<'_>, old: Option<View<'_>>) {
        let is_number = |view: View<'_>| view.kind() == ValueKind::Number;
        let is_text = field::at(&path.dotted()).is_some_and(field::Field::is_text);
        let value = match old {
            _ if path.dotted() == field::CODES_PATH => self.codes(path, new, old),
            // What the vendor shows as a number in a text field is edited as one.
            Some(old) if is_text && is_number(old) && is_number(new) => Some(Json::string(new.raw())),
            _ => Some(new.to_json()),
        };
        if let Some(value) = value {
            self.set(path, value, new);
        }
    }

    fn set(&mut self, path: &Path, value: Json, new: View<'_>) {
        let edit = Edit { path: path.clone(), action: Action::Set(value), given: String::new() };
        let planned = |new_fields: bool| {
            let edits = Edits::check(vec![edit.clone()])?;
            plan(self.shown.clone(), &edits, new_fields).map(drop)
        };
        match (planned(false), planned(true)) {
            (Ok(()), _) => self.reading.edits.push(edit),
            (Err(EditError { problem: EditProblem::Unknown(nearest), .. }), Ok(())) => {
                let line = line_of(self.text, new.span().start);
                self.reading.unknown.push(UnknownField { edit, nearest, line });
            }
            (Err(EditError { problem: EditProblem::Unknown(_), .. }), Err(why)) | (Err(why), _) => {
                self.problem(new, &why.without_flag());
            }
        }
    }

    /// The sales-tracking codes that are meant; none where they are the ones that are there.
    fn codes(&mut self, path: &Path, new: View<'_>, old: Option<View<'_>>) -> Option<Json> {
        let ByHand { list, fixed } = by_hand(old, new);
        for member in fixed {
            let name = member.key().name();
            self.problem(
                member,
                &format!(
                    "`{name}` of a sales-tracking code is set by Fusebill; its type and code can be changed"
                ),
            );
        }
        (!old.is_some_and(|old| same_at(path, old, list.root()))).then_some(list)
    }

    fn problem(&mut self, view: View<'_>, why: &str) {
        let line = line_of(self.text, view.span().start);
        self.reading.problems.push(Problem { line, why: why.to_string() });
    }
}

fn refused(path: &Path) -> String {
    match field::read_only(&path.dotted()) {
        Some(fixed) => format!("`{path}` is read-only: {}", fixed.why),
        None => {
            format!("`{path}` is not a field that is edited here; `customer update --set-json` can set it")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::write;
    use super::*;

    const TEXT: &str = r#"{"id":7,"status":"Active","firstName":"Jon","lastName":"X","suffix":null,"primaryPhone":5551234,
        "customerReference":{"id":7,"reference1":"a","salesTrackingCodes":[]},"customerAcquisition":null,
        "extra":{"deep":[1]},"modifiedTimestamp":"1"}"#;

    fn shown() -> Customer {
        Customer::parse(TEXT).unwrap()
    }

    /// What an edited text comes to, a line each.
    fn read_as(text: &str, all: bool) -> Vec<String> {
        let reading = match read(text, &shown(), all) {
            Err(problem) => return vec![format!("{}! {}", problem.line, problem.why)],
            Ok(None) => return vec!["empty".to_string()],
            Ok(Some(reading)) => reading,
        };
        let set = |edit: &Edit| match &edit.action {
            Action::Set(value) => format!("{} = {}", edit.path, value.text()),
            other => format!("{} {other:?}", edit.path),
        };
        let edits = reading.edits.iter().map(set);
        let strangers = reading.unknown.iter().map(|it| format!("{}? {}", it.line, set(&it.edit)));
        let deleted = reading.deleted.iter().map(|path| format!("{path} deleted"));
        let problems = reading.problems.iter().map(|it| format!("{}! {}", it.line, it.why));
        edits.chain(strangers).chain(deleted).chain(problems).collect()
    }

    /// The sheet without its head.
    fn body(all: bool) -> String {
        let sheet = write(&shown(), &[], all);
        sheet[sheet.find('{').unwrap()..].to_string()
    }

    /// The sheet with one text in the place of another.
    fn changed(from: &str, to: &str) -> Vec<String> {
        let sheet = body(false);
        assert!(sheet.contains(from), "{sheet}");
        read_as(&sheet.replacen(from, to, 1), false)
    }

    #[test]
    fn an_untouched_sheet_asks_for_nothing_in_any_layout() {
        for all in [false, true] {
            let sheet = write(&shown(), &["head".to_string()], all);
            assert_eq!(read_as(&sheet, all), [""; 0]);
            assert_eq!(read_as(&format!("\u{feff}{}", sheet.replace('\n', " \r\n")), all), [""; 0]);
            assert_eq!(read_as(&strict(&sheet).unwrap().replace(['\n', ' '], ""), all), [""; 0]);
        }
        for empty in ["", "\n \t", "// only this", "/* and this */\n"] {
            assert_eq!(read_as(empty, false), ["empty"]);
        }
    }

    #[test]
    fn values_that_are_others_are_edits() {
        assert_eq!(changed("\"Jon\"", "\"John\""), ["firstName = \"John\""]);
        assert_eq!(changed("\"X\"", "null"), ["lastName = null"]);
        assert_eq!(changed("\"a\"", "\"\""), ["customerReference.reference1 = \"\""]);
        let path = "customerReference.salesTrackingCodes";
        let codes = r#"[{"type": "A", "code": "1"}]"#;
        assert_eq!(changed("[]", codes), [format!("{path} = {}", codes.replace(' ', ""))]);
        assert_eq!(changed("5551234", "\"5551234\""), [""; 0]);
        assert_eq!(changed("5551234", "5551235"), ["primaryPhone = \"5551235\""]);
    }

    #[test]
    fn what_is_deleted_keeps_its_value() {
        assert_eq!(changed("  \"firstName\": \"Jon\",\n", ""), ["firstName deleted"]);
        assert_eq!(read_as("{}", false).len(), 7);
        assert!(read_as("{}", false).iter().all(|line| line.ends_with(" deleted")));
    }

    #[test]
    fn known_fields_can_be_added_and_strangers_are_asked_about() {
        assert_eq!(
            changed("null,\n  \"primaryPhone\"", "null, \"title\": \"mr\",\n  \"primaryPhone\""),
            ["title = \"mr\""]
        );
        assert_eq!(
            changed(
                "\"customerAcquisition\": null",
                "\"customerAcquisition\": {\"source\": \"web\", \"medium\": null}"
            ),
            ["customerAcquisition.source = \"web\""]
        );
        assert_eq!(changed("{\n", "{\n\"fristName\": \"x\",\n"), ["2? fristName = \"x\""]);
        assert_eq!(changed("{\n", "{\n\"fristName\": null,\n"), ["2? fristName = null"]);
        assert_eq!(
            changed("\"suffix\": null", "\"tier\": {\"name\": \"gold\"}")[0],
            "5? tier = {\"name\": \"gold\"}"
        );
    }

    #[test]
    fn what_cannot_be_is_a_problem_of_its_line() {
        let long = format!("\"{}\"", "x".repeat(51));
        assert_eq!(changed("\"Jon\"", &long), ["3! `firstName` is 51 characters long, the limit is 50"]);
        assert_eq!(changed("\"X\"", "5"), ["4! `lastName` takes text, not a number"]);
        assert_eq!(
            changed("\"Active\"", "null"),
            ["2! `status` cannot be null: the API refuses a customer without a status"]
        );
        assert_eq!(changed("{\n", "{\n\"id\": 8,\n"), ["2! `id` is read-only: it identifies the customer"]);
        assert_eq!(changed("{\n", "{\n\"id\": 7,\n"), [""; 0]);
        assert_eq!(changed("{\n", "{\n\"FirstName\": \"y\",\n"), ["2! this field is spelled `firstName`"]);
        assert!(
            changed("{\n", "{\n\"extra\": 1,\n")[0]
                .starts_with("2! `extra` is not a field that is edited here")
        );
        assert!(
            changed("{\n", "{\n\"extra\": {\"new\": 1, \"deep\": [1]},\n")[0].contains("`extra.new` is not")
        );
        assert!(changed("{\n    \"ref", "null,\n \"x\": {\n    \"ref")[0].contains("x = "));
        assert_eq!(
            changed("\"status\"", "\"status\": \"Hold\",\n\"status\""),
            ["3! the key \"status\" occurs twice in one object"]
        );
        assert_eq!(changed("\"Jon\",", "\"Jon\""), ["4! not JSON: expected `,` or `}`"]);
        assert_eq!(read_as("\n[1]", false), ["2! a customer is an object in braces, not an array"]);
        assert_eq!(read_as("{\n/* x", false), ["2! the comment that begins here does not end"]);
    }

    #[test]
    fn read_only_fields_that_are_laid_out_may_not_change() {
        let sheet = body(true);
        let read_as = |from: &str, to: &str| read_as(&sheet.replacen(from, to, 1), true);
        assert!(
            read_as("\"modifiedTimestamp\": \"1\"", "\"modifiedTimestamp\": \"2\"")[0]
                .contains("is read-only")
        );
        assert!(read_as("\"id\": 7", "\"id\": 9")[0].starts_with("2! `id` is read-only"));
        assert!(read_as("      1", "      2")[0].contains("`extra.deep` is not a field"));
        assert_eq!(read_as("      1", "      1.0"), [""; 0]);
    }

    #[test]
    fn a_path_is_found_in_the_text() {
        let text = "// x\n{\n \"a\": 1,\n \"o\": {\n  \"b\": 2 }}";
        let line = |path: &str| line_at(text, &Path::parse(path).unwrap());
        assert_eq!([line("a"), line("o.b"), line("o.c"), line("z")], [3, 5, 4, 2]);
        assert_eq!(line_at("{", &Path::root("a")), 1);
    }

    #[test]
    fn what_only_fusebill_sets_is_no_edit() {
        let problems = |customer: &str, from: &str, to: &str| {
            let customer = Customer::parse(customer).unwrap();
            let sheet = write(&customer, &[], true);
            assert!(sheet.contains(from), "{sheet}");
            let reading = read(&sheet.replacen(from, to, 1), &customer, true).unwrap().unwrap();
            reading.problems.iter().map(|it| it.why.clone()).collect::<Vec<_>>().join("; ")
        };
        let codes = r#"{"id":7,"status":"Active","customerReference":
            {"salesTrackingCodes":[{"type":"Region","code":"EU","name":"Europe"}]}}"#;
        let said = problems(codes, "Europe", "Asia");
        assert!(said.starts_with("`name` of a sales-tracking code is set by Fusebill"), "{said}");
        assert_eq!(problems(codes, "\"EU\"", "\"NA\""), "");
        let half = r#"{"id":7,"status":"Active","\ud800":1}"#;
        assert_eq!(problems(half, "ud800\": 1", "ud800\": 1.0"), "");
        let said = problems(half, "ud800\": 1", "ud800\": 2");
        assert_eq!(said, "a name with half of a surrogate pair cannot be edited");
    }
}
