//! Whom a rate is counted for.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::bucket::sha256;
use crate::config::Limit;
use crate::id::Id;

/// Who asks: an address or somebody with a name. Small, for a process keeps many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// A network: an IPv4 address, or the /64 of an IPv6 address.
    Network(IpAddr),
    /// An account or a session by its identifier, or the first half of a SHA-256.
    Named([u8; 16]),
}

impl Who {
    /// Whoever asks from this address, as [`network`](super::network) has it.
    pub fn address(address: IpAddr) -> Self {
        Self::Network(match address.to_canonical() {
            IpAddr::V6(address) => {
                Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
            }
            v4 => v4,
        })
    }

    /// An account, or a session.
    pub fn id(id: Id) -> Self {
        Self::Named(*id.as_bytes())
    }

    /// An account by its canonical email, whether it exists or not.
    pub fn email(email: &str) -> Self {
        Self::hashed(&sha256(email))
    }

    pub(super) fn hashed(hash: &[u8]) -> Self {
        let mut half = [0; 16];
        half.copy_from_slice(&hash[..16]);
        Self::Named(half)
    }
}

/// What is counted: a limit, and for whom. Shown as the name of its key in Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) limit: Limit,
    pub(super) who: Who,
}

impl Key {
    pub(super) fn new(limit: Limit, who: Who) -> Self {
        Self { limit, who }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{limits}}:limit:{}:", self.limit.name())?;
        match self.who {
            Who::Network(address) => write!(f, "{address}"),
            Who::Named(name) => f.write_str(&URL_SAFE_NO_PAD.encode(name)),
        }
    }
}
