//! The life of a key: `next → active → retiring → gone`, read off the times in the database.
//!
//! ```text
//! created_at          active_at                next key's active_at     + overlap
//!     |------ next ------|-------- active --------|------ retiring --------|-- gone
//!     published          signs                    published, signs no more
//! ```
//!
//! No replica leads: a state is a function of the rows and the time, and a rotation is one row
//! inserted under a unique slot, so two replicas that rotate at once make one key. Nor do the
//! algorithms of the settings matter: replicas of different settings agree on every state.
//!
//! Each algorithm has a succession of its own. A key that none of its algorithm succeeds, because
//! the settings dropped that, stops at its `ends_at`, if another key signs then.

use std::time::Duration;

use crate::clock::Instant;

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Published; will sign from its `active_at` on.
    Next,
    /// Published and signing.
    Active,
    /// Published for the tokens that it signed; signs no more.
    Retiring,
    /// No longer published.
    Gone,
    /// Taken out in an emergency; nothing that it signed counts.
    Removed,
}

impl State {
    /// Whether the key stands in the JWKS and its signatures count.
    pub fn is_published(self) -> bool {
        matches!(self, Self::Next | Self::Active | Self::Retiring)
    }
}

/// The times of one key.
#[derive(Clone, Debug)]
pub struct Times {
    /// Counts the keys of one purpose.
    pub slot: i64,
    /// The JWS algorithm that it is for.
    pub alg: String,
    /// When it may sign.
    pub active_at: Instant,
    /// When it stops signing if none of its algorithm has succeeded it and another key signs.
    /// `None`: never by itself.
    pub ends_at: Option<Instant>,
    /// When it was taken out in an emergency.
    pub removed_at: Option<Instant>,
}

impl Times {
    /// Whether it begins to sign before it is taken out.
    fn signs(&self) -> bool {
        self.removed_at.is_none_or(|at| at >= self.active_at)
    }

    /// When the next key of its algorithm is to take over.
    pub fn turns_at(&self, interval: Duration) -> Instant {
        let planned = self.active_at.plus(interval);
        self.ends_at.map_or(planned, |end| end.min(planned))
    }

    /// When that is to be made. Whoever publishes keys for longer than this one signs, with settings
    /// of its own, waits for the half of its time.
    fn is_due_at(&self, interval: Duration, publish_ahead: Duration) -> Instant {
        let planned = self.active_at.plus(interval).minus(publish_ahead);
        self.ends_at.map_or(planned, |end| {
            let half = end.since(self.active_at) / 2;
            end.minus(publish_ahead.min(half)).min(planned)
        })
    }
}

/// When each key stops signing; nothing where no end is in sight.
pub fn stops(keys: &[Times]) -> Vec<Option<Instant>> {
    keys.iter()
        .map(|key| [succeeded_at(keys, key), outlived_at(keys, key)])
        .map(|stops| stops.into_iter().flatten().min())
        .collect()
}

/// When the next key of its algorithm begins. One that was taken out while it signed has ended the
/// one before it all the same.
fn succeeded_at(keys: &[Times], key: &Times) -> Option<Instant> {
    keys.iter()
        .filter(|later| later.slot > key.slot && later.alg == key.alg && later.signs())
        .map(|later| later.active_at)
        .min()
}

/// When it is past its own end and another key signs.
fn outlived_at(keys: &[Times], key: &Times) -> Option<Instant> {
    let end = key.ends_at?;
    let others = keys
        .iter()
        .filter(|other| other.slot != key.slot && other.signs());
    let lives_on = |other: &&Times| {
        let stop = [succeeded_at(keys, other), other.ends_at, other.removed_at];
        let stop = stop.into_iter().flatten().min();
        stop.is_none_or(|stop| stop > end.max(other.active_at))
    };
    others
        .filter(lives_on)
        .map(|other| end.max(other.active_at))
        .min()
}

/// The state of each key of one purpose, in the order given. Where none signs, the first that waits
/// does: it was meant to sign at once, by a replica whose time is some milliseconds ahead.
/// `overlap` is how long a key stays published after it stopped signing: the life of an access
/// token, the leeway and the JWKS's `max-age`.
pub fn states(keys: &[Times], now: Instant, overlap: Duration) -> Vec<State> {
    let mut states: Vec<_> = std::iter::zip(keys, stops(keys))
        .map(|(key, stop)| match (key.removed_at, stop) {
            (Some(_), _) => State::Removed,
            _ if key.active_at > now => State::Next,
            (None, Some(stop)) if now >= stop.plus(overlap) => State::Gone,
            (None, Some(stop)) if now >= stop => State::Retiring,
            (None, _) => State::Active,
        })
        .collect();
    if !states.contains(&State::Active) {
        let waiting = std::iter::zip(keys, &mut states).filter(|(_, state)| **state == State::Next);
        if let Some((_, state)) = waiting.min_by_key(|(key, _)| key.slot) {
            *state = State::Active;
        }
    }
    states
}

/// Whether the next key of an algorithm should be made now; `keys` are those of this algorithm.
pub fn is_due(keys: &[Times], now: Instant, interval: Duration, publish_ahead: Duration) -> bool {
    let newest = keys
        .iter()
        .filter(|key| key.removed_at.is_none())
        .max_by_key(|key| key.slot);
    newest.is_none_or(|key| now >= key.is_due_at(interval, publish_ahead))
}

#[cfg(test)]
mod tests {
    use super::*;
    use State::*;

