//! How fast a person labels, from the times of their answers.

use std::collections::VecDeque;

/// The newest answers of a session.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    /// When, in milliseconds, and how many samples.
    answers: VecDeque<(i64, u32)>,
}

impl Pace {
    /// Answers that are looked at are no older than this.
    const WINDOW_MS: i64 = 3 * 60_000;
    /// Answers that are kept at most.
    const CAP: usize = 2048;
    /// Fewer tell nothing.
    const FEW: u32 = 3;
    /// The first answers of a session are taken to be spread over this time at least.
    const SHORTEST_MS: i64 = 5000;

    /// Notes that so many samples were answered.
    pub fn note(&mut self, now_ms: i64, samples: u32) {
        self.answers.push_back((now_ms, samples));
        if self.answers.len() > Self::CAP {
            self.answers.pop_front();
        }
    }

    /// Takes so many of the newest back.
    pub fn take_back(&mut self, mut samples: u32) {
        while samples > 0 {
            let Some((_, count)) = self.answers.back_mut() else { return };
            let less = samples.min(*count);
            (*count, samples) = (*count - less, samples - less);
            if *count == 0 {
                self.answers.pop_back();
            }
        }
    }

    /// Samples per minute over the last minutes; `None` where there are too few to tell.
    pub fn per_minute(&self, now_ms: i64) -> Option<f64> {
        let recent = || self.answers.iter().filter(|(at, _)| now_ms - at <= Self::WINDOW_MS);
        let count: u32 = recent().map(|(_, count)| count).sum();
        let first = recent().next()?.0;
        let span = (now_ms - first).max(Self::SHORTEST_MS);
        (count >= Self::FEW).then(|| f64::from(count) * 60_000.0 / span as f64)
    }

    /// Seconds that so many samples take at this pace.
    pub fn remaining_secs(&self, now_ms: i64, left: usize) -> Option<f64> {
        let pace = self.per_minute(now_ms)?;
        Some(left as f64 * 60.0 / pace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pace_is_that_of_the_last_minutes() {
        for (answers, now_ms, expected) in [
            (vec![], 0, None),
            (vec![(0, 1), (1000, 1)], 2000, None),
            // One each second for a minute.
            ((0..60).map(|at| (at * 1000, 1)).collect(), 60_000, Some(60.0)),
            // A page at a stroke, in the first seconds.
            (vec![(0, 60)], 100, Some(720.0)),
            // What is long ago counts no more.
            (vec![(0, 500), (600_000, 10)], 660_000, Some(10.0)),
            (vec![(0, 500)], 600_000, None),
        ] {
            let mut pace = Pace::default();
            answers.iter().for_each(|(at, count)| pace.note(*at, *count));
            assert_eq!(pace.per_minute(now_ms), expected, "{answers:?}");
            let remaining = pace.remaining_secs(now_ms, 30);
            assert_eq!(remaining, expected.map(|pace| 1800.0 / pace));
        }
    }

    #[test]
    fn what_is_taken_back_counts_no_more() {
        let mut pace = Pace::default();
        pace.note(0, 4);
        pace.note(60_000, 6);
        pace.take_back(7);
        assert_eq!(pace.per_minute(60_000), Some(3.0));
        pace.take_back(100);
        assert_eq!(pace.per_minute(60_000), None);
    }
}
