//! Front-end servers that speak for their users: one that proves itself may say whose request it
//! is, or all its users would be one address.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::Limits;
use super::bucket::{Hash, sha256};

/// The hashes of the secrets by which they prove themselves. The secrets are random and long, so
/// a plain hash of one can't be turned back.
#[derive(Debug, Default)]
pub(super) struct FrontEnds {
    hashes: Vec<Hash>,
    /// When it was last said that a proof is none, in microseconds.
    warned: AtomicI64,
}

/// A front end with an old secret is worth a line in the log, each of its requests is not.
const WARN_INTERVAL: Duration = Duration::from_secs(60);

impl FrontEnds {
    pub(super) fn new(hashes: Vec<Hash>) -> Self {
        Self {
            hashes,
            warned: AtomicI64::new(i64::MIN),
        }
    }
}

impl Limits {
    /// Whether `proof` is the secret of a front-end server. Takes the same time for each that is not.
    pub fn is_front_end(&self, proof: &str) -> bool {
        let FrontEnds { hashes, warned } = &self.front_ends;
        let presented = sha256(proof);
        let same = |hash: &Hash| verify_slices_are_equal(hash, &presented).is_ok();
        let found = hashes.iter().fold(false, |found, hash| found | same(hash));
        let now = self.clock.now();
        let due = now.minus(WARN_INTERVAL).as_micros();
        if !found && warned.load(Ordering::Relaxed) <= due {
            warned.store(now.as_micros(), Ordering::Relaxed);
            tracing::warn!(
                "an X-Auth-Client-Proof is not the secret of any of `throttle.front_end_hashes`: \
                 the address beside it does not count"
            );
        }
        found
    }
}
