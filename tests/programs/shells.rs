//! The completions in the real shells: bash, zsh and fish, each with a home and settings of its own.

use std::process::{Command, Stdio};

use libtest_mimic::Trial;

use crate::needs;
use crate::terminal::Terminal;
use crate::world::{Run, World, finished};

const TAB: &str = "\t";
const CTRL_U: &str = "\u{15}";
/// What every shell here asks with.
const PROMPT: &str = "ready> ";

pub fn tests() -> Vec<Trial> {
    vec![
        needs(
            &["bash"],
            "bash_candidates_begin_after_its_own_word_breaks",
            bash_candidates_begin_after_its_own_word_breaks,
        ),
        needs(&["bash"], "bash_completes_the_typed_words", bash_completes_the_typed_words),
        needs(&["zsh"], "zsh_completes_the_typed_words", zsh_completes_the_typed_words),
        needs(
            &["zsh"],
            "zsh_takes_the_script_from_the_program_too",
            zsh_takes_the_script_from_the_program_too,
        ),
        needs(&["fish"], "fish_has_these_candidates", fish_has_these_candidates),
        needs(&["fish"], "fish_completes_the_typed_words", fish_completes_the_typed_words),
    ]
}

/// A world with two profiles and two changes of customer 123; the entries, newest first.
fn world() -> (World, [String; 2]) {
    let world = World::new();
    for (folder, file, text) in [
        (".config/fusebill", "config.toml", "[profiles.live]\nlabel = \"LIVE\"\n[profiles.test]\n"),
        (
            ".config/fish",
            "config.fish",
            "function fish_prompt\n    echo -n 'ready> '\nend\nset -g fish_greeting\n",
        ),
        (".config/fish/completions", "fusebill.fish", include_str!("../../completions/fusebill.fish")),
        // Fish begins to read manual pages in the background where this is not there.
        (".local/share/fish/generated_completions", "none", ""),
        ("functions", "_fusebill", include_str!("../../completions/_fusebill")),
        ("share/completions", "fusebill", include_str!("../../completions/fusebill.bash")),
    ] {
        std::fs::create_dir_all(world.home.path().join(folder)).expect("the home can be written");
        world.file(&format!("{folder}/{file}"), text);
    }
    world.file(
        ".inputrc",
        "set show-all-if-ambiguous on\nset page-completions off\nset completion-query-items 0\n\
         set enable-bracketed-paste off\nset bell-style none\n",
    );
    world.file(".bashrc", "PS1='ready> '\nsource ~/share/completions/fusebill\n");
    world.file(
        ".zshrc",
        "PS1='ready> '\nLISTMAX=10000\nunsetopt list_beep\nfpath=(~/functions $fpath)\n\
         autoload -U compinit && compinit -u -d ~/zcompdump\n",
    );
    let entry = |arguments: &[&str]| {
        assert_eq!(world.update(arguments).code, 0);
        world.entry()
    };
    let older = entry(&["--first-name", "Older"]);
    let newer = entry(&["--suffix", "Jr."]);
    (world, [newer, older])
}

/// A shell that finds the program on its path, with nothing else of this process.
fn shell(world: &World, program: &str, arguments: &[&str]) -> Command {
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_fusebill"));
    let folder = binary.parent().expect("the program is in a folder").display().to_string();
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .env("HOME", world.home.path())
        .env("ZDOTDIR", world.home.path())
        .env("INPUTRC", world.home.path().join(".inputrc"))
        .env("PATH", format!("{folder}:/usr/local/bin:/usr/bin:/bin"))
        .env("LC_ALL", "C.UTF-8")
        .env("TERM", "dumb")
        .env("FUSEBILL_BASE_URL", world.server.base_url())
        .current_dir(world.home.path());
    command
}

/// A shell on a terminal, at its first prompt.
fn start(world: &World, program: &str, arguments: &[&str]) -> Terminal {
    let mut terminal = Terminal::sized(&shell(world, program, arguments), 120, 60);
    terminal.until(PROMPT);
    terminal
}

