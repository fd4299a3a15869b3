//! A private key that was parsed once and is kept: parsing it at each signature would cost as
//! much as the signature.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256,
};

/// Signs with one algorithm and no other.
pub enum Signer {
    /// ECDSA P-256 with SHA-256, in the fixed form of RFC 7518 §3.4.
    Es256(Box<EcdsaKeyPair>, SystemRandom),
    /// RSA PKCS#1 v1.5 with SHA-256 (RFC 7518 §3.3).
    Rs256(Box<RsaKeyPair>, SystemRandom),
    /// Ed25519 (RFC 8037 §3.1).
    EdDsa(Box<Ed25519KeyPair>),
}

/// The bytes are not a private key of the algorithm.
#[derive(Debug, thiserror::Error)]
#[error("its bytes are not a private key for {0}")]
pub struct NotAKey(String);

impl Signer {
    /// Parses a PKCS#8 private key for `alg`, a JWS algorithm name.
    ///
    /// # Errors
    /// [`NotAKey`]
    pub fn parse(alg: &str, pkcs8: &[u8]) -> Result<Self, NotAKey> {
        let random = SystemRandom::new();
        let signer = match alg {
            "ES256" => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
                .map(|key| Self::Es256(Box::new(key), random)),
            "RS256" => RsaKeyPair::from_pkcs8(pkcs8).map(|key| Self::Rs256(Box::new(key), random)),
            "EdDSA" => Ed25519KeyPair::from_pkcs8(pkcs8).map(|key| Self::EdDsa(Box::new(key))),
            _ => return Err(NotAKey(alg.to_owned())),
        };
        signer.map_err(|_| NotAKey(alg.to_owned()))
    }

    /// The signature of `message`, in the form that a JWS carries.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        const SIGNS: &str = "a parsed key signs";
        match self {
            Self::Es256(key, random) => key.sign(random, message).expect(SIGNS).as_ref().to_vec(),
            Self::Rs256(key, random) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, random, message, &mut signature)
                    .expect(SIGNS);
                signature
            }
            Self::EdDsa(key) => key.sign(message).as_ref().to_vec(),
        }
    }
}
