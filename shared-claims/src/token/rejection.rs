//! Why a token is refused: in detail for the log, hardly at all for the client.

use crate::json::Fault;

/// Why a token is refused, one variant a rule.
///
/// What it displays is for the client and gives nothing away; [`rule`](Self::rule) is for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token is not valid")]
#[non_exhaustive]
pub enum Rejection {
    /// Longer than the policy allows.
    TooLong,
    /// A byte outside base64url and `.` (RFC 7515 §3.1).
    Alphabet,
    /// Not a header, a payload and a signature (RFC 7515 §7.1).
    Parts,
    /// A part that is not base64url in its canonical form (RFC 7515 §2).
    Encoding,
    /// A header that is not a JSON object (RFC 7515 §4).
    HeaderMalformed,
    /// A header or claims that name a member twice (RFC 7515 §4, RFC 7519 §4).
    DuplicateMember,
    /// A header parameter that must not be used or that we do not implement
    /// (RFC 7515 §4.1.11, RFC 8725 §3.10).
    ForbiddenHeader(&'static str),
    /// `alg` is not one of ours (RFC 8725 §3.1).
    AlgorithmNotAllowed,
    /// `kid` names no key that we have (RFC 7515 §4.1.4).
    UnknownKey {
        /// The name, as unproven as the rest of the token.
        kid: String,
    },
    /// `alg` is not that of the key (RFC 8725 §3.1).
    AlgorithmMismatch,
    /// `typ` is not that of an access token (RFC 9068 §4).
    Type,
    /// A signature that cannot be of the key (RFC 7518 §3.4).
    SignatureLength,
    /// A signature that is not of the key (RFC 7515 §5.2).
    Signature,
    /// Claims that are not a JSON object, or one of the wrong type (RFC 7519 §4.1).
    ClaimsMalformed,
    /// A required member is absent, or empty (RFC 9068 §2.2).
    Missing(&'static str),
    /// Issued by another (RFC 7519 §4.1.1).
    Issuer,
    /// Issued for others (RFC 7519 §4.1.3).
    Audience,
    /// No longer valid (RFC 7519 §4.1.4).
    #[error("the token has expired")]
    Expired,
    /// `nbf` lies ahead (RFC 7519 §4.1.5).
    NotYetValid,
    /// `iat` lies ahead (RFC 7519 §4.1.6).
    IssuedInFuture,
}

impl Rejection {
    /// The rule's stable name, for logs and metrics. It holds nothing of the token.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Alphabet => "alphabet",
            Self::Parts => "parts",
            Self::Encoding => "encoding",
            Self::HeaderMalformed => "header_malformed",
            Self::DuplicateMember => "duplicate_member",
            Self::ForbiddenHeader(_) => "forbidden_header",
            Self::AlgorithmNotAllowed => "algorithm_not_allowed",
            Self::UnknownKey { .. } => "unknown_key",
            Self::AlgorithmMismatch => "algorithm_mismatch",
            Self::Type => "type",
            Self::SignatureLength => "signature_length",
            Self::Signature => "signature",
            Self::ClaimsMalformed => "claims_malformed",
            Self::Missing(_) => "missing",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::IssuedInFuture => "issued_in_future",
        }
    }

    /// A fault of JSON, where `malformed` is what it is called at this place.
    pub(super) fn of_json(fault: Fault, malformed: Self) -> Self {
        match fault {
            Fault::Malformed => malformed,
            Fault::DuplicateMember => Self::DuplicateMember,
        }
    }
}
