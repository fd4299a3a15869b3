//! What the issuer revoked: a mirror of it, and how old the mirror is.

mod follow;
mod link;
pub(crate) mod sse;

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use crate::claims::Claims;
use crate::revocation::{Mirror, Verdict};
use crate::verifier::clock::{Clock, Moment};

pub(crate) use follow::{Source, follow};

#[derive(Debug)]
pub(crate) struct Feed {
    clock: Clock,
    mirror: Mirror,
    /// Everything that was revoked up to here is in the mirror. None: nobody can say.
    known: RwLock<Option<Moment>>,
}

impl Feed {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            mirror: Mirror::default(),
            known: RwLock::default(),
        }
    }

    pub(crate) fn check<C>(&self, claims: &Claims<C>, kid: &str) -> Verdict {
        self.mirror.check_claims(claims, kid)
    }

    /// How long before `now` the mirror was certainly complete.
    pub(crate) fn lag(&self, now: Moment) -> Option<Duration> {
        let known = *self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.map(|known| now.since(known))
    }

    /// How many revocations are known.
    pub(crate) fn len(&self) -> usize {
        self.mirror.len()
    }

    /// Everything up to `moment` is in the mirror; what was known before stays known.
    fn known_up_to(&self, moment: Moment) {
        let now = self.clock.now();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.is_none_or(|known| now.since(moment) < now.since(known)) {
            *known = Some(moment);
        }
    }

    /// Something was missed, and nobody can say what.
    fn unknown(&self) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
