//! The JOSE header (RFC 7515 §4): what of it we use, and what we will not have in it.

use super::Rejection;
use crate::json::{self, Members};
use crate::jwk::{Algorithm, KeySet, VerifyingKey};

/// What an unproven header says.
pub(super) struct Header {
    algorithm: Algorithm,
    kid: String,
    pub(super) typ: Option<String>,
}

impl Header {
    pub(super) fn parse(json: &[u8]) -> Result<Self, Rejection> {
        let header = json::members(json)
            .map_err(|fault| Rejection::of_json(fault, Rejection::HeaderMalformed))?;
        no_forbidden_parameter(&header)?;
        Ok(Self {
            algorithm: algorithm(&header)?,
            kid: header.text("kid").ok_or(Rejection::Missing("kid"))?.into(),
            typ: header.text("typ").map(Into::into),
        })
    }

    /// The key that the header names, if it is of the header's algorithm (RFC 8725 §3.1).
    pub(super) fn key<'k>(&self, keys: &'k KeySet) -> Result<&'k VerifyingKey, Rejection> {
        let key = keys.get(&self.kid).ok_or_else(|| Rejection::UnknownKey {
            kid: self.kid.clone(),
        })?;
        if key.algorithm() != self.algorithm {
            return Err(Rejection::AlgorithmMismatch);
        }
        Ok(key)
    }
}

/// RFC 7515 §4.1.11 (`crit`), RFC 8725 §3.10 (keys out of the token itself), RFC 7516 §4.1
/// (encryption), RFC 7797 §3 (`b64`).
fn no_forbidden_parameter(header: &Members<'_>) -> Result<(), Rejection> {
    const FORBIDDEN: [&str; 8] = ["crit", "jwk", "jku", "x5u", "x5c", "zip", "enc", "b64"];
    match FORBIDDEN.iter().find(|name| header.contains(name)) {
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
