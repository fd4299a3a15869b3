//! Access tokens (RFC 9068): minted, and checked when they come back.

mod check;
mod mint;
mod revoke;

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Instant;
use crate::ctx::Ctx;
use crate::id::Id;
use crate::keys::KeysError;
use crate::refresh::RefreshToken;
use crate::sessions::Session;
use crate::users::{User, UserInfo};

pub use check::{Bearer, TokenError, authenticate, verify_signature};
pub use mint::{Access, mint};
pub use revoke::revoke;

/// What a sign-in or a refresh is answered with (RFC 6749 §5.1, and more).
#[derive(Clone, Serialize, ToSchema)]
pub struct TokenPair {
    /// The access token, a JWT.
    pub access_token: String,
    /// Always `Bearer` (RFC 6750).
    #[schema(value_type = String, example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds until the access token expires.
    pub expires_in: i64,
    /// The refresh token: opaque.
    pub refresh_token: String,
    /// Seconds until the refresh token expires if it is not used.
    pub refresh_expires_in: i64,
    /// What the access token may do (RFC 6749 §3.3).
    pub scope: String,
    /// The session; the `sid` of the access token.
    pub session_id: Id,
    /// The account.
    pub user: UserInfo,
}

/// A fresh access token and the current refresh token of a session. `now` is a time at which the
/// session was seen to live, or before it: a revocation is remembered for as long as a token that
/// began before it can last, however late that is minted.
///
/// # Errors
/// [`KeysError`] when no key can sign.
pub fn pair(
    ctx: &Ctx,
    session: &Session,
    user: User,
    now: Instant,
) -> Result<TokenPair, KeysError> {
    let ring = ctx.keys.ring()?;
    let access = mint(ctx, ring.active(now)?, session, &user, now);
    let refresh = RefreshToken {
        family: session.id,
        generation: u32::try_from(session.generation).unwrap_or(u32::MAX),
    };
    Ok(TokenPair {
        access_token: access.jwt,
        token_type: "Bearer",
        expires_in: access.expires_in,
        refresh_token: refresh
            .encode(ring.refresh())
            .ok_or(KeysError::NoActiveKey)?,
        refresh_expires_in: session.idle_expires_at.as_secs() - now.as_secs(),
        scope: session.scope.clone(),
        session_id: session.id,
        user: user.into(),
    })
}