    const OVERLAP: Duration = Duration::from_secs(100);

    fn at(secs: i64) -> Instant {
        Instant::from_secs(secs)
    }

    fn key(slot: i64, active: i64) -> Times {
        of("ES256", slot, active)
    }

    fn until(end: i64, key: Times) -> Times {
        Times {
            ends_at: Some(at(end)),
            ..key
        }
    }

    fn of(alg: &str, slot: i64, active: i64) -> Times {
        Times {
            slot,
            alg: alg.into(),
            active_at: at(active),
            ends_at: None,
            removed_at: None,
        }
    }

    #[test]
    fn keys_of_two_algorithms_sign_side_by_side() {
        let keys = [key(1, 0), of("RS256", 2, 500), key(3, 1000)];
        for (now, expected) in [
            (499, [Active, Next, Next]),
            (500, [Active, Active, Next]),
            (1000, [Retiring, Active, Active]),
            (1100, [Gone, Active, Active]),
        ] {
            let states = states(&keys, at(now), OVERLAP);
            assert_eq!(states, expected, "at {now}");
        }
    }

    #[test]
    fn a_key_that_none_succeeds_stops_at_its_end_if_another_signs() {
        let dropped = [until(1000, of("RS256", 1, 0)), key(2, 500), key(3, 1500)];
        for (now, expected) in [
            (999, [Active, Active, Next]),
            (1000, [Retiring, Active, Next]),
            (1100, [Gone, Active, Next]),
            (9000, [Gone, Gone, Active]),
        ] {
            assert_eq!(states(&dropped, at(now), OVERLAP), expected, "at {now}");
        }
        // None signs yet: it goes on until one does.
        let alone = [until(1000, of("RS256", 1, 0)), key(2, 1500)];
        assert_eq!(states(&alone, at(1499), OVERLAP), [Active, Next]);
        assert_eq!(states(&alone, at(1500), OVERLAP), [Retiring, Active]);
        assert_eq!(states(&alone, at(1600), OVERLAP), [Gone, Active]);
    }

    #[test]
    fn of_keys_that_are_all_past_their_ends_the_last_goes_on() {
        let idle = [
            until(1000, of("RS256", 1, 0)),
            until(1200, key(2, 100)),
            until(1100, of("EdDSA", 3, 200)),
        ];
        assert_eq!(states(&idle, at(1050), OVERLAP), [Retiring, Active, Active]);
        assert_eq!(states(&idle, at(9000), OVERLAP), [Gone, Active, Gone]);
    }

    #[test]
    fn a_removed_key_outlives_none() {
        let mut keys = [until(1000, of("RS256", 1, 0)), key(2, 500)];
        keys[1].removed_at = Some(at(900));
        assert_eq!(states(&keys, at(2000), OVERLAP), [Active, Removed]);
        keys[1].removed_at = Some(at(1050));
        assert_eq!(states(&keys, at(1060), OVERLAP), [Retiring, Removed]);
    }

    #[test]
    fn a_key_passes_through_its_states_by_time_alone() {
        let keys = [key(1, 0), key(2, 1000), key(3, 2000)];
        for (now, expected) in [
            (999, [Active, Next, Next]),
            (1000, [Retiring, Active, Next]),
            (1099, [Retiring, Active, Next]),
            (1100, [Gone, Active, Next]),
            (2000, [Gone, Retiring, Active]),
            (2100, [Gone, Gone, Active]),
        ] {
            assert_eq!(states(&keys, at(now), OVERLAP), expected, "at {now}");
        }
    }

    #[test]
    fn a_removed_key_revives_none_that_it_had_replaced() {
        let mut keys = [key(1, 0), key(2, 1000), key(3, 1050)];
        keys[1].removed_at = Some(at(1050));
        assert_eq!(
            states(&keys, at(1050), OVERLAP),
            [Retiring, Removed, Active]
        );
        assert_eq!(states(&keys, at(1100), OVERLAP), [Gone, Removed, Active]);
    }

    #[test]
    fn a_key_that_is_removed_before_it_signs_replaces_none() {
        let mut keys = [key(1, 0), key(2, 1000)];
        keys[1].removed_at = Some(at(900));
        assert_eq!(states(&keys, at(1500), OVERLAP), [Active, Removed]);
    }

    #[test]
    fn where_none_signs_the_first_that_waits_does() {
        assert_eq!(states(&[key(1, 1000)], at(999), OVERLAP), [Active]);
        let mut keys = [key(1, 0), key(2, 1000), key(3, 2000)];
        assert_eq!(states(&keys, at(-1), OVERLAP), [Active, Next, Next]);
        keys[0].removed_at = Some(at(1000));
        assert_eq!(states(&keys, at(999), OVERLAP), [Removed, Active, Next]);
    }

    #[test]
    fn the_next_key_is_due_ahead_of_the_end_of_the_newest() {
        let due = |now| {
            is_due(
                &[key(1, 0)],
                at(now),
                Duration::from_secs(1000),
                Duration::from_secs(50),
            )
        };
        assert!(!due(949));
        assert!(due(950));
        assert!(is_due(&[], at(0), OVERLAP, OVERLAP));
        // A longer interval holds for the keys that are made from now on.
        let shorter = [until(600, key(1, 0))];
        let due = |now| is_due(&shorter, at(now), OVERLAP * 10, OVERLAP);
        assert!(!due(499) && due(500));
    }
}
