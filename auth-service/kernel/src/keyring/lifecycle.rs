//! The life of a key: `next → active → retiring → gone`, read off the times in the database.
//!
//! ```text
//! created_at          active_at                next key's active_at     + overlap
//!     |------ next ------|-------- active --------|------ retiring --------|-- gone
//!     published          signs                    published, signs no more
//! ```
//!
//! No replica leads: a state is a function of the rows and the time, and a rotation is one row
//! inserted under a unique slot, so two replicas that rotate at once make one key.
//!
//! Each algorithm has a succession of its own for as long as the settings keep it. A key of an
//! algorithm that they keep no longer is ended by the next key that begins to sign, whatever its
//! algorithm.

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
    /// When it was taken out in an emergency.
    pub removed_at: Option<Instant>,
}

/// The state of each key of one purpose, in the order given. `kept` are the algorithms that the
/// settings keep alive. Where none signs, the first that waits does: it was
/// meant to sign at once, by a replica whose time is some milliseconds ahead. `overlap` is how long
/// a key stays published after it stopped signing: the life of an access token, the leeway and the
/// JWKS's `max-age`.
pub fn states(keys: &[Times], kept: &[&str], now: Instant, overlap: Duration) -> Vec<State> {
    // A key that was taken out while it signed has ended the one before it all the same.
    let signed = |key: &Times| key.active_at <= key.removed_at.map_or(now, |at| at.min(now));
    let succeeds = |later: &Times, key: &Times| {
        later.slot > key.slot && (later.alg == key.alg || !kept.contains(&&*key.alg))
    };
    let stopped_at = |key: &Times| {
        keys.iter()
            .filter(|later| succeeds(later, key) && signed(later))
            .map(|later| later.active_at)
            .min()
    };
    let mut states: Vec<_> = keys
        .iter()
        .map(|key| match (key.removed_at, stopped_at(key)) {
            (Some(_), _) => State::Removed,
            _ if key.active_at > now => State::Next,
            (None, None) => State::Active,
            (None, Some(stopped)) if now < stopped.plus(overlap) => State::Retiring,
            _ => State::Gone,
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
    newest.is_none_or(|key| now.plus(publish_ahead) >= key.active_at.plus(interval))
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

    fn of(alg: &str, slot: i64, active: i64) -> Times {
        Times {
            slot,
            alg: alg.into(),
            active_at: at(active),
            removed_at: None,
        }
    }

    fn states(keys: &[Times], now: Instant, overlap: Duration) -> Vec<State> {
        super::states(keys, &["ES256"], now, overlap)
    }

    #[test]
    fn keys_of_two_algorithms_sign_side_by_side() {
        let keys = [key(1, 0), of("RS256", 2, 500), key(3, 1000)];
        let both = ["ES256", "RS256"];
        for (now, expected) in [
            (499, [Active, Next, Next]),
            (500, [Active, Active, Next]),
            (1000, [Retiring, Active, Active]),
            (1100, [Gone, Active, Active]),
        ] {
            let states = super::states(&keys, &both, at(now), OVERLAP);
            assert_eq!(states, expected, "at {now}");
        }
    }

    #[test]
    fn a_key_of_an_algorithm_that_is_kept_no_longer_is_ended_by_the_next_of_any() {
        let changed = [of("RS256", 1, 0), key(2, 1000)];
        assert_eq!(states(&changed, at(999), OVERLAP), [Active, Next]);
        assert_eq!(states(&changed, at(1000), OVERLAP), [Retiring, Active]);
        assert_eq!(states(&changed, at(1100), OVERLAP), [Gone, Active]);
        // One that was made after the key that signs stays until that is rotated.
        let dropped = [key(1, 0), of("RS256", 2, 500), key(3, 1000)];
        assert_eq!(states(&dropped, at(600), OVERLAP), [Active, Active, Next]);
        assert_eq!(
            states(&dropped, at(1050), OVERLAP),
            [Retiring, Retiring, Active]
        );
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
    }
}
