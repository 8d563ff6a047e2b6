//! Values that a spreadsheet or a wrong encoding respells: the new text differs from the old one only as opening and saving a
//! file makes it. Nobody asked for such a change, so it is refused unless `--allow-respelled` names its column.

use encoding_rs::{Encoding, MACINTOSH, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252};
use strum::Display;

use crate::document::decimal::Decimal;
use crate::document::hidden::is_hidden;

/// How a text was respelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display)]
pub enum Respelling {
    #[strum(to_string = "read as a number")]
    Number,
    #[strum(to_string = "read as a number, digits are lost")]
    Rounded,
    #[strum(to_string = "read as a date")]
    Date,
    #[strum(to_string = "read as a formula")]
    Formula,
    #[strum(to_string = "read as true or false")]
    Boolean,
    #[strum(to_string = "UTF-8 read in another encoding")]
    Encoding,
    #[strum(to_string = "characters are written as codes")]
    Coded,
    #[strum(to_string = "characters are lost")]
    Lost,
    #[strum(to_string = "blanks or invisible characters differ")]
    Invisible,
}

/// Spreadsheets compute with this many digits.
const DIGITS: usize = 15;
/// How much of each end of a long text a message shows.
const END: usize = 20;
/// The days that Excel counts from 1900, for years about ours.
const SERIALS: std::ops::Range<u32> = 20_000..80_000;
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Whether `new` is `old` as a spreadsheet or an encoding respells it, and how.
pub fn respelled(old: &str, new: &str) -> Option<Respelling> {
    if old == new {
        return None;
    }
    // A value is often read as a number or a date, and then its blanks are gone too.
    let (bare_old, bare_new) = (visible(old), visible(new));
    if bare_old == bare_new {
        return Some(Respelling::Invisible);
    }
    let is_boolean =
        ["TRUE", "FALSE"].contains(&bare_new.as_str()) && bare_new.eq_ignore_ascii_case(&bare_old);
    number(&bare_old, &bare_new)
        .or_else(|| is_date(&bare_old, &bare_new).then_some(Respelling::Date))
        .or_else(|| is_formula(&bare_old, &bare_new).then_some(Respelling::Formula))
        .or_else(|| is_boolean.then_some(Respelling::Boolean))
        .or_else(|| is_misread(old, new).then_some(Respelling::Encoding))
        .or_else(|| (visible(&decoded(new)) == bare_old).then_some(Respelling::Coded))
        .or_else(|| is_lossy(old, new).then_some(Respelling::Lost))
}

/// The two texts of a message, cut in the middle: what differs is mostly at an end.
pub(crate) fn shown(old: &str, new: &str, how: Respelling) -> String {
    format!("`{}` \u{2192} `{}` ({how})", cut(old), cut(new))
}

pub(crate) fn cut(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= 2 * END {
        return text.to_string();
    }
    let (begin, end) = (&characters[..END], &characters[characters.len() - END..]);
    format!("{}\u{2026}{}", begin.iter().collect::<String>(), end.iter().collect::<String>())
}

/// Without invisible characters; every blank is a space, line ends are LF, and no blank is at an end.
fn visible(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept = lines.chars().filter(|c| !is_invisible(*c));
    let plain: String = kept.map(|c| if c.is_whitespace() && c != '\n' { ' ' } else { c }).collect();
    plain.trim().to_string()
}

/// Blanks are spaces to [`visible`]. XML cannot hold most control characters, so a workbook loses them.
fn is_invisible(c: char) -> bool {
    if c.is_control() { !matches!(c, '\n' | '\t') } else { is_hidden(c) && !c.is_whitespace() }
}

fn number(old: &str, new: &str) -> Option<Respelling> {
    let parsed = |text: &str| {
        let text = text.strip_prefix('\'').unwrap_or(text);
        let percent = text.strip_suffix('%').unwrap_or(text);
        Decimal::parse(&percent.strip_prefix('+').unwrap_or(percent).replace(',', "."))
    };
    let (before, after) = (parsed(old)?, parsed(new)?);
    if before == after {
        return Some(Respelling::Number);
    }
    let mantissa = |text: &str| text.split(['e', 'E']).next().unwrap_or_default().to_string();
    let digits = |text: &str| -> String { mantissa(text).chars().filter(char::is_ascii_digit).collect() };
    let (before, after) = (digits(old), digits(new));
    let long = before.trim_start_matches('0').len() > DIGITS;
    let kept = after.trim_end_matches('0');
    let head = &kept[..kept.len().saturating_sub(1)];
    let is_rounded =
        long && kept.len() <= DIGITS && kept.len() > 4 && before.trim_start_matches('0').starts_with(head);
    is_rounded.then_some(Respelling::Rounded)
}

fn is_date(old: &str, new: &str) -> bool {
    let Some(before) = date_numbers(old) else { return false };
    let serial = new.parse::<u32>().is_ok_and(|days| SERIALS.contains(&days)) && new.len() == 5;
    let Some(mut after) = date_numbers(new) else { return serial };
    for number in &before {
        match after.iter().position(|other| other == number) {
            Some(at) => drop(after.swap_remove(at)),
            None => return false,
        }
    }
    // A date without a year gets this year; one without a day the first, and either may get a time of zeros.
    after.len() <= 1 || (after.iter().filter(|number| **number != 0).count() <= 1)
}

