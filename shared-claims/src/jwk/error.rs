//! Why a key is not loaded.

use crate::json::Fault;

/// Why a JWK or a JWK Set is refused. The text is for the log of whoever loads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwkError {
    /// Not a JSON object of the right shape (RFC 7517 §4, §5).
    #[error("not a JSON object of a JWK or a JWK Set")]
    Malformed,
    /// An object names a member twice (RFC 7517 §4).
    #[error("an object names a member twice")]
    DuplicateMember,
    /// A required member is absent, empty or not a string.
    #[error("`{0}` is missing, empty or not a string")]
    Missing(&'static str),
    /// A private or symmetric member, which nobody may publish (RFC 7517 §9.2, RFC 7518 §6).
    #[error("a secret is published: `{0}`")]
    Secret(&'static str),
    /// Not base64url without padding in its one canonical form (RFC 7515 §2), or, for a number,
    /// with leading zeros (RFC 7518 §6.3.1), or, for a coordinate, of the wrong length (§6.2.1),
    /// or, for Ed25519, not reduced (RFC 8032 §5.1.3).
    #[error("`{0}` is not encoded canonically")]
    Encoding(&'static str),
    /// An algorithm that we do not use. In a set, such a key is skipped (RFC 7517 §5).
    #[error("the algorithm is not one of ES256, RS256 and EdDSA")]
    AlgorithmNotAllowed,
    /// `kty` or `crv` does not belong to `alg` (RFC 7518 §3.1).
    #[error("`alg` does not match `kty` and `crv`")]
    AlgorithmMismatch,
    /// `use` is not `sig`, or `key_ops` lacks `verify` (RFC 7517 §4.2, §4.3).
    #[error("the key is not for verifying signatures")]
    Use,
    /// A modulus under 2048 or over 8192 bits (RFC 7518 §3.3).
    #[error("the RSA modulus is not of 2048 to 8192 bits")]
    RsaSize,
    /// An exponent that is even, 1, or of more than 32 bits (RFC 8017 §3.1).
    #[error("the RSA exponent is not an odd number from 3 to 2^32")]
    RsaExponent,
    /// A modulus with a small factor, or with the fingerprint of CVE-2017-15361 (ROCA).
    #[error("the RSA modulus is weak")]
    RsaWeak,
    /// An Ed25519 point of small order, under which anybody can sign (RFC 8032 §5.1).
    #[error("the Ed25519 point is of small order")]
    Ed25519SmallOrder,
    /// A point that is not on the curve (RFC 7518 §6.2.1).
    #[error("not a public key of its type")]
    NotAKey,
    /// Two keys of a set bear one name (RFC 7517 §4.5).
    #[error("two keys have the same `kid`")]
    DuplicateKid,
    /// A set without one key that we can use.
    #[error("the set holds no key that we can use")]
    NoUsableKey,
}

impl From<Fault> for JwkError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Malformed => Self::Malformed,
            Fault::DuplicateMember => Self::DuplicateMember,
        }
    }
}