/// Types a line and TAB, waits until all of these are listed in this order, and takes the line away again.
#[track_caller]
fn lists(terminal: &mut Terminal, line: &str, listed: &[&str]) {
    terminal.send(&format!("{line}{TAB}"));
    for text in listed {
        terminal.until(text);
    }
    terminal.until(line);
    terminal.send(CTRL_U);
}

/// Types the beginning of a word and TAB, and waits for its end.
#[track_caller]
fn goes_on(terminal: &mut Terminal, line: &str, end: &str) {
    terminal.send(&format!("{line}{TAB}"));
    terminal.until(line);
    terminal.until(end);
    terminal.send(CTRL_U);
}

fn run(command: &mut Command) -> Run {
    let run = finished(command.stdin(Stdio::null()));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    run
}

/// What bash has after its script was asked about a line: the registration, and every reply as `[reply]`.
fn replies(world: &World, words: &[&str], line: &str, last: &str) -> String {
    let script = "source ~/share/completions/fusebill; complete -p fusebill; COMP_LINE=$1; COMP_POINT=${#1}; \
         last=$2; shift 2; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
         _fusebill fusebill \"$last\"; printf '[%s]' \"${COMPREPLY[@]}\"";
    let arguments = [&["--norc", "--noprofile", "-c", script, "bash", line, last], words].concat();
    run(&mut shell(world, "bash", &arguments)).stdout
}

fn bash_candidates_begin_after_its_own_word_breaks() {
    let (world, [newer, older]) = world();
    let registered = "complete -o nosort -F _fusebill fusebill\n";
    for (words, last, expected) in [
        (&["fusebill", "customer", "upd"][..], "upd", "[update]".to_string()),
        (&["fusebill", "customer", "update", "1", "--title", ""], "", "[Mr][Mrs][Ms][Miss][Dr]".to_string()),
        (&["fusebill", "customer", "undo", ""], "", format!("[{newer}][{older}]")),
        (&["fusebill", "--profile", ""], "", "[default][sandbox][live][test]".to_string()),
        (&["fusebill", "--profile", "sandbox", "customer", "get", "ref"], "ref", "[reference:]".to_string()),
    ] {
        let shown = replies(&world, words, &words.join(" "), last);
        assert_eq!(shown, format!("{registered}{expected}"), "{words:?}");
    }
    for (line, words, last, expected) in [
        ("fusebill --color=a", &["fusebill", "--color", "=", "a"][..], "a", "[auto][always]"),
        ("fusebill --color=", &["fusebill", "--color", "="], "", "[auto][always][never]"),
        (
            "fusebill customer update 1 --set title=d",
            &["fusebill", "customer", "update", "1", "--set", "title", "=", "d"],
            "d",
            "[Dr]",
        ),
        (
            "fusebill sandbox serve --fault put:status",
            &["fusebill", "sandbox", "serve", "--fault", "put", ":", "status"],
            "status",
            "[status=][status-after=]",
        ),
    ] {
        assert_eq!(replies(&world, words, line, last), format!("{registered}{expected}"), "{line}");
    }
}

fn bash_completes_the_typed_words() {
    let (world, [newer, older]) = world();
    let mut bash = start(&world, "bash", &["--noprofile", "-i"]);
    goes_on(&mut bash, "fusebill customer upd", "ate ");
    lists(&mut bash, "fusebill customer update 1 --title ", &["Mr", "Mrs", "Ms", "Miss", "Dr"]);
    lists(
        &mut bash,
        "fusebill customer update 1 --clear ",
        &["title", "first-name", "parent-id", "quickbooks-id"],
    );
    goes_on(&mut bash, "fusebill customer update 1 --clear suffix,mid", "dle-name ");
    goes_on(&mut bash, "fusebill customer update 1 --clear firstN", "ame ");
    goes_on(&mut bash, "fusebill customer update 1 --set firstN", "ame=");
    lists(&mut bash, "fusebill --profile ", &["default", "sandbox", "live", "test"]);
    lists(&mut bash, "fusebill customer undo ", &[&newer, &older]);
    goes_on(&mut bash, "fusebill customer bulk plan .inp", "utrc ");
    goes_on(&mut bash, "fusebill --profile sandbox customer get ref", "erence:");
    bash.send("exit\n");
    assert_eq!(bash.end().0, 0);
}

