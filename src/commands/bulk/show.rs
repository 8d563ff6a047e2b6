//! `fusebill customer bulk show`: what a plan changes. Nothing is sent.

use std::io::BufReader;

use super::super::session::Context;
use super::plan::{kind, sentence};
use crate::bulk::plan_file::{self, PlanFileError, json_line};
use crate::bulk::result::Counts;
use crate::cli::Output;
use crate::cli::bulk::ShowArgs;
use crate::error::{Error, ErrorKind, Result};
use crate::report::bulk::planned_json;
use crate::report::plan::{Overview, csv_head, csv_rows};

pub(super) fn run(args: &ShowArgs, context: &Context) -> Result<ErrorKind> {
    let (terminal, output) = (&context.terminal, context.global.output);
    let refused = |error: PlanFileError| Error::usage(format!("{} cannot be shown", args.plan)).source(error);
    let (head, lines) = plan_file::read(BufReader::new(terminal.open(&args.plan)?)).map_err(refused)?;
    let (mut overview, mut counts) = (Overview::default(), Counts::default());
    if output == Output::Csv {
        terminal.print(&csv_head())?;
    }
    for line in lines {
        let planned = line.map_err(refused)?;
        counts.add(planned.outcome());
        overview.add(&planned);
        match output {
            Output::Csv => terminal.print(&csv_rows(&planned))?,
            Output::Ndjson => terminal.print(&json_line(&planned))?,
            Output::Table | Output::Json => {}
        }
    }
    match output {
        Output::Table => terminal.print(&overview.table(terminal.look()))?,
        Output::Json => terminal.print(&planned_json(&counts, &overview.actions, output))?,
        Output::Csv | Output::Ndjson => {}
    }
    let made = terminal.local(head.time);
    let (source, profile, host) = (head.source, head.profile, head.host);
    terminal
        .notes()
        .say(&format!("Planned {made} from {source} on profile {profile} at {host}: {}.", sentence(&counts)));
    Ok(kind(&counts))
}
