//! A JWK from JSON, each rule a function.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::{Algorithm, Jwk, JwkError, Parameters};

type Members = Map<String, Value>;

impl Jwk {
    /// Loads one public JWK, strictly (RFC 7517 §4). Unknown members are ignored, as it asks.
    pub fn from_json(json: &[u8]) -> Result<Self, JwkError> {
        Self::from_members(&crate::json::object(json)?)
    }

    pub(super) fn from_members(jwk: &Members) -> Result<Self, JwkError> {
        nothing_secret(jwk)?;
        let algorithm: Algorithm = text(jwk, "alg")?.parse()?;
        for_verifying(jwk)?;
        type_of_algorithm(jwk, algorithm)?;
        Ok(Self {
            kid: text(jwk, "kid")?.to_owned(),
            parameters: parameters(jwk, algorithm)?,
        })
    }
}

/// RFC 7518 §6.2.2, §6.3.2, §6.4.
fn nothing_secret(jwk: &Members) -> Result<(), JwkError> {
    const SECRET: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    if let Some(name) = SECRET.into_iter().find(|name| jwk.contains_key(*name)) {
        return Err(JwkError::Secret(name));
    }
    match text(jwk, "kty")? {
        "oct" => Err(JwkError::Secret("kty")),
        _ => Ok(()),
    }
}

/// RFC 7517 §4.2, §4.3: both are optional, and say `sig` and `verify` where they are present.
fn for_verifying(jwk: &Members) -> Result<(), JwkError> {
    let signs = jwk.get("use").is_none_or(|usage| usage == "sig");
    let verifies = jwk.get("key_ops").is_none_or(|operations| {
        operations
            .as_array()
            .is_some_and(|list| list.iter().any(|operation| operation == "verify"))
    });
    if signs && verifies {
        Ok(())
    } else {
        Err(JwkError::Use)
    }
}

/// RFC 7518 §3.1, RFC 8037 §2.
fn type_of_algorithm(jwk: &Members, algorithm: Algorithm) -> Result<(), JwkError> {
    let curve_matches = match algorithm {
        Algorithm::ES256 => jwk.get("crv").is_some_and(|curve| curve == "P-256"),
        Algorithm::EdDSA => jwk.get("crv").is_some_and(|curve| curve == "Ed25519"),
        Algorithm::RS256 => true,
    };
    if curve_matches && text(jwk, "kty")? == algorithm.key_type() {
        Ok(())
    } else {
        Err(JwkError::AlgorithmMismatch)
    }
}

fn parameters(jwk: &Members, algorithm: Algorithm) -> Result<Parameters, JwkError> {
    Ok(match algorithm {
        Algorithm::ES256 => Parameters::ES256 {
            x: coordinate(jwk, "x")?,
            y: coordinate(jwk, "y")?,
        },
        Algorithm::RS256 => Parameters::RS256 {
            n: number(jwk, "n")?,
            e: number(jwk, "e")?,
        },
        Algorithm::EdDSA => Parameters::EdDSA {
            x: coordinate(jwk, "x")?,
        },
    })
}

fn text<'j>(jwk: &'j Members, name: &'static str) -> Result<&'j str, JwkError> {
    jwk.get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .ok_or(JwkError::Missing(name))
}

fn bytes(jwk: &Members, name: &'static str) -> Result<Vec<u8>, JwkError> {
    URL_SAFE_NO_PAD
        .decode(text(jwk, name)?)
        .map_err(|_| JwkError::Encoding(name))
}

fn coordinate(jwk: &Members, name: &'static str) -> Result<[u8; 32], JwkError> {
    let bytes = bytes(jwk, name)?;
    bytes.try_into().map_err(|_| JwkError::Encoding(name))
}

fn number(jwk: &Members, name: &'static str) -> Result<Vec<u8>, JwkError> {
    match bytes(jwk, name)? {
        number if number[0] == 0 => Err(JwkError::Encoding(name)),
        number => Ok(number),
    }
}
