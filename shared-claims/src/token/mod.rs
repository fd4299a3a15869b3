//! Verifying an access token (RFC 9068 §4), locally and without a clock of its own.

mod cache;
mod header;
mod jws;
mod rejection;

use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::claims::Claims;
use crate::jwk::{KeySet, VerifyingKey};
use header::Type;
use jws::Unverified;

pub use cache::{TokenCache, Verified};
pub use jws::verify_jws;
pub use rejection::Rejection;

/// The longest token that is looked at, unless a [`Policy`] says otherwise.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// How far clocks may be apart, unless a [`Policy`] says otherwise (RFC 7519 §4.1.4).
pub const LEEWAY: Duration = Duration::from_secs(10);

/// What a service demands of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The one issuer, compared exactly (RFC 9068 §4).
    pub issuer: String,
    /// The names of this service; a token must be for one of them (RFC 9068 §4).
    pub audience: Vec<String>,
    /// How far clocks may be apart, for `exp`, `iat` and `nbf` alike.
    pub leeway: Duration,
    /// The longest token that is looked at.
    pub max_token_bytes: usize,
    /// Whether a token of the type `JWT` counts beside `at+jwt` (RFC 9068 §2.1), as a service makes
    /// them whose `tokens.typ` is `JWT`. Other JWTs of the issuer could then pass for access tokens
    /// (RFC 8725 §3.11).
    pub accept_typ_jwt: bool,
}

impl Policy {
    /// Demands this issuer and one of these audiences, with [`LEEWAY`] and [`MAX_TOKEN_BYTES`].
    pub fn new<A: Into<String>>(
        issuer: impl Into<String>,
        audience: impl IntoIterator<Item = A>,
    ) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into_iter().map(Into::into).collect(),
            leeway: LEEWAY,
            max_token_bytes: MAX_TOKEN_BYTES,
            accept_typ_jwt: false,
        }
    }
}

/// Verifies an access token (RFC 9068 §4) at the time `now`, in seconds since the Unix epoch.
///
/// Revocation is not looked at: see [`Mirror`](crate::revocation::Mirror).
pub fn verify<C: DeserializeOwned>(
    token: &str,
    keys: &KeySet,
    policy: &Policy,
    now: i64,
) -> Result<Claims<C>, Rejection> {
    verify_with_key(token, keys, policy, now).map(|(claims, _)| claims)
}

/// As [`verify`], and tells the key too, whose `kid` may have been revoked.
pub fn verify_with_key<'k, C: DeserializeOwned>(
    token: &str,
    keys: &'k KeySet,
    policy: &Policy,
    now: i64,
) -> Result<(Claims<C>, &'k VerifyingKey), Rejection> {
    let unverified = Unverified::parse(token, policy.max_token_bytes, keys)?;
    match unverified.header.typ {
        Type::AccessToken => {}
        Type::Jwt if policy.accept_typ_jwt => {}
        _ => return Err(Rejection::Type),
    }
    let payload = unverified.verified()?;
    let claims = claims(payload)?;
    exact(&claims)?;
    nothing_empty(&claims)?;
    from_issuer(&claims, policy)?;
    for_audience(&claims, policy)?;
    in_time(&claims, policy, now)?;
    Ok((claims, unverified.header.key))
}

/// RFC 9068 §2.2: the required claims are there, every claim is of its type, and none is repeated.
fn claims<C: DeserializeOwned>(payload: &[u8]) -> Result<Claims<C>, Rejection> {
    let claims = str::from_utf8(payload).ok().map(serde_json::from_str);
    claims.and_then(Result::ok).ok_or_else(|| fault(payload))
}

/// Why these are no claims, looked for only then.
fn fault(payload: &[u8]) -> Rejection {
    const REQUIRED: [&str; 7] = ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"];
    match crate::json::members(payload) {
        Err(fault) => Rejection::of_json(fault, Rejection::ClaimsMalformed),
        Ok(members) => match REQUIRED.iter().find(|name| !members.contains(name)) {
            Some(name) => Rejection::Missing(name),
            None => Rejection::ClaimsMalformed,
        },
    }
}

/// RFC 7493 §2.2: whole numbers that every parser reads alike, some of which know only doubles.
fn exact<C>(claims: &Claims<C>) -> Result<(), Rejection> {
    const GREATEST: u64 = (1 << 53) - 1;
    let numbers = [
        Some(claims.exp),
        Some(claims.iat),
        claims.nbf,
        claims.auth_time,
        claims.ver,
    ];
    let mut numbers = numbers.into_iter().flatten();
    match numbers.all(|number| number.unsigned_abs() <= GREATEST) {
        true => Ok(()),
        false => Err(Rejection::ClaimsMalformed),
    }
}

fn nothing_empty<C>(claims: &Claims<C>) -> Result<(), Rejection> {
    let named = [
        ("sub", &claims.sub),
        ("jti", &claims.jti),
        ("client_id", &claims.client_id),
    ];
    match named.iter().find(|(_, value)| value.is_empty()) {
        Some((name, _)) => Err(Rejection::Missing(name)),
        None => Ok(()),
    }
}

fn from_issuer<C>(claims: &Claims<C>, policy: &Policy) -> Result<(), Rejection> {
    if claims.iss != policy.issuer {
        return Err(Rejection::Issuer);
    }
    Ok(())
}

fn for_audience<C>(claims: &Claims<C>, policy: &Policy) -> Result<(), Rejection> {
    if !claims.aud.intersects(&policy.audience) {
        return Err(Rejection::Audience);
    }
    Ok(())
}

/// RFC 7519 §4.1.4 to §4.1.6. A time before the epoch is nobody's.
fn in_time<C>(claims: &Claims<C>, policy: &Policy, now: i64) -> Result<(), Rejection> {
    let leeway = i64::try_from(policy.leeway.as_secs()).unwrap_or(i64::MAX);
    let latest = now.saturating_add(leeway);
    if claims.iat < 0 || claims.exp < 0 || claims.nbf.is_some_and(|nbf| nbf < 0) {
        return Err(Rejection::ClaimsMalformed);
    }
    if now >= claims.exp.saturating_add(leeway) {
        return Err(Rejection::Expired);
    }
    if claims.nbf.is_some_and(|nbf| nbf > latest) {
        return Err(Rejection::NotYetValid);
    }
    if claims.iat > latest {
        return Err(Rejection::IssuedInFuture);
    }
    Ok(())
}
