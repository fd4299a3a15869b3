//! How old what we were told is, where the clocks of the two sides need not agree.

use std::time::Duration;

use crate::verifier::clock::Moment;

/// One connection to the stream.
///
/// A heartbeat carries the time on the sender's clock at which everything before it had been
/// sent. The first cannot have been sent before we asked for the stream; a later one was sent as
/// long after the first as the sender's clock says. So what lies in a buffer on the way, or waits
/// in our own, shows as age, and a difference between the clocks does not.
#[derive(Debug)]
pub(super) struct Link {
    asked: Moment,
    first: Option<i64>,
}

impl Link {
    pub(super) fn new(asked: Moment) -> Self {
        Self { asked, first: None }
    }

    /// The moment up to which a heartbeat that has come `now`, and was sent `at`, vouches.
    pub(super) fn heard(&mut self, at: i64, now: Moment) -> Moment {
        let first = *self.first.get_or_insert(at);
        // Whole seconds: the difference may be up to one less than it seems.
        let later = at.saturating_sub(first).saturating_sub(1);
        let later = Duration::from_secs(u64::try_from(later).unwrap_or(0));
        self.asked.plus(later).min(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verifier::clock::Clock;

    #[test]
    fn a_heartbeat_vouches_for_when_it_was_sent_whatever_the_clocks_say() {
        let clock = Clock::manual(1_000);
        let start = clock.now();
        let after = |seconds| start.plus(Duration::from_secs(seconds));
        for skew in [-120, 0, 120] {
            let mut link = Link::new(start);
            assert_eq!(link.heard(1_000 + skew, after(0)), after(0));
            assert_eq!(link.heard(1_005 + skew, after(5)), after(4));
            // Sent in time, and held up on the way.
            assert_eq!(link.heard(1_010 + skew, after(60)), after(9));
            // No heartbeat vouches for the future, nor for more than the first if time went back.
            assert_eq!(link.heard(9_999 + skew, after(61)), after(61));
            assert_eq!(link.heard(skew - 9_999, after(62)), after(0));
        }
    }
}