fn zsh_completes_the_typed_words() {
    let (world, [newer, older]) = world();
    let mut zsh = start(&world, "zsh", &["-d", "-i"]);
    goes_on(&mut zsh, "fusebill customer upd", "ate ");
    lists(&mut zsh, "fusebill customer update 1 --title ", &["Mr", "Mrs", "Ms", "Miss", "Dr"]);
    lists(
        &mut zsh,
        "fusebill customer update 1 --clear ",
        &["title", "-- Title before the name", "first-name", "-- First name", "quickbooks-id"],
    );
    goes_on(&mut zsh, "fusebill customer update 1 --set firstN", "ame=");
    goes_on(&mut zsh, "fusebill sandbox serve --fault put:red", "irect=");
    // Those without help come below the others.
    lists(&mut zsh, "fusebill --profile ", &["live", "-- LIVE", "default", "sandbox", "test"]);
    lists(
        &mut zsh,
        &format!("fusebill customer undo {}", common(&newer, &older)),
        &[&newer, "-- 123 Older Smith (Acme Inc.): suffix (written)", &older],
    );
    goes_on(&mut zsh, "fusebill customer bulk plan .inp", "utrc ");
    zsh.send("exit\n");
    assert_eq!(zsh.end().0, 0);
}

/// What two names begin with.
fn common<'a>(one: &'a str, other: &str) -> &'a str {
    let length = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    &one[..length]
}

fn zsh_takes_the_script_from_the_program_too() {
    let (world, _) = world();
    std::fs::remove_dir_all(world.home.path().join("functions")).expect("it is there");
    let mut zsh = start(&world, "zsh", &["-d", "-i"]);
    zsh.send("source <(fusebill completions zsh)\n");
    zsh.until("zsh)");
    zsh.until(PROMPT);
    goes_on(&mut zsh, "fusebill customer upd", "ate ");
    zsh.send("exit\n");
    assert_eq!(zsh.end().0, 0);
}

fn fish_has_these_candidates() {
    let (world, [newer, older]) = world();
    let complete = |line: &str| {
        let line = format!("complete -C '{line}'");
        run(&mut shell(&world, "fish", &["--private", "-c", &line])).stdout
    };
    assert_eq!(complete("fusebill customer upd"), "update\tChange fields of one customer\n");
    assert_eq!(complete("fusebill customer update 1 --title "), "Mr\nMrs\nMs\nMiss\nDr\n");
    assert_eq!(complete("fusebill customer update 1 --clear suffix,last-"), "suffix,last-name\tLast name\n");
    assert_eq!(complete("fusebill --profile "), "default\nsandbox\nlive\tLIVE\ntest\n");
    assert_eq!(complete("fusebill customer update 1 --patch=.inp"), "--patch=.inputrc\n");
    assert_eq!(complete("fusebill customer bulk plan .inp"), ".inputrc\n");
    let entries = complete("fusebill customer undo ");
    let names: Vec<&str> = entries.lines().filter_map(|line| line.split('\t').next()).collect();
    assert_eq!(names, [newer, older]);
}

fn fish_completes_the_typed_words() {
    let (world, _) = world();
    let mut command = shell(&world, "fish", &["--private", "-i"]);
    command.env("TERM", "xterm");
    let mut fish = Terminal::sized(&command, 120, 60);
    fish.until("ready> ");
    fish.send(&format!("fusebill customer upd{TAB}"));
    fish.until("update ");
    fish.send(&format!("1 --title {TAB}"));
    for word in ["Mr", "Mrs", "Ms", "Miss", "Dr"] {
        fish.until(word);
    }
    fish.send(&format!("{CTRL_U}exit\n"));
    assert_eq!(fish.end().0, 0);
}
