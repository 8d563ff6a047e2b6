//! `fusebill help`: the help of a command, or a topic.

use super::session::Context;
use crate::cli;
use crate::cli::topics::{TOPICS, topic};
use crate::error::{Error, Kind, Result};

pub(super) fn run(words: &[String], context: &Context) -> Result<Kind> {
    let text = match words {
        [name] if topic(name).is_some() => topic(name).unwrap_or_default(),
        words => command_help(words, context.terminal.look().color)?,
    };
    context.terminal.print(&text).map(|()| Kind::Done)
}

fn command_help(words: &[String], color: bool) -> Result<String> {
    let mut root = cli::command();
    root.build();
    let mut command = &mut root;
    for word in words {
        let topics: Vec<&str> = TOPICS.iter().map(|(name, _)| *name).collect();
        command = command.find_subcommand_mut(word).ok_or_else(|| {
            Error::usage(format!("there is no command or topic `{}`", words.join(" ")))
                .hint(format!("the topics are {}; `fusebill --help` lists the commands", topics.join(", ")))
        })?;
    }
    let help = command.render_long_help();
    Ok(if color { help.ansi().to_string() } else { help.to_string() })
}
