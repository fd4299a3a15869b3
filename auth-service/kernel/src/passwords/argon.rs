//! argon2 (RFC 9106): the format of new hashes, and of imported ones of any variant.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::foreign::fields;
use super::password::Password;
use super::stored::HashFormatError;
use crate::config::HashBounds;

/// Bytes of salt and tag of new hashes (RFC 9106 §4).
pub(super) const SALT_LENGTH: usize = 16;
pub(super) const TAG_LENGTH: usize = 32;

/// The working memory of one thread, reused from hash to hash: fresh pages cost more than hashing
/// in them gains. It is taken at the first hash: a replica that hashes nothing holds none.
pub(super) struct Memory {
    size: usize,
    blocks: Vec<Block>,
    runs: Arc<AtomicU64>,
}

impl Memory {
    /// Memory for hashes of `params`; `runs` counts how often argon2 runs in it.
    pub(super) fn new(params: &Params, runs: Arc<AtomicU64>) -> Self {
        Self {
            size: params.block_count(),
            blocks: Vec::new(),
            runs,
        }
    }

    /// Memory of this size, whatever hashes need.
    #[cfg(test)]
    pub(super) fn of_blocks(size: usize) -> Self {
        Self {
            size,
            blocks: Vec::new(),
            runs: Arc::default(),
        }
    }

    /// The tag, computed in this memory, or for hashes that need more in memory of their own, which
    /// they give back; this memory is given up for as long, so that a thread never holds both.
    fn tag(
        &mut self,
        hash: &ArgonHash,
        password: &Password,
        length: usize,
    ) -> Result<Vec<u8>, argon2::Error> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        let argon2 = Argon2::new(hash.algorithm, hash.version, hash.params.clone());
        let (password, mut tag) = (password.as_bytes(), vec![0; length]);
        if hash.params.block_count() <= self.size {
            let blocks = &mut self.blocks;
            // To be refused, where `resize` would end the process.
            blocks
                .try_reserve_exact(self.size.saturating_sub(blocks.len()))
                .map_err(|_| argon2::Error::OutOfMemory)?;
            blocks.resize(self.size, Block::new());
            argon2.hash_password_into_with_memory(password, &hash.salt, &mut tag, blocks)?;
        } else {
            self.blocks = Vec::new();
            argon2.hash_password_into(password, &hash.salt, &mut tag)?;
        }
        Ok(tag)
    }
}

/// An argon2 hash with all that it takes to verify it. Shown as a PHC string.
#[derive(Clone)]
pub(super) struct ArgonHash {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Vec<u8>,
    tag: Vec<u8>,
}

impl ArgonHash {
    /// Hashes `password` with argon2id, version 19.
    pub(super) fn make(
        params: &Params,
        salt: [u8; SALT_LENGTH],
        password: &Password,
        memory: &mut Memory,
    ) -> Result<Self, argon2::Error> {
        let mut hash = Self::with_tag(params, salt, Vec::new());
        hash.tag = memory.tag(&hash, password, TAG_LENGTH)?;
        Ok(hash)
    }

    /// A hash that costs what a new one costs and that no password matches, `tag` being random.
    pub(super) fn dummy(params: &Params, salt: [u8; SALT_LENGTH], tag: [u8; TAG_LENGTH]) -> Self {
        Self::with_tag(params, salt, tag.to_vec())
    }

    fn with_tag(params: &Params, salt: [u8; SALT_LENGTH], tag: Vec<u8>) -> Self {
        Self {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            params: params.clone(),
            salt: salt.to_vec(),
            tag,
        }
    }

    /// `$argon2id$v=19$m=19456,t=2,p=1$salt$tag`; without `v`, version 16 is meant.
    pub(super) fn parse(text: &str, bounds: HashBounds) -> Result<Self, HashFormatError> {
        let malformed = HashFormatError::Malformed("argon2");
        let parts: Vec<&str> = text.split('$').collect();
        let (name, version, costs, salt, tag) = match parts[..] {
            ["", name, version, costs, salt, tag] => (name, version, costs, salt, tag),
            ["", name, costs, salt, tag] => (name, "v=16", costs, salt, tag),
            _ => return Err(malformed),
        };
        let [version] = fields::named(version, ["v"]).ok_or(malformed)?;
        let [memory, passes, lanes] = fields::named(costs, ["m", "t", "p"]).ok_or(malformed)?;
        fields::fits("argon2", memory, bounds)?;
        fields::at_most("argon2 passes", passes, HashBounds::PASSES)?;
        fields::at_most("argon2 lanes", lanes, HashBounds::LANES)?;
        let work = memory.saturating_mul(passes);
        fields::at_most("argon2 memory times passes", work, HashBounds::WORK_KIB)?;
        let salt = fields::salt(fields::base64(salt).ok_or(malformed)?).ok_or(malformed)?;
        if salt.len() < argon2::MIN_SALT_LEN {
            return Err(malformed);
        }
        Ok(Self {
            algorithm: Algorithm::new(name).map_err(|_| malformed)?,
            version: Version::try_from(version).map_err(|_| malformed)?,
            params: Params::new(memory, passes, lanes, None).map_err(|_| malformed)?,
            salt,
            tag: fields::digest(fields::base64(tag).ok_or(malformed)?).ok_or(malformed)?,
        })
    }

    /// Whether it is argon2id, version 19, and costs a guesser at least what `params` cost.
    pub(super) fn is_at_least(&self, params: &Params) -> bool {
        self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && self.params.m_cost() >= params.m_cost()
            && self.params.t_cost() >= params.t_cost()
            && self.params.p_cost() >= params.p_cost()
            && self.salt.len() >= SALT_LENGTH
            && self.tag.len() >= TAG_LENGTH
    }

    /// Whether `password` is the one; compared in constant time.
    pub(super) fn verify(
        &self,
        password: &Password,
        memory: &mut Memory,
    ) -> Result<bool, argon2::Error> {
        let tag = memory.tag(self, password, self.tag.len())?;
        Ok(verify_slices_are_equal(&tag, &self.tag).is_ok())
    }

    pub(super) fn name(&self) -> &'static str {
        self.algorithm.as_str()
    }
}

impl fmt::Display for ArgonHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "${}$v={}$m={},t={},p={}${}${}",
            self.algorithm,
            u32::from(self.version),
            self.params.m_cost(),
            self.params.t_cost(),
            self.params.p_cost(),
            STANDARD_NO_PAD.encode(&self.salt),
            STANDARD_NO_PAD.encode(&self.tag),
        )
    }
}
