//! A stored password hash of any known format, its costs bounded.

use std::fmt;

use argon2::Params;

use super::argon::{ArgonHash, Memory};
use super::foreign::{bcrypt::BcryptHash, pbkdf2::Pbkdf2Hash, scrypt::ScryptHash};
use super::password::Password;
use crate::config::HashBounds;

/// No known format is longer, in bytes.
const MAX_BYTES: usize = 1024;

/// A password hash that can be verified, and that costs no more than a sign-in may.
///
/// | format | written | bounds |
/// | --- | --- | --- |
/// | argon2id, argon2i, argon2d | PHC | the memory of [`HashBounds`], 100 passes, 64 lanes, 4 GiB over all passes |
/// | bcrypt | `$2a$` `$2b$` `$2y$` | cost 15 |
/// | scrypt | PHC `$scrypt$`, crypt `$7$`, werkzeug `scrypt:N:r:p` | the memory of [`HashBounds`], 1 GiB over all `p` |
/// | PBKDF2 with SHA-1, SHA-256, SHA-512 | PHC, passlib, Django `pbkdf2_sha256`, werkzeug `pbkdf2:sha256` | 10 million iterations |
///
/// Passwords are compared in NFC: one that another system hashed in another form does not match.
pub struct StoredHash(Kind);

enum Kind {
    Argon(ArgonHash),
    Bcrypt(BcryptHash),
    Scrypt(ScryptHash),
    Pbkdf2(Pbkdf2Hash),
}

impl StoredHash {
    /// Reads a stored hash, our own or one to import.
    ///
    /// # Errors
    /// [`HashFormatError`]: of no known format, malformed, or beyond its bounds.
    pub fn parse(text: &str, bounds: HashBounds) -> Result<Self, HashFormatError> {
        if text.len() > MAX_BYTES {
            return Err(HashFormatError::Unknown);
        }
        let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| text.starts_with(prefix));
        let kind = if begins(&["$argon2"]) {
            Kind::Argon(ArgonHash::parse(text, bounds)?)
        } else if begins(&["$2a$", "$2b$", "$2x$", "$2y$"]) {
            Kind::Bcrypt(BcryptHash::parse(text)?)
        } else if begins(&["$scrypt$", "$7$", "scrypt:"]) {
            Kind::Scrypt(ScryptHash::parse(text, bounds)?)
        } else if begins(&["$pbkdf2", "pbkdf2_", "pbkdf2:"]) {
            Kind::Pbkdf2(Pbkdf2Hash::parse(text)?)
        } else {
            return Err(HashFormatError::Unknown);
        };
        Ok(Self(kind))
    }

    /// What the format is called, such as `argon2id` or `bcrypt`.
    pub fn format(&self) -> &'static str {
        match &self.0 {
            Kind::Argon(hash) => hash.name(),
            Kind::Bcrypt(_) => "bcrypt",
            Kind::Scrypt(_) => "scrypt",
            Kind::Pbkdf2(_) => "pbkdf2",
        }
    }

    /// Whether the format tells `password` from every other. bcrypt reads 72 bytes and stops at a
    /// NUL; the HMAC of PBKDF2 and scrypt pads with NULs. Where it does not, nothing matches.
    pub(super) fn covers(&self, password: &Password) -> bool {
        match &self.0 {
            Kind::Argon(_) => true,
            _ if password.as_bytes().contains(&0) => false,
            Kind::Bcrypt(hash) => hash.covers(password),
            Kind::Scrypt(_) | Kind::Pbkdf2(_) => true,
        }
    }

    /// Whether `password` is the one. Computes for as long as the hash costs.
    pub(super) fn verify(
        &self,
        password: &Password,
        memory: &mut Memory,
    ) -> Result<bool, argon2::Error> {
        Ok(self.covers(password)
            && match &self.0 {
                Kind::Argon(hash) => hash.verify(password, memory)?,
                Kind::Bcrypt(hash) => hash.verify(password),
                Kind::Scrypt(hash) => hash.verify(password),
                Kind::Pbkdf2(hash) => hash.verify(password),
            })
    }

    /// Whether it need not be replaced by an argon2id hash of `params`.
    pub(super) fn is_at_least(&self, params: &Params) -> bool {
        matches!(&self.0, Kind::Argon(hash) if hash.is_at_least(params))
    }
}

impl fmt::Debug for StoredHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredHash({})", self.format())
    }
}

/// Why a stored hash is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashFormatError {
    /// None of the formats that [`StoredHash`] lists.
    #[error("unknown password hash format")]
    Unknown,
    /// It begins like this format but is not one.
    #[error("malformed {0} hash")]
    Malformed(&'static str),
    /// A known format that is not safe to verify.
    #[error("{0} hashes are not supported")]
    Unsupported(&'static str),
    /// Verifying it would take more memory than one hash may.
    #[error("{format} would take {needed} KiB, and `passwords.max_hash_memory_kib` is {limit}")]
    TooMuchMemory {
        /// The format.
        format: &'static str,
        /// KiB that it needs.
        needed: u32,
        /// KiB that it may take.
        limit: u32,
    },
    /// Verifying it would hold up other sign-ins.
    #[error("{cost} is above the limit of {limit}")]
    TooCostly {
        /// What is too high.
        cost: &'static str,
        /// The most that is accepted.
        limit: u32,
    },
}

#[cfg(test)]
mod tests;
