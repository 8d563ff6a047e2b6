//! How far a run is, as one line of a terminal.

use std::time::Duration;

use dialoguer::console::measure_text_width;

/// The least columns that a bar is worth.
const LEAST_BAR: usize = 10;

/// How far a run is.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// The rows of the run.
    pub rows: u64,
    /// How many of them have ended.
    pub done: u64,
    /// How many of those had ended when it began, or went on.
    pub before: u64,
    /// How long it has been going since.
    pub time: Duration,
}

impl Way {
    /// The line in so many columns: a bar where there is room for one, the rows, how many a second, how long the others take
    /// at that rate, and `more`.
    pub fn line(&self, more: &str, columns: usize) -> String {
        let text = format!("{} of {} rows{}{more}", self.done, self.rows, self.pace());
        let room = columns.saturating_sub(measure_text_width(&text) + "[] ".len());
        if room < LEAST_BAR {
            return text;
        }
        let full = (room as u64 * self.done.min(self.rows)).checked_div(self.rows).unwrap_or(0) as usize;
        format!("[{}{}] {text}", "#".repeat(full), "-".repeat(room - full))
    }

    /// The rows a second, and the time that is left; nothing before the first row.
    fn pace(&self) -> String {
        let ended = self.done.saturating_sub(self.before);
        if ended == 0 {
            return String::new();
        }
        let seconds = self.time.as_secs_f64().max(0.001);
        let left = self.rows.saturating_sub(self.done) as f64 * seconds / ended as f64;
        format!(", {:.1}/s, {} left", ended as f64 / seconds, short(left as u64))
    }
}

/// So many seconds, as short as can be.
fn short(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3_600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(done: u64, before: u64, seconds: u64) -> Way {
        Way { rows: 1_000, done, before, time: Duration::from_secs(seconds) }
    }

    #[test]
    fn the_rate_is_of_the_rows_that_ended_since_it_went_on() {
        assert_eq!(way(0, 0, 0).line("", 0), "0 of 1000 rows");
        assert_eq!(way(500, 500, 9).line("", 0), "500 of 1000 rows");
        assert_eq!(
            way(600, 500, 10).line(", 2 not succeeded", 0),
            "600 of 1000 rows, 10.0/s, 40 s left, 2 not succeeded"
        );
        assert_eq!(way(100, 0, 60).line("", 0), "100 of 1000 rows, 1.7/s, 9 min left");
        assert_eq!(way(1, 0, 60).line("", 0), "1 of 1000 rows, 0.0/s, 17 h left");
    }

    #[test]
    fn the_bar_fills_the_columns_that_the_text_leaves() {
        assert_eq!(way(0, 0, 0).line("", 27), "[----------] 0 of 1000 rows");
        assert_eq!(way(0, 0, 0).line("", 26), "0 of 1000 rows");
        assert_eq!(way(1_000, 0, 10).line("", 49), "[##########] 1000 of 1000 rows, 100.0/s, 0 s left");
        assert_eq!(way(500, 0, 10).line("", 60).matches('#').count(), 11);
        let nothing = Way { rows: 0, done: 0, before: 0, time: Duration::ZERO };
        assert_eq!(nothing.line("", 24), "[----------] 0 of 0 rows");
    }
}
