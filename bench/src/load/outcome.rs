//! What a run found, counted by status.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

/// Latencies are kept in microseconds to three digits, up to a minute.
const LONGEST: u64 = 60_000_000;

/// What came back in a run.
#[derive(Default)]
pub struct Outcome {
    /// How long it was measured.
    pub time: Duration,
    /// Answers that came in time, by their status: how long each took, in microseconds.
    pub by_status: BTreeMap<u16, Histogram<u64>>,
    /// Answers that came after the time was up; they are in no histogram.
    pub late: u64,
    /// As how many answers the late ones count: each as the part of its time that was in time.
    within: f64,
    /// Requests that were not accepted, and what the first of them was answered.
    pub refused: u64,
    /// The first that was not accepted.
    pub first_refused: Option<String>,
    /// Requests that were never answered.
    pub lost: u64,
}

impl Outcome {
    pub(super) fn count(&mut self, status: u16, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(LONGEST);
        self.by_status
            .entry(status)
            .or_insert_with(histogram)
            .saturating_record(micros);
    }

    /// An answer that came late; of the time that it took, `within` was in time.
    pub(super) fn late(&mut self, within: Duration, took: Duration) {
        self.late += 1;
        self.within += within.as_secs_f64() / took.as_secs_f64();
    }

    pub(super) fn refuse(&mut self, what: impl FnOnce() -> String) {
        self.refused += 1;
        self.first_refused.get_or_insert_with(what);
    }

    pub(super) fn add(&mut self, other: Self) {
        for (status, histogram) in other.by_status {
            match self.by_status.entry(status) {
                std::collections::btree_map::Entry::Vacant(vacant) => {
                    vacant.insert(histogram);
                }
                std::collections::btree_map::Entry::Occupied(mut own) => {
                    let added = own.get_mut().add(histogram);
                    added.expect("histograms of one kind");
                }
            }
        }
        self.late += other.late;
        self.within += other.within;
        self.refused += other.refused;
        self.lost += other.lost;
        if self.first_refused.is_none() {
            self.first_refused = other.first_refused;
        }
    }

    /// Answers that came in time.
    pub fn answered(&self) -> u64 {
        self.by_status.values().map(Histogram::len).sum()
    }

    /// Answers a second. What was under way when the time was up counts for the part that was done:
    /// left out, it would slow down what is slow, the most in short rounds.
    pub fn rate(&self) -> f64 {
        (self.answered() as f64 + self.within) / self.time.as_secs_f64()
    }

    /// All answers, those too that came after the time was up.
    pub fn all(&self) -> u64 {
        self.answered() + self.late
    }

    /// Latencies of all answers that came in time.
    pub fn latencies(&self) -> Histogram<u64> {
        let mut all = histogram();
        for one in self.by_status.values() {
            all.add(one).expect("histograms of one kind");
        }
        all
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST, 3).expect("bounds that make sense")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_added_by_status() {
        let (mut one, mut other) = (Outcome::default(), Outcome::default());
        one.count(200, Duration::from_micros(100));
        other.count(200, Duration::from_micros(300));
        other.count(503, Duration::from_secs(2));
        other.refuse(|| "503".into());
        one.add(other);
        assert_eq!(one.answered(), 3);
        one.time = Duration::from_secs(1);
        one.late(Duration::from_millis(10), Duration::from_millis(40));
        assert_eq!((one.all(), one.rate()), (4, 3.25));
        assert_eq!(one.by_status[&200].len(), 2);
        assert_eq!(one.refused, 1);
        assert_eq!(one.first_refused.as_deref(), Some("503"));
        assert!(one.latencies().max() >= 2_000_000);
    }
}
