use super::*;

fn examples(command: &clap::Command, at: &str, all: &mut Vec<(String, String)>) {
    for command in command.get_subcommands() {
        let path = format!("{at} {}", command.get_name()).trim_start().to_string();
        examples(command, &path, all);
        if !command.is_subcommand_required_set() {
            all.push((path, command.get_after_long_help().map(ToString::to_string).unwrap_or_default()));
        }
    }
}

fn all_examples() -> Vec<(String, String)> {
    let mut all = Vec::new();
    examples(&command(), "", &mut all);
    all
}

#[test]
fn the_definitions_hold_together() {
    command().debug_assert();
}

#[test]
fn every_command_has_examples_of_itself_and_no_file_of_examples_is_left_over() {
    let all = all_examples();
    for (path, text) in &all {
        assert!(text.contains("Examples:\n  ") && text.contains(path), "{path}: {text}");
    }
    let files = concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli/examples");
    let files = std::fs::read_dir(files).unwrap().count();
    assert!(files == all.len() || cfg!(not(feature = "sandbox")), "{files} files");
}

#[test]
fn no_line_of_an_example_is_broken_on_a_usual_terminal() {
    let all = all_examples();
    let lines = all.iter().flat_map(|(_, text)| text.lines());
    let long: Vec<&str> = lines.filter(|line| line.chars().count() > 80).collect();
    assert_eq!(long, [""; 0]);
}

#[test]
fn every_command_that_asks_for_consent_is_one_that_writes() {
    fn names(command: &clap::Command) -> Vec<String> {
        let own = command.get_arguments().any(|arg| arg.get_id() == "yes");
        let own = own.then(|| command.get_name().to_string());
        own.into_iter().chain(command.get_subcommands().flat_map(names)).collect()
    }
    let names = names(&command());
    assert!(names.len() > 5 && names.iter().all(|name| WRITERS.contains(&name.as_str())), "{names:?}");
    assert!(!may_write(&["fusebill", "customer", "get", "123"].map(Into::into)));
}

#[test]
fn every_example_can_be_typed() {
    let mut count = 0;
    for (path, text) in all_examples() {
        for part in text.lines().flat_map(|line| line.split('|')).filter(|part| part.contains("fusebill ")) {
            let words = shell_words::split(part).unwrap();
            let words = words.into_iter().skip_while(|word| word != "fusebill");
            let words = words.take_while(|word| word != ">" && word != "&&");
            let words: Vec<OsString> = words.map(Into::into).collect();
            if words.len() > 1 {
                assert!(parse(&words).is_ok(), "{path}: {part}");
                count += 1;
            }
        }
    }
    assert!(count > 40, "{count}");
}

#[test]
fn an_age_is_a_count_and_a_unit() {
    assert_eq!(age("36h"), Ok(Duration::from_secs(36 * 3600)));
    assert_eq!(age("2w"), age("14d"));
    for text in ["", "d", "90", "-1d", "1.5d", "90 d", "9m", "5é"] {
        assert!(age(text).is_err(), "{text}");
    }
}
