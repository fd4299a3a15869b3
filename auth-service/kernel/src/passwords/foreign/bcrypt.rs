//! bcrypt: `$2a$`, `$2b$`, `$2y$`.

use bcrypt::HashParts;

use super::fields;
use crate::passwords::password::Password;
use crate::passwords::stored::HashFormatError;

/// bcrypt reads no further; what follows would not count (Okta, October 2024).
const MAX_BYTES: usize = 72;

/// The least and the most rounds accepted, as powers of two: 15 takes seconds.
const MIN_COST: u32 = 4;
const MAX_COST: u32 = 15;

/// A bcrypt hash, known to be well formed.
pub(in crate::passwords) struct BcryptHash(String);

impl BcryptHash {
    /// `$2x$` is refused: a bug made its hashes ignore characters beyond ASCII.
    pub(in crate::passwords) fn parse(text: &str) -> Result<Self, HashFormatError> {
        let malformed = HashFormatError::Malformed("bcrypt");
        if text.starts_with("$2x$") {
            return Err(HashFormatError::Unsupported("bcrypt $2x$"));
        }
        let cost = text.parse::<HashParts>().map_err(|_| malformed)?.get_cost();
        fields::at_most("bcrypt cost", cost, MAX_COST)?;
        if cost < MIN_COST {
            return Err(malformed);
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether all of `password` would count.
    pub(in crate::passwords) fn covers(&self, password: &Password) -> bool {
        password.as_bytes().len() <= MAX_BYTES
    }

    /// Whether `password` is the one; compared in constant time.
    pub(in crate::passwords) fn verify(&self, password: &Password) -> bool {
        self.covers(password) && bcrypt::verify(password.as_bytes(), &self.0).unwrap_or(false)
    }
}
