//! The tokens of a session.

use std::borrow::Cow;

use kernel::clock::Instant;
use kernel::db::types::Json;
use kernel::keyring::KeysError;
use shared_claims::token::MAX_TOKEN_BYTES;

use crate::ctx::Ctx;
use crate::sessions::{ADMIN_SCOPE, Session, Within};
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
    let audience = audience(ctx, &session, within);
    let scope = scope(ctx, &session, within, &audience);
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
        audience: &audience,
        scope: &scope,
        authenticated_at: session.authenticated_at(),
        amr: &session.amr.0,
        acr: session.acr(),
        ends_at: session.idle_expires_at,
    };
    let access = tokens::mint(ctx, ring.active(now)?, &subject, &grant, now);
    if access.jwt.len() > MAX_TOKEN_BYTES {
        // Of an account that was given more before that was judged as a whole.
        tracing::error!(user = %user.id, bytes = access.jwt.len(), most = MAX_TOKEN_BYTES,
            "an access token is larger than verifiers take: give the account fewer roles or claims");
    }
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

/// Whether the settings still know a service that the session was granted.
pub(super) fn has_audience(ctx: &Ctx, session: &Session) -> bool {
    !audience(ctx, session, None).is_empty()
}

/// The services: those that are asked for, or else those of the session that the settings still
/// know.
fn audience<'a>(ctx: &'a Ctx, session: &Session, within: Option<&Within>) -> Cow<'a, [String]> {
    let asked = within.and_then(|within| within.audience.as_deref());
    let granted = session.audience.as_ref().map(|Json(granted)| &**granted);
    let Some(names) = asked.or(granted) else {
        return Cow::Borrowed(&ctx.policy.audience);
    };
    let known = names
        .iter()
        .filter(|name| ctx.policy.audience.contains(*name));
    Cow::Owned(known.cloned().collect())
}

/// The scope that is asked for, or else the session's; but `admin` in no token that an API sees.
fn scope(ctx: &Ctx, session: &Session, within: Option<&Within>, audience: &[String]) -> String {
    let narrower = within.and_then(|within| within.scope.as_ref());
    let scope = narrower.map_or_else(|| session.scope.clone(), ToString::to_string);
    let administers = scope.split(' ').any(|word| word == ADMIN_SCOPE);
    if !administers || matches!(audience, [only] if *only == ctx.settings.issuer) {
        return scope;
    }
    let words = scope.split(' ').filter(|word| *word != ADMIN_SCOPE);
    words.collect::<Vec<_>>().join(" ")
}
