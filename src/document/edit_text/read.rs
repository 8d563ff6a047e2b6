//! Reads the edits from an edited text.

use super::annotate::Note;
use super::is_written;
use crate::document::codes::by_hand;
use crate::document::compare::{same, same_at};
use crate::document::customer::{Customer, get};
use crate::document::edit::{Action, Edit, EditError, EditProblem, Edits};
use crate::document::hidden::TYPOGRAPHIC_QUOTES;
use crate::document::json::{Json, JsonError, ValueKind, View, line_of};
use crate::document::path::Path;
use crate::document::plan::plan;
use crate::document::relaxed::strict;
use crate::field;

/// The difference between an edited text and its customer.
#[derive(Debug, Default)]
pub struct TextDiff {
    /// Changed values and added fields. Each of them can be planned.
    pub edits: Vec<Edit>,
    /// Added members that neither the customer nor the field table has. They may be misspelled.
    pub unknown: Vec<UnknownField>,
    /// Members that were deleted from the text; they keep their values.
    pub deleted: Vec<Path>,
    /// Changes that are refused, in the order of the lines.
    pub problems: Vec<Note>,
}

/// A member that neither the customer nor the field table has.
#[derive(Debug)]
pub struct UnknownField {
    pub edit: Edit,
    /// Similar names, closest first.
    pub(crate) nearest: Vec<String>,
    /// Counted from 1.
    pub line: usize,
}

/// None if only comments and space are left in the text. A deleted member keeps its value: nothing is cleared because it
/// is missing. `all` as in [`write`](super::write()).
pub fn read(text: &str, shown: &Customer, all: bool) -> Result<Option<TextDiff>, Note> {
    let strict = strict(text)
        .map_err(|at| Note { line: line_of(text, at), text: "this comment has no end (`*/`)".to_string() })?;
    if strict.trim().is_empty() {
        return Ok(None);
    }
    let json = Json::parse(strict).map_err(|error| not_json(error, text))?;
    if json.root().kind() != ValueKind::Object {
        let line = line_of(text, json.root().span().start);
        let text = format!("a customer is an object in braces, not {}", json.root().kind());
        return Err(Note { line, text });
    }
    let mut reader = Reader { text: json.text(), shown, all, reading: TextDiff::default() };
    reader.object(None, json.root(), Some(shown.root()), false);
    let mut reading = reader.reading;
    reading.problems.sort_by_key(|problem| problem.line);
    Ok(Some(reading))
}

/// The line of the value at a path, or of the innermost object around it; 1 if the text is not JSON.
pub fn line_at(text: &str, path: &Path) -> usize {
    let Some(json) = strict(text).ok().and_then(|strict| Json::parse(strict).ok()) else { return 1 };
    let outer = (0..=path.names().len()).rev().find_map(|count| get(json.root(), &path.names()[..count]));
    line_of(text, outer.map_or(0, |view| view.span().start))
}

fn not_json(error: JsonError, edited: &str) -> Note {
    let (line, text) = match error {
        JsonError::Syntax { line, column, .. } if is_typographic_quote(edited, line, column) => {
            (line, "not JSON: a text needs straight quotes (\"), not typographic ones".to_string())
        }
        JsonError::Syntax { reason, line, .. } => (line, format!("not JSON: {}", explained(&reason))),
        JsonError::DuplicateKey { line, .. } => (line, error.to_string()),
        JsonError::TooDeep | JsonError::TooMany => (1, error.to_string()),
    };
    Note { line, text }
}

/// `column` is in bytes, as in [`JsonError::Syntax`].
fn is_typographic_quote(text: &str, line: usize, column: usize) -> bool {
    let from = text.lines().nth(line.saturating_sub(1)).and_then(|line| line.get(column.checked_sub(1)?..));
    from.is_some_and(|from| from.starts_with(TYPOGRAPHIC_QUOTES))
}

/// serde_json's words in terms of the edited text, where a user would not understand them.
fn explained(reason: &str) -> &str {
    match reason {
        "expected ident" | "expected value" => {
            "expected a value: text in quotes, a number, true, false or null"
        }
        _ if reason.starts_with("control character") => "a text in quotes does not end on its line",
        _ => reason,
    }
}

struct Reader<'a> {
    text: &'a str,
    shown: &'a Customer,
    all: bool,
    reading: TextDiff,
}

