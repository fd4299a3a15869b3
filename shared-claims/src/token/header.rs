//! The JOSE header (RFC 7515 §4): what of it we use, and what we will not have in it.

use super::Rejection;
use crate::json::{self, Members};
use crate::jwk::{Algorithm, KeySet, VerifyingKey};

/// What an unproven header says, as far as it matters.
pub(super) struct Header<'k> {
    /// The key that it names, if it is of the algorithm that it names.
    pub(super) key: &'k VerifyingKey,
    pub(super) typ: Type,
}

/// What a token says that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// `at+jwt` (RFC 9068 §2.1).
    AccessToken,
    /// `JWT` (RFC 7519 §5.1): it does not say of which kind.
    Jwt,
    /// Nothing, or something else.
    Other,
}

impl<'k> Header<'k> {
    pub(super) fn parse(json: &[u8], keys: &'k KeySet) -> Result<Self, Rejection> {
        let header = json::members(json)
            .map_err(|fault| Rejection::of_json(fault, Rejection::HeaderMalformed))?;
        no_forbidden_parameter(&header)?;
        let algorithm = algorithm(&header)?;
        let kid = header.text("kid").ok_or(Rejection::Missing("kid"))?;
        Ok(Self {
            key: key(keys, kid, algorithm)?,
            typ: header.text("typ").map_or(Type::Other, type_named),
        })
    }
}

/// RFC 8725 §3.1: a key serves one algorithm.
fn key<'k>(
    keys: &'k KeySet,
    kid: &str,
    algorithm: Algorithm,
) -> Result<&'k VerifyingKey, Rejection> {
    let key = keys
        .get(kid)
        .ok_or_else(|| Rejection::UnknownKey { kid: kid.into() })?;
    if key.algorithm() != algorithm {
        return Err(Rejection::AlgorithmMismatch);
    }
    Ok(key)
}

/// Alone or as a full media type, in any case (RFC 7515 §4.1.9).
fn type_named(typ: &str) -> Type {
    let is = |name: &str| typ.eq_ignore_ascii_case(name);
    if is("at+jwt") || is("application/at+jwt") {
        Type::AccessToken
    } else if is("JWT") || is("application/jwt") {
        Type::Jwt
    } else {
        Type::Other
    }
}

/// RFC 7515 §4.1.11 (`crit`), RFC 8725 §3.10 (keys out of the token itself), RFC 7516 §4.1
/// (encryption), RFC 7797 §3 (`b64`).
fn no_forbidden_parameter(header: &Members<'_>) -> Result<(), Rejection> {
    const FORBIDDEN: [&str; 8] = ["crit", "jwk", "jku", "x5u", "x5c", "zip", "enc", "b64"];
    match header.any_of(&FORBIDDEN) {
        Some(name) => Err(Rejection::ForbiddenHeader(name)),
        None => Ok(()),
    }
}

/// RFC 8725 §3.1: one of an allow-list, compared exactly.
fn algorithm(header: &Members<'_>) -> Result<Algorithm, Rejection> {
    header
        .text("alg")
        .and_then(|name| name.parse().ok())
        .ok_or(Rejection::AlgorithmNotAllowed)
}
