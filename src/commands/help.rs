//! `fusebill help`: the help of a command, or a topic.

use clap::builder::StyledStr;

use super::session::Context;
use crate::cli;
use crate::cli::next_guess::meant;
use crate::cli::topics::{names, topic};
use crate::error::{Error, ErrorKind, Result};

pub(super) fn run(words: &[String], context: &Context) -> Result<ErrorKind> {
    let topic = if let [name] = words { topic(name) } else { None };
    let text = match topic {
        Some(text) => text,
        None => cli::styled(&command_help(words)?, context.terminal.look()),
    };
    context.terminal.print(&text).map(|()| ErrorKind::Done)
}

fn command_help(words: &[String]) -> Result<StyledStr> {
    let mut root = cli::command();
    root.build();
    let mut command = &mut root;
    for word in words {
        command = command.find_subcommand_mut(word).ok_or_else(|| {
            let error = Error::usage(format!("there is no command or topic `{}`", words.join(" ")));
            let near = meant(word).map(|meant| format!("did you mean `fusebill help {meant}`?"));
            near.into_iter()
                .fold(error, Error::hint)
                .hint(format!("the topics are {}; `fusebill --help` lists the commands", names()))
        })?;
    }
    Ok(command.render_long_help())
}
