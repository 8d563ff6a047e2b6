//! The user's editor: which one, and a visit to it.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::{Error, Kind, Result};
use crate::profile::Environment;

/// The variables that name an editor, the first that says something wins.
pub static VARIABLES: &[&str] = &["FUSEBILL_EDITOR", "VISUAL", "EDITOR"];
/// How many of them go before the profile's editor: those that mean this tool.
const OWN: usize = 1;

const FALLBACK: &str = if cfg!(windows) { "notepad" } else { "vi" };

/// No person opens a text, reads it and leaves in less.
const AT_ONCE: Duration = Duration::from_secs(1);

/// An editor as it is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Editor {
    program: String,
    arguments: Vec<String>,
}

/// What came of a visit to the editor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// Whether it returned faster than a person can have used it.
    pub at_once: bool,
}

/// How an editor is told the line to begin on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// `+LINE FILE`
    Plus,
    /// `FILE:LINE`
    Suffix,
    /// `--goto FILE:LINE`
    Goto,
    /// It is not told.
    No,
}

impl Editor {
    /// The user's editor: `$FUSEBILL_EDITOR`, else the profile's, else `$VISUAL`, else `$EDITOR`, else vi. Blank ones
    /// count as not set. They are split into words as a shell does, so `code --wait` and quoted paths with spaces work.
    ///
    /// # Errors
    /// `Usage` for quotes that do not close, for what is not UTF-8, and where none is named and nobody is there to use vi.
    pub fn of(environment: Environment, profile: Option<&[String]>, is_there: bool) -> Result<Editor> {
        for (at, name) in VARIABLES.iter().enumerate() {
            if let Some((program, arguments)) =
                profile.and_then(<[String]>::split_first).filter(|_| at == OWN)
            {
                return Ok(Editor { program: program.clone(), arguments: arguments.to_vec() });
            }
            let Some(command) = environment.variable(name)?.filter(|command| !command.trim().is_empty())
            else {
                continue;
            };
            return Editor::parse(&command)
                .ok_or_else(|| Error::usage(format!("{name}: the quotes in `{command}` do not close")));
        }
        if !is_there {
            return Err(Error::usage("no editor is named, and there is nobody to use one")
                .hint(format!("set one of {} to a program that edits by itself", VARIABLES.join(", ")))
                .hint("`fusebill customer update` changes fields by flags"));
        }
        Ok(Editor { program: FALLBACK.to_string(), arguments: Vec::new() })
    }

    fn parse(command: &str) -> Option<Editor> {
        // There a backslash parts folders and escapes nothing.
        let command = if cfg!(windows) { command.replace('\\', "\\\\") } else { command.to_string() };
        let mut words = shell_words::split(&command).ok()?.into_iter();
        let program = words.next()?;
        Some(Editor { program, arguments: words.collect() })
    }

    /// Its name, without folders and arguments.
    pub fn name(&self) -> &str {
        Path::new(&self.program).file_stem().and_then(|name| name.to_str()).unwrap_or(&self.program)
    }

    /// Whether it is known to stay in the terminal until it is left, so that returning at once means leaving at once.
    pub fn stays_in_the_terminal(&self) -> bool {
        matches!(
            self.name(),
            "vi" | "vim"
                | "nvim"
                | "view"
                | "nano"
                | "pico"
                | "joe"
                | "jed"
                | "mg"
                | "micro"
                | "ne"
                | "ed"
                | "ex"
                | "kak"
                | "hx"
                | "helix"
        )
    }

    /// Opens a file, on a line where the editor understands that, and waits until the editor ends.
    ///
    /// What it prints goes to standard error where standard output is for data.
    ///
    /// # Errors
    /// `Failed` where it cannot be started or reports a failure.
    pub fn visit(&self, file: &Path, line: Option<usize>) -> Result<Visit> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).args(self.target(file, line));
        if !io::stdout().is_terminal() {
            command.stdout(Stdio::from(io::stderr()));
        }
        let begun = Instant::now();
        let status = command.status().map_err(|why| {
            Error::new(Kind::Failed, format!("the editor `{}` cannot be started", self.program))
                .because(why)
                .hint(format!("set one of {} to an editor that is installed", VARIABLES.join(", ")))
        })?;
        if !status.success() {
            let said = format!("the editor `{}` did not end well: {status}", self.program);
            return Err(Error::new(Kind::Failed, said));
        }
        Ok(Visit { at_once: begun.elapsed() < AT_ONCE })
    }

    fn target(&self, file: &Path, line: Option<usize>) -> Vec<std::ffi::OsString> {
        let plain = file.as_os_str().to_os_string();
        let Some(line) = line else { return vec![plain] };
        let at_line = || {
            let mut named = plain.clone();
            named.push(format!(":{line}"));
            named
        };
        match line_style(self.name()) {
            Line::Plus => vec![format!("+{line}").into(), plain],
            Line::Suffix => vec![at_line()],
            Line::Goto => vec!["--goto".into(), at_line()],
            Line::No => vec![plain],
        }
    }
}

fn line_style(name: &str) -> Line {
    match name {
        "vi" | "vim" | "nvim" | "gvim" | "mvim" | "view" | "nano" | "pico" | "emacs" | "emacsclient"
        | "joe" | "jed" | "mg" | "micro" | "kak" | "ne" | "gedit" | "kate" => Line::Plus,
        "hx" | "helix" | "subl" | "sublime_text" | "zed" => Line::Suffix,
        "code" | "code-insiders" | "codium" | "cursor" => Line::Goto,
        _ => Line::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_as_a_shell_does() {
        let editor = Editor::parse("  '/opt/my editor/code' --wait \"a b\" c\\ d ").unwrap();
        assert_eq!(editor.program, "/opt/my editor/code");
        assert_eq!((editor.name(), editor.arguments.join("|").as_str()), ("code", "--wait|a b|c d"));
        assert_eq!(Editor::parse("vim 'x"), None);
    }

    #[test]
    fn the_line_is_told_to_editors_that_understand_it() {
        let target = |program: &str| {
            let editor = Editor::parse(program).unwrap();
            editor
                .target(Path::new("f"), Some(7))
                .into_iter()
                .map(|word| word.into_string().unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(target("/usr/bin/vim -n"), ["+7", "f"]);
        assert_eq!(target("code --wait"), ["--goto", "f:7"]);
        assert_eq!(target("hx"), ["f:7"]);
        assert_eq!(target("ed"), ["f"]);
    }
}
