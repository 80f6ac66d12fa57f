//! How large a warm pool is to be for the wakes that come.
//!
//! # Design notes
//! A pool of N loses none of the wakes that come while its replacements start if at most N come meanwhile. So the demand is
//! the most wakes that came within any [`WINDOW`] of the last [`MEMORY`]: what came would have found an agent ready. It rises
//! with the wake that raises it, and falls once that is forgotten; no forecast, nothing to tune but the two bounds.

use std::{collections::VecDeque, fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    error::{Error, Result},
};

/// The most agents that may be kept ready.
pub const MAX_SIZE: usize = 1_000;

/// How long a replacement may take to be ready: a pod on a machine that is there has its image and starts in seconds.
const WINDOW: i64 = 30;

/// How long a wake is remembered, in seconds.
const MEMORY: i64 = 600;

/// How many agents a warm pool keeps: from `min`, while nobody wakes, to `max`. Equal ones are a size that is fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolSize {
    /// At least so many.
    pub min: usize,
    /// And at most so many.
    pub max: usize,
}

impl PoolSize {
    /// Always so many.
    pub const fn fixed(size: usize) -> Self {
        Self { min: size, max: size }
    }

    /// Whether it follows the demand.
    pub fn is_by_demand(self) -> bool {
        self.min < self.max
    }

    /// The size for so much demand.
    pub fn clamp(self, demand: usize) -> usize {
        demand.clamp(self.min, self.max)
    }
}

impl fmt::Display for PoolSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { min, max } if min == max => write!(f, "{min}"),
            Self { min, max } => write!(f, "{min}..{max}"),
        }
    }
}

impl FromStr for PoolSize {
    type Err = Error;

    /// `3`, or `1..20`. `Invalid` if it is neither, upside down, or more than [`MAX_SIZE`].
    fn from_str(text: &str) -> Result<Self> {
        let wrong = |why: String| Error::invalid("warm pool size", why);
        let number = |text: &str| {
            let size = text.trim().parse::<usize>().map_err(|_| wrong(format!("`{text}` is no number of agents")))?;
            if size > MAX_SIZE {
                return Err(wrong(format!("a warm pool has at most {MAX_SIZE} agents")));
            }
            Ok(size)
        };
        let size = match text.split_once("..") {
            Some((min, max)) => Self { min: number(min)?, max: number(max)? },
            None => Self::fixed(number(text)?),
        };
        if size.min > size.max {
            return Err(wrong(format!("`{text}` ends below its beginning")));
        }
        Ok(size)
    }
}

/// The wakes of late, by the second: at most [`MEMORY`] numbers, however many there are.
#[derive(Debug, Default)]
pub(crate) struct Demand(VecDeque<(i64, usize)>);

impl Demand {
    /// Counts so many wakes.
    pub(crate) fn add(&mut self, now: Timestamp, wakes: usize) {
        let second = second(now);
        match self.0.back_mut() {
            // A clock that was set back counts on where it was.
            Some((last, count)) if *last >= second => *count += wakes,
            _ => self.0.push_back((second, wakes)),
        }
        self.forget(second);
    }

    /// The most wakes within any [`WINDOW`] of those remembered.
    pub(crate) fn peak(&mut self, now: Timestamp) -> usize {
        self.forget(second(now));
        let (mut peak, mut within, mut first) = (0, 0, 0);
        for &(second, count) in &self.0 {
            within += count;
            while self.0[first].0 <= second - WINDOW {
                within -= self.0[first].1;
                first += 1;
            }
            peak = peak.max(within);
        }
        peak
    }

    /// How long until the oldest wake is forgotten, which may change the peak; `None` if there is none.
    pub(crate) fn until_forgotten(&self, now: Timestamp) -> Option<Duration> {
        let seconds = self.0.front()?.0 + MEMORY - second(now);
        Some(Duration::from_secs(seconds.max(0).unsigned_abs()) + Duration::from_secs(1))
    }

    fn forget(&mut self, second: i64) {
        while self.0.front().is_some_and(|(oldest, _)| *oldest <= second - MEMORY) {
            self.0.pop_front();
        }
    }
}

fn second(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000 + 17)
    }

    #[test]
    fn the_demand_is_the_most_that_came_while_a_replacement_starts() {
        let mut demand = Demand::default();
        assert_eq!((demand.peak(at(0)), demand.until_forgotten(at(0))), (0, None));
        for second in [100, 100, 110, 129, 130, 200] {
            demand.add(at(second), 1);
        }
        assert_eq!(demand.peak(at(200)), 4, "those of 100 to 129");
        assert_eq!(demand.until_forgotten(at(200)), Some(Duration::from_secs(501)));
        assert_eq!(demand.peak(at(700)), 3, "those of 110 to 130; 100 is forgotten");
        assert_eq!((demand.peak(at(729)), demand.peak(at(730)), demand.peak(at(800))), (1, 1, 0));
        assert_eq!(demand.0.len(), 0);
    }

    #[test]
    fn a_flood_is_counted_in_bounded_memory_by_any_clock() {
        let mut demand = Demand::default();
        for wake in 0..100_000 {
            demand.add(at(1_000 + wake / 50), 1);
            demand.add(at(-wake), 1);
        }
        assert!(demand.0.len() <= 600, "{}", demand.0.len());
        assert_eq!(demand.peak(at(3_000)), 3_000);
    }

    #[test]
    fn a_size_is_written_as_one_number_or_two() {
        for (text, min, max) in [("0", 0, 0), ("3", 3, 3), ("1..20", 1, 20), (" 1 .. 1000", 1, 1_000), ("2..2", 2, 2)] {
            assert_eq!(text.parse::<PoolSize>().unwrap(), PoolSize { min, max }, "{text}");
        }
        for text in ["", "-1", "x", "1..", "..3", "5..1", "1..1001", "1001", "1...3"] {
            assert!(text.parse::<PoolSize>().is_err(), "{text}");
        }
        assert_eq!(
            (PoolSize::fixed(3).to_string(), PoolSize { min: 1, max: 9 }.to_string()),
            ("3".into(), "1..9".into())
        );
        let size = PoolSize { min: 2, max: 5 };
        assert_eq!([0, 4, 9].map(|demand| size.clamp(demand)), [2, 4, 5]);
    }
}
