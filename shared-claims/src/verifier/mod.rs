//! A verifier that keeps itself up to date: keys from the issuer, revocations from its feed, and
//! the tokens that it has verified.

mod builder;
pub(crate) mod clock;
pub(crate) mod http;
mod issuer;
pub(crate) mod jitter;
pub(crate) mod keys;
mod refusal;
mod revocations;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::task::JoinSet;

use crate::claims::Claims;
use crate::feed::Feed;
use crate::token::{Policy, Rejection, TokenCache, Verified};
use clock::Moment;
use keys::{Keys, Search};
use revocations::Watch;

pub use builder::{BuildError, Builder};
pub use clock::Clock;
pub use refusal::Refusal;
pub use revocations::{Freshness, Revocations};

/// Verifies access tokens (RFC 9068 §4) without asking anybody. Clones share everything; the last
/// one that is dropped ends the tasks behind it.
///
/// ```no_run
/// # use shared_claims::{Freshness, Verifier};
/// # async fn example(token: &str) -> Result<(), Box<dyn std::error::Error>> {
/// let verifier: Verifier = Verifier::builder("https://auth.example.com")
///     .audience("api")
///     .feed("http://auth-service:9090/v1/revocations")
///     .allow_http()
///     .build()
///     .await?;
/// let claims = verifier.verify(token, Freshness::Strict).await?;
/// println!("{} may {}", claims.sub, claims.scope);
/// # Ok(())
/// # }
/// ```
pub struct Verifier<C = Map<String, Value>>(Arc<Inner<C>>);

struct Inner<C> {
    policy: Policy,
    clock: Clock,
    keys: Arc<Keys>,
    watch: Watch,
    cache: Arc<TokenCache<C>>,
    /// Aborted when they are dropped.
    _tasks: JoinSet<()>,
}

impl<C: DeserializeOwned + Send + Sync + 'static> Verifier<C> {
    /// Begins to build a verifier of this issuer's tokens, compared exactly (RFC 9068 §4).
    pub fn builder(issuer: impl Into<String>) -> Builder<C> {
        Builder::new(issuer.into())
    }

    /// The claims of a token that is valid now and was not revoked.
    ///
    /// # Errors
    /// [`Refusal`]: the token must not be accepted.
    pub async fn verify(
        &self,
        token: &str,
        freshness: Freshness,
    ) -> Result<Arc<Claims<C>>, Refusal> {
        let (Verified { claims, kid }, now) = self.0.prove(token).await?;
        self.0.watch.check(&claims, &kid, freshness, now).await?;
        Ok(claims)
    }
}

impl<C> Verifier<C> {
    /// For a readiness probe: there are keys that may be used, and revocations were learnt of.
    ///
    /// A feed that breaks off later does not make a service unready: its [`Freshness::Strict`]
    /// routes answer 503, and the others serve.
    pub fn ready(&self) -> bool {
        let keys = self.0.keys.current(self.0.clock.now());
        keys.is_some() && self.0.watch.feed().is_none_or(Feed::is_learnt)
    }

    /// How long ago everything that had been revoked was known here. None if that was never so,
    /// or can't be told, or if there is no feed. None too while the feed has a critical entry of a
    /// kind that this version does not know.
    pub fn lag(&self) -> Option<Duration> {
        self.0.watch.feed()?.lag(self.0.clock.now())
    }

    /// How many revocations of the feed are known, for metrics.
    pub fn revocations(&self) -> usize {
        self.0.watch.feed().map_or(0, |feed| feed.len())
    }

    /// How many verified tokens are kept, and in how many bytes, for metrics.
    pub fn cached(&self) -> (usize, usize) {
        self.0.cache.size()
    }
}

impl<C: DeserializeOwned> Inner<C> {
    /// Verifies a token, and tells when; for a key that the set lacks, the issuer is asked first.
    async fn prove(&self, token: &str) -> Result<(Verified<C>, Moment), Refusal> {
        match self.try_prove(token) {
            Err(Refusal::NoKeys | Refusal::Rejected(Rejection::UnknownKey { .. })) => {}
            told => return told,
        }
        let search = self.keys.search().await;
        match self.try_prove(token) {
            // A key may have come that nobody can tell us of.
            Err(Refusal::Rejected(Rejection::UnknownKey { .. })) if search == Search::Failed => {
                Err(Refusal::NoKeys)
            }
            told => told,
        }
    }

    fn try_prove(&self, token: &str) -> Result<(Verified<C>, Moment), Refusal> {
        let now = self.clock.now();
        let keys = self.keys.current(now).ok_or(Refusal::NoKeys)?;
        let keys = (&*keys.set, keys.number);
        let verified = self
            .cache
            .verify(token, keys, &self.policy, now.seconds())?;
        Ok((verified, now))
    }
}

impl<C> Clone for Verifier<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C> fmt::Debug for Verifier<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("policy", &self.0.policy)
            .field("lag", &self.lag())
            .finish_non_exhaustive()
    }
}
