//! The signature layer: JWS in compact serialisation (RFC 7515 §5.2, §7.1).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::{MAX_TOKEN_BYTES, Rejection};
use crate::jwk::{Algorithm, KeySet, VerifyingKey};

/// A JWS taken apart, of which nothing is proven.
pub(super) struct Unverified<'t> {
    signing_input: &'t [u8],
    header: Map<String, Value>,
    /// The decoded payload and, from `signature_at` on, the signature.
    decoded: Vec<u8>,
    signature_at: usize,
}

/// Verifies any JWS and returns its JOSE header and payload. What the payload says, and that it
/// is an access token, is for [`verify`](super::verify) to check.
pub fn verify_jws(token: &str, keys: &KeySet) -> Result<(Map<String, Value>, Vec<u8>), Rejection> {
    let mut unverified = Unverified::parse(token, MAX_TOKEN_BYTES)?;
    let key = unverified.key(keys)?;
    unverified.signature_of(key)?;
    unverified.decoded.truncate(unverified.signature_at);
    Ok((unverified.header, unverified.decoded))
}

impl<'t> Unverified<'t> {
    pub(super) fn parse(token: &'t str, max_bytes: usize) -> Result<Self, Rejection> {
        within_size(token, max_bytes)?;
        within_alphabet(token)?;
        let [header, payload, signature] = parts(token)?;
        let mut decoded = Vec::with_capacity(token.len());
        decode(header, &mut decoded)?;
        let members = header_object(&decoded)?;
        no_forbidden_parameter(&members)?;
        decoded.clear();
        decode(payload, &mut decoded)?;
        let signature_at = decoded.len();
        decode(signature, &mut decoded)?;
        Ok(Self {
            signing_input: &token.as_bytes()[..header.len() + 1 + payload.len()],
            header: members,
            decoded,
            signature_at,
        })
    }

    /// The key that the header names, if it is of the header's algorithm (RFC 8725 §3.1).
    pub(super) fn key<'k>(&self, keys: &'k KeySet) -> Result<&'k VerifyingKey, Rejection> {
        let algorithm = self.algorithm()?;
        let kid = self.parameter("kid").ok_or(Rejection::Missing("kid"))?;
        let key = keys
            .get(kid)
            .ok_or_else(|| Rejection::UnknownKey { kid: kid.into() })?;
        if key.algorithm() != algorithm {
            return Err(Rejection::AlgorithmMismatch);
        }
        Ok(key)
    }

    /// A header parameter, if it is a string.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.header.get(name)?.as_str()
    }

    /// The payload, if the signature is `key`'s.
    pub(super) fn signature_of(&self, key: &VerifyingKey) -> Result<&[u8], Rejection> {
        let (payload, signature) = self.decoded.split_at(self.signature_at);
        if signature.len() != key.signature_len() {
            return Err(Rejection::SignatureLength);
        }
        if !key.verify(self.signing_input, signature) {
            return Err(Rejection::Signature);
        }
        Ok(payload)
    }

    fn algorithm(&self) -> Result<Algorithm, Rejection> {
        self.parameter("alg")
            .and_then(|name| name.parse().ok())
            .ok_or(Rejection::AlgorithmNotAllowed)
    }
}

fn within_size(token: &str, max_bytes: usize) -> Result<(), Rejection> {
    if token.len() > max_bytes {
        return Err(Rejection::TooLong);
    }
    Ok(())
}

fn within_alphabet(token: &str) -> Result<(), Rejection> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !token.bytes().all(known) {
        return Err(Rejection::Alphabet);
    }
    Ok(())
}

/// RFC 7515 §7.1. A payload may be empty; a header or a signature never is.
fn parts(token: &str) -> Result<[&str; 3], Rejection> {
    let mut parts = token.split('.');
    match [parts.next(), parts.next(), parts.next(), parts.next()] {
        [Some(header), Some(payload), Some(signature), None]
            if !header.is_empty() && !signature.is_empty() =>
        {
            Ok([header, payload, signature])
        }
        _ => Err(Rejection::Parts),
    }
}

fn decode(part: &str, into: &mut Vec<u8>) -> Result<(), Rejection> {
    URL_SAFE_NO_PAD
        .decode_vec(part, into)
        .map_err(|_| Rejection::Encoding)
}

fn header_object(json: &[u8]) -> Result<Map<String, Value>, Rejection> {
    crate::json::object(json).map_err(|fault| Rejection::of_json(fault, Rejection::HeaderMalformed))
}

/// RFC 7515 §4.1.11 (`crit`), RFC 8725 §3.10 (keys out of the token itself), RFC 7516 §4.1
/// (encryption), RFC 7797 §3 (`b64`).
fn no_forbidden_parameter(header: &Map<String, Value>) -> Result<(), Rejection> {
    const FORBIDDEN: [&str; 8] = ["crit", "jwk", "jku", "x5u", "x5c", "zip", "enc", "b64"];
    match FORBIDDEN.iter().find(|name| header.contains_key(**name)) {
        Some(name) => Err(Rejection::ForbiddenHeader(name)),
        None => Ok(()),
    }
}
