//! How far a run is, as one line of a terminal.

use std::time::Duration;

use dialoguer::console::measure_text_width;

/// The least columns that a bar is worth.
const LEAST_BAR: usize = 10;

/// How far a run is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Way {
    /// The rows of the run.
    pub rows: u64,
    /// How many of them have ended.
    pub done: u64,
    /// How many of those had ended when it began, or went on.
    pub before: u64,
    /// How many of those that ended did not succeed.
    pub not_succeeded: u64,
    /// How long it has been going since.
    pub time: Duration,
    /// How long everybody waits for the API's limit, where they do.
    pub waits: Option<Duration>,
}

impl Way {
    /// The line in so many columns, what matters most first: a wait, the rows, how many a second and how long the others
    /// take at that rate. There is a bar before it where there is room for one.
    pub fn line(&self, columns: usize) -> String {
        let text = self.sentence();
        let room = columns.saturating_sub(measure_text_width(&text) + "[] ".len());
        if room < LEAST_BAR {
            return text;
        }
        let full = (room as u64 * self.done.min(self.rows)).checked_div(self.rows).unwrap_or(0) as usize;
        format!("[{}{}] {text}", "#".repeat(full), "-".repeat(room - full))
    }

    fn sentence(&self) -> String {
        let mut parts = vec![format!("{} of {} rows", self.done, self.rows)];
        parts.extend((self.not_succeeded > 0).then(|| format!("{} not succeeded", self.not_succeeded)));
        match self.waits {
            Some(wait) => parts.insert(0, format!("waiting {} for the limit", short(wait.as_secs() + 1))),
            None => parts.extend(self.pace()),
        }
        parts.join(", ")
    }

    /// The rows a second, and the time that is left; nothing before the first row.
    fn pace(&self) -> Option<String> {
        let ended = self.done.saturating_sub(self.before);
        let seconds = self.time.as_secs_f64().max(0.001);
        let left = self.rows.saturating_sub(self.done) as f64 * seconds / ended as f64;
        (ended > 0).then(|| format!("{:.1}/s, {} left", ended as f64 / seconds, short(left as u64)))
    }
}

/// So many seconds, as short as can be.
pub fn short(seconds: u64) -> String {
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
        Way { rows: 1_000, done, before, time: Duration::from_secs(seconds), ..Way::default() }
    }

    #[test]
    fn the_rate_is_of_the_rows_that_ended_since_it_went_on() {
        assert_eq!(way(0, 0, 0).line(0), "0 of 1000 rows");
        assert_eq!(way(500, 500, 9).line(0), "500 of 1000 rows");
        let failed = Way { not_succeeded: 2, ..way(600, 500, 10) };
        assert_eq!(failed.line(0), "600 of 1000 rows, 2 not succeeded, 10.0/s, 40 s left");
        assert_eq!(way(100, 0, 60).line(0), "100 of 1000 rows, 1.7/s, 9 min left");
        assert_eq!(way(1, 0, 60).line(0), "1 of 1000 rows, 0.0/s, 17 h left");
    }

    #[test]
    fn a_wait_comes_first_and_what_is_left_is_not_told_meanwhile() {
        let waits = Some(Duration::from_millis(57_500));
        assert_eq!(Way { waits, ..way(5, 0, 3) }.line(0), "waiting 58 s for the limit, 5 of 1000 rows");
    }

    #[test]
    fn the_bar_fills_the_columns_that_the_text_leaves() {
        assert_eq!(way(0, 0, 0).line(27), "[----------] 0 of 1000 rows");
        assert_eq!(way(0, 0, 0).line(26), "0 of 1000 rows");
        assert_eq!(way(1_000, 0, 10).line(49), "[##########] 1000 of 1000 rows, 100.0/s, 0 s left");
        assert_eq!(way(500, 0, 10).line(60).matches('#').count(), 11);
        assert_eq!(Way::default().line(24), "[----------] 0 of 0 rows");
    }
}
