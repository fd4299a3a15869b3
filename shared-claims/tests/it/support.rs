//! Keys, and tokens signed with them, right or wrong.

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use serde_json::{Value, json};
use shared_claims::{Algorithm, Jwk, KeySet, Policy, VerifyingKey};

pub(crate) use crate::attack_table::{encode, with};

pub(crate) const NOW: i64 = 1_700_000_000;
pub(crate) const ISSUER: &str = "https://auth.example.com";

pub(crate) static KEYS: LazyLock<Keys> = LazyLock::new(Keys::generate);

pub(crate) struct Keys {
    es256: EcdsaKeyPair,
    rs256: RsaKeyPair,
    eddsa: Ed25519KeyPair,
    pub(crate) set: KeySet,
}

impl Keys {
    fn generate() -> Self {
        let es256 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let rs256 = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let eddsa = Ed25519KeyPair::generate().unwrap();
        let mut keys = Self {
            es256,
            rs256,
            eddsa,
            set: KeySet::default(),
        };
        let public = [Algorithm::ES256, Algorithm::RS256, Algorithm::EdDSA]
            .map(|algorithm| VerifyingKey::new(&keys.jwk(algorithm)).unwrap());
        keys.set = KeySet::new(public).unwrap();
        keys
    }

    pub(crate) fn jwk(&self, algorithm: Algorithm) -> Jwk {
        match algorithm {
            Algorithm::ES256 => {
                let point = self.es256.public_key().as_ref();
                Jwk::es256(
                    point[1..33].try_into().unwrap(),
                    point[33..].try_into().unwrap(),
                )
            }
            Algorithm::RS256 => {
                // PKCS#1: SEQUENCE { INTEGER n, INTEGER 65537 }, each with its DER header.
                let der = self.rs256.public_key().as_ref();
                let (n, e) = der[8..].split_at(257);
                assert_eq!(e, [2, 3, 1, 0, 1]);
                Jwk::rs256(n, &e[2..])
            }
            Algorithm::EdDSA => Jwk::eddsa(self.eddsa.public_key().as_ref().try_into().unwrap()),
            other => unreachable!("{other} has no key here"),
        }
    }

    pub(crate) fn kid(&self, algorithm: Algorithm) -> String {
        self.jwk(algorithm).kid().to_owned()
    }

    pub(crate) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match algorithm {
            Algorithm::ES256 => self.es256.sign(&random, message).unwrap().as_ref().to_vec(),
            Algorithm::EdDSA => self.eddsa.sign(message).as_ref().to_vec(),
            Algorithm::RS256 => {
                let mut signature = vec![0; self.rs256.public_modulus_len()];
                self.rs256
                    .sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .unwrap();
                signature
            }
            other => unreachable!("{other} has no key here"),
        }
    }

    /// A token of exactly this header and payload, truly signed with the key of `algorithm`.
    pub(crate) fn token(&self, algorithm: Algorithm, header: &str, payload: &str) -> String {
        let input = format!("{}.{}", encode(header), encode(payload));
        let signature = self.sign(algorithm, input.as_bytes());
        format!("{input}.{}", encode(signature))
    }

    pub(crate) fn header(&self, algorithm: Algorithm) -> Value {
        json!({"typ": "at+jwt", "alg": algorithm.name(), "kid": self.kid(algorithm)})
    }

    pub(crate) fn good(&self, algorithm: Algorithm) -> String {
        let header = self.header(algorithm).to_string();
        self.token(algorithm, &header, &good_claims().to_string())
    }
}

pub(crate) fn good_claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "user-1", "aud": ["api"], "exp": NOW + 600, "iat": NOW,
        "jti": "token-1", "sid": "session-1", "client_id": "web", "scope": "read write",
        "roles": ["editor"], "auth_time": NOW, "amr": ["pwd"], "ver": 3, "team": {"id": 7},
    })
}

pub(crate) fn policy() -> Policy {
    Policy::new(ISSUER, ["api", "api-2"])
}

/// Where the third-party vectors are.
pub(crate) const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/vectors/");

/// A file of the third-party vectors.
pub(crate) fn vectors(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(format!("{VECTORS}{name}")).unwrap()).unwrap()
}
