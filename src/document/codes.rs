//! Edits the list of sales-tracking codes one type at a time; the other elements keep their bytes.

use super::compare::same;
use super::json::{Json, Key, ValueKind, View, quote};
use crate::field::MOST_CODES;

/// Edits a list of codes; an absent or null list counts as empty. Each edit is a type, in any case, and its new code; none
/// removes the type. The result has a warning for each type to remove that the list does not have.
/// A changed element has only `type` and `code`: the `name`, `id` and `uri` beside the old code describe that code and
/// would contradict the new one.
/// Fails if the list is no array, has a type twice, or would have more than [`MOST_CODES`] elements.
pub fn edit(list: Option<View<'_>>, edits: &[(&str, Option<&str>)]) -> Result<(Json, Vec<String>), String> {
    let list = list.filter(|list| !list.is_null());
    if let Some(other) = list.filter(|list| list.kind() != ValueKind::Array) {
        return Err(format!("the customer's sales-tracking codes are {}, not an array", other.kind()));
    }
    let existing: Vec<View<'_>> = list.into_iter().flat_map(View::children).collect();
    let mut elements: Vec<Option<String>> =
        existing.iter().map(|element| Some(element.raw().to_string())).collect();
    let mut warnings = Vec::new();
    for &(kind, code) in edits {
        match (find(&existing, kind)?, code) {
            (Some(at), Some(code)) if holds(existing[at], code) => {}
            (Some(at), Some(code)) => elements[at] = Some(element(existing[at], code)),
            (Some(at), None) => elements[at] = None,
            (None, Some(code)) => elements.push(Some(new_element(&quote(kind), code))),
            (None, None) => warnings.push(format!(
                "the customer has no sales-tracking code of type `{kind}`; {}",
                types(&existing)
            )),
        }
    }
    let kept: Vec<String> = elements.into_iter().flatten().collect();
    if kept.len() > MOST_CODES && kept.len() > existing.len() {
        let count = kept.len();
        return Err(format!(
            "the customer would have {count} sales-tracking codes, the limit is {MOST_CODES}"
        ));
    }
    Ok((array(&kept), warnings))
}

fn array(elements: &[String]) -> Json {
    Json::known(format!("[{}]", elements.join(",")))
}

/// Reads a list that a user edited as a whole. Elements with their old code keep their bytes. A value that is no array
/// stays.
/// Also gives the values beside `type` and `code` that were changed in or added to an old element: the vendor sets those.
pub(super) fn by_hand<'a>(old: Option<View<'_>>, new: View<'a>) -> (Json, Vec<View<'a>>) {
    let mut fixed = Vec::new();
    if new.kind() != ValueKind::Array {
        return (new.to_json(), fixed);
    }
    let before: Vec<View<'_>> =
        old.filter(|old| old.kind() == ValueKind::Array).into_iter().flat_map(View::children).collect();
    let mut elements = Vec::new();
    for new in new.children() {
        let code = new.member("code").and_then(View::as_text);
        let (Some(kind), Some(code)) = (type_of(new), code) else {
            elements.push(new.raw().to_string());
            continue;
        };
        let old = find(&before, &kind).ok().flatten().map(|at| before[at]);
        match old.filter(|old| holds(*old, &code)) {
            None => elements.push(element(new, &code)),
            Some(old) => {
                let changed = |(key, value): &(Key<'_>, View<'_>)| {
                    !key.is("type") && !old.member(&key.name()).is_some_and(|old| same(old, *value))
                };
                fixed.extend(new.members().filter(changed).map(|(_, value)| value));
                elements.push(old.raw().to_string());
            }
        }
    }
    (array(&elements), fixed)
}

fn find(existing: &[View<'_>], kind: &str) -> Result<Option<usize>, String> {
    let is_it =
        |element: &View<'_>| type_of(*element).is_some_and(|it| it.to_lowercase() == kind.to_lowercase());
    let mut found = (0..existing.len()).filter(|&at| is_it(&existing[at]));
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(format!("the customer has two sales-tracking codes of type `{kind}`")),
        (first, None) => Ok(first),
    }
}

