//! The tokens of a session.

use kernel::clock::Instant;
use kernel::db::types::Json;
use kernel::keyring::KeysError;

use crate::ctx::Ctx;
use crate::sessions::{Session, Within};
use crate::tokens::{self, Access, Grant, RefreshToken, Subject};
use crate::users::User;

/// What a sign-in or a refresh ends with: a fresh access token and the current refresh token.
pub struct Issued {
    /// The access token.
    pub access: Access,
    /// The refresh token's text.
    pub refresh_token: String,
    /// Seconds until the refresh token expires if it is not used.
    pub refresh_expires_in: i64,
    /// What the access token may do.
    pub scope: String,
    /// The session.
    pub session: Session,
    /// Whose it is.
    pub user: User,
}

/// A fresh access token, for less than the session was granted where `within` says so, and the
/// session's current refresh token. `now` must not be later than the moment at which the session was
/// last seen alive: a revocation is kept for as long as a token that starts by then can last.
///
/// # Errors
/// [`KeysError`] when no key can sign.
pub fn issue(
    ctx: &Ctx,
    session: Session,
    user: User,
    within: Option<&Within>,
    now: Instant,
) -> Result<Issued, KeysError> {
    let ring = ctx.keyring.ring()?;
    let asked = within.and_then(|within| within.audience.as_deref());
    let granted = session.audience.as_ref().map(|Json(granted)| &**granted);
    let audience = asked.or(granted).unwrap_or(&ctx.policy.audience);
    let narrower = within.and_then(|within| within.scope.as_ref());
    let scope = narrower.map_or_else(|| session.scope.clone(), ToString::to_string);
    let subject = Subject {
        id: user.id,
        roles: &user.roles.0,
        claims: &user.claims.0,
        ver: user.ver,
        email: (&user.email, user.email_verified),
    };
    let grant = Grant {
        session: session.id,
        client: &session.client_id,
        audience,
        scope: &scope,
        authenticated_at: session.authenticated_at(),
        amr: &session.amr.0,
        acr: session.acr(),
        ends_at: session.expires_at,
    };
    let access = tokens::mint(ctx, ring.active(now)?, &subject, &grant, now);
    let refresh = RefreshToken {
        family: session.id,
        generation: u32::try_from(session.generation).unwrap_or(u32::MAX),
    };
    Ok(Issued {
        access,
        refresh_token: refresh.encode(ring.refresh().active(now)?),
        refresh_expires_in: session.idle_expires_at.as_secs() - now.as_secs(),
        scope,
        session,
        user,
    })
}
