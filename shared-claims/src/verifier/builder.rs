//! What a [`Verifier`] is built from.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::task::JoinSet;

use super::clock::Clock;
use super::http::Http;
use super::issuer::Issuer;
use super::keys::Keys;
use super::revocations::{Revocations, Watch};
use super::{Inner, Verifier};
use crate::feed::{self, Feed};
use crate::token::{Policy, TokenCache};

/// How often expired tokens are swept out of the cache.
const SWEEP: Duration = Duration::from_secs(60);

/// Why a verifier can't be built. The text is for whoever configures it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No audience was named, and so no token would be for this service (RFC 9068 §4).
    #[error("name the audience that this service is: `.audience(\"api\")`")]
    NoAudience,
    /// It was not said where revocations come from.
    #[error("say where revocations come from: `.feed(url)`, or `.revocations(Revocations::None)`")]
    NoRevocations,
    /// A URL that is none, or not https where it must be.
    #[error("`{0}` is no https URL; http takes a loopback address or `.allow_http()`")]
    Url(String),
    /// No HTTP client can be made here.
    #[error("no HTTP client can be made: {0}")]
    Client(String),
}

/// What a [`Verifier`] is built from.
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder<C> {
    policy: Policy,
    revocations: Option<Revocations>,
    jwks_uri: Option<String>,
    allow_http: bool,
    keys_kept: Duration,
    cool_down: Duration,
    max_lag: Duration,
    cache_bytes: usize,
    clock: Clock,
    claims: PhantomData<fn() -> C>,
}

impl<C: DeserializeOwned + Send + Sync + 'static> Builder<C> {
    pub(super) fn new(issuer: String) -> Self {
        Self {
            policy: Policy::new(issuer, [""; 0]),
            revocations: None,
            jwks_uri: None,
            allow_http: false,
            keys_kept: Duration::from_secs(24 * 3600),
            cool_down: Duration::from_secs(30),
            max_lag: Duration::from_secs(10),
            cache_bytes: 32 * 1024 * 1024,
            clock: Clock::system(),
            claims: PhantomData,
        }
    }

    /// A name of this service; a token must be for one of those given (RFC 9068 §4).
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.policy.audience.push(audience.into());
        self
    }

    /// [`revocations`](Self::revocations) from the issuer's feed.
    pub fn feed(self, url: impl Into<String>) -> Self {
        self.revocations(Revocations::Feed(url.into()))
    }

    /// Where revocations come from.
    pub fn revocations(mut self, revocations: Revocations) -> Self {
        self.revocations = Some(revocations);
        self
    }

    /// Takes tokens of the type `JWT` too, for a service whose `tokens.typ` is `JWT`. Leave it out where
    /// that is `at+jwt`: other JWTs of the issuer could pass for access tokens (RFC 8725 §3.11).
    pub fn accept_typ_jwt(mut self) -> Self {
        self.policy.accept_typ_jwt = true;
        self
    }

    /// Where the keys are, if not where the issuer's metadata says (RFC 8414 §2).
    pub fn jwks_uri(mut self, uri: impl Into<String>) -> Self {
        self.jwks_uri = Some(uri.into());
        self
    }

    /// Allows http to hosts other than this one, as within a cluster.
    pub fn allow_http(mut self) -> Self {
        self.allow_http = true;
        self
    }

    /// How long keys are used while the issuer can't be asked for them; 24 hours by default.
    pub fn keys_kept(mut self, span: Duration) -> Self {
        self.keys_kept = span;
        self
    }

    /// How long after a fetch of the keys no unknown `kid` causes another; 30 s by default.
    pub fn key_cool_down(mut self, span: Duration) -> Self {
        self.cool_down = span;
        self
    }

    /// How old the revocations may be for [`Freshness::Strict`](super::Freshness::Strict); 10 s
    /// by default, which is two heartbeats of the feed. Under seven, it is met only at times.
    /// What a replica of the issuer vouches for may itself be `revocation.max_lag` (1 s) old.
    pub fn max_lag(mut self, span: Duration) -> Self {
        self.max_lag = span;
        self
    }

    /// How many bytes of verified tokens are kept, by estimate; 32 MiB by default, some 12,000
    /// tokens. With 0, none is.
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// The time, where it is not the machine's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Builds it, and waits until the issuer was asked for its keys once. An issuer that is away
    /// is no error: it is asked again, and [`Verifier::ready`] tells.
    ///
    /// # Errors
    /// [`BuildError`]: what it is built from can't work.
    pub async fn build(self) -> Result<Verifier<C>, BuildError> {
        if self.policy.audience.is_empty() {
            return Err(BuildError::NoAudience);
        }
        let http = Http::new(self.allow_http);
        let http = http.map_err(|error| BuildError::Client(error.to_string()))?;
        let keys = Keys::new(self.clock.clone(), self.keys_kept, self.cool_down);
        let (keys, cache) = (Arc::new(keys), Arc::new(TokenCache::new(self.cache_bytes)));
        let mut tasks = JoinSet::new();
        let watch = self.watch(&http, &keys, &mut tasks)?;
        let issuer = Issuer::new(http, &self.policy.issuer, self.jwks_uri.as_deref());
        let issuer = issuer.ok_or_else(|| {
            let given = self.jwks_uri.as_ref();
            BuildError::Url(given.unwrap_or(&self.policy.issuer).clone())
        })?;
        tasks.spawn({
            let keys = keys.clone();
            async move { keys.keep(issuer).await }
        });
        tasks.spawn(sweep(cache.clone(), self.clock.clone()));
        keys.first().await;
        Ok(Verifier(Arc::new(Inner {
            policy: self.policy,
            clock: self.clock,
            keys,
            watch,
            cache,
            _tasks: tasks,
        })))
    }

    fn watch(
        &self,
        http: &Http,
        keys: &Arc<Keys>,
        tasks: &mut JoinSet<()>,
    ) -> Result<Watch, BuildError> {
        match self.revocations.as_ref().ok_or(BuildError::NoRevocations)? {
            Revocations::None => Ok(Watch::None),
            Revocations::Feed(url) => {
                let source = feed::Source::new(http.clone(), url);
                let source = source.ok_or_else(|| BuildError::Url(url.clone()))?;
                let feed = Arc::new(Feed::new(self.clock.clone()));
                let follow = feed::follow(feed.clone(), source, self.max_lag, keys.clone());
                tasks.spawn(follow);
                Ok(Watch::Feed(feed, self.max_lag))
            }
            #[cfg(feature = "redis")]
            Revocations::Redis(url) => crate::redis::Redis::new(url)
                .map(|redis| Watch::Redis(Box::new(redis)))
                // Not the URL itself: it may hold a password.
                .ok_or_else(|| BuildError::Url("the Redis URL".into())),
        }
    }
}

async fn sweep<C>(cache: Arc<TokenCache<C>>, clock: Clock) {
    loop {
        clock.sleep(SWEEP).await;
        cache.prune(clock.now().seconds());
    }
}
