//! Chance, so that a fleet does not do the same thing at the same time.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Between four fifths of `span` and all of it.
pub(crate) fn jitter(span: Duration) -> Duration {
    // Each `RandomState` has keys of its own; as chance, that is enough to spread load.
    let chance = RandomState::new().hash_one(0u8) as u32;
    span.mul_f64(0.8 + 0.2 * f64::from(chance) / f64::from(u32::MAX))
}
