//! `fusebill help`: the help of a command, or a topic.

use clap::builder::StyledStr;

use super::session::Context;
use crate::cli;
use crate::cli::topics::{names, topic};
use crate::error::{Error, Kind, Result};

pub(super) fn run(words: &[String], context: &Context) -> Result<Kind> {
    let topic = if let [name] = words { topic(name) } else { None };
    let text = match topic {
        Some(text) => text,
        None => cli::styled(&command_help(words)?, context.terminal.look()),
    };
    context.terminal.print(&text).map(|()| Kind::Done)
}

fn command_help(words: &[String]) -> Result<StyledStr> {
    let mut root = cli::command();
    root.build();
    let mut command = &mut root;
    for word in words {
        command = command.find_subcommand_mut(word).ok_or_else(|| {
            Error::usage(format!("there is no command or topic `{}`", words.join(" ")))
                .hint(format!("the topics are {}; `fusebill --help` lists the commands", names()))
        })?;
    }
    Ok(command.render_long_help())
}
