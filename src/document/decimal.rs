//! Decimal numbers of any length, compared by value without rounding.

use std::cmp::Ordering;

/// The most digits of an exponent: with more, sums of exponents could overflow.
const LONGEST_EXPONENT: usize = 18;

/// A decimal number: `0.DIGITS` times ten to the `exponent`. Its digits neither begin nor end with zero; zero has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    exponent: i64,
    digits: String,
}

impl Decimal {
    /// Reads a number as JSON or a filter spells it; none if it is no number or its exponent has more than 18 digits.
    pub fn parse(text: &str) -> Option<Decimal> {
        let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, power) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let short = power.trim_start_matches(['+', '-']).len() <= LONGEST_EXPONENT;
        let power: i64 = power.parse().ok().filter(|_| short)?;
        let digits = all.trim_start_matches('0');
        let zeros = all.len() - digits.len();
        let digits = digits.trim_end_matches('0').to_string();
        if digits.is_empty() {
            return Some(Decimal { negative: false, exponent: 0, digits });
        }
        let exponent = i64::try_from(whole.len()).ok()? - i64::try_from(zeros).ok()? + power;
        Some(Decimal { negative, exponent, digits })
    }

    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Decimal) -> Ordering {
        let size = self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits));
        let same_sign = if self.negative { size.reverse() } else { size };
        self.sign().cmp(&other.sign()).then(same_sign)
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_ordered_by_value_however_they_are_spelled() {
        let order =
            ["-1E5", "-2.5", "-2.49", "0", "1e-7", "0.10", "0.3", "0.30000000000000004", "9", "10.0", "1E5"];
        let numbers: Vec<_> = order.iter().map(|text| Decimal::parse(text).unwrap()).collect();
        assert!(numbers.is_sorted() && numbers.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn spellings_of_one_number_are_equal() {
        for (one, other) in
            [("250", "250.00"), ("1E5", "100000"), ("0.10", "1e-1"), ("-0", "0.0e7"), ("1e+2", "100")]
        {
            assert_eq!(Decimal::parse(one), Decimal::parse(other), "{one} {other}");
        }
        for text in ["", "-", ".", "x", "1,5", "1e", "1e1000000000000000000", "1e+-2", "+1"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }
}
