//! What the field table lets through.

use fusebill::document::{Action, Edit, Edits, Path, check};
use fusebill::field::{CODE_MAX, FIELDS, Field, FieldKind, MOST_CODES, OverLimit};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::generate::{Asked, Oddity, codes, fitting, json, value};
use crate::law;
use crate::spelling::{Text, Value, spell, units};

fn checked(field: &Field, given: &str) -> Result<(String, Option<String>), String> {
    let checked = check::value(field, json(given))?;
    Ok((checked.value.text().to_string(), checked.warning))
}

fn field() -> impl Strategy<Value = &'static Field> {
    (0..FIELDS.len()).prop_map(|at| &FIELDS[at])
}

/// A field of text with its limit and what is beyond it.
fn text_field() -> impl Strategy<Value = (&'static Field, usize, OverLimit)> {
    let texts = FIELDS.iter().filter_map(|field| match field.kind {
        FieldKind::Text { max, over } => Some((field, max, over)),
        _ => None,
    });
    let texts: Vec<_> = texts.collect();
    (0..texts.len()).prop_map(move |at| texts[at])
}

/// A field and a value for it: fitting, or anything.
fn offered() -> impl Strategy<Value = (&'static Field, String)> {
    (field(), any::<u64>()).prop_flat_map(|(field, seed)| {
        let fits =
            fitting(field).prop_map(move |value| Asked::field(field, value, seed).given.unwrap_or_default());
        let any = value(Oddity::Wild).prop_map(move |value| spell(&value, seed).text);
        (Just(field), prop_oneof![fits, any])
    })
}

/// A text of exactly that many UTF-16 units, some of its characters being two of them.
fn of_length(units: usize, wide: &[bool]) -> String {
    let mut text = String::new();
    let mut left = units;
    for &wide in wide.iter().cycle().take(units) {
        match (left, wide) {
            (0, _) => break,
            (2.., true) => text.push('😀'),
            _ => text.push('é'),
        }
        left = units - text.encode_utf16().count();
    }
    text
}

fn address_of_length(length: usize) -> String {
    let domain = "@example.com";
    let list = "a@b.example.co;".repeat(20);
    let head = &list[..(length - 40) / 15 * 15];
    let local = length - head.len() - domain.len();
    format!("{head}{}{domain}", "x".repeat(local))
}

fn code_list(kind: &str, code: &str) -> String {
    let code = Value::Object(vec![(units("type"), Value::text(kind)), (units("code"), Value::text(code))]);
    spell(&Value::Array(vec![code]), 3).text
}

proptest! {
    #![proptest_config(law(4000))]

    #[test]
    fn checking_a_checked_value_again_does_not_change_it((field, given) in offered()) {
        if let Ok((once, _)) = checked(field, &given) {
            let (twice, _) = checked(field, &once).unwrap();
            prop_assert_eq!(twice, once);
        }
    }

    #[test]
    fn a_valid_value_is_accepted_in_the_vendors_spelling((field, fits) in field().prop_flat_map(|field| (Just(field), fitting(field))), seed in any::<u64>()) {
        let asked = Asked::field(field, fits, seed);
        let (sent, _) = checked(field, &asked.given.unwrap()).unwrap();
        prop_assert_eq!(sent.trim_matches([' ', '\t', '\r', '\n']), asked.written);
    }

    #[test]
    fn limits_count_utf_16_units_to_the_last_one(
        (field, max, beyond) in text_field(), wide in vec(any::<bool>(), 1..8), over in 1_usize..40,
    ) {
        let given = |length| spell(&Value::text(&of_length(length, &wide)), 5).text;
        let at_limit = checked(field, &given(max)).unwrap();
        prop_assert!(at_limit.1.is_none(), "{}", field.path);
        match (checked(field, &given(max + over)), beyond) {
            (Err(error), OverLimit::Refused) => {
                let length = format!("is {} ", max + over);
                prop_assert!(error.contains(&length), "{}", error);
            }
            (Ok((_, warning)), OverLimit::Warned) => prop_assert!(warning.is_some()),
            (other, _) => prop_assert!(false, "{} {:?}", field.path, other),
        }
    }

    #[test]
    fn codes_and_their_types_have_the_same_kind_of_limit(wide in vec(any::<bool>(), 1..8)) {
        let field = fusebill::field::at(fusebill::field::CODES_PATH).unwrap();
        let (full, long) = (of_length(CODE_MAX, &wide), of_length(CODE_MAX + 1, &wide));
        prop_assert!(checked(field, &code_list(&full, &full)).is_ok());
        prop_assert!(checked(field, &code_list(&long, &full)).is_err());
        prop_assert!(checked(field, &code_list(&full, &long)).is_err());
        let set = |kind: &str, code: &str| {
            let action = Action::SetCode { kind: kind.to_string(), code: code.to_string() };
            Edits::check(vec![Edit { path: Path::of(field.path), action, given: String::new() }])
        };
        prop_assert!(set(&full, &full).is_ok());
        prop_assert!(set(&long, &full).is_err());
        prop_assert!(set(&full, &long).is_err());
    }

    #[test]
    fn a_code_list_is_let_through_unless_a_type_is_in_it_twice_or_it_is_too_long(codes in codes(0), at in any::<prop::sample::Index>(), seed in any::<u64>()) {
        let field = fusebill::field::at(fusebill::field::CODES_PATH).unwrap();
        prop_assert!(checked(field, &spell(&codes, seed).text).is_ok());
        let Value::Array(mut list) = codes else { unreachable!("codes are an array") };
        while list.len() < MOST_CODES {
            list.push(json_code(&format!("more{}", list.len())));
        }
        prop_assert!(checked(field, &spell(&Value::Array(list.clone()), seed).text).is_ok());
        let mut long = list.clone();
        long.push(json_code("yet another"));
        prop_assert!(checked(field, &spell(&Value::Array(long), seed).text).is_err());
        let (one, other) = (at.index(MOST_CODES), (at.index(MOST_CODES) + 1) % MOST_CODES);
        let kind = list[one].member(&units("type")).cloned().unwrap();
        list[other].put(&["type".to_string()], Value::Text(upper(&kind)));
        prop_assert!(checked(field, &spell(&Value::Array(list), seed).text).is_err());
    }
}

fn json_code(kind: &str) -> Value {
    Value::Object(vec![(units("code"), Value::text("c1")), (units("type"), Value::text(kind))])
}

fn upper(kind: &Value) -> Text {
    let Value::Text(kind) = kind else { panic!("a type is a text") };
    units(&String::from_utf16_lossy(kind).to_ascii_uppercase())
}

#[test]
fn address_lists_have_the_limit_too() {
    for field in FIELDS {
        let FieldKind::Emails { max } = field.kind else { continue };
        let given = |length| format!("{:?}", address_of_length(length));
        assert_eq!(checked(field, &given(max)).map(|(sent, _)| sent), Ok(given(max)));
        assert!(checked(field, &given(max + 1)).unwrap_err().contains("the limit is"), "{}", field.path);
    }
}
