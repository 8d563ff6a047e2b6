//! Pieces of Markdown.

/// A table: the names of the columns, then the rows.
pub fn table(columns: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let names: Vec<String> = columns.iter().map(ToString::to_string).collect();
    let rule = vec!["---".to_string(); columns.len()];
    let rows: String = rows.iter().map(|row| line(row)).collect();
    format!("{}{}{rows}\n", line(&names), line(&rule))
}

/// A list of these items.
pub fn list(items: impl IntoIterator<Item = String>) -> String {
    let items: String = items.into_iter().map(|item| format!("- {item}\n")).collect();
    format!("{items}\n")
}

/// A block that is shown as it stands.
pub fn block(lines: &[String]) -> String {
    format!("```text\n{}\n```\n\n", lines.join("\n"))
}

/// Words as they are typed.
pub fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

/// Several of them.
pub fn codes<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(code).collect::<Vec<_>>().join(", ")
}

/// Text in which nothing but backticks means anything.
pub fn prose(text: &str) -> String {
    let outside = |part: &str| -> String {
        part.chars().map(|c| if "*<>|".contains(c) { format!("\\{c}") } else { c.to_string() }).collect()
    };
    let parts = text.split('`').enumerate();
    let parts = parts.map(|(at, part)| if at % 2 == 0 { outside(part) } else { part.replace('|', "\\|") });
    parts.collect::<Vec<_>>().join("`")
}

/// Paragraphs in one line, each a sentence.
pub fn sentence(text: &str) -> String {
    let paragraphs: Vec<&str> = text.split("\n\n").map(str::trim).filter(|text| !text.is_empty()).collect();
    let ended = |(at, text): (usize, &&str)| {
        let open = at + 1 < paragraphs.len() && !text.ends_with(['.', ':', ';']);
        format!("{}{}", prose(text), if open { "." } else { "" })
    };
    paragraphs.iter().enumerate().map(ended).collect::<Vec<_>>().join(" ")
}
