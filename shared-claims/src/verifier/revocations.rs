//! Where a verifier learns what was revoked.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::clock::Moment;
use super::refusal::Refusal;
use crate::claims::Claims;
use crate::feed::Feed;
use crate::revocation::Verdict;

/// Where a verifier learns what was revoked.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Revocations {
    /// From the issuer's feed, by the URL of its snapshot:
    /// `http://auth-service:9090/v1/revocations`.
    Feed(String),
    /// From the issuer's Redis, with a look-up for each token.
    #[cfg(feature = "redis")]
    Redis(String),
    /// Nowhere: a token is accepted until it expires.
    None,
}

/// What is to be done while it can't be told whether a token was revoked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Freshness {
    /// Refuse it with 503: nothing that was revoked longer ago than the greatest lag is accepted.
    #[default]
    Strict,
    /// Accept it unless it is known to be revoked.
    BestEffort,
}

/// Without the Redis URL, which may hold a password.
impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Feed(url) => f.debug_tuple("Feed").field(url).finish(),
            #[cfg(feature = "redis")]
            Self::Redis(_) => f.write_str("Redis"),
            Self::None => f.write_str("None"),
        }
    }
}

/// [`Revocations`] at work.
pub(super) enum Watch {
    Feed(Arc<Feed>, Duration),
    #[cfg(feature = "redis")]
    Redis(Box<crate::redis::Redis>),
    None,
}

impl Watch {
    pub(super) async fn check<C>(
        &self,
        claims: &Claims<C>,
        kid: &str,
        freshness: Freshness,
        now: Moment,
    ) -> Result<(), Refusal> {
        let verdict = match self {
            Self::None => return Ok(()),
            Self::Feed(feed, max_lag) => {
                // The age is read first: the mirror may be newer than that, never older.
                let blind = feed.lag(now).is_none_or(|lag| lag > *max_lag);
                (!blind, feed.check(claims, kid))
            }
            #[cfg(feature = "redis")]
            Self::Redis(redis) => match redis.check(claims, kid).await {
                Ok(verdict) => (true, verdict),
                Err(error) => {
                    tracing::warn!(%error, "revocations can't be looked up");
                    (false, Verdict::Accepted)
                }
            },
        };
        match verdict {
            // What is known against a token stands, however old it is.
            (_, Verdict::Revoked) => Err(Refusal::Revoked),
            (_, Verdict::Stale) => Err(Refusal::Stale),
            (false, Verdict::Accepted) if freshness == Freshness::Strict => Err(Refusal::Blind),
            (_, Verdict::Accepted) => Ok(()),
        }
    }

    pub(super) fn feed(&self) -> Option<&Feed> {
        match self {
            Self::Feed(feed, _) => Some(feed),
            _ => None,
        }
    }
}
