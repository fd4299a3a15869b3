//! A key that is ready to verify.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents,
};

use super::{Algorithm, Jwk, JwkError, Parameters, ed25519, rsa};

/// A public key, parsed once, bound to one algorithm (RFC 8725 §3.1).
#[derive(Clone, Debug)]
pub struct VerifyingKey {
    kid: String,
    algorithm: Algorithm,
    signature_len: usize,
    key: ParsedPublicKey,
}

impl VerifyingKey {
    /// Checks and parses a key: its size, its exponent, its place on the curve, its order.
    ///
    /// An Ed25519 `x` that is no point is not noticed here; nothing verifies under it.
    pub fn new(jwk: &Jwk) -> Result<Self, JwkError> {
        let (key, signature_len) = match &jwk.parameters {
            Parameters::ES256 { x, y } => {
                let point = [&[4], &x[..], &y[..]].concat();
                (ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point), 64)
            }
            Parameters::RS256 { n, e } => {
                rsa::check(n, e)?;
                let key = RsaPublicKeyComponents { n, e };
                let parsed = key.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256);
                (parsed, n.len())
            }
            Parameters::EdDSA { x } => {
                ed25519::check(x)?;
                (ParsedPublicKey::new(&ED25519, x), 64)
            }
        };
        Ok(Self {
            kid: jwk.kid.clone(),
            algorithm: jwk.algorithm(),
            signature_len,
            key: key.map_err(|_| JwkError::NotAKey)?,
        })
    }

    /// [`Jwk::from_json`] and [`VerifyingKey::new`] in one.
    pub fn from_jwk_json(json: &[u8]) -> Result<Self, JwkError> {
        Self::new(&Jwk::from_json(json)?)
    }

    /// The key's name (RFC 7517 §4.5).
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The one algorithm that the key serves.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The only length in bytes that a signature can have: 64, or the modulus's
    /// (RFC 7518 §3.3, §3.4, RFC 8032 §5.1.6).
    pub fn signature_len(&self) -> usize {
        self.signature_len
    }

    /// Whether `signature` is this key's, of `message` (RFC 7515 §5.2).
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        signature.len() == self.signature_len && self.key.verify_sig(message, signature).is_ok()
    }
}
