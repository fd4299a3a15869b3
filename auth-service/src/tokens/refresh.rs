//! The refresh token: opaque to clients, readable to us.
//!
//! ```text
//! rt_ base64url( version 1 | family 16 | generation 4 | MAC 16 | CRC-32 4 )
//! ```
//!
//! The MAC is made with a key that rests in the database only sealed, so junk is refused without
//! touching the database, a leaked database yields no usable token, and someone who can write to
//! it can plant none. The token of a generation is recomputed, never stored. The checksum lets a
//! secret scanner tell a token from a look-alike.

use aws_lc_rs::{constant_time, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use kernel::id::Id;

const PREFIX: &str = "rt_";
const VERSION: u8 = 1;
const BODY_LEN: usize = 1 + 16 + 4;
const MAC_LEN: usize = 16;
const TOKEN_LEN: usize = BODY_LEN + MAC_LEN + 4;
/// Keeps this MAC apart from any other use of its key.
const CONTEXT: &[u8] = b"auth-service refresh token";

/// What a refresh token says: its family and its place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// The session, which is the family.
    pub family: Id,
    /// Counted from 1 at sign-in.
    pub generation: u32,
}

impl RefreshToken {
    /// The token's text, with a MAC that `key` makes.
    pub fn encode(&self, key: &hmac::Key) -> String {
        let body = self.body();
        let mut bytes = body.to_vec();
        bytes.extend_from_slice(&mac(key, &body));
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads a token that `key` made; nothing else is one.
    pub fn decode(text: &str, key: &hmac::Key) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        let bytes: &[u8; TOKEN_LEN] = bytes.as_slice().try_into().ok()?;
        let (authenticated, checksum) = bytes.split_at(BODY_LEN + MAC_LEN);
        let (body, presented) = authenticated.split_at(BODY_LEN);
        if checksum != crc32fast::hash(authenticated).to_be_bytes() {
            return None;
        }
        constant_time::verify_slices_are_equal(&mac(key, body), presented).ok()?;
        Self::parse(body)
    }

    fn body(&self) -> [u8; BODY_LEN] {
        let mut body = [VERSION; BODY_LEN];
        body[1..17].copy_from_slice(self.family.as_bytes());
        body[17..].copy_from_slice(&self.generation.to_be_bytes());
        body
    }

    fn parse(body: &[u8]) -> Option<Self> {
        let (version, rest) = body.split_first()?;
        let (family, generation) = rest.split_first_chunk()?;
        (*version == VERSION).then_some(Self {
            family: Id::from_bytes(*family),
            generation: u32::from_be_bytes(generation.try_into().ok()?),
        })
    }
}

fn mac(key: &hmac::Key, body: &[u8]) -> [u8; MAC_LEN] {
    let mut context = hmac::Context::with_key(key);
    context.update(CONTEXT);
    context.update(body);
    let tag = context.sign();
    tag.as_ref()
        .first_chunk()
        .copied()
        .expect("an HMAC-SHA256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::entropy::Entropy;

    fn key(seed: u64) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &Entropy::seeded(seed).bytes::<32>())
    }

    fn token() -> RefreshToken {
        RefreshToken {
            family: Entropy::seeded(7).uuid().into(),
            generation: 3,
        }
    }

    #[test]
    fn a_token_is_recomputed_to_the_byte_and_read_by_its_key_alone() {
        let text = token().encode(&key(1));
        assert_eq!(text, token().encode(&key(1)));
        assert_eq!(RefreshToken::decode(&text, &key(1)), Some(token()));
        assert_eq!(RefreshToken::decode(&text, &key(2)), None);
    }

    #[test]
    fn no_changed_bit_is_accepted() {
        let key = key(1);
        let text = token().encode(&key);
        let bytes = URL_SAFE_NO_PAD.decode(&text[3..]).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            // An attacker mends the checksum: it is no secret.
            let end = changed.len() - 4;
            let mended = crc32fast::hash(&changed[..end]).to_be_bytes();
            if bit / 8 < end {
                changed[end..].copy_from_slice(&mended);
            }
            let forged = format!("rt_{}", URL_SAFE_NO_PAD.encode(&changed));
            assert_eq!(RefreshToken::decode(&forged, &key), None, "bit {bit}");
        }
    }

    #[test]
    fn junk_is_refused() {
        let key = key(1);
        let text = token().encode(&key);
        for junk in [
            "",
            "rt_",
            &text[3..],
            &text[..text.len() - 1],
            &format!("{text}A"),
            "rt_é",
            &format!("RT_{}", &text[3..]),
        ] {
            assert_eq!(RefreshToken::decode(junk, &key), None, "{junk}");
        }
    }
}
