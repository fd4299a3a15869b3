//! PBKDF2 (RFC 8018 §5.2): PHC, passlib, Django and werkzeug.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{
    self, Algorithm, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA512,
};

use super::fields;
use crate::passwords::password::Password;
use crate::passwords::stored::HashFormatError;

/// The most iterations accepted.
const MAX_ITERATIONS: u32 = 10_000_000;

/// A PBKDF2 hash with all that it takes to verify it.
pub(in crate::passwords) struct Pbkdf2Hash {
    algorithm: Algorithm,
    iterations: NonZeroU32,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

impl Pbkdf2Hash {
    pub(in crate::passwords) fn parse(text: &str) -> Result<Self, HashFormatError> {
        let hash = Self::read(text).ok_or(HashFormatError::Malformed("PBKDF2"))?;
        let iterations = hash.iterations.get();
        fields::at_most("PBKDF2 iterations", iterations, MAX_ITERATIONS)?;
        Ok(hash)
    }

    fn read(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('$').collect();
        match parts[..] {
            ["", name, costs, salt, digest] => {
                let digest = fields::base64(digest)?;
                let iterations = iterations(costs, digest.len())?;
                let prf = name.strip_prefix("pbkdf2")?;
                Self::new(prf, iterations, fields::base64(salt)?, digest)
            }
            [name, count, salt, digest] => {
                let prf = name.strip_prefix("pbkdf2")?;
                let digest = fields::base64(digest)?;
                Self::new(prf, fields::number(count)?, salt.into(), digest)
            }
            [method, salt, digest] => {
                let (prf, count) = method.strip_prefix("pbkdf2")?.rsplit_once(':')?;
                let digest = fields::hex(digest)?;
                Self::new(prf, fields::number(count)?, salt.into(), digest)
            }
            _ => None,
        }
    }

    fn new(prf: &str, iterations: u32, salt: Vec<u8>, digest: Vec<u8>) -> Option<Self> {
        Some(Self {
            algorithm: match prf {
                "" | "-sha1" | "_sha1" | ":sha1" => PBKDF2_HMAC_SHA1,
                "-sha256" | "_sha256" | ":sha256" => PBKDF2_HMAC_SHA256,
                "-sha512" | "_sha512" | ":sha512" => PBKDF2_HMAC_SHA512,
                _ => return None,
            },
            iterations: NonZeroU32::new(iterations)?,
            salt: fields::salt(salt)?,
            digest: fields::digest(digest)?,
        })
    }

    /// Whether `password` is the one; compared in constant time.
    pub(in crate::passwords) fn verify(&self, password: &Password) -> bool {
        let password = password.as_bytes();
        pbkdf2::verify(
            self.algorithm,
            self.iterations,
            &self.salt,
            password,
            &self.digest,
        )
        .is_ok()
    }
}

/// `29000` (passlib), `i=29000` or `i=29000,l=32` (PHC), `l` being the digest's length in bytes.
fn iterations(costs: &str, length: usize) -> Option<u32> {
    if let Some([iterations, stated]) = fields::named(costs, ["i", "l"]) {
        return (stated as usize == length).then_some(iterations);
    }
    fields::named(costs, ["i"])
        .map(|[iterations]| iterations)
        .or_else(|| fields::number(costs))
}
