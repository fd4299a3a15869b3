//! Sealing: a private key rests in the database only under a key-encryption key that the
//! database does not hold.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use zeroize::Zeroizing;

use crate::entropy::Entropy;

const FORMAT: u8 = 1;
const NAME_LEN: usize = 8;
const HEADER_LEN: usize = 1 + NAME_LEN + NONCE_LEN;

/// The key-encryption keys of the configuration: the first seals, all open.
pub struct Sealer(Vec<KeyEncryptionKey>);

struct KeyEncryptionKey {
    name: [u8; NAME_LEN],
    cipher: LessSafeKey,
}

/// What a sealed key was sealed as; opening it as anything else fails.
pub struct Label<'a> {
    /// The key's identifier.
    pub kid: &'a str,
    /// Its algorithm.
    pub alg: &'a str,
    /// What it is for.
    pub purpose: &'a str,
}

/// A sealed key that can't be opened.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It was sealed under a key-encryption key that is not configured.
    #[error("it was sealed under a key-encryption key that is not in `keys.encryption_keys`")]
    UnknownKey,
    /// Its bytes, or what it claims to be, were changed.
    #[error("its sealed bytes do not belong to it: they were changed, or moved from another key")]
    Broken,
}

impl Sealer {
    /// A sealer of these key-encryption keys; there must be one.
    pub fn new(keys: &[Zeroizing<[u8; 32]>]) -> Self {
        Self(keys.iter().map(KeyEncryptionKey::new).collect())
    }

    /// Seals `plain` under the first key: AES-256-GCM with a random nonce, bound to `label`.
    pub fn seal(&self, entropy: &Entropy, label: &Label<'_>, plain: &[u8]) -> Vec<u8> {
        let key = self
            .0
            .first()
            .expect("the configuration has a key-encryption key");
        let nonce: [u8; NONCE_LEN] = entropy.bytes();
        let mut body = plain.to_vec();
        key.cipher
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(label.to_string()),
                &mut body,
            )
            .expect("a private key is far shorter than what AES-GCM can seal");
        [&[FORMAT], key.name.as_slice(), &nonce, &body].concat()
    }

    /// Whether it was sealed under the first key, as everything would be now.
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        let first = self.0.first();
        first.is_some_and(|key| sealed.get(1..=NAME_LEN) == Some(key.name.as_slice()))
    }

    /// Opens what [`seal`](Self::seal) made for the same label.
    ///
    /// # Errors
    /// [`SealError`]
    pub fn open(&self, label: &Label<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (header, body) = sealed
            .split_at_checked(HEADER_LEN)
            .ok_or(SealError::Broken)?;
        let (format, header) = header.split_at(1);
        let (name, nonce) = header.split_at(NAME_LEN);
        if format != [FORMAT] {
            return Err(SealError::Broken);
        }
        let key = self.0.iter().find(|key| key.name == name);
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Broken)?;
        let mut body = Zeroizing::new(body.to_vec());
        let plain = key
            .ok_or(SealError::UnknownKey)?
            .cipher
            .open_in_place(nonce, Aad::from(label.to_string()), &mut body)
            .map_err(|_| SealError::Broken)?;
        Ok(Zeroizing::new(plain.to_vec()))
    }
}

impl KeyEncryptionKey {
    fn new(key: &Zeroizing<[u8; 32]>) -> Self {
        let mut name = [0; NAME_LEN];
        name.copy_from_slice(&digest(&SHA256, key.as_slice()).as_ref()[..NAME_LEN]);
        let cipher = UnboundKey::new(&AES_256_GCM, key.as_slice())
            .map(LessSafeKey::new)
            .expect("32 bytes are an AES-256 key");
        Self { name, cipher }
    }
}

impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}|{}", self.purpose, self.alg, self.kid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABEL: Label<'_> = Label {
        kid: "a",
        alg: "ES256",
        purpose: "signing",
    };

    fn sealer(keys: &[u8]) -> Sealer {
        Sealer::new(
            &keys
                .iter()
                .map(|byte| Zeroizing::new([*byte; 32]))
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn the_first_key_seals_and_all_open() {
        let sealed = sealer(&[1]).seal(&Entropy::seeded(1), &LABEL, b"secret");
        assert!(!sealed.windows(6).any(|bytes| bytes == b"secret"));
        assert_eq!(*sealer(&[2, 1]).open(&LABEL, &sealed).unwrap(), b"secret");
        assert_eq!(
            sealer(&[2]).open(&LABEL, &sealed),
            Err(SealError::UnknownKey)
        );
    }

    #[test]
    fn a_sealed_key_opens_only_as_what_it_was_sealed_as() {
        let sealer = sealer(&[1]);
        let sealed = sealer.seal(&Entropy::seeded(1), &LABEL, b"secret");
        for other in [
            Label { kid: "b", ..LABEL },
            Label {
                alg: "RS256",
                ..LABEL
            },
            Label {
                purpose: "refresh",
                ..LABEL
            },
        ] {
            assert_eq!(sealer.open(&other, &sealed), Err(SealError::Broken));
        }
    }

    #[test]
    fn a_changed_byte_is_noticed() {
        let sealer = sealer(&[1]);
        let sealed = sealer.seal(&Entropy::seeded(1), &LABEL, b"secret");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(sealer.open(&LABEL, &changed).is_err(), "byte {at}");
        }
        assert_eq!(sealer.open(&LABEL, &sealed[..10]), Err(SealError::Broken));
    }
}
