//! Checking an access token that comes back to the service itself: with the verifier that other
//! services use, then against the revocations.

use serde_json::{Map, Value};
use shared_claims::{Claims, KeySet, Policy, Rejection, Verdict, Verified, verify_with_key};
use std::sync::Arc;

use kernel::id::Id;
use kernel::keyring::KeysError;
use kernel::revocation::RevocationError;

use super::{Demand, Missing, Principal};
use crate::ctx::Ctx;

/// Whoever holds a valid access token.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// Whose it is.
    pub principal: Principal,
    /// The session.
    pub session: Option<Id>,
    /// What the token says.
    pub claims: Arc<Claims>,
}

impl Bearer {
    /// The account and the session of a token that belongs to a session of an account.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] where it is another's.
    pub fn signed_in(&self) -> Result<(Id, Id), TokenError> {
        match (&self.principal, self.session) {
            (Principal::User(user), Some(session)) => Ok((*user, session)),
            _ => Err(TokenError::Invalid("session")),
        }
    }
}

/// Why an access token was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It is not a valid token of ours.
    #[error("the access token is not valid")]
    Invalid(&'static str),
    /// It has expired.
    #[error("the access token has expired")]
    Expired,
    /// It was revoked.
    #[error("the access token was revoked")]
    Revoked,
    /// It is valid and not good enough.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// Its claims are no longer true: a refresh brings new ones.
    #[error("the access token's claims are stale; refresh it")]
    Stale,
    /// Whether it is revoked can't be told now.
    #[error(transparent)]
    Revocation(#[from] RevocationError),
    /// The keys can't be had.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// Accepts an access token that has what is demanded, or says why not.
///
/// # Errors
/// [`TokenError`]
pub async fn authenticate(
    ctx: &Ctx,
    token: &str,
    demand: &Demand<'_>,
) -> Result<Bearer, TokenError> {
    let (bearer, kid) = verify(ctx, token).await?;
    match ctx.revocations.check(&bearer.claims, &kid).await? {
        Verdict::Accepted => {}
        Verdict::Revoked => return Err(TokenError::Revoked),
        Verdict::Stale => return Err(TokenError::Stale),
    }
    let now = ctx.clock.now().as_secs();
    demand.judge(&bearer.claims, &ctx.settings, now)?;
    Ok(bearer)
}

/// As [`authenticate`], whether or not it was revoked and whatever a route demands: for signing out
/// again and again.
///
/// # Errors
/// [`TokenError`]
pub async fn authenticate_even_revoked(ctx: &Ctx, token: &str) -> Result<Bearer, TokenError> {
    verify(ctx, token).await.map(|(bearer, _)| bearer)
}

async fn verify(ctx: &Ctx, token: &str) -> Result<(Bearer, Arc<str>), TokenError> {
    match verify_now(ctx, token) {
        Err(TokenError::Invalid(UNKNOWN_KEY)) => {
            Box::pin(ctx.keyring.look_again()).await?;
            verify_now(ctx, token)
        }
        result => result,
    }
}

const UNKNOWN_KEY: &str = "unknown_key";

fn verify_now(ctx: &Ctx, token: &str) -> Result<(Bearer, Arc<str>), TokenError> {
    let ring = ctx.keyring.ring()?;
    let now = ctx.clock.now().as_secs();
    let keys = ring.verifying();
    let Verified { claims, kid } = match ctx.verified.verify(token, keys, &ctx.policy, now) {
        Err(Rejection::Type) => verify_of_before(ctx, token, keys.0, now)?,
        other => other?,
    };
    let principal = Principal::of(&claims).ok_or(TokenError::Invalid("subject"))?;
    let session = claims.sid.as_deref().map(str::parse).transpose();
    let bearer = Bearer {
        principal,
        session: session.map_err(|_| TokenError::Invalid("session"))?,
        claims,
    };
    Ok((bearer, kid))
}

/// A token of the type `JWT`, if it was made before this process was started: the settings may have
/// said so then. It is not kept: a later one of the same type would not count.
fn verify_of_before(
    ctx: &Ctx,
    token: &str,
    keys: &KeySet,
    now: i64,
) -> Result<Verified<Map<String, Value>>, TokenError> {
    let policy = Policy {
        accept_typ_jwt: true,
        ..ctx.policy.clone()
    };
    let (claims, key): (Claims, _) = verify_with_key(token, keys, &policy, now)?;
    if claims.iat >= ctx.started_at.as_secs() {
        return Err(Rejection::Type.into());
    }
    Ok(Verified {
        claims: Arc::new(claims),
        kid: key.kid().into(),
    })
}

impl From<Rejection> for TokenError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Expired => Self::Expired,
            Rejection::UnknownKey { .. } => Self::Invalid(UNKNOWN_KEY),
            other => Self::Invalid(other.rule()),
        }
    }
}
