//! The notation of a cell: how a value is written into one, and which texts are refused because a spreadsheet made them.

use std::borrow::Cow;

use super::Spelling;
use crate::document::View;
use crate::document::indent::compact;

/// The usual cell that clears a field.
pub const CLEAR: &str = "#CLEAR";
/// The usual cell that sets a field to empty text.
pub const EMPTY: &str = "#EMPTY";
/// What follows it is the text, whatever it means elsewhere: `#TEXT:#N/A` is the text `#N/A`.
pub const TEXT: &str = "#TEXT:";

/// LibreOffice's word for an error, in the languages that translate it: `Err:502`, `Err :502`.
const ERROR_WORDS: &[&str] = &[
    "err",
    "erreur",
    "error",
    "fehler",
    "errore",
    "erro",
    "ошибка",
    "ош",
    "错误",
    "錯誤",
    "エラー",
    "오류",
    "chyba",
    "fout",
    "fel",
    "virhe",
    "błąd",
    "hiba",
    "hata",
    "feil",
    "fejl",
];

/// A cell of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Text(String),
    /// A whole number that the spreadsheet holds exactly: at most 15 digits.
    Whole(String),
    /// A value that has no certain text, named for a message: "a date".
    Other(String),
}

impl Cell {
    pub(crate) fn is_blank(&self) -> bool {
        matches!(self, Cell::Text(text) if text.trim().is_empty())
    }

    /// The text of the cell; `numbers` says whether a number is as good.
    pub(super) fn text(&self, numbers: bool) -> Result<&str, String> {
        match self {
            Cell::Text(text) => Ok(text),
            Cell::Whole(text) if numbers => Ok(text),
            Cell::Whole(text) => Err(untyped(&format!("the number {text}"))),
            Cell::Other(what) => Err(untyped(what)),
        }
    }
}

fn untyped(what: &str) -> String {
    format!("holds {what}, not text: format the column as text and type the value again")
}

/// The cell of a value. It reads back as the same value if that is text or null.
pub fn written(value: Option<View<'_>>) -> String {
    let Some(value) = value.filter(|value| !value.is_null()) else { return String::new() };
    value.as_text().map_or_else(|| compact(value.raw()), |text| spelled(&text).into_owned())
}

fn spelled(text: &str) -> Cow<'_, str> {
    if text.is_empty() {
        return Cow::Borrowed(EMPTY);
    }
    let trimmed = text.trim();
    let means_more = [CLEAR, EMPTY].iter().any(|token| token.eq_ignore_ascii_case(trimmed))
        || trimmed.is_empty()
        || trimmed.starts_with(TEXT)
        || is_error_value(trimmed)
        || is_too_narrow(trimmed)
        || is_formula(trimmed)
        || refuse_rewritten(trimmed).is_err();
    if means_more { Cow::Owned(format!("{TEXT}{text}")) } else { Cow::Borrowed(text) }
}

pub(super) fn refuse_error_value(text: &str, spelling: &Spelling) -> Result<(), String> {
    let tokens = [&spelling.null, &spelling.empty];
    if tokens.iter().any(|token| *token == text) {
        return Ok(());
    }
    if let Some(meant) = tokens.into_iter().find(|token| token.eq_ignore_ascii_case(text)) {
        return Err(format!("`{text}` is not `{meant}`: write it in the same case"));
    }
    if is_too_narrow(text) {
        return Err(format!("`{text}` is a spreadsheet's sign for a column too narrow for its value"));
    }
    if is_error_value(text) {
        return Err(format!(
            "`{text}` is a spreadsheet's error value: a formula failed; `{}` clears, and `{TEXT}{text}` is this text",
            spelling.null
        ));
    }
    Ok(())
}

/// A spreadsheet would compute the text of a CSV cell, and may start a program for it (OWASP, "CSV Injection"). A telephone
/// number is no formula.
fn is_formula(text: &str) -> bool {
    let is_number = |c: char| c.is_ascii_digit() || " ()./-".contains(c);
    match text.chars().next() {
        Some('=' | '@') => true,
        Some('+' | '-') => !text[1..].chars().all(is_number),
        _ => false,
    }
}

fn is_too_narrow(text: &str) -> bool {
    text.len() > 2 && text.bytes().all(|byte| byte == b'#')
}

