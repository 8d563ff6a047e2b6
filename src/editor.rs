//! The user's editor: which program it is, and running it.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::account::environment;
use crate::error::{Error, ErrorKind, Result};

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
    /// The assignments before the program.
    variables: Vec<(String, String)>,
}

impl Editor {
    /// Blank variables count as not set. Commands are split as a shell does, so `code --wait`, quoted paths, `~/bin/edit`,
    /// `$HOME/bin/edit` and `VAR=value edit` work.
    pub(crate) fn of(profile: Option<&[String]>, is_there: bool) -> Result<Editor> {
        for (at, name) in VARIABLES.iter().enumerate() {
            if let (1, Some(editor)) = (at, profile.and_then(Editor::of_words)) {
                return Ok(editor);
            }
            if let Some(command) = environment::variable(name)?.filter(|command| !command.trim().is_empty()) {
                return Editor::parse(&command).ok_or_else(|| {
                    Error::usage(format!("{name}: `{command}` names no program, or its quotes do not close"))
                });
            }
        }
        if !is_there {
            return Err(Error::usage("no editor is set, and there is no terminal for vi")
                .hint(format!("set one of {} to a program that edits by itself", VARIABLES.join(", ")))
                .hint("`fusebill customer update` changes fields by flags"));
        }
        Ok(Editor { program: FALLBACK.to_string(), arguments: Vec::new(), variables: Vec::new() })
    }

    fn parse(command: &str) -> Option<Editor> {
        // On Windows a backslash separates folders.
        let command = if cfg!(windows) { command.replace('\\', "\\\\") } else { command.to_string() };
        Editor::of_words(&shell_words::split(&command).ok()?)
    }

    fn of_words(words: &[String]) -> Option<Editor> {
        let mut words = words.iter().map(|word| expanded(word)).peekable();
        let mut variables = Vec::new();
        while let Some((name, value)) = words.peek().and_then(|word| assignment(word)) {
            variables.push((name, value));
            words.next();
        }
        let program = words.next()?;
        Some(Editor { program, arguments: words.collect(), variables })
    }

    pub(crate) fn name(&self) -> &str {
        Path::new(&self.program).file_stem().and_then(|name| name.to_str()).unwrap_or(&self.program)
    }

    /// Other editors may return while their window is open.
    pub(crate) fn runs_in_terminal(&self) -> bool {
        self.is_one_of(IN_TERMINAL)
    }

    /// If standard output is not a terminal, the editor prints to standard error, because standard output is for data.
    /// `started` gets the process id of the editor. True if the editor returned at once.
    pub(crate) fn visit(&self, file: &Path, line: Option<usize>, started: impl FnOnce(u32)) -> Result<bool> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).args(self.target(file, line));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        if !io::stdout().is_terminal() {
            command.stdout(Stdio::from(io::stderr()));
        }
        let begun = Instant::now();
        let run = || {
            let mut editor = command.spawn()?;
            started(editor.id());
            editor.wait()
        };
        let status = run().map_err(|error| {
            Error::new(ErrorKind::Failed, format!("the editor `{}` cannot be started", self.program))
                .source(error)
                .hint(format!("set one of {} to an editor that is installed", VARIABLES.join(", ")))
        })?;
        if !status.success() {
            let message = format!("the editor `{}` failed: {status}", self.program);
            return Err(Error::new(ErrorKind::Failed, message));
        }
        Ok(begun.elapsed() < AT_ONCE)
    }

    fn target(&self, file: &Path, line: Option<usize>) -> Vec<OsString> {
        let file = file.as_os_str().to_os_string();
        let Some(line) = line else { return vec![file] };
        let mut at_line = file.clone();
        at_line.push(format!(":{line}"));
        if self.is_one_of(PLUS) && !self.is_busybox() {
            vec![format!("+{line}").into(), file]
        } else if self.is_one_of(SUFFIX) {
            vec![at_line]
        } else if self.is_one_of(GOTO) {
            vec!["--goto".into(), at_line]
        } else {
            vec![file]
        }
    }

    /// BusyBox's `vi` opens a file of the name `+15`.
    fn is_busybox(&self) -> bool {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let is_path = self.program.contains('/');
        let in_folders = std::env::split_paths(&folders).filter(|_| !is_path);
        let places =
            in_folders.map(|folder| folder.join(&self.program)).chain([Path::new(&self.program).into()]);
        let found = places.into_iter().find_map(|place| std::fs::canonicalize(place).ok());
        found.is_some_and(|file| file.file_name().is_some_and(|name| name == "busybox"))
    }

    fn is_one_of(&self, names: &str) -> bool {
        names.split(' ').any(|name| name == self.name())
    }
}

/// `~/` and `$HOME`, at the beginning of a word or of the value of an assignment, are the home directory.
fn expanded(word: &str) -> String {
    let (start, path) = match assignment(word) {
        Some((name, value)) => (format!("{name}="), value),
        None => (String::new(), word.to_string()),
    };
    let homes = ["~", "$HOME", "${HOME}"];
    let rest = homes.iter().find_map(|home| path.strip_prefix(home).filter(|rest| rest.starts_with('/')));
    match rest.zip(environment::lossy("HOME")) {
        Some((rest, home)) => format!("{start}{home}{rest}"),
        None => word.to_string(),
    }
}

/// `NAME=value`, as a shell takes it before a command.
fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let named = name.chars().all(is_name) && name.starts_with(|c: char| !c.is_ascii_digit());
    (named && !name.is_empty()).then(|| (name.to_string(), value.to_string()))
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
    fn home_and_assignments_are_read_as_a_shell_reads_them() {
        let home = environment::lossy("HOME").expect("tests have a home");
        for command in ["~/bin/ed -x", "$HOME/bin/ed -x", "${HOME}/bin/ed -x", "A=1 B=~/b ~/bin/ed -x"] {
            let editor = Editor::parse(command).unwrap();
            assert_eq!(
                (editor.program, editor.arguments),
                (format!("{home}/bin/ed"), vec!["-x".to_string()])
            );
        }
        let editor = Editor::parse("A=1 B=~/b vi C=2").unwrap();
        let variables = [("A", "1".to_string()), ("B", format!("{home}/b"))];
        assert_eq!(editor.variables, variables.map(|(name, value)| (name.to_string(), value)));
        assert_eq!((editor.program.as_str(), editor.arguments), ("vi", vec!["C=2".to_string()]));
        assert_eq!(Editor::parse("1=2").unwrap().program, "1=2");
        assert_eq!(Editor::parse("A=1"), None);
    }

    #[cfg(unix)]
    #[test]
    fn the_vi_of_busybox_gets_no_line() {
        let folder = tempfile::tempdir().unwrap();
        let [busybox, vi] = ["busybox", "vi"].map(|name| folder.path().join(name));
        std::fs::write(&busybox, "").unwrap();
        std::os::unix::fs::symlink(&busybox, &vi).unwrap();
        let editor = Editor::parse(&vi.display().to_string()).unwrap();
        assert_eq!(editor.target(Path::new("f"), Some(15)), ["f"]);
        std::fs::remove_file(&busybox).unwrap();
        assert_eq!(editor.target(Path::new("f"), Some(15)), ["+15", "f"]);
    }

    #[test]
    fn the_line_is_passed_to_editors_that_support_it() {
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
