//! Public keys: JSON Web Keys as we publish them and, strictly, as we load them (RFC 7517).

mod algorithm;
mod ed25519;
mod error;
mod load;
mod rsa;
mod set;
mod verifying;

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, Serializer};

pub use algorithm::Algorithm;
pub use error::JwkError;
pub use set::KeySet;
pub use verifying::VerifyingKey;

/// A public JWK: it has no place for a private or symmetric member.
///
/// It is written with `use`, `alg` and `kid` beside the members of its type (RFC 7517 §4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    kid: String,
    parameters: Parameters,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Parameters {
    ES256 { x: [u8; 32], y: [u8; 32] },
    RS256 { n: Vec<u8>, e: Vec<u8> },
    EdDSA { x: [u8; 32] },
}

/// A JWK Set for publishing (RFC 7517 §5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    /// The keys.
    pub keys: Vec<Jwk>,
}

impl Jwk {
    /// A P-256 key from its big-endian coordinates (RFC 7518 §6.2.1); `kid` is its thumbprint.
    pub fn es256(x: [u8; 32], y: [u8; 32]) -> Self {
        Self::named_by_thumbprint(Parameters::ES256 { x, y })
    }

    /// An RSA key from its big-endian modulus and exponent (RFC 7518 §6.3.1); `kid` is its
    /// thumbprint. Leading zeros are dropped, as that section asks.
    pub fn rs256(n: &[u8], e: &[u8]) -> Self {
        let minimal = |number: &[u8]| {
            let zeros = number.iter().take_while(|byte| **byte == 0).count();
            number[zeros..].to_vec()
        };
        Self::named_by_thumbprint(Parameters::RS256 {
            n: minimal(n),
            e: minimal(e),
        })
    }

    /// An Ed25519 key (RFC 8037 §2); `kid` is its thumbprint.
    pub fn eddsa(x: [u8; 32]) -> Self {
        Self::named_by_thumbprint(Parameters::EdDSA { x })
    }

    fn named_by_thumbprint(parameters: Parameters) -> Self {
        let kid = parameters.thumbprint();
        Self { kid, parameters }
    }

    /// The key's name (RFC 7517 §4.5).
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The one algorithm that the key serves (RFC 7517 §4.4, RFC 8725 §3.1).
    pub fn algorithm(&self) -> Algorithm {
        match self.parameters {
            Parameters::ES256 { .. } => Algorithm::ES256,
            Parameters::RS256 { .. } => Algorithm::RS256,
            Parameters::EdDSA { .. } => Algorithm::EdDSA,
        }
    }

    /// The SHA-256 thumbprint in base64url (RFC 7638 §3), whatever `kid` says.
    pub fn thumbprint(&self) -> String {
        self.parameters.thumbprint()
    }
}

impl Parameters {
    /// The members that a thumbprint covers, in its order (RFC 7638 §3.2, RFC 8037 §2).
    fn required_members(&self) -> BTreeMap<&'static str, String> {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::ES256 { x, y } => [
                ("kty", "EC".into()),
                ("crv", "P-256".into()),
                ("x", encode(x)),
                ("y", encode(y)),
            ]
            .into(),
            Self::RS256 { n, e } => {
                [("kty", "RSA".into()), ("n", encode(n)), ("e", encode(e))].into()
            }
            Self::EdDSA { x } => [
                ("kty", "OKP".into()),
                ("crv", "Ed25519".into()),
                ("x", encode(x)),
            ]
            .into(),
        }
    }

    fn thumbprint(&self) -> String {
        let json = serde_json::to_vec(&self.required_members()).expect("strings are always JSON");
        URL_SAFE_NO_PAD.encode(digest(&SHA256, &json))
    }
}

impl Serialize for Jwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = self.parameters.required_members();
        members.insert("use", "sig".into());
        members.insert("alg", self.algorithm().name().into());
        members.insert("kid", self.kid.clone());
        serializer.collect_map(members)
    }
}
