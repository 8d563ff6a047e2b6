//! Medians and quartiles.

use std::time::Duration;

/// What a number of rounds took.
pub struct Figures {
    sorted: Vec<f64>,
}

impl Figures {
    /// In milliseconds.
    pub fn of(times: impl Iterator<Item = Duration>) -> Figures {
        let mut sorted: Vec<f64> = times.map(|time| time.as_secs_f64() * 1e3).collect();
        sorted.sort_by(f64::total_cmp);
        Figures { sorted }
    }

    pub fn median(&self) -> f64 {
        self.at(0.5)
    }

    /// The first and the third quartile.
    pub fn quartiles(&self) -> (f64, f64) {
        (self.at(0.25), self.at(0.75))
    }

    /// The value below which this part of the rounds lies, between its neighbours.
    fn at(&self, part: f64) -> f64 {
        let place = part * (self.sorted.len() - 1) as f64;
        let (low, high) = (self.sorted[place.floor() as usize], self.sorted[place.ceil() as usize]);
        low + (high - low) * place.fract()
    }
}
