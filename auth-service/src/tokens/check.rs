//! Checking an access token that comes back to the service itself: with the verifier that other
//! services use, then against the revocations.

use shared_claims::{Claims, Rejection, Verdict, Verified};
use std::sync::Arc;
use std::time::Duration;

use crate::ctx::Ctx;
use crate::id::Id;
use crate::keys::{self, KeysError};
use crate::revocation::{self, RevocationError};

/// Whoever holds a valid access token.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// The account.
    pub user: Id,
    /// The session.
    pub session: Id,
    /// What the token says.
    pub claims: Arc<Claims>,
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

/// Accepts an access token, or says why not.
///
/// # Errors
/// [`TokenError`]
pub async fn authenticate(ctx: &Ctx, token: &str) -> Result<Bearer, TokenError> {
    let (bearer, kid) = verify(ctx, token).await?;
    match revocation::check(ctx, &bearer.claims, &kid).await? {
        Verdict::Accepted => Ok(bearer),
        Verdict::Revoked => Err(TokenError::Revoked),
        Verdict::Stale => Err(TokenError::Stale),
    }
}

/// Accepts an access token that may be revoked: for logging out again and again.
///
/// # Errors
/// [`TokenError`]
pub async fn verify_signature(ctx: &Ctx, token: &str) -> Result<Bearer, TokenError> {
    verify(ctx, token).await.map(|(bearer, _)| bearer)
}

/// Another replica may have begun to sign with a key that this one has not loaded yet; but junk
/// must not make it load at each request.
const RELOAD_COOLDOWN: Duration = Duration::from_secs(1);

async fn verify(ctx: &Ctx, token: &str) -> Result<(Bearer, Arc<str>), TokenError> {
    match verify_now(ctx, token) {
        Err(TokenError::Invalid(UNKNOWN_KEY))
            if ctx
                .keys
                .age(ctx.clock.now())
                .is_none_or(|age| age > RELOAD_COOLDOWN) =>
        {
            Box::pin(keys::load(ctx)).await?;
            verify_now(ctx, token)
        }
        result => result,
    }
}

const UNKNOWN_KEY: &str = "unknown_key";

fn verify_now(ctx: &Ctx, token: &str) -> Result<(Bearer, Arc<str>), TokenError> {
    let ring = ctx.keys.ring()?;
    let now = ctx.clock.now().as_secs();
    let keys = ring.verifying();
    let Verified { claims, kid } = ctx.verified.verify(token, keys, &ctx.policy, now)?;
    let id = |text: &str| text.parse().map_err(|_| TokenError::Invalid("identifier"));
    let bearer = Bearer {
        user: id(&claims.sub)?,
        session: id(claims.sid.as_deref().unwrap_or_default())?,
        claims,
    };
    Ok((bearer, kid))
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
