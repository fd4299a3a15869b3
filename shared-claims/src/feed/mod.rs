//! What the issuer revoked: a mirror of it, and how old the mirror is.

mod follow;
mod link;
pub(crate) mod sse;

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use crate::claims::Claims;
use crate::revocation::{Mirror, Unknown, UnknownKinds, Verdict};
use crate::verifier::clock::{Clock, Moment};

pub(crate) use follow::{Source, follow};

#[derive(Debug)]
pub(crate) struct Feed {
    clock: Clock,
    mirror: Mirror,
    unknown_kinds: UnknownKinds,
    /// Everything that was revoked up to here is in the mirror. None: nobody can say.
    known: RwLock<Option<Moment>>,
}

impl Feed {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            mirror: Mirror::default(),
            unknown_kinds: UnknownKinds::default(),
            known: RwLock::default(),
        }
    }

    pub(crate) fn check<C>(&self, claims: &Claims<C>, kid: &str) -> Verdict {
        self.mirror.check_claims(claims, kid)
    }

    /// How long before `now` the mirror was certainly complete. None too while an entry lives that
    /// may revoke any token, for all that this version can tell.
    pub(crate) fn lag(&self, now: Moment) -> Option<Duration> {
        match self.unknown_kinds.forbid_trust(now.seconds()) {
            true => None,
            false => self.known().map(|known| now.since(known)),
        }
    }

    /// Whether the mirror was ever complete.
    pub(crate) fn is_learnt(&self) -> bool {
        self.known().is_some()
    }

    fn known(&self) -> Option<Moment> {
        *self.known.read().unwrap_or_else(PoisonError::into_inner)
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

    /// An entry that says nothing to this version.
    fn pass_over(&self, unknown: &Unknown) {
        if !self.unknown_kinds.meet(unknown) {
            return;
        }
        let kind = unknown.kind.as_str();
        match unknown.critical {
            true => tracing::warn!(
                kind,
                "the feed has an entry of a kind that this version does not know and must not pass over: strict routes answer 503 while it lives; update shared-claims"
            ),
            false => tracing::warn!(
                kind,
                "entries of the feed are passed over: this version does not know their kind"
            ),
        }
    }

    /// Something was missed, and nobody can say what.
    fn unknown(&self) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
