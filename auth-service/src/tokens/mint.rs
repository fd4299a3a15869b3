//! Minting an access token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use shared_claims::{Audience, Claims};

use crate::clock::Instant;
use crate::ctx::Ctx;
use crate::id::Id;
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

/// What claims take, in bytes; more is no mistake, but moves them.
const PAYLOAD_LEN: usize = 768;

/// Lives up to this part shorter, by chance.
const JITTER: f64 = 0.05;

/// An access token for a session of `user`, signed with `key`.
pub fn mint(ctx: &Ctx, key: &SigningKey, session: &Session, user: &User, now: Instant) -> Access {
    let settings = &ctx.settings.tokens;
    let life = settings.access_ttl.as_secs_f64() * (1.0 - JITTER * ctx.entropy.fraction());
    let expires_in = life as i64;
    let [mut sub, mut sid, mut jti] = [[0; 36]; 3];
    let claims: Claims<&Map<String, Value>, &str> = Claims {
        iss: &ctx.settings.issuer,
        sub: user.id.write(&mut sub),
        aud: Audience(borrowed(&settings.audience)),
        exp: now.as_secs() + expires_in,
        iat: now.as_secs(),
        nbf: None,
        jti: Id::from(ctx.entropy.uuid()).write(&mut jti),
        sid: Some(session.id.write(&mut sid)),
        client_id: &session.client_id,
        scope: &session.scope,
        roles: borrowed(&user.roles.0),
        auth_time: Some(session.created_at.as_secs()),
        amr: borrowed(&session.amr.0),
        ver: Some(user.ver),
        email: settings.include_email.then_some(user.email.as_str()),
        email_verified: settings.include_email.then_some(user.email_verified),
        custom: &user.claims.0,
    };
    let mut payload = Vec::with_capacity(PAYLOAD_LEN);
    serde_json::to_writer(&mut payload, &claims).expect("claims are plain JSON");
    let mut jwt = String::with_capacity(key.header.len() + payload.len() * 4 / 3 + 350);
    jwt.push_str(&key.header);
    jwt.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut jwt);
    let signature = span!("token.sign").in_scope(|| key.sign(jwt.as_bytes()));
    jwt.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut jwt);
    Access { jwt, expires_in }
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}
