//! What stands before routes: one set of rules, worn as actix middleware or as a tower layer.

#[cfg(feature = "actix")]
mod actix;
mod denial;
#[cfg(feature = "tower")]
mod tower;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::claims::Claims;
use crate::credential::Credential;
use crate::verifier::{Freshness, Verifier};
use denial::Denial;

#[cfg(feature = "actix")]
pub use actix::ActixGuarded;
#[cfg(feature = "tower")]
pub use tower::TowerGuarded;

/// Lets nobody through to a route without an access token that fits it.
///
/// The token comes from `Authorization: Bearer` (RFC 6750 §2.1), or from a cookie if one is
/// named; the header wins. The route finds the claims in [`Authenticated`]. Who is not let
/// through is answered with `application/problem+json` (RFC 9457), with the codes of
/// `auth-service`, and a challenge (RFC 6750 §3).
///
/// Cookies are sent by browsers unasked: a service that takes one must itself refuse unsafe
/// requests from other origins.
///
/// ```no_run
/// # use shared_claims::{Guard, Verifier};
/// # fn example(verifier: Verifier) {
/// let editors = Guard::new(verifier).scope("articles:write").role("editor");
/// // actix: `web::scope("/articles").wrap(editors)`; axum: `router.layer(editors)`
/// # }
/// ```
#[must_use]
pub struct Guard<C = Map<String, Value>> {
    verifier: Verifier<C>,
    rules: Arc<Rules>,
}

#[derive(Clone, Debug, Default)]
struct Rules {
    cookie: Option<String>,
    scopes: Vec<String>,
    roles: Vec<String>,
    freshness: Freshness,
}

/// The claims of whoever sent the request, put there by a [`Guard`].
///
/// As an extractor it fails closed: on a route that no guard stands before, it answers 500.
#[derive(Debug)]
pub struct Authenticated<C = Map<String, Value>>(pub Arc<Claims<C>>);

impl<C> Guard<C> {
    /// Demands a valid access token that was not revoked, with [`Freshness::Strict`].
    pub fn new(verifier: Verifier<C>) -> Self {
        Self {
            verifier,
            rules: Arc::default(),
        }
    }

    /// Takes the token from this cookie too.
    pub fn cookie(self, name: impl Into<String>) -> Self {
        self.with(|rules| rules.cookie = Some(name.into()))
    }

    /// Demands this scope, with any others that are demanded (RFC 6749 §3.3).
    pub fn scope(self, scope: impl Into<String>) -> Self {
        self.with(|rules| rules.scopes.push(scope.into()))
    }

    /// Demands this role, with any others that are demanded.
    pub fn role(self, role: impl Into<String>) -> Self {
        self.with(|rules| rules.roles.push(role.into()))
    }

    /// What is to be done while it can't be told whether a token was revoked.
    pub fn freshness(self, freshness: Freshness) -> Self {
        self.with(|rules| rules.freshness = freshness)
    }

    fn with(mut self, change: impl FnOnce(&mut Rules)) -> Self {
        change(Arc::make_mut(&mut self.rules));
        self
    }
}

impl<C: DeserializeOwned + Send + Sync + 'static> Guard<C> {
    async fn admit(&self, credential: Option<Credential>) -> Result<Authenticated<C>, Denial> {
        let rules = &self.rules;
        let credential = credential.ok_or_else(Denial::missing)?;
        let verified = self.verifier.verify(credential.token(), rules.freshness);
        let claims = verified.await;
        let claims = claims.map_err(|refusal| {
            tracing::debug!(rule = refusal.rule(), "an access token was refused");
            Denial::refused(&refusal)
        })?;
        if !rules.scopes.iter().all(|scope| claims.has_scope(scope)) {
            return Err(Denial::lacks_scope(&rules.scopes));
        }
        if !rules.roles.iter().all(|role| claims.has_role(role)) {
            return Err(Denial::lacks_role());
        }
        Ok(Authenticated(claims))
    }
}

impl<C> Deref for Authenticated<C> {
    type Target = Claims<C>;

    fn deref(&self) -> &Claims<C> {
        &self.0
    }
}

impl<C> Clone for Authenticated<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C> Clone for Guard<C> {
    fn clone(&self) -> Self {
        Self {
            verifier: self.verifier.clone(),
            rules: self.rules.clone(),
        }
    }
}

impl<C> fmt::Debug for Guard<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Guard").field(&self.rules).finish()
    }
}
