//! Why a request is not let in: in detail for the log, hardly at all for the client.

use crate::token::Rejection;

/// Why a token is not accepted.
///
/// What it displays is for the client and gives nothing away; [`rule`](Self::rule) is for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It breaks a rule (RFC 9068 §4).
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// It, its session, its user or its key was revoked.
    #[error("the token was revoked")]
    Revoked,
    /// Roles or claims have changed since it was issued: refresh, and stay signed in.
    #[error("the token's claims are out of date")]
    Stale,
    /// Whether it was revoked can't be told now.
    #[error("the token can't be checked now")]
    Blind,
    /// There is no key that may still be used, or the issuer can't be asked for the one named.
    #[error("the token can't be checked now")]
    NoKeys,
}

impl Refusal {
    /// The rule's stable name, for logs and metrics. It holds nothing of the token.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Rejected(rejection) => rejection.rule(),
            Self::Revoked => "revoked",
            Self::Stale => "stale",
            Self::Blind => "blind",
            Self::NoKeys => "no_keys",
        }
    }

    /// The word by which a client knows it, as `auth-service` itself says it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Rejected(Rejection::Expired) => "token_expired",
            Self::Rejected(_) => "token_invalid",
            Self::Revoked => "token_revoked",
            Self::Stale => "claims_stale",
            Self::Blind | Self::NoKeys => "unavailable",
        }
    }

    /// The HTTP status: 401 when the token is at fault (RFC 6750 §3.1), 503 when we are.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Blind | Self::NoKeys => 503,
            _ => 401,
        }
    }

    /// The value of `WWW-Authenticate` (RFC 6750 §3), where there is one.
    pub const fn challenge(&self) -> Option<&'static str> {
        match self {
            Self::Blind | Self::NoKeys => None,
            _ => Some(r#"Bearer error="invalid_token""#),
        }
    }
}
