//! Which entries of the feed have been seen, so that none is missed.
//!
//! A number is given out when a row is inserted, but the row shows only at its commit: entry 8
//! can appear after entry 9. So a number that was skipped is asked for again until it appears, or
//! until what it could revoke has expired. A transaction may stay open for as long as it likes.

use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How far back a skipped number is looked for: more than are ever open at once, and no more than
/// one statement can ask for.
const SPAN: i64 = 16_384;

/// The same for the first entry that is seen: nearly all before it was pruned.
const FIRST_SPAN: i64 = 256;

/// How far the feed was read.
#[derive(Debug, Default)]
pub(super) struct Tail {
    last: i64,
    missing: BTreeMap<i64, Instant>,
}

impl Tail {
    /// The highest number seen.
    pub(super) fn last(&self) -> i64 {
        self.last
    }

    /// Numbers below it that were not seen and may still appear.
    pub(super) fn missing(&self) -> Vec<i64> {
        self.missing.keys().copied().collect()
    }

    /// The position up to which nothing can appear any more: where a reader resumes.
    pub(super) fn position(&self) -> i64 {
        self.missing
            .first_key_value()
            .map_or(self.last, |(seq, _)| seq - 1)
    }

    /// Notes that entry `seq` was seen; false if it was seen before.
    pub(super) fn note(&mut self, seq: i64, now: Instant) -> bool {
        if seq <= self.last {
            return self.missing.remove(&seq).is_some();
        }
        let span = if self.last == 0 { FIRST_SPAN } else { SPAN };
        let from = (self.last + 1).max(seq - span);
        self.missing
            .extend((from..seq).map(|skipped| (skipped, now)));
        self.last = seq;
        true
    }

    /// Gives up numbers that were skipped longer ago than an entry is `kept`: where one of them
    /// appears now, no token that it names counts any more.
    pub(super) fn forget(&mut self, now: Instant, kept: Duration) {
        self.missing
            .retain(|_, since| now.duration_since(*since) < kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_commit_is_waited_for_and_seen_once() {
        let (mut tail, now) = (Tail::default(), Instant::now());
        tail.last = 7;
        assert!(tail.note(9, now));
        assert_eq!((tail.position(), tail.missing()), (7, vec![8]));
        assert!(tail.note(8, now));
        assert!(!tail.note(8, now) && !tail.note(9, now));
        assert_eq!((tail.position(), tail.last()), (9, 9));
    }

    // R1
    #[test]
    fn a_number_that_never_appears_is_given_up_once_it_could_revoke_nothing() {
        let (mut tail, now) = (Tail::default(), Instant::now());
        let kept = Duration::from_secs(11 * 60);
        tail.last = 7;
        tail.note(9, now);
        tail.forget(now + kept - Duration::from_secs(1), kept);
        assert_eq!((tail.position(), tail.missing()), (7, vec![8]));
        tail.forget(now + kept, kept);
        assert_eq!(tail.position(), 9);
    }

    #[test]
    fn a_table_that_was_pruned_does_not_leave_thousands_of_gaps() {
        let (mut tail, now) = (Tail::default(), Instant::now());
        tail.note(1_000_000, now);
        assert_eq!(tail.missing().len(), 256);
        tail.note(2_000_000, now);
        assert_eq!(tail.missing().len(), 256 + 16_384);
    }

    #[test]
    fn a_change_that_revokes_thousands_is_waited_for() {
        let (mut tail, now) = (Tail::default(), Instant::now());
        tail.last = 7;
        tail.note(8 + 5_000, now);
        assert_eq!((tail.position(), tail.missing().len()), (7, 5_000));
        assert!((8..5_008).all(|seq| tail.note(seq, now)));
        assert_eq!(tail.position(), 5_008);
    }
}