/// The numbers of a text that could be a date, its months as numbers and its years without the century; none if it is no date.
fn date_numbers(text: &str) -> Option<Vec<u32>> {
    if text.len() > 40 {
        return None;
    }
    let mut numbers = Vec::new();
    let mut months = 0;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let same = |c: char| {
            (c.is_ascii_digit(), c.is_alphabetic()) == (first.is_ascii_digit(), first.is_alphabetic())
        };
        let end = rest.find(|c: char| !same(c)).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        rest = after;
        if first.is_ascii_digit() {
            let number: u32 = part.parse().ok().filter(|_| part.len() <= 4)?;
            numbers.push(if part.len() == 4 { number % 100 } else { number });
        } else if first.is_alphabetic() {
            let word = part.to_lowercase();
            if let Some(month) = MONTHS.iter().position(|month| word.starts_with(month)) {
                months += 1;
                numbers.push(u32::try_from(month).ok()? + 1);
            } else if !["t", "z", "am", "pm"].contains(&word.as_str()) {
                return None;
            }
        } else if part.chars().any(|c| !" /-.,:".contains(c)) {
            return None;
        }
    }
    let possible =
        numbers.iter().all(|number| *number <= 99) && numbers.iter().any(|number| (1..=31).contains(number));
    (possible && months <= 1 && numbers.len() > 1).then_some(numbers)
}

fn is_formula(old: &str, new: &str) -> bool {
    let starts = old.starts_with(['=', '+', '-', '@']) && !new.starts_with(['=', '@']);
    starts
        && old.len() > 1
        && Decimal::parse(&new.replace(',', ".")).is_some()
        && Decimal::parse(old.trim_start_matches('+')).is_none()
}

/// Whether UTF-8 was read as one of the encodings that spreadsheets take for a file without a mark, perhaps twice.
fn is_misread(old: &str, new: &str) -> bool {
    const CODE_PAGES: [&Encoding; 4] = [WINDOWS_1252, MACINTOSH, WINDOWS_1250, WINDOWS_1251];
    let misread = |text: &str, page: &'static Encoding| {
        page.decode_without_bom_handling(text.as_bytes()).0.into_owned()
    };
    !old.is_ascii()
        && CODE_PAGES.into_iter().any(|page| {
            let once = misread(old, page);
            visible(&once) == visible(new) || visible(&misread(&once, page)) == visible(new)
        })
}

/// XLSX writes a control character as `_x001B_`, and some programs do not read that back.
fn decoded(text: &str) -> String {
    let mut parts = text.split("_x");
    let mut plain = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let code = part.get(..4).filter(|_| part[4..].starts_with('_'));
        match code.and_then(|code| char::from_u32(u32::from_str_radix(code, 16).ok()?)) {
            Some(c) => {
                plain.push(c);
                plain.push_str(&part[5..]);
            }
            None => plain.extend(["_x", part]),
        }
    }
    plain
}

/// Whether characters became `?` or U+FFFD, because the file's encoding has no others.
fn is_lossy(old: &str, new: &str) -> bool {
    let lost = |(before, after): (char, char)| {
        before == after || (!before.is_ascii() && matches!(after, '?' | '\u{fffd}'))
    };
    old.chars().count() == new.chars().count() && old.chars().zip(new.chars()).all(lost)
}

#[cfg(test)]
mod tests {
    use super::Respelling::*;
    use super::*;

    #[test]
    fn every_respelling_by_a_spreadsheet_is_recognized() {
        for (old, new, how) in [
            ("00007", "7", Number),
            ("+16135550199", "16135550199", Number),
            ("1.0", "1", Number),
            ("1E5", "100000", Number),
            ("1.5", "1,5", Number),
            ("00007", "7.0", Number),
            ("1234567890123456789", "1234567890123450000", Rounded),
            ("12345678901234567890", "1.23456789012346E+019", Rounded),
            ("1/2", "2-Jan", Date),
            ("1/2", "01/02/26", Date),
            ("1-2", "2026-01-02", Date),
            ("2026-01-02", "1/2/2026", Date),
            ("2026-01-02", "02.01.26", Date),
            ("MARCH1", "1-Mar", Date),
            ("1/2", "46024", Date),
            ("3/2026", "Mar-26", Date),
            ("=1+1", "2", Formula),
            ("-5+3", "-2", Formula),
            ("true", "TRUE", Boolean),
            ("José", "JosÃ©", Encoding),
            ("Łódź", "Å\u{81}Ã³dÅº", Encoding),
            ("José", "Jos√©", Encoding),
            ("a\u{1b}b", "a_x001B_b", Coded),
            ("José", "Jos?", Lost),
            ("José", "Jos\u{fffd}", Lost),
            ("a\u{a0}b", "a b", Invisible),
            ("Jo ", "Jo", Invisible),
            ("Jo", "\u{200b}Jo", Invisible),
            ("a\r\nb", "a\nb", Invisible),
            ("a\u{1b}b", "ab", Invisible),
        ] {
            assert_eq!(respelled(old, new), Some(how), "{old:?} {new:?}");
        }
    }

    #[test]
    fn an_edit_by_a_person_is_not_a_respelling() {
        for (old, new) in [
            ("Jo", "Jon"),
            ("José", "Jose"),
            ("7", "8"),
            ("00007", "00008"),
            ("613-555-0199", "613-555-0100"),
            ("613-555-0199", "613.555.0199"),
            ("R-7", "R-8"),
            ("", "a"),
            ("a", ""),
            ("1/2", "1/3"),
            ("PO 7", "7"),
            ("1234567890123456789", "7"),
            ("Ян", "Янка"),
            ("x", "X"),
            ("true", "false"),
        ] {
            assert_eq!(respelled(old, new), None, "{old:?} {new:?}");
        }
    }
}
