//! Hashes that imported accounts bring along: verified until the first sign-in replaces them.

pub(super) mod bcrypt;
pub(super) mod fields;
pub(super) mod pbkdf2;
pub(super) mod scrypt;
