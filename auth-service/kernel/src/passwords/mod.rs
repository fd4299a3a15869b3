//! Passwords: what one is, which new ones are good enough, and how they are hashed and verified.
//!
//! ```text
//! password.rs   a password: normalised once, bounded, never printed
//! policy.rs     is a new password hard enough to guess?
//! hasher.rs     hash · verify · check, without blocking the caller
//! pool.rs       the fixed threads behind it: bounded queue, deadline, shedding
//! stored.rs     a stored hash of any known format, its costs bounded
//! argon.rs      argon2, the format of new hashes
//! foreign/      formats that imported accounts bring along
//! ```
//!
//! The one rule for Unicode: a password is normalised to NFC before anything else sees it, and
//! never otherwise changed: no trimming, no case folding, no truncation.

mod argon;
mod foreign;
mod hasher;
mod password;
mod policy;
mod pool;
mod stored;

pub use hasher::{CheckError, HashError, Hasher, StartError, Stats, Verdict};
pub use password::{MAX_LENGTH, Password, PasswordError};
pub use policy::Policy;
pub use stored::{HashFormatError, StoredHash};
