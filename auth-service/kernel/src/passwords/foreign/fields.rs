//! Reading the fields of a stored hash. `None` and the errors say that it is not one of ours.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::config::HashBounds;
use crate::passwords::stored::HashFormatError;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Bytes: no salt is longer, and a shorter digest could be met by chance.
const MAX_SALT: usize = 256;
const MIN_DIGEST: usize = 16;
const MAX_DIGEST: usize = 128;

/// A decimal number, digits only.
pub(in crate::passwords) fn number(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// The numbers of `name=number,name=number`: exactly these names, in this order.
pub(in crate::passwords) fn named<const N: usize>(
    list: &str,
    names: [&str; N],
) -> Option<[u32; N]> {
    let values: Option<Vec<u32>> = list
        .split(',')
        .enumerate()
        .map(|(i, item)| {
            let (name, value) = item.split_once('=')?;
            (names.get(i) == Some(&name)).then(|| number(value))?
        })
        .collect();
    values?.try_into().ok()
}

/// Base64, padded or not; passlib writes `.` for `+`.
pub(in crate::passwords) fn base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.replace('.', "+")).ok()
}

/// Hexadecimal.
pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    let nibbles: Option<Vec<u8>> = text
        .chars()
        .map(|c| c.to_digit(16).map(|nibble| nibble as u8))
        .collect();
    let (pairs, rest) = nibbles.as_deref()?.as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| high << 4 | low).collect();
    rest.is_empty().then_some(bytes)
}

/// A salt of sound length.
pub(in crate::passwords) fn salt(salt: impl Into<Vec<u8>>) -> Option<Vec<u8>> {
    Some(salt.into()).filter(|salt| (1..=MAX_SALT).contains(&salt.len()))
}

/// A digest of sound length.
pub(in crate::passwords) fn digest(digest: Vec<u8>) -> Option<Vec<u8>> {
    Some(digest).filter(|digest| (MIN_DIGEST..=MAX_DIGEST).contains(&digest.len()))
}

/// Refuses a hash that takes more memory, in KiB, than one may.
pub(in crate::passwords) fn fits(
    format: &'static str,
    needed: u32,
    bounds: HashBounds,
) -> Result<(), HashFormatError> {
    let limit = bounds.memory_kib;
    if needed > limit {
        return Err(HashFormatError::TooMuchMemory {
            format,
            needed,
            limit,
        });
    }
    Ok(())
}

/// Refuses a cost above its limit.
pub(in crate::passwords) fn at_most(
    cost: &'static str,
    given: u32,
    limit: u32,
) -> Result<(), HashFormatError> {
    if given > limit {
        return Err(HashFormatError::TooCostly { cost, limit });
    }
    Ok(())
}