fn type_of(element: View<'_>) -> Option<std::borrow::Cow<'_, str>> {
    element.member("type").and_then(View::as_text)
}

fn holds(element: View<'_>, code: &str) -> bool {
    element.member("code").is_some_and(|old| same(old, Json::string(code).root()))
}

fn element(old: View<'_>, code: &str) -> String {
    new_element(old.member("type").map_or("null", View::raw), code)
}

fn new_element(kind: &str, code: &str) -> String {
    format!(r#"{{"type":{kind},"code":{}}}"#, quote(code))
}

fn types(existing: &[View<'_>]) -> String {
    let types: Vec<String> =
        existing.iter().filter_map(|element| type_of(*element)).map(|kind| format!("`{kind}`")).collect();
    if types.is_empty() { "it has none".to_string() } else { format!("it has {}", types.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str =
        r#"[{"type":"Region","code":"EU" ,"name":"Europe","id":1.0},{"code":"7","type":"Rep"}]"#;

    fn edited(list: &str, edits: &[(&str, Option<&str>)]) -> Result<String, String> {
        let list = Json::parse(list).unwrap();
        edit(Some(list.root()), edits).map(|(list, _)| list.text().to_string())
    }

    #[test]
    fn the_elements_not_named_keep_their_bytes() {
        let other = r#"{"type":"Region","code":"EU" ,"name":"Europe","id":1.0}"#;
        let set = edited(LIST, &[("rep", Some("8")), ("New", Some("n"))]).unwrap();
        assert_eq!(set, format!(r#"[{other},{{"type":"Rep","code":"8"}},{{"type":"New","code":"n"}}]"#));
        assert_eq!(edited(LIST, &[("Rep", None)]).unwrap(), format!("[{other}]"));
        assert_eq!(edited("null", &[("A", Some("1"))]).unwrap(), r#"[{"type":"A","code":"1"}]"#);
    }

    #[test]
    fn the_same_code_again_changes_nothing() {
        assert_eq!(edited(LIST, &[("Region", Some("EU"))]).unwrap(), LIST);
    }

    #[test]
    fn an_edited_list_changes_only_types_and_codes() {
        let edited = |new: &str| {
            let (old, new) = (Json::parse(LIST).unwrap(), Json::parse(new).unwrap());
            let (list, fixed) = by_hand(Some(old.root()), new.root());
            (list.text().to_string(), fixed.iter().map(|view| view.raw().to_string()).collect::<Vec<_>>())
        };
        let none: Vec<String> = Vec::new();
        assert_eq!(edited(LIST), (LIST.to_string(), none.clone()));
        assert_eq!(edited(r#"[{"type":"region","code":"EU"}]"#).0, LIST[..LIST.len() - 27].to_string() + "]");
        let other = r#"[{"type":"Region","code":"NA"},{"code":"7","type":"Rep"}]"#;
        assert_eq!(edited(&LIST.replace("EU", "NA")), (other.to_string(), none.clone()));
        let copied = r#"[{"type":"New","code":"EU" ,"name":"Europe","id":1.0}]"#;
        assert_eq!(edited(copied), (r#"[{"type":"New","code":"EU"}]"#.to_string(), none.clone()));
        assert_eq!(edited(&LIST.replace("Europe", "zz")), (LIST.to_string(), vec!["\"zz\"".to_string()]));
        assert_eq!(
            edited(&LIST.replace("\"Rep\"", "\"Rep\",\"x\":1")),
            (LIST.to_string(), vec!["1".to_string()])
        );
        assert_eq!(edited("null"), ("null".to_string(), none.clone()));
        assert_eq!(edited("[1]"), ("[1]".to_string(), none));
    }

    #[test]
    fn a_malformed_or_too_long_code_list_is_refused() {
        assert!(edited("{}", &[("A", Some("1"))]).is_err());
        assert!(edited(r#"[{"type":"A","code":"1"},{"type":"a"}]"#, &[("A", None)]).is_err());
        let six: Vec<(String, Option<&str>)> = (0..6).map(|n| (n.to_string(), Some("1"))).collect();
        let six: Vec<(&str, Option<&str>)> = six.iter().map(|(kind, code)| (kind.as_str(), *code)).collect();
        assert!(edited("[]", &six).is_err());
    }

    #[test]
    fn a_customer_that_has_too_many_codes_can_still_be_edited() {
        let six: Vec<String> = (0..6).map(|n| format!(r#"{{"type":"{n}","code":"a"}}"#)).collect();
        let six = format!("[{}]", six.join(","));
        assert_eq!(edited(&six, &[("3", Some("b"))]).unwrap().matches("\"a\"").count(), 5);
        assert_eq!(edited(&six, &[("3", None)]).unwrap().matches("\"a\"").count(), 5);
        assert!(edited(&six, &[("new", Some("b"))]).is_err());
    }

    #[test]
    fn taking_out_a_code_that_is_not_there_says_which_are() {
        let message = |list: &str| {
            let list = Json::parse(list).unwrap();
            edit(Some(list.root()), &[("A", None)]).unwrap().1.join("")
        };
        assert_eq!(message("[]"), "the customer has no sales-tracking code of type `A`; it has none");
        assert!(message(LIST).ends_with("; it has `Region`, `Rep`"), "{}", message(LIST));
        let (list, warnings) = edit(None, &[("A", None)]).unwrap();
        assert_eq!((list.text(), warnings.len()), ("[]", 1));
    }
}
