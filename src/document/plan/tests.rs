use super::*;

const BEFORE: &str = r#"{"id":7,"status":"Active","firstName":"Jon","lastName":null,"primaryPhone":5551234,
    "parentId":null,"customerReference":{"reference1":"a","salesTrackingCodes":[],"id":7},"extra":{"deep":[1]}}"#;

fn planned(edits: &[(&str, Action)]) -> Result<Plan, EditError> {
    planned_with(edits, false)
}

fn planned_with(edits: &[(&str, Action)], new_fields: bool) -> Result<Plan, EditError> {
    let edit = |(path, action): &(&str, Action)| Edit {
        path: Path::parse(path).unwrap(),
        action: action.clone(),
        given: "--set-json".to_string(),
    };
    let edits = Edits::check(edits.iter().map(edit).collect())?;
    plan(Customer::parse(BEFORE).unwrap(), &edits, new_fields)
}

fn set(json: &str) -> Action {
    Action::Set(Json::parse(json).unwrap())
}

#[test]
fn a_stored_value_is_no_change_and_keeps_its_spelling() {
    let plan = planned(&[
        ("firstName", set("\"J\\u006fn\"")),
        ("primaryPhone", set("\"5551234\"")),
        ("lastName", Action::Clear),
        ("customerAcquisition.source", Action::Clear),
        ("customerReference.salesTrackingCodes", Action::Clear),
    ])
    .unwrap();
    assert!(plan.is_empty());
    assert_eq!(plan.after.text(), BEFORE);
}

#[test]
fn an_empty_list_equals_null_for_sales_tracking_codes_only() {
    let plan = planned_with(&[("tags", set("[ ]"))], true).unwrap();
    assert!(plan.after.text().ends_with(r#","tags":[ ]}"#));
    assert!(planned(&[("customerReference.salesTrackingCodes", set(" [ ] "))]).unwrap().is_empty());
}

#[test]
fn empty_and_cleared_are_two_edits() {
    let empty = planned(&[("lastName", set("\"\""))]).unwrap();
    assert_eq!(empty.changes.iter().map(Change::clears).collect::<Vec<_>>(), [false]);
    let cleared = planned(&[("firstName", Action::Clear)]).unwrap();
    assert_eq!(cleared.changes.iter().map(Change::clears).collect::<Vec<_>>(), [true]);
    assert!(cleared.consent.is_empty());
}

#[test]
fn billing_fields_and_null_without_clear_need_consent() {
    let plan = planned(&[("parentId", set("9")), ("firstName", set("null"))]).unwrap();
    let path = |text| Path::parse(text).unwrap();
    assert_eq!(plan.consent, [Consent::Clears(path("firstName")), Consent::Billing(path("parentId"))]);
}

#[test]
fn a_path_the_customer_does_not_have_is_refused_unless_it_is_a_known_field() {
    let known = planned(&[("customerAcquisition.source", set("\"web\""))]).unwrap();
    assert!(known.after.text().contains(r#","customerAcquisition":{"source":"web"}"#));
    let unknown = planned(&[("fristName", set("\"x\""))]).unwrap_err();
    assert!(
        matches!(&unknown, EditError { problem: EditProblem::Unknown(nearest), .. } if nearest[0] == "firstName"),
        "{unknown}"
    );
    assert!(matches!(
        planned(&[("FirstName", set("1"))]),
        Err(EditError { problem: EditProblem::OtherCase(_), .. })
    ));
    let added = planned_with(&[("extra.more", set("[2]")), ("tier.name", set("\"gold\""))], true).unwrap();
    assert!(added.after.text().ends_with(r#""extra":{"deep":[1],"more":[2]},"tier":{"name":"gold"}}"#));
}

#[test]
fn a_path_inside_a_value_without_members_is_refused() {
    for path in [
        "firstName.x",
        "lastName.x",
        "middleName.x",
        "extra.deep.0",
        "customerReference.salesTrackingCodes.0.code",
    ] {
        assert!(
            matches!(
                planned_with(&[(path, set("1"))], true),
                Err(EditError { problem: EditProblem::NoMembers(_), .. })
            ),
            "{path}"
        );
    }
}

#[test]
fn a_rewrite_cannot_take_a_read_only_field_along() {
    let rewritten = |path: &str, json: &str| {
        let values = vec![(Path::parse(path).unwrap(), Some(Json::parse(json).unwrap()))];
        rewrite(Customer::parse(BEFORE).unwrap(), values)
    };
    for (path, json) in
        [("id", "8"), ("customerReference", r#"{"reference1":"b"}"#), ("customerReference", "null")]
    {
        assert!(
            matches!(rewritten(path, json), Err(EditError { problem: EditProblem::ReadOnly(_), .. })),
            "{path}"
        );
    }
    let kept = r#"{"reference1":"b","salesTrackingCodes":[],"id":7}"#;
    assert_eq!(rewritten("customerReference", kept).unwrap().changes.len(), 1);
}

#[test]
fn an_empty_object_in_a_merge_patch_makes_an_object_of_null_only() {
    assert!(planned(&[("extra", Action::Object)]).unwrap().is_empty());
    assert!(matches!(
        planned(&[("extra.deep", Action::Object)]),
        Err(EditError { problem: EditProblem::NoMembers(_), .. })
    ));
    let made = planned_with(&[("tier", Action::Object)], true).unwrap();
    assert!(made.after.text().ends_with(r#","tier":{}}"#));
}

#[test]
fn a_rewrite_keeps_spellings_and_removes_members_without_a_value() {
    let rewritten = |path: &str, json: Option<&str>| {
        let value = json.map(|json| Json::parse(json).unwrap());
        rewrite(Customer::parse(BEFORE).unwrap(), vec![(Path::parse(path).unwrap(), value)]).unwrap()
    };
    assert_eq!(rewritten("firstName", Some("\"J\\u006fn\"")).after.text(), BEFORE);
    assert_eq!(rewritten("absent", None).after.text(), BEFORE);
    assert_eq!(rewritten("lastName", None).after.text(), BEFORE.replace("\"lastName\":null,", ""));
    assert_eq!(rewritten("firstName", Some("\"Jim\"")).consent.len(), 0);
    assert_eq!(rewritten("status", Some("\"Draft\"")).consent.len(), 1);
}

#[test]
fn an_unknown_path_is_refused_with_similar_paths() {
    let near = |path: &str| match planned(&[(path, set("1"))]).unwrap_err() {
        EditError { problem: EditProblem::Unknown(nearest), .. } => nearest,
        other => panic!("{other}"),
    };
    assert_eq!(near("extra.deeep")[0], "extra.deep");
    assert_eq!(near("fristName")[0], "firstName");
}

#[test]
fn a_code_that_is_there_is_no_change_and_one_that_is_not_is_a_warning() {
    let code = |code: Option<&str>| match code {
        Some(code) => Action::SetCode { kind: "Region".to_string(), code: code.to_string() },
        None => Action::RemoveCode { kind: "Region".to_string() },
    };
    let path = "customerReference.salesTrackingCodes";
    let set = planned(&[(path, code(Some("EU")))]).unwrap();
    let list = r#"[{"type":"Region","code":"EU"}]"#;
    assert_eq!(
        set.after.text(),
        BEFORE.replace("\"salesTrackingCodes\":[]", &format!("\"salesTrackingCodes\":{list}"))
    );
    let gone = planned(&[(path, code(None))]).unwrap();
    assert_eq!((gone.is_empty(), gone.warnings.len()), (true, 1));
}
