//! Minting an access token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::clock::Instant;
use kernel::id::Id;
use kernel::keyring::SigningKey;
use kernel::telemetry::span;
use serde_json::{Map, Value};
use shared_claims::{Audience, Claims};

use crate::ctx::Ctx;

/// Whom an access token is about, as they are now.
pub struct Subject<'a> {
    /// The account.
    pub id: Id,
    /// What it may do.
    pub roles: &'a [String],
    /// Custom claims.
    pub claims: &'a Map<String, Value>,
    /// Its version.
    pub ver: i64,
    /// Its address, and whether that was proved.
    pub email: (&'a str, bool),
}

/// What an access token is given for.
pub struct Grant<'a> {
    /// The session.
    pub session: Id,
    /// The client.
    pub client: &'a str,
    /// The services.
    pub audience: &'a [String],
    /// What it may do.
    pub scope: &'a str,
    /// When its owner last proved who they are.
    pub authenticated_at: Instant,
    /// How they did (RFC 8176).
    pub amr: &'a [String],
    /// How strongly (RFC 9470).
    pub acr: &'a str,
    /// When the session ends in any case: no token of it lives longer.
    pub ends_at: Instant,
}

/// An access token as it is handed out.
pub struct Access {
    /// The token.
    pub jwt: String,
    /// Seconds until it expires.
    pub expires_in: i64,
}

/// The usual size of the claims in bytes; larger ones cost a reallocation.
const PAYLOAD_LEN: usize = 832;

/// Lives up to this part shorter, by chance.
const JITTER: f64 = 0.05;

/// An access token, signed with `key`.
pub fn mint(
    ctx: &Ctx,
    key: &SigningKey,
    subject: &Subject<'_>,
    grant: &Grant<'_>,
    now: Instant,
) -> Access {
    let settings = &ctx.settings.tokens;
    let life = settings.access_ttl.as_secs_f64() * (1.0 - JITTER * ctx.entropy.fraction());
    let expires_in = (life as i64).min(grant.ends_at.as_secs() - now.as_secs());
    // An address that nobody has proved is nobody's: readers would shut the person out, or believe it.
    let (email, is_proved) = subject.email;
    let email = (settings.include_email && is_proved).then_some(email);
    let [mut sub, mut sid, mut jti] = [[0; 36]; 3];
    let claims: Claims<&Map<String, Value>, &str> = Claims {
        iss: &ctx.settings.issuer,
        sub: subject.id.write(&mut sub),
        aud: Audience(borrowed(grant.audience)),
        exp: now.as_secs() + expires_in,
        iat: now.as_secs(),
        nbf: None,
        jti: Id::from(ctx.entropy.uuid()).write(&mut jti),
        sid: Some(grant.session.write(&mut sid)),
        client_id: grant.client,
        scope: grant.scope,
        roles: borrowed(subject.roles),
        auth_time: Some(grant.authenticated_at.as_secs()),
        acr: Some(grant.acr),
        amr: borrowed(grant.amr),
        ver: Some(subject.ver),
        email,
        email_verified: email.map(|_| true),
        custom: subject.claims,
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
