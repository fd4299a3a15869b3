//! aws-lc alone, with a key that it made and keeps.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
};

use crate::subject::{Failure, Result};

/// A key pair of one of the algorithms that the service signs with.
pub struct Raw {
    private: Private,
    public: ParsedPublicKey,
    random: SystemRandom,
}

enum Private {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

impl Raw {
    /// A fresh one, for a JWS algorithm name.
    ///
    /// # Errors
    /// For another name.
    pub fn new(algorithm: &str) -> Result<Self> {
        let fault = |_| Failure::from("aws-lc makes no key");
        let (private, public) = match algorithm {
            "ES256" => {
                let key =
                    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(fault)?;
                let public = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key());
                (Private::Es256(key), public)
            }
            "RS256" => {
                let key = RsaKeyPair::generate(KeySize::Rsa2048).map_err(fault)?;
                let public = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key());
                (Private::Rs256(key), public)
            }
            "EdDSA" => {
                let key = Ed25519KeyPair::generate().map_err(fault)?;
                let public = ParsedPublicKey::new(&ED25519, key.public_key());
                (Private::EdDsa(key), public)
            }
            other => return Err(format!("no raw signature for {other}").into()),
        };
        Ok(Self {
            private,
            public: public.map_err(|error| error.to_string())?,
            random: SystemRandom::new(),
        })
    }

    /// A signature.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        const SIGNS: &str = "a key that was made signs";
        match &self.private {
            Private::Es256(key) => key
                .sign(&self.random, message)
                .expect(SIGNS)
                .as_ref()
                .to_vec(),
            Private::Rs256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &self.random, message, &mut signature)
                    .expect(SIGNS);
                signature
            }
            Private::EdDsa(key) => key.sign(message).as_ref().to_vec(),
        }
    }

    /// Whether the signature is this key's.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.public.verify_sig(message, signature).is_ok()
    }
}
