//! What one password hash may cost: one bound for the settings that make hashes, for what verifies
//! them, and for imports. What the settings allow can be verified, then and later.

use super::Passwords;
use super::check::Findings;

/// The most that one password hash may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashBounds {
    /// KiB of memory at once: `passwords.max_hash_memory_kib`.
    pub memory_kib: u32,
}

impl HashBounds {
    /// Passes of argon2.
    pub const PASSES: u32 = 100;
    /// Lanes of argon2.
    pub const LANES: u32 = 64;
    /// KiB that argon2 goes through: memory times passes.
    pub const WORK_KIB: u32 = 4 * 1024 * 1024;
}

impl Passwords {
    /// What one password hash may cost here.
    pub fn hash_bounds(&self) -> HashBounds {
        HashBounds {
            memory_kib: self.max_hash_memory_kib,
        }
    }
}

pub(super) fn check(passwords: &Passwords, found: &mut Findings) {
    let (memory, passes) = (passwords.argon2_memory_kib, passwords.argon2_iterations);
    let lanes = passwords.argon2_parallelism;
    found.expect(
        (1..=HashBounds::LANES).contains(&lanes),
        "passwords.argon2_parallelism",
        format!("must be from 1 to {}", HashBounds::LANES),
    );
    found.expect(
        memory >= lanes.clamp(1, HashBounds::LANES) * 8,
        "passwords.argon2_memory_kib",
        "must be at least 8 KiB a lane (RFC 9106 §3.1)",
    );
    found.expect(
        (1..=HashBounds::PASSES).contains(&passes),
        "passwords.argon2_iterations",
        format!("must be from 1 to {}", HashBounds::PASSES),
    );
    let most = passwords.max_hash_memory_kib;
    found.expect(
        most <= HashBounds::WORK_KIB,
        "passwords.max_hash_memory_kib",
        format!("must be at most {}, which is 4 GiB", HashBounds::WORK_KIB),
    );
    found.expect(
        memory <= most,
        "passwords.argon2_memory_kib",
        format!(
            "must be at most {most} (`passwords.max_hash_memory_kib`), or no hash that it makes \
             could be verified"
        ),
    );
    let each_fits = memory <= most && passes <= HashBounds::PASSES;
    found.expect(
        !each_fits || memory.saturating_mul(passes) <= HashBounds::WORK_KIB,
        "passwords.argon2_iterations",
        format!(
            "times `passwords.argon2_memory_kib` must be at most {}",
            HashBounds::WORK_KIB
        ),
    );
}