/// `#N/A`, `#REF!`, `#WERT!`, `#¡VALOR!`, `#GETTING_DATA`, `Err:502`: Excel translates its error values, so they are known by
/// their form.
fn is_error_value(text: &str) -> bool {
    let Some(name) = text.strip_prefix('#') else { return is_numbered_error(text) };
    let sign = |c: char| matches!(c, '/' | '_' | '!' | '?' | '¡' | '¿' | '.');
    let is_name = name.chars().all(|c| (c.is_alphabetic() && !c.is_lowercase()) || sign(c) || c == '0');
    let has_zero_apart = name.contains('0') && !name.contains("/0");
    let named = is_name && !has_zero_apart && name.chars().filter(|c| c.is_alphabetic()).count() > 1;
    let shouted =
        name.ends_with(['!', '?']) && !name.contains(char::is_whitespace) && name.chars().count() > 2;
    named || shouted
}

fn is_numbered_error(text: &str) -> bool {
    let Some((word, number)) = text.split_once(':') else { return false };
    let is_number =
        number.len() == 3 && number.starts_with('5') && number.bytes().all(|b| b.is_ascii_digit());
    is_number && ERROR_WORDS.contains(&word.trim().to_lowercase().as_str())
}

/// Refuses a number in scientific notation: a spreadsheet rewrites phone numbers and references so.
pub(super) fn refuse_rewritten(text: &str) -> Result<(), String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let Some((mantissa, exponent)) = unsigned.split_once(['E', 'e']) else { return Ok(()) };
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    let exponent_digits = exponent.strip_prefix(['+', '-']);
    let signed = exponent_digits.is_some() || mantissa.contains(['.', ',']);
    if signed && digits(whole) && digits(fraction) && digits(exponent_digits.unwrap_or(exponent)) {
        return Err(format!(
            "`{text}` is a number as a spreadsheet rewrites it, and digits are lost; make the column text there"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Json;

    #[test]
    fn error_values_of_every_language_are_known_by_their_form() {
        for text in [
            "#N/A",
            "#REF!",
            "#NV",
            "#WERT!",
            "#BEZUG!",
            "#NAME?",
            "#NOM?",
            "#N/D",
            "#¡VALOR!",
            "#¿NOMBRE?",
            "#DIV/0!",
            "#Н/Д",
            "#ЗНАЧ!",
            "#YOK",
            "#ÉRTÉK!",
            "#HIÁNYZIK",
            "#GETTING_DATA",
            "#スピル!",
            "#Field!",
            "#ÜBERLAUF!",
            "#ERROR!",
            "Err:502",
            "Err :502",
            "Ошибка:509",
            "#NULL!",
        ] {
            assert!(is_error_value(text), "{text}");
        }
        for text in ["#12", "#A12", "#PO-7", "# 5", "#a", "Room:501", "Err:50", "err", "#", "#5!a", "#X"] {
            assert!(!is_error_value(text), "{text}");
        }
    }

    #[test]
    fn a_text_that_means_more_is_marked_as_text() {
        let cell = |json: &str| written(Some(Json::parse(json).unwrap().root()));
        assert_eq!((written(None).as_str(), cell("null").as_str(), cell("\"\"").as_str()), ("", "", EMPTY));
        assert_eq!((cell("\"0613\"").as_str(), cell("5551234").as_str()), ("0613", "5551234"));
        for text in [
            "#CLEAR",
            "#empty",
            " ",
            "#N/A",
            "1.5E+7",
            "#TEXT:x",
            "####",
            " #EMPTY ",
            "=1+1",
            "@SUM(A1)",
            "+cmd|' /C calc'!A0",
            "-x",
            "\\t=1",
        ] {
            assert_eq!(cell(&format!("\"{text}\"")), format!("#TEXT:{}", text.replace("\\t", "\t")));
        }
        for text in ["+1 (613) 555-0123", "-5", "a=b", "a@b.org", "+"] {
            assert_eq!(cell(&format!("\"{text}\"")), text);
        }
    }

    #[test]
    fn a_number_cell_is_text_only_if_numbers_are_allowed() {
        assert_eq!(Cell::Whole("7".to_string()).text(true), Ok("7"));
        let message = |cell: Cell| cell.text(false).unwrap_err();
        assert!(message(Cell::Whole("7".to_string())).starts_with("holds the number 7, not text"));
        assert!(message(Cell::Other("a date".to_string())).starts_with("holds a date"));
    }
}
