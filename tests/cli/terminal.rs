//! The program on a pseudo-terminal of its own: what it shows, the keys it takes, and how it leaves the terminal.

use std::ffi::OsStr;
use std::process::Command;
use std::time::{Duration, Instant};

use expectrl::process::unix::{Signal, WaitStatus};
use expectrl::session::OsSession;
use expectrl::{Eof, Expect, Session};
use unicode_width::UnicodeWidthChar;

/// Longer than any test waits for what happens at all.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program on a terminal of its own.
pub struct Terminal {
    session: OsSession,
    /// Everything that was shown so far.
    shown: String,
}

/// A program that has ended, and the terminal as it left it.
pub struct Ended {
    /// The exit code.
    pub code: i32,
    /// Everything that was shown from the start.
    pub shown: String,
    /// What was shown since the last text that was waited for.
    pub rest: String,
    /// Whether what is typed is shown, as a shell expects it.
    pub echo: bool,
}

impl Terminal {
    /// Starts a program on a terminal of 80 columns and 24 rows.
    pub fn start(command: Command) -> Terminal {
        let mut session = Session::spawn(command).expect("the program starts on a terminal");
        session.set_expect_timeout(Some(PATIENCE));
        Terminal { session, shown: String::new() }
    }

    /// Starts a program on a terminal of this size, which shows what is typed as that of a shell does.
    pub fn sized(command: &Command, columns: u16, rows: u16) -> Terminal {
        // The parent gives the terminal a size of its own at some moment of the start, so the shell waits for it.
        let script = format!("read go && stty echo cols {columns} rows {rows} && exec \"$@\"");
        let mut shell = Command::new("/bin/sh");
        shell.args([OsStr::new("-c"), OsStr::new(&script), OsStr::new("sh"), command.get_program()]);
        shell.args(command.get_args()).env_clear().env("PATH", "/usr/bin:/bin");
        shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(folder) = command.get_current_dir() {
            shell.current_dir(folder);
        }
        let mut terminal = Terminal::start(shell);
        terminal.send("\n");
        terminal
    }

    /// Waits for a text and gives what was shown before it.
    #[track_caller]
    pub fn until(&mut self, text: &str) -> String {
        let found = self.session.expect(text);
        let found =
            found.unwrap_or_else(|error| panic!("waiting for {text:?}: {error}\nafter:\n{}", self.shown));
        self.shown.push_str(&String::from_utf8_lossy(found.as_bytes()));
        String::from_utf8_lossy(found.before()).into_owned()
    }

    /// Sends keys at once.
    pub fn send(&mut self, keys: &str) {
        self.session.send(keys).expect("the terminal takes keys");
    }

    /// Sends keys once a menu or a line of dialoguer reads them, so that none is taken by the terminal itself. A question
    /// of consent reads whole lines, as the terminal gives them.
    #[track_caller]
    pub fn press(&mut self, keys: &str) {
        let begun = Instant::now();
        while self.echoes() {
            assert!(begun.elapsed() < PATIENCE, "no question reads keys after:\n{}", self.shown);
            std::thread::yield_now();
        }
        self.send(keys);
    }

    /// Gives the terminal another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.session.get_process_mut().set_window_size(columns, rows).expect("the terminal has a size");
    }

    /// Sends a signal to the program.
    pub fn signal(&mut self, signal: Signal) {
        self.session.get_process_mut().signal(signal).expect("the program takes signals");
    }

    /// Everything that was shown and waited for so far.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Waits until the program ends.
    #[track_caller]
    pub fn finish(mut self) -> Ended {
        let rest = self.session.expect(Eof);
        let rest =
            rest.unwrap_or_else(|error| panic!("waiting for the end: {error}\nafter:\n{}", self.shown));
        let rest = String::from_utf8_lossy(rest.as_bytes()).into_owned();
        self.shown.push_str(&rest);
        match self.session.get_process().wait().expect("the program is waited for") {
            WaitStatus::Exited(_, code) => {
                Ended { code, rest, echo: self.echoes(), shown: std::mem::take(&mut self.shown) }
            }
            other => panic!("the program did not exit by itself: {other:?}\n{}", self.shown),
        }
    }

    /// The exit code, and what was shown until the end.
    #[track_caller]
    pub fn end(self) -> (i32, String) {
        let ended = self.finish();
        (ended.code, ended.rest)
    }

    fn echoes(&self) -> bool {
        self.session.get_process().get_echo().expect("the terminal has modes")
    }
}