impl Reader<'_> {
    /// `foreign` is set inside objects that the field table does not have, in which nothing may change.
    fn object(&mut self, at: Option<&Path>, new: View<'_>, old: Option<View<'_>>, foreign: bool) {
        for (key, value) in new.members() {
            let there = old.and_then(|old| old.members().find(|(other, _)| other.bytes() == key.bytes()));
            let there = there.map(|(_, value)| value);
            match key.text() {
                Some(name) => self.member(&Path::below(at, name), value, there, foreign),
                None if there.is_some_and(|there| same(there, value)) => {}
                None => self.problem(value, "a name with half of a surrogate pair cannot be edited"),
            }
        }
        for (key, _) in old.into_iter().flat_map(View::members) {
            let path = Path::below(at, key.name());
            let is_shown = self.all || is_written(&path);
            if is_shown && !new.members().any(|(other, _)| other.bytes() == key.bytes()) {
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
            // A number that the vendor shows in a text field is edited as text.
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
        match (planned(true), planned(false)) {
            (Err(error), _) => self.problem(new, &error.without_flag()),
            (Ok(()), Err(EditError { problem: EditProblem::Unknown(nearest), .. })) => {
                let line = line_of(self.text, new.span().start);
                self.reading.unknown.push(UnknownField { edit, nearest, line });
            }
            _ => self.reading.edits.push(edit),
        }
    }

    fn codes(&mut self, path: &Path, new: View<'_>, old: Option<View<'_>>) -> Option<Json> {
        let (list, fixed) = by_hand(old, new);
        for member in fixed {
            let name = member.key().name();
            let reason = format!("Fusebill sets `{name}` of a sales-tracking code; change its type or code");
            self.problem(member, &reason);
        }
        (!old.is_some_and(|old| same_at(path, old, list.root()))).then_some(list)
    }

    fn problem(&mut self, view: View<'_>, reason: &str) {
        let line = line_of(self.text, view.span().start);
        self.reading.problems.push(Note { line, text: reason.to_string() });
    }
}

fn refused(path: &Path) -> String {
    match field::read_only(&path.dotted()) {
        Some(fixed) => format!("`{path}` is read-only: {}", fixed.reason),
        None => format!("the editor cannot set `{path}`; `customer update --set-json` can"),
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

    fn read_as(text: &str, all: bool) -> Vec<String> {
        let reading = match read(text, &shown(), all) {
            Err(problem) => return vec![format!("{}! {}", problem.line, problem.text)],
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
        let problems = reading.problems.iter().map(|it| format!("{}! {}", it.line, it.text));
        edits.chain(strangers).chain(deleted).chain(problems).collect()
    }

    fn body(all: bool) -> String {
        let sheet = write(&shown(), &[], all);
        sheet[sheet.find('{').unwrap()..].to_string()
    }

    fn changed(from: &str, to: &str) -> Vec<String> {
        let sheet = body(false);
        assert!(sheet.contains(from), "{sheet}");
        read_as(&sheet.replacen(from, to, 1), false)
    }

    #[test]
    fn an_unchanged_edit_text_gives_no_edits_in_any_layout() {
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
    fn a_changed_value_is_an_edit() {
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
    fn a_deleted_line_keeps_its_value() {
        assert_eq!(changed("  \"firstName\": \"Jon\",\n", ""), ["firstName deleted"]);
        assert_eq!(read_as("{}", false).len(), 7);
        assert!(read_as("{}", false).iter().all(|line| line.ends_with(" deleted")));
    }

    #[test]
    fn known_fields_can_be_added_and_unknown_ones_need_an_answer() {
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
    fn an_invalid_value_is_a_problem_of_its_line() {
        let long = format!("\"{}\"", "x".repeat(51));
        assert_eq!(changed("\"Jon\"", &long), ["3! `firstName` is 51 characters long, the limit is 50"]);
        assert_eq!(changed("\"X\"", "5"), ["4! `lastName` takes text, not a number"]);
        assert_eq!(
            changed("\"Active\"", "null"),
            ["2! `status` cannot be null: the API refuses a customer without a status"]
        );
        assert_eq!(changed("{\n", "{\n\"id\": 8,\n"), ["2! `id` is read-only: it identifies the customer"]);
        assert_eq!(changed("{\n", "{\n\"id\": 7,\n"), [""; 0]);
        assert_eq!(changed("{\n", "{\n\"FirstName\": \"y\",\n"), ["2! `FirstName` is spelled `firstName`"]);
        assert!(changed("{\n", "{\n\"extra\": 1,\n")[0].starts_with("2! the editor cannot set `extra`"));
        assert!(
            changed("{\n", "{\n\"extra\": {\"new\": 1, \"deep\": [1]},\n")[0]
                .contains("cannot set `extra.new`")
        );
        assert!(changed("{\n    \"ref", "null,\n \"x\": {\n    \"ref")[0].contains("x = "));
        assert_eq!(
            changed("\"status\"", "\"status\": \"Hold\",\n\"status\""),
            ["3! the key \"status\" occurs twice in one object"]
        );
        assert_eq!(changed("\"Jon\",", "\"Jon\""), ["4! not JSON: expected `,` or `}`"]);
        assert_eq!(read_as("\n[1]", false), ["2! a customer is an object in braces, not an array"]);
        assert_eq!(read_as("{\n/* x", false), ["2! this comment has no end (`*/`)"]);
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
        assert!(read_as("      1", "      2")[0].contains("the editor cannot set `extra.deep`"));
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
    fn a_member_that_fusebill_sets_cannot_be_edited() {
        let problems = |customer: &str, from: &str, to: &str| {
            let customer = Customer::parse(customer).unwrap();
            let sheet = write(&customer, &[], true);
            assert!(sheet.contains(from), "{sheet}");
            let reading = read(&sheet.replacen(from, to, 1), &customer, true).unwrap().unwrap();
            reading.problems.iter().map(|it| it.text.clone()).collect::<Vec<_>>().join("; ")
        };
        let codes = r#"{"id":7,"status":"Active","customerReference":
            {"salesTrackingCodes":[{"type":"Region","code":"EU","name":"Europe"}]}}"#;
        let message = problems(codes, "Europe", "Asia");
        assert!(message.starts_with("Fusebill sets `name` of a sales-tracking code"), "{message}");
        assert_eq!(problems(codes, "\"EU\"", "\"NA\""), "");
        let half = r#"{"id":7,"status":"Active","\ud800":1}"#;
        assert_eq!(problems(half, "ud800\": 1", "ud800\": 1.0"), "");
        let message = problems(half, "ud800\": 1", "ud800\": 2");
        assert_eq!(message, "a name with half of a surrogate pair cannot be edited");
    }
}
