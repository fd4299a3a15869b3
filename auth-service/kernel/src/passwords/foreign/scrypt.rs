//! scrypt (RFC 7914): PHC, crypt's `$7$`, and werkzeug's `scrypt:`.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use scrypt::Params;

use super::fields;
use crate::config::HashBounds;
use crate::passwords::password::Password;
use crate::passwords::stored::HashFormatError;

/// The most KiB that a stored hash may go through.
const MAX_WORK: u32 = 1024 * 1024;

/// crypt's base64, least significant bits first.
const CRYPT_ALPHABET: &[u8; 64] =
    b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const MALFORMED: HashFormatError = HashFormatError::Malformed("scrypt");

/// An scrypt hash with all that it takes to verify it.
pub(in crate::passwords) struct ScryptHash {
    params: Params,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

impl ScryptHash {
    pub(in crate::passwords) fn parse(
        text: &str,
        bounds: HashBounds,
    ) -> Result<Self, HashFormatError> {
        let parts: Vec<&str> = text.split('$').collect();
        let (costs, salt, digest) = match parts[..] {
            ["", "scrypt", costs, salt, digest] => phc(costs, salt, digest),
            ["", "7", setting, digest] => crypt(setting, digest),
            [method, salt, digest] => werkzeug(method, salt, digest),
            _ => None,
        }
        .ok_or(MALFORMED)?;
        Self::new(costs, salt, digest, bounds)
    }

    /// Whether `password` is the one; compared in constant time.
    pub(in crate::passwords) fn verify(&self, password: &Password) -> bool {
        let mut digest = vec![0; self.digest.len()];
        scrypt::scrypt(password.as_bytes(), &self.salt, &self.params, &mut digest).is_ok()
            && verify_slices_are_equal(&digest, &self.digest).is_ok()
    }

    /// N is given by its logarithm.
    fn new(
        [log_n, r, p]: [u32; 3],
        salt: Vec<u8>,
        digest: Vec<u8>,
        bounds: HashBounds,
    ) -> Result<Self, HashFormatError> {
        let block = u64::from(r) * 128;
        let memory = block.saturating_mul(1 << log_n.min(63)) / 1024;
        let work = memory.saturating_mul(u64::from(p));
        let kib = |amount| u32::try_from(amount).unwrap_or(u32::MAX);
        fields::fits("scrypt", kib(memory), bounds)?;
        fields::at_most("scrypt memory in KiB times p", kib(work), MAX_WORK)?;
        // The blocks of all p together, too.
        fields::fits(
            "scrypt",
            kib(block.saturating_mul(u64::from(p)) / 1024),
            bounds,
        )?;
        if log_n == 0 {
            return Err(MALFORMED);
        }
        Ok(Self {
            params: Params::new(log_n as u8, r, p).map_err(|_| MALFORMED)?,
            salt: fields::salt(salt).ok_or(MALFORMED)?,
            digest: fields::digest(digest).ok_or(MALFORMED)?,
        })
    }
}

/// Costs, salt and digest, as they are written.
type Read = ([u32; 3], Vec<u8>, Vec<u8>);

/// `$scrypt$ln=16,r=8,p=1$salt$digest`, both base64.
fn phc(costs: &str, salt: &str, digest: &str) -> Option<Read> {
    let costs = fields::named(costs, ["ln", "r", "p"])?;
    Some((costs, fields::base64(salt)?, fields::base64(digest)?))
}

/// `scrypt:32768:8:1$salt$digest`, the salt as text, the digest in hexadecimal.
fn werkzeug(method: &str, salt: &str, digest: &str) -> Option<Read> {
    let parts: Vec<&str> = method.split(':').collect();
    let ["scrypt", n, r, p] = parts[..] else {
        return None;
    };
    let n = fields::number(n).filter(|n| n.is_power_of_two())?;
    let costs = [n.trailing_zeros(), fields::number(r)?, fields::number(p)?];
    Some((costs, salt.into(), fields::hex(digest)?))
}

/// `$7$`, one character of log N, five each of r and p, the salt as text; then the digest.
fn crypt(setting: &str, digest: &str) -> Option<Read> {
    let (costs, salt) = setting.as_bytes().split_at_checked(11)?;
    let costs =
        [bits(&costs[..1])?, bits(&costs[1..6])?, bits(&costs[6..])?].map(|cost| cost as u32);
    let mut bytes = Vec::new();
    for group in digest.as_bytes().chunks(4) {
        let whole = group.len() * 6 / 8;
        bytes.extend_from_slice(&bits(group)?.to_le_bytes()[..whole]);
    }
    Some((costs, salt.into(), bytes))
}

/// The number that characters of crypt's alphabet spell: 30 bits at most.
fn bits(text: &[u8]) -> Option<u64> {
    text.iter().rev().try_fold(0, |number, c| {
        let digit = CRYPT_ALPHABET.iter().position(|known| known == c)?;
        Some(number << 6 | digit as u64)
    })
}