impl Ended {
    /// Asserts the exit code and that the end says each of these.
    #[track_caller]
    pub fn says(&self, code: i32, says: &[&str]) {
        assert_eq!(self.code, code, "{}", self.shown);
        for text in says {
            let shown = [&self.rest, &unwrapped(&self.rest)].iter().any(|rest| rest.contains(text));
            assert!(shown, "{text:?} is not in:\n{}", self.rest);
        }
    }

    /// Asserts that the terminal is as a shell expects it: what is typed is shown, and so is the cursor.
    #[track_caller]
    pub fn left_the_terminal_right(&self) {
        assert!(self.echo, "what is typed is shown again:\n{}", self.shown);
        let (shown, hidden) = (self.shown.rfind("\u{1b}[?25h"), self.shown.rfind("\u{1b}[?25l"));
        assert!(shown >= hidden, "the cursor is shown again:\n{:?}", self.shown);
    }
}

/// What was shown, with notes that were broken over lines on one line.
pub fn unwrapped(shown: &str) -> String {
    shown.replace("\r\n  ", " ")
}

/// What stands on a terminal that was shown all this: the lines, also those that were scrolled away, without the space
/// at their ends. It knows what the program uses: moves, clearing a line or to the end, and lines that break where they are full.
pub fn screen(shown: &str, columns: usize, rows: usize) -> Vec<String> {
    let mut lines: Vec<Vec<char>> = vec![Vec::new()];
    let (mut row, mut column, mut full) = (0_usize, 0_usize, false);
    let mut chars = shown.chars();
    while let Some(c) = chars.next() {
        let top = lines.len().saturating_sub(rows);
        match c {
            '\r' => (column, full) = (0, false),
            '\n' => (row, full) = (row + 1, false),
            '\u{1b}' => {
                assert_eq!(chars.next(), Some('['), "a sequence that is known: {shown:?}");
                let (mut count, mut end) = (String::new(), ' ');
                for c in chars.by_ref() {
                    end = c;
                    if c.is_ascii_alphabetic() {
                        break;
                    }
                    count.push(c);
                }
                let by = || count.parse().unwrap_or(1);
                match end {
                    'A' => row = row.saturating_sub(by()).max(top),
                    'B' => row += by(),
                    'C' => column = (column + by()).min(columns - 1),
                    'D' => column = column.saturating_sub(by()),
                    'J' => {
                        lines.truncate(row + 1);
                        lines[row].truncate(column);
                    }
                    'K' if count == "2" => lines[row].clear(),
                    'K' => lines[row].truncate(column),
                    'h' | 'l' | 'm' => {}
                    _ => panic!("an unknown sequence {count:?} {end:?} in {shown:?}"),
                }
                full = full && matches!(end, 'h' | 'l' | 'm');
            }
            c => {
                let width = c.width().unwrap_or(0);
                if full || column + width > columns {
                    (row, column) = (row + 1, 0);
                }
                lines.resize_with(lines.len().max(row + 1), Vec::new);
                let line = &mut lines[row];
                line.resize(line.len().max(column + width), ' ');
                line[column] = c;
                // The second column of a wide character holds nothing.
                line[column + 1..column + width].fill('\0');
                column += width;
                full = column == columns;
                column -= usize::from(full);
            }
        }
        lines.resize_with(lines.len().max(row + 1), Vec::new);
    }
    let text = |line: Vec<char>| line.into_iter().filter(|&c| c != '\0').collect::<String>();
    lines.into_iter().map(|line| text(line).trim_end().to_string()).collect()
}
