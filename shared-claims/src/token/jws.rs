//! The signature layer: JWS in compact serialisation (RFC 7515 §5.2, §7.1).

use base64::{DecodeError, Engine};
use serde_json::{Map, Value};

use super::header::Header;
use super::{MAX_TOKEN_BYTES, Rejection};
use crate::jwk::KeySet;

/// A JWS taken apart, of which nothing is proven.
pub(super) struct Unverified<'t, 'k> {
    pub(super) header: Header<'k>,
    signing_input: &'t [u8],
    /// The decoded header, payload and signature, one after another.
    decoded: Vec<u8>,
    payload_at: usize,
    signature_at: usize,
}

/// Verifies any JWS and returns its JOSE header and payload. What the payload says, and that it
/// is an access token, is for [`verify`](super::verify) to check.
pub fn verify_jws(token: &str, keys: &KeySet) -> Result<(Map<String, Value>, Vec<u8>), Rejection> {
    let unverified = Unverified::parse(token, MAX_TOKEN_BYTES, keys)?;
    let payload = unverified.verified()?.to_vec();
    let header = serde_json::from_slice(&unverified.decoded[..unverified.payload_at])
        .map_err(|_| Rejection::HeaderMalformed)?;
    Ok((header, payload))
}

impl<'t, 'k> Unverified<'t, 'k> {
    pub(super) fn parse(
        token: &'t str,
        max_bytes: usize,
        keys: &'k KeySet,
    ) -> Result<Self, Rejection> {
        within_size(token, max_bytes)?;
        let [header, payload, signature] = parts(token)?;
        let mut decoded = Vec::with_capacity(token.len());
        decode(header, &mut decoded)?;
        let payload_at = decoded.len();
        decode(payload, &mut decoded)?;
        let signature_at = decoded.len();
        decode(signature, &mut decoded)?;
        Ok(Self {
            header: Header::parse(&decoded[..payload_at], keys)?,
            signing_input: &token.as_bytes()[..header.len() + 1 + payload.len()],
            decoded,
            payload_at,
            signature_at,
        })
    }

    /// The payload, if the signature is that of the header's key.
    pub(super) fn verified(&self) -> Result<&[u8], Rejection> {
        let key = self.header.key;
        let signature = &self.decoded[self.signature_at..];
        if signature.len() != key.signature_len() {
            return Err(Rejection::SignatureLength);
        }
        if !key.verify(self.signing_input, signature) {
            return Err(Rejection::Signature);
        }
        Ok(&self.decoded[self.payload_at..self.signature_at])
    }
}

fn within_size(token: &str, max_bytes: usize) -> Result<(), Rejection> {
    if token.len() > max_bytes {
        return Err(Rejection::TooLong);
    }
    Ok(())
}

/// RFC 7515 §7.1. A payload may be empty; a header or a signature never is.
fn parts(token: &str) -> Result<[&str; 3], Rejection> {
    let mut parts = token.split('.');
    match [parts.next(), parts.next(), parts.next(), parts.next()] {
        [Some(header), Some(payload), Some(signature), None]
            if !header.is_empty() && !signature.is_empty() =>
        {
            Ok([header, payload, signature])
        }
        _ => Err(Rejection::Parts),
    }
}

/// RFC 7515 §2: base64url without padding, in its one canonical form. Between them, the three
/// parts are every byte of the token but its two dots.
fn decode(part: &str, into: &mut Vec<u8>) -> Result<(), Rejection> {
    base64url()
        .decode_vec(part, into)
        .map_err(|error| match error {
            DecodeError::InvalidByte(..) | DecodeError::InvalidPadding => Rejection::Alphabet,
            DecodeError::InvalidLength(_) | DecodeError::InvalidLastSymbol { .. } => {
                Rejection::Encoding
            }
        })
}

/// With vector instructions where the machine has them: decoding is what `verify` could save most in.
#[cfg(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_feature = "neon")
))]
fn base64url() -> &'static impl Engine {
    use base64::engine::{Simd, general_purpose::NO_PAD};
    static ENGINE: std::sync::LazyLock<Simd> = std::sync::LazyLock::new(|| Simd::url_safe(NO_PAD));
    &*ENGINE
}

#[cfg(not(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_feature = "neon")
)))]
fn base64url() -> &'static impl Engine {
    &base64::engine::general_purpose::URL_SAFE_NO_PAD
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::{Rejection, decode};

    // R3
    #[test]
    fn every_byte_at_every_place_is_decoded_or_refused_as_one_by_one() {
        for len in (0..=36).chain([63, 64, 65, 95, 96, 97, 130, 342]) {
            for at in 0..len {
                for byte in 0..128 {
                    let mut part = vec![b'g'; len];
                    part[at] = byte;
                    let part = str::from_utf8(&part).unwrap();
                    let mut decoded = Vec::new();
                    let verdict = decode(part, &mut decoded);
                    match URL_SAFE_NO_PAD.decode(part) {
                        Ok(expected) => assert_eq!((verdict, decoded), (Ok(()), expected)),
                        Err(_) => assert!(
                            matches!(verdict, Err(Rejection::Alphabet | Rejection::Encoding)),
                            "{byte} at {at} of {len}"
                        ),
                    }
                }
            }
        }
    }
}
