//! Which kinds of entries were met that this version does not know.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Unknown;

/// Kinds that are remembered, so that each is warned of once; a feed has a handful.
const REMEMBERED: usize = 32;

/// The unknown kinds of a feed, shared between threads: which were warned of, and until when a
/// critical one forbids to trust the feed.
#[derive(Debug, Default)]
pub struct UnknownKinds {
    /// With whether the entry was critical.
    warned: Mutex<BTreeSet<(String, bool)>>,
    /// In seconds since the Unix epoch.
    distrusted_until: AtomicI64,
}

impl UnknownKinds {
    /// Takes an entry in. True the first time: then it is to be warned of.
    pub fn meet(&self, unknown: &Unknown) -> bool {
        self.distrusted_until
            .fetch_max(distrusted_until(unknown), Ordering::SeqCst);
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        warned.len() < REMEMBERED && warned.insert((unknown.kind.clone(), unknown.critical))
    }

    /// Forgets everything critical but these entries, in one step for those who look.
    pub fn replace<'u>(&self, unknowns: impl IntoIterator<Item = &'u Unknown>) {
        let until = unknowns.into_iter().map(distrusted_until).max();
        self.distrusted_until
            .store(until.unwrap_or_default(), Ordering::SeqCst);
    }

    /// Whether a critical entry of an unknown kind lives at `now`, in seconds since the Unix epoch:
    /// then nobody can say which tokens the feed revokes.
    pub fn forbid_trust(&self, now: i64) -> bool {
        now < self.distrusted_until.load(Ordering::SeqCst)
    }
}

fn distrusted_until(unknown: &Unknown) -> i64 {
    match unknown.critical {
        true => unknown.expires_at.unwrap_or(i64::MAX),
        false => 0,
    }
}
