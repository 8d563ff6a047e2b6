//! Text patterns in which `*` matches any characters, or none.

use super::QueryError;

/// Characters with a meaning in the API's filters. The vendor does not document how to escape them.
const SPECIAL: &[char] = &[':', ';', ',', '|', '[', ']', '*', '\\'];

/// The texts between the wildcards.
/// Case is ignored, because the vendor does not document whether the API ignores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wildcards {
    parts: Vec<String>,
}

impl Wildcards {
    /// Reads a pattern: `*` is a wildcard; `\*`, `\\` and `\[` are the characters themselves.
    pub(super) fn parse(text: &str) -> Result<Wildcards, QueryError> {
        let (mut parts, mut part) = (Vec::new(), String::new());
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            match c {
                '*' => parts.push(std::mem::take(&mut part)),
                '\\' => part.push(rest.next().filter(|c| r"*\[".contains(*c)).ok_or_else(backslash)?),
                plain => part.push(plain),
            }
        }
        parts.push(part);
        Ok(Wildcards { parts })
    }

    pub(super) fn literal(text: &str) -> Wildcards {
        Wildcards { parts: vec![text.to_string()] }
    }

    pub(super) fn containing(text: &str) -> Wildcards {
        Wildcards { parts: vec![String::new(), text.to_string(), String::new()] }
    }

    /// A wider pattern that the API can read: special characters, and blanks at either end, become wildcards.
    pub(super) fn widened(&self) -> Wildcards {
        let mut parts: Vec<String> =
            self.parts.iter().flat_map(|part| part.split(SPECIAL)).map(str::to_string).collect();
        if parts.first().is_some_and(|first| first.starts_with(char::is_whitespace)) {
            parts[0] = parts[0].trim_start().to_string();
            parts.insert(0, String::new());
        }
        if let Some(last) = parts.last_mut().filter(|last| last.ends_with(char::is_whitespace)) {
            *last = last.trim_end().to_string();
            parts.push(String::new());
        }
        // Between two wildcards an empty part adds nothing.
        let last = parts.len() - 1;
        let kept =
            parts.into_iter().enumerate().filter(|(at, part)| *at == 0 || *at == last || !part.is_empty());
        Wildcards { parts: kept.map(|(_, part)| part).collect() }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.parts.len() == 1
    }

    pub(super) fn is_bare(&self) -> bool {
        self.parts.iter().all(String::is_empty)
    }

    pub(super) fn spelled(&self) -> String {
        self.parts.join("*")
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let text = folded(text);
        let parts: Vec<String> = self.parts.iter().map(|part| folded(part)).collect();
        let (Some((first, rest)), Some(last)) = (parts.split_first(), parts.last()) else { return false };
        if rest.is_empty() {
            return text == *first;
        }
        let Some(mut left) = text.strip_prefix(first.as_str()) else { return false };
        for part in &rest[..rest.len() - 1] {
            match left.find(part.as_str()) {
                Some(at) => left = &left[at + part.len()..],
                None => return false,
            }
        }
        left.ends_with(last.as_str())
    }
}

fn backslash() -> QueryError {
    QueryError::new("a backslash escapes only `*`, `[` and another backslash")
        .hint("write \\\\ for a backslash, \\* for a star")
}

/// Folds letter by letter, so that a part of a text is folded as in the whole.
fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(text: &str, pattern: &str) -> bool {
        Wildcards::parse(pattern).unwrap().matches(text)
    }

    #[test]
    fn a_star_matches_any_text_and_case_is_ignored() {
        for (text, pattern) in [
            ("5551234", "555*"),
            ("5551234", "*12*"),
            ("5551234", "*34"),
            ("", "*"),
            ("abcabc", "a*c*c"),
            ("ÉCOLE", "é*e"),
            ("a*b\\[", "a\\*b\\\\\\["),
        ] {
            assert!(matches(text, pattern), "{text} {pattern}");
        }
        for (text, pattern) in
            [("aba", "ab*ba"), ("abc", "ab"), ("abc", "*b"), ("ac", "a*b*c"), ("axb", "a\\*b")]
        {
            assert!(!matches(text, pattern), "{text} {pattern}");
        }
        assert!(Wildcards::parse("a\\b").is_err() && Wildcards::parse("a\\").is_err());
    }

    #[test]
    fn ambiguous_characters_are_sent_as_wildcards() {
        let sent = |pattern: &str| Wildcards::parse(pattern).unwrap().widened().spelled();
        for (pattern, spelled) in [
            ("Acme", "Acme"),
            ("A*e", "A*e"),
            ("a;b:c,d|e", "a*b*c*d*e"),
            ("[empty] x", "*empty* x"),
            ("a\\*b\\\\", "a*b*"),
            ("a**b", "a*b"),
            (" a b ", "*a b*"),
            ("; *", "* *"),
            (";;", "*"),
            ("a; b", "a* b"),
        ] {
            assert_eq!(sent(pattern), spelled, "{pattern}");
        }
        let nothing = |pattern: &str| Wildcards::parse(pattern).unwrap().widened().is_bare();
        assert!(nothing("*") && nothing(";") && nothing("[]") && nothing(" ") && !nothing("a*"));
    }
}
