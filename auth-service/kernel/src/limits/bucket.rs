//! What failures are counted by.

use std::fmt;

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::key::Who;

/// A SHA-256 (FIPS 180-4), so that Redis holds neither emails nor user agents.
pub(super) type Hash = [u8; SHA256_OUTPUT_LEN];

/// Something that failures are counted by. Shown as the name of its key in Redis.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Bucket {
    /// An account, whether it exists or not: the hash of its canonical email.
    Account(Hash),
    /// A network, as [`network`](super::network) names it.
    Address(String),
    /// A device at an account: the account's hash, and that of its network and user agent.
    Device(Hash, Hash),
    /// How many of an account's failures are a device's, by the same hashes. It holds nobody up.
    Share(Hash, Hash),
}

impl Bucket {
    /// The bucket of the account with this canonical email.
    pub(super) fn account(email: &str) -> Self {
        Self::Account(sha256(email))
    }

    /// The bucket of the device that speaks as `user_agent` from `network` to this account.
    pub(super) fn device(email: &str, network: &str, user_agent: &str) -> Self {
        // A network's name has no line break, so no other pair reads the same.
        Self::Device(sha256(email), sha256(&format!("{network}\n{user_agent}")))
    }

    /// The failures that this device has among those of its account.
    pub(super) fn share(&self) -> Self {
        match self {
            Self::Device(email, device) => Self::Share(*email, *device),
            other => other.clone(),
        }
    }

    /// Whom a rate of the same is counted for.
    pub(super) fn who(&self) -> Who {
        Who::hashed(&sha256(&self.to_string()))
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |hash| URL_SAFE_NO_PAD.encode(hash);
        match self {
            Self::Account(email) => write!(f, "{{limits}}:throttle:account:{}", text(email)),
            Self::Address(network) => write!(f, "{{limits}}:throttle:address:{network}"),
            Self::Device(email, device) | Self::Share(email, device) => {
                let kind = match self {
                    Self::Share(..) => "share",
                    _ => "device",
                };
                let (email, device) = (text(email), text(device));
                write!(f, "{{limits}}:throttle:{kind}:{email}:{device}")
            }
        }
    }
}

pub(super) fn sha256(text: &str) -> Hash {
    let mut hash = [0; SHA256_OUTPUT_LEN];
    hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    hash
}
