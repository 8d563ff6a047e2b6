//! What clap_mangen writes, put right: words in backticks are bold, characters that a typesetter would change stay what
//! they are, and lines are short.

/// Columns after which a line is broken. mandoc wants fewer than 80.
const WIDTH: usize = 78;

/// Text for a page, where nothing in it is a command of the typesetter.
pub fn literal(text: &str) -> String {
    let escaped: String = text.chars().map(escape).collect();
    if escaped.starts_with(['.', '\'']) { format!("\\&{escaped}") } else { escaped }
}

fn escape(c: char) -> String {
    match c {
        '\\' => "\\e".to_string(),
        '-' => "\\-".to_string(),
        '\'' => "\\(aq".to_string(),
        c => kept(c),
    }
}

/// Characters that are shown as others where they are not escaped, and those beyond ASCII.
fn kept(c: char) -> String {
    match c {
        '`' => "\\(ga".to_string(),
        '^' => "\\(ha".to_string(),
        '~' => "\\(ti".to_string(),
        c if c.is_ascii() => c.to_string(),
        c => format!("\\[u{:04X}]", u32::from(c)),
    }
}

/// A paragraph of text, filled and with its words in backticks bold.
pub fn paragraph(text: &str) -> String {
    // A backtick marks words here, so it is none that is to be shown.
    let escaped: String = text.chars().map(|c| if c == '`' { c.to_string() } else { escape(c) }).collect();
    filled(&bold(&escaped))
}

/// A section as clap_mangen made it, without its first lines up to the heading.
pub fn section(made: &str, heading: &str) -> String {
    let head = format!(".SH {heading}\n");
    let body = made.split_once(&head).map_or(made, |(_, body)| body);
    let mut mended = String::new();
    let mut tag = false;
    for line in body.lines() {
        let line = match line {
            "" => ".sp".to_string(),
            line if line.starts_with('.') => line.to_string(),
            line => {
                let line = line.replace("\\*(Aq", "\\(aq").replace("\\\\", "\\e");
                let line: String = bold(&line).chars().map(kept).collect();
                // The line after .TP is the tag and cannot be broken.
                if tag { line } else { filled(&line) }
            }
        };
        tag = line == ".TP";
        mended.push_str(&line);
        mended.push('\n');
    }
    // Values stand close together, one step further in.
    mended
        .replace(".br\n.sp\n.br\n", ".sp\n")
        .replace(".RS 14\n", ".RS 7\n.PD 0\n")
        .replace(".RE\n", ".PD\n.RE\n")
}

/// Words between backticks in bold; signs alone would not be seen for what they are, so those are quoted.
fn bold(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    assert!(parts.len() % 2 == 1, "the backticks of a text come in pairs: {text}");
    let mark = |(at, part): (usize, &&str)| match at % 2 {
        0 => (*part).to_string(),
        _ if part.contains(char::is_alphanumeric) => format!("\\fB{part}\\fR"),
        _ => format!("\\(aq{part}\\(aq"),
    };
    parts.iter().enumerate().map(mark).collect()
}

/// The text over as many lines as it takes; a sentence begins on a line of its own.
fn filled(text: &str) -> String {
    let mut lines = vec![String::new()];
    let mut ended = false;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let last = lines.last_mut().expect("there is a line");
        if last.is_empty() {
            last.push_str(word);
        } else if (ended && word.starts_with(char::is_uppercase)) || last.len() + 1 + word.len() > WIDTH {
            let guard = if word.starts_with(['.', '\'']) { "\\&" } else { "" };
            lines.push(format!("{guard}{word}"));
        } else {
            last.push(' ');
            last.push_str(word);
        }
        ended = word.ends_with('.');
    }
    lines.join("\n")
}
