//! Amounts in cents, and their spelling.

/// Digits after the second decimal are dropped; 0 if it is no plain decimal.
pub(crate) fn cents_of(token: &str) -> i64 {
    let (whole, fraction) = token.split_once('.').unwrap_or((token, ""));
    let digits = format!("{whole}{fraction:0<2.2}");
    digits.parse().unwrap_or(0)
}

pub(crate) fn spelled(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.unsigned_abs();
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}

/// Half a cent is rounded up.
pub(crate) fn percent(cents: i64, percent: i64) -> i64 {
    (cents * percent + 50).div_euclid(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cents_are_read_and_spelled() {
        for (token, cents) in [("250.00", 25_000), ("75.2", 7_520), ("0.10", 10), ("3", 300), ("1.999", 199)]
        {
            assert_eq!(cents_of(token), cents, "{token}");
        }
        assert_eq!((cents_of("1E5"), cents_of("")), (0, 0));
        assert_eq!(
            (spelled(25_000), spelled(-5), spelled(0)),
            ("250.00".into(), "-0.05".into(), "0.00".into())
        );
        assert_eq!((percent(11_500, 13), percent(10, 13), percent(50, 13)), (1_495, 1, 7));
    }
}
