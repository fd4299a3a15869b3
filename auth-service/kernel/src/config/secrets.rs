//! Settings that are secret: how they are read, judged, and kept out of anything printed.

use std::fmt;

use base64::Engine;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::{Database, Keys, Redis};

/// A key that seals signing keys; wiped from memory when dropped.
pub type EncryptionKey = Zeroizing<[u8; 32]>;

/// Whether the value of `key` must never be printed.
pub(super) fn is_secret(key: &str) -> bool {
    matches!(key, "keys.encryption_keys" | "database.url" | "redis.url")
}

/// Base64, standard or URL-safe, padded or not, of exactly 32 bytes.
pub(super) fn decode_key(text: &str) -> Option<EncryptionKey> {
    let url_safe = text.contains(['-', '_']);
    let alphabet: &Alphabet = if url_safe { &URL_SAFE } else { &STANDARD };
    let padding = DecodePaddingMode::Indifferent;
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(padding);
    let bytes = GeneralPurpose::new(alphabet, config).decode(text).ok()?;
    let bytes = Zeroizing::new(bytes);
    <[u8; 32]>::try_from(bytes.as_slice())
        .ok()
        .map(Zeroizing::new)
}

/// Whether a person made this key up: text (as every example in our documents is), a row of equal
/// or counted bytes, or a few bytes over and over. Chance makes such a key about once in 10^13.
pub(super) fn is_made_up(key: &EncryptionKey) -> bool {
    let text = key.iter().all(|byte| (b' '..=b'~').contains(byte));
    let step = key[1].wrapping_sub(key[0]);
    let counted = key
        .windows(2)
        .all(|pair| pair[1].wrapping_sub(pair[0]) == step);
    let mut distinct = Zeroizing::new(key.to_vec());
    distinct.sort_unstable();
    distinct.dedup();
    text || counted || distinct.len() < 16
}

/// A connection URL with `***` in place of its password, wherever that stands.
pub(super) fn redact(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return "***".into();
    };
    // The last `@`: a password with an unescaped `@` or `/` must not slip through.
    let (user, rest) = match rest.rsplit_once('@') {
        Some((user, rest)) => (Some(user), rest),
        None => (None, rest),
    };
    let user = user.map_or(String::new(), |user| match user.split_once(':') {
        Some((name, _)) => format!("{name}:***@"),
        None => format!("{user}@"),
    });
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let query = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            if name.to_lowercase().contains("pass") {
                format!("{name}=***")
            } else {
                pair.into()
            }
        });
    let query = query.collect::<Vec<_>>().join("&");
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{scheme}://{user}{place}{mark}{query}")
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = redact(&self.url);
        f.debug_struct("Database")
            .field("url", &url)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.as_deref().map(redact);
        f.debug_struct("Redis")
            .field("url", &url)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.encryption_keys.len();
        f.debug_struct("Keys")
            .field("algorithm", &self.algorithm)
            .field("encryption_keys", &count)
            .finish_non_exhaustive()
    }
}
