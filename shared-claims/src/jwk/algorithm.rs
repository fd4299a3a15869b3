//! The signature algorithms of RFC 7518 §3.1 and RFC 8037 §3.1 that we use.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::JwkError;

/// A signature algorithm, by its exact, case-sensitive name (RFC 8725 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256 (RFC 7518 §3.4).
    ES256,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3).
    RS256,
    /// Ed25519 (RFC 8037 §3.1).
    EdDSA,
}

impl Algorithm {
    /// The name in `alg` (RFC 7515 §4.1.1).
    pub const fn name(self) -> &'static str {
        match self {
            Self::ES256 => "ES256",
            Self::RS256 => "RS256",
            Self::EdDSA => "EdDSA",
        }
    }

    /// The `kty` of its keys (RFC 7517 §4.1).
    pub const fn key_type(self) -> &'static str {
        match self {
            Self::ES256 => "EC",
            Self::RS256 => "RSA",
            Self::EdDSA => "OKP",
        }
    }
}

impl FromStr for Algorithm {
    type Err = JwkError;

    fn from_str(name: &str) -> Result<Self, JwkError> {
        [Self::ES256, Self::RS256, Self::EdDSA]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
            .ok_or(JwkError::AlgorithmNotAllowed)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
