//! The user's editor: which program it is, and running it.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::account::environment;
use crate::error::{Error, Kind, Result};

/// The variables that name an editor; the first that is set wins. The profile's editor comes after the first variable.
pub(crate) static VARIABLES: &[&str] = &["FUSEBILL_EDITOR", "VISUAL", "EDITOR"];

const FALLBACK: &str = if cfg!(windows) { "notepad" } else { "vi" };

/// A person needs longer to open a text, read it and leave.
const AT_ONCE: Duration = Duration::from_secs(1);

const IN_TERMINAL: &str = "vi vim nvim view nano pico joe jed mg micro ne ed ex kak hx helix";
/// Editors that take `+LINE FILE`.
const PLUS: &str =
    "vi vim nvim gvim mvim view nano pico emacs emacsclient joe jed mg micro kak ne gedit kate";
/// Editors that take `FILE:LINE`.
const SUFFIX: &str = "hx helix subl sublime_text zed";
/// Editors that take `--goto FILE:LINE`.
const GOTO: &str = "code code-insiders codium cursor";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Editor {
    program: String,
    arguments: Vec<String>,
}

impl Editor {
    /// Blank variables count as not set. Commands are split as a shell does, so `code --wait` and quoted paths work.
    pub(crate) fn of(profile: Option<&[String]>, is_there: bool) -> Result<Editor> {
        for (at, name) in VARIABLES.iter().enumerate() {
            if let (1, Some((program, arguments))) = (at, profile.and_then(<[String]>::split_first)) {
                return Ok(Editor { program: program.clone(), arguments: arguments.to_vec() });
            }
            if let Some(command) = environment::variable(name)?.filter(|command| !command.trim().is_empty()) {
                return Editor::parse(&command)
                    .ok_or_else(|| Error::usage(format!("{name}: the quotes in `{command}` do not close")));
            }
        }
        if !is_there {
            return Err(Error::usage("no editor is set, and there is no terminal for vi")
                .hint(format!("set one of {} to a program that edits by itself", VARIABLES.join(", ")))
                .hint("`fusebill customer update` changes fields by flags"));
        }
        Ok(Editor { program: FALLBACK.to_string(), arguments: Vec::new() })
    }

    fn parse(command: &str) -> Option<Editor> {
        // On Windows a backslash separates folders.
        let command = if cfg!(windows) { command.replace('\\', "\\\\") } else { command.to_string() };
        let mut words = shell_words::split(&command).ok()?.into_iter();
        let program = words.next()?;
        Some(Editor { program, arguments: words.collect() })
    }

    pub(crate) fn name(&self) -> &str {
        Path::new(&self.program).file_stem().and_then(|name| name.to_str()).unwrap_or(&self.program)
    }

    /// Other editors may return while their window is open.
    pub(crate) fn stays_in_the_terminal(&self) -> bool {
        self.is_one_of(IN_TERMINAL)
    }

    /// If standard output is not a terminal, the editor prints to standard error, because standard output is for data.
    /// `started` gets the process id of the editor. True if the editor returned at once.
    pub(crate) fn visit(&self, file: &Path, line: Option<usize>, started: impl FnOnce(u32)) -> Result<bool> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).args(self.target(file, line));
        if !io::stdout().is_terminal() {
            command.stdout(Stdio::from(io::stderr()));
        }
        let begun = Instant::now();
        let run = || {
            let mut editor = command.spawn()?;
            started(editor.id());
            editor.wait()
        };
        let status = run().map_err(|why| {
            Error::new(Kind::Failed, format!("the editor `{}` cannot be started", self.program))
                .because(why)
                .hint(format!("set one of {} to an editor that is installed", VARIABLES.join(", ")))
        })?;
        if !status.success() {
            let said = format!("the editor `{}` failed: {status}", self.program);
            return Err(Error::new(Kind::Failed, said));
        }
        Ok(begun.elapsed() < AT_ONCE)
    }

    fn target(&self, file: &Path, line: Option<usize>) -> Vec<OsString> {
        let file = file.as_os_str().to_os_string();
        let Some(line) = line else { return vec![file] };
        let mut at_line = file.clone();
        at_line.push(format!(":{line}"));
        if self.is_one_of(PLUS) {
            vec![format!("+{line}").into(), file]
        } else if self.is_one_of(SUFFIX) {
            vec![at_line]
        } else if self.is_one_of(GOTO) {
            vec!["--goto".into(), at_line]
        } else {
            vec![file]
        }
    }

    fn is_one_of(&self, names: &str) -> bool {
        names.split(' ').any(|name| name == self.name())
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
