//! Minting an access token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use shared_claims::{Audience, Claims};

use crate::clock::Instant;
use crate::ctx::Ctx;
use crate::keys::SigningKey;
use crate::sessions::Session;
use crate::telemetry::span;
use crate::users::User;

/// An access token as it is handed out.
pub struct Access {
    /// The token.
    pub jwt: String,
    /// Seconds until it expires.
    pub expires_in: i64,
}

/// Lives up to this part shorter, by chance.
const JITTER: f64 = 0.05;

/// An access token for a session of `user`, signed with `key`.
pub fn mint(ctx: &Ctx, key: &SigningKey, session: &Session, user: &User, now: Instant) -> Access {
    let settings = &ctx.settings.tokens;
    let life = settings.access_ttl.as_secs_f64() * (1.0 - JITTER * ctx.entropy.fraction());
    let expires_in = life as i64;
    let claims: Claims<&Map<String, Value>> = Claims {
        iss: ctx.settings.issuer.clone(),
        sub: user.id.to_string(),
        aud: Audience(settings.audience.clone()),
        exp: now.as_secs() + expires_in,
        iat: now.as_secs(),
        nbf: None,
        jti: ctx.entropy.uuid().to_string(),
        sid: Some(session.id.to_string()),
        client_id: session.client_id.clone(),
        scope: session.scope.clone(),
        roles: user.roles.0.clone(),
        auth_time: Some(session.created_at.as_secs()),
        amr: session.amr.0.clone(),
        ver: Some(user.ver),
        email: settings.include_email.then(|| user.email.clone()),
        email_verified: settings.include_email.then_some(user.email_verified),
        custom: &user.claims.0,
    };
    let payload = serde_json::to_vec(&claims).expect("claims are plain JSON");
    let mut jwt = String::with_capacity(key.header.len() + payload.len() * 4 / 3 + 350);
    jwt.push_str(&key.header);
    jwt.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut jwt);
    let signature = span!("token.sign").in_scope(|| key.sign(&jwt));
    jwt.push('.');
    jwt.push_str(&signature);
    Access { jwt, expires_in }
}
