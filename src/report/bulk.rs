//! Runs over many customers: what became of each row, what that adds up to, and the runs there were.

use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::csv::csv as rows_as_csv;
use super::place::Place;
use super::table::{Text, Tone, table as draw};
use super::{Look, known};
use crate::bulk::result::{Counts, HEADER, OUTCOMES, Outcome, RowResult};
use crate::cli::Output;
use crate::error::Kind;
use crate::report::outcome::{Problem, text};
use crate::runs::About;

/// A run that has ended, for now or for good.
pub struct Summary<'a> {
    /// What it did.
    pub about: &'a About,
    /// What became of its rows.
    pub counts: &'a Counts,
    /// Where that is written row by row.
    pub results: &'a Path,
    /// The command that goes on with it.
    pub resume: &'a str,
    /// Where it was carried out.
    pub place: Place<'a>,
}

/// "1 row", "3 rows".
pub fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// What stands above the rows in an output; nothing where they have no head, or are not printed.
pub fn rows_head(output: Output) -> String {
    match output {
        Output::Csv => rows_as_csv([HEADER.map(str::to_string)]),
        _ => String::new(),
    }
}

/// A row in an output; nothing where rows are not printed.
pub fn row(result: &RowResult, output: Output) -> String {
    match output {
        Output::Csv => rows_as_csv([result.cells()]),
        Output::Ndjson => result.line(),
        Output::Table | Output::Json => String::new(),
    }
}

/// What the rows add up to.
pub fn table(summary: &Summary<'_>, look: Look) -> String {
    let counted = OUTCOMES.iter().filter(|outcome| summary.counts.of(**outcome) > 0);
    let mut rows: Vec<Vec<Text>> = counted
        .map(|outcome| {
            let tone = match outcome {
                Outcome::Written => Tone::New,
                Outcome::Unchanged => Tone::Plain,
                Outcome::NotReached => Tone::Dim,
                _ => Tone::Old,
            };
            vec![Text::new(outcome.name(), tone), Text::new(&summary.counts.of(*outcome).to_string(), tone)]
        })
        .collect();
    rows.push(vec![Text::new("all", Tone::Bold), Text::new(&summary.counts.all().to_string(), Tone::Bold)]);
    let title = format!("Run {} ({})", summary.about.run, summary.about.kind.name());
    format!(
        "{}  ({})\n{}",
        look.bold(&title),
        summary.place.list(look),
        draw(&["Outcome", "Rows"], &rows, look)
    )
}

/// The one object of a run.
pub fn json(summary: &Summary<'_>, kind: Kind) -> String {
    #[derive(Serialize)]
    struct Object<'a> {
        outcome: &'static str,
        run: String,
        command: &'static str,
        rows: &'a Counts,
        results: String,
        error: Option<Problem>,
    }
    let error = (kind != Kind::Done).then(|| Problem {
        kind: kind.row().name,
        message: summary.counts.sentence(),
        hint: Some(format!("`{}` goes on", summary.resume)),
    });
    text(&known(&Object {
        outcome: kind.row().name,
        run: summary.about.run.to_string(),
        command: summary.about.kind.name(),
        rows: summary.counts,
        results: summary.results.display().to_string(),
        error,
    }))
}

/// The one object of a dry run.
pub fn rehearsed(counts: &Counts, output: Output) -> String {
    #[derive(Serialize)]
    struct Object {
        outcome: &'static str,
        rows: u64,
        would_change: u64,
        unchanged: u64,
        failed: u64,
    }
    let object = known(&Object {
        outcome: "planned",
        rows: counts.all(),
        would_change: counts.of(Outcome::Written),
        unchanged: counts.of(Outcome::Unchanged),
        failed: counts.of(Outcome::Failed),
    });
    if output == Output::Ndjson { format!("{}\n", object.text()) } else { text(&object) }
}

/// A run and what became of its rows so far.
pub struct Listed {
    /// What it did.
    pub about: About,
    /// What became of its rows.
    pub counts: Counts,
    /// Whether it never came to an end, or is still going.
    pub cut_off: bool,
}

impl Listed {
    fn sentence(&self) -> String {
        let said = self.counts.sentence();
        match self.about.rows.saturating_sub(self.counts.all()) {
            _ if !self.cut_off => said,
            0 => format!("{said} (cut off)"),
            left => format!("{said}, {left} not-reached (still going, or cut off: resume goes on)"),
        }
    }
}

/// The runs, the oldest first.
pub fn list(runs: &[Listed], output: Output, local: impl Fn(Timestamp) -> String, look: Look) -> String {
    match output {
        Output::Table if runs.is_empty() => String::new(),
        Output::Table => {
            let row = |run: &Listed| {
                let about = &run.about;
                vec![
                    Text::new(&about.run.to_string(), Tone::Bold),
                    Text::new(&local(about.time), Tone::Plain),
                    Text::new(&about.profile, Tone::Plain),
                    Text::new(about.kind.name(), Tone::Plain),
                    Text::new(&about.source, Tone::Plain),
                    Text::new(&about.rows.to_string(), Tone::Plain),
                    Text::new(&run.sentence(), Tone::Plain),
                ]
            };
            let rows: Vec<Vec<Text>> = runs.iter().map(row).collect();
            draw(&["Run", "When", "Profile", "What", "From", "Rows", "Outcome"], &rows, look)
        }
        Output::Json => {
            #[derive(Serialize)]
            struct All<'a> {
                runs: Vec<One<'a>>,
            }
            text(&known(&All { runs: runs.iter().map(One::of).collect() }))
        }
        Output::Ndjson => runs.iter().map(|run| format!("{}\n", known(&One::of(run)).text())).collect(),
        Output::Csv => {
            let header = ["run", "time", "profile", "host", "command", "source", "rows", "outcome"];
            let row = |run: &Listed| {
                let about = &run.about;
                vec![
                    about.run.to_string(),
                    about.time.to_string(),
                    about.profile.clone(),
                    about.host.clone(),
                    about.kind.name().to_string(),
                    about.source.clone(),
                    about.rows.to_string(),
                    run.sentence(),
                ]
            };
            rows_as_csv(std::iter::once(header.map(str::to_string).to_vec()).chain(runs.iter().map(row)))
        }
    }
}

#[derive(Serialize)]
struct One<'a> {
    run: String,
    time: Timestamp,
    profile: &'a str,
    host: &'a str,
    command: &'static str,
    source: &'a str,
    rows: u64,
    outcomes: &'a Counts,
}

impl<'a> One<'a> {
    fn of(run: &'a Listed) -> One<'a> {
        let about = &run.about;
        One {
            run: about.run.to_string(),
            time: about.time,
            profile: &about.profile,
            host: &about.host,
            command: about.kind.name(),
            source: &about.source,
            rows: about.rows,
            outcomes: &run.counts,
        }
    }
}
