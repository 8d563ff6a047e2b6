//! What counts as the same value.

use std::cmp::Ordering;

use fusebill::document::compare::same;
use fusebill::document::decimal::Decimal;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::generate::{Oddity, json, number, value};
use crate::law;
use crate::spelling::{Number, Value, respell, spell, units};

fn same_text(a: &str, b: &str) -> bool {
    same(json(a).root(), json(b).root())
}

/// Changes one scalar of the value, or a name, or how many there are.
pub(crate) fn change(value: &mut Value, at: Index) {
    match value {
        Value::Array(elements) if !elements.is_empty() => {
            let at_element = at.index(elements.len());
            change(&mut elements[at_element], at);
        }
        Value::Object(members) if !members.is_empty() => {
            let at_member = at.index(members.len());
            match at.index(5) {
                0 => drop(members.remove(at_member)),
                1 => members[at_member].0.push(0xd801),
                _ => change(&mut members[at_member].1, at),
            }
        }
        Value::Text(text) => text.push([0xd801, 0x61, 0][at.index(3)]),
        Value::Bool(yes) => *yes = !*yes,
        Value::Number(number) => number.change(at),
        Value::Null => *value = Value::text("null"),
        Value::Array(_) => *value = Value::Object(Vec::new()),
        Value::Object(members) => members.push((units(""), Value::Null)),
    }
}

impl Number {
    /// Another number that is close to this one.
    fn change(&mut self, at: Index) {
        *self = match at.index(4) {
            0 if self.digits != "0" => Number { negative: !self.negative, ..self.clone() },
            1 if self.digits != "0" => Number { exponent: self.exponent + 1, ..self.clone() },
            2 => Number::new(self.negative, &format!("{}1", self.digits), self.exponent - 1),
            _ => Number::new(self.negative, &format!("1{}", self.digits), self.exponent),
        }
    }

    /// The number times ten to the power of `scale`, in decimal digits.
    fn scaled(&self, scale: i64) -> String {
        let zeros = usize::try_from(self.exponent + scale).expect("no digit is below the scale");
        let digits = format!("{}{}", self.digits, "0".repeat(zeros));
        digits.trim_start_matches('0').to_string()
    }
}

/// Orders by writing both numbers out as whole numbers of one scale.
fn order(a: &Number, b: &Number) -> Ordering {
    let scale = -a.exponent.min(b.exponent);
    let (x, y) = (a.scaled(scale), b.scaled(scale));
    let by_size = x.len().cmp(&y.len()).then(x.cmp(&y));
    match (a.negative, b.negative) {
        (true, true) => by_size.reverse(),
        (false, false) => by_size,
        (negative, _) => {
            if negative {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
    }
}

fn pair() -> impl Strategy<Value = (Number, Number)> {
    let near = (number(Oddity::Wild), any::<Index>()).prop_map(|(number, at)| {
        let mut other = number.clone();
        other.change(at);
        (number, other)
    });
    prop_oneof![2 => near, 2 => (number(Oddity::Wild), number(Oddity::Wild)), 1 => number(Oddity::Wild).prop_map(|n| (n.clone(), n))]
}

proptest! {
    #![proptest_config(law(4000))]

    #[test]
    fn every_spelling_of_a_value_is_the_same(value in value(Oddity::Wild), seeds in any::<[u64; 3]>()) {
        let [a, b, c] = seeds.map(|seed| respell(&value, seed));
        prop_assert!(same_text(&a, &a));
        prop_assert!(same_text(&a, &b) && same_text(&b, &a));
        prop_assert!(same_text(&b, &c) && same_text(&a, &c));
    }

    #[test]
    fn a_change_is_not_the_same_and_sameness_is_an_equivalence(
        value in value(Oddity::Wild), at in any::<Index>(), changed in any::<[bool; 3]>(), seeds in any::<[u64; 3]>(),
    ) {
        let mut other = value.clone();
        change(&mut other, at);
        prop_assert!(!value.means(&other));
        let texts: Vec<(bool, String)> = changed
            .into_iter()
            .zip(seeds)
            .map(|(changed, seed)| (changed, respell(if changed { &other } else { &value }, seed)))
            .collect();
        for (one, a) in &texts {
            for (two, b) in &texts {
                prop_assert_eq!(same_text(a, b), one == two, "{} {}", a, b);
            }
        }
    }

    #[test]
    fn elements_in_another_order_are_another_array(mut elements in proptest::collection::vec(value(Oddity::Wild), 2..5), seeds in any::<[u64; 2]>()) {
        let before = Value::Array(elements.clone());
        elements.rotate_left(1);
        let after = Value::Array(elements);
        let (a, b) = (respell(&before, seeds[0]), respell(&after, seeds[1]));
        prop_assert_eq!(same_text(&a, &b), before.means(&after), "{} {}", a, b);
    }

    #[test]
    fn numbers_order_as_decimals_written_out(pair in pair(), seeds in any::<[u64; 2]>()) {
        let [a, b] = [(&pair.0, seeds[0]), (&pair.1, seeds[1])].map(|(n, seed)| spell(&Value::Number(n.clone()), seed).text.trim().to_string());
        let read = |text: &str| Decimal::parse(text).expect("a number");
        prop_assert_eq!(read(&a).cmp(&read(&b)), order(&pair.0, &pair.1), "{} {}", a, b);
        prop_assert_eq!(same_text(&a, &b), pair.0 == pair.1, "{} {}", a, b);
    }
}
