//! From what the rooms say to what a client is told: the only place that knows status codes.

use actix_web::http::StatusCode;
use std::time::Duration;

use super::problem::{Code, Problem};
use crate::db::DbError;
use crate::keys::KeysError;
use crate::limits::Blocked;
use crate::passwords::HashError;
use crate::refresh::RefreshError;
use crate::revocation::RevocationError;
use crate::tokens::TokenError;
use crate::users::UsersError;

const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        Self::unavailable(error)
    }
}

impl From<RevocationError> for Problem {
    fn from(error: RevocationError) -> Self {
        Self::unavailable(error)
    }
}

impl From<KeysError> for Problem {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::NotFound => Self::not_found(),
            other => Self::unavailable(other),
        }
    }
}

impl From<Blocked> for Problem {
    fn from(blocked: Blocked) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            Code::RateLimited,
            "too many attempts",
        )
        .retry_after(blocked.retry_after)
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        let code = match error {
            TokenError::Invalid(rule) => {
                tracing::debug!(rule, "an access token was refused");
                Code::TokenInvalid
            }
            TokenError::Expired => Code::TokenExpired,
            TokenError::Revoked => Code::TokenRevoked,
            TokenError::Stale => Code::ClaimsStale,
            TokenError::Revocation(error) => return error.into(),
            TokenError::Keys(error) => return error.into(),
        };
        Self::new(UNAUTHORIZED, code, error).challenge(r#" error="invalid_token""#)
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        let code = match error {
            RefreshError::Invalid => Code::RefreshTokenInvalid,
            RefreshError::Expired => Code::RefreshTokenExpired,
            RefreshError::Revoked => Code::RefreshTokenRevoked,
            RefreshError::Reused => Code::RefreshTokenReused,
            RefreshError::Blocked(blocked) => return blocked.into(),
            RefreshError::Db(error) => return error.into(),
            RefreshError::Keys(error) => return error.into(),
        };
        Self::new(UNAUTHORIZED, code, error).challenge("")
    }
}

impl From<UsersError> for Problem {
    fn from(error: UsersError) -> Self {
        match error {
            UsersError::InvalidCredentials => {
                Self::new(UNAUTHORIZED, Code::InvalidCredentials, error).challenge("")
            }
            UsersError::WrongPassword => {
                Self::new(StatusCode::FORBIDDEN, Code::WrongPassword, error)
            }
            UsersError::Throttled(blocked) => blocked.into(),
            UsersError::Busy => Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Busy, error)
                .retry_after(Duration::from_secs(1)),
            UsersError::EmailTaken => Self::new(StatusCode::CONFLICT, Code::EmailTaken, error),
            UsersError::SignupDisabled => {
                Self::new(StatusCode::FORBIDDEN, Code::SignupDisabled, error)
            }
            UsersError::NotFound => Self::not_found(),
            UsersError::Email(error) => Self::field("email", "email_invalid", error),
            UsersError::Password(error) => Self::field("password", error.code(), error),
            UsersError::Profile(error) => Self::field(error.field(), "invalid", &error),
            UsersError::Hash(error) => error.into(),
            UsersError::Db(error) => error.into(),
            UsersError::Keys(error) => error.into(),
        }
    }
}

impl From<HashError> for Problem {
    fn from(error: HashError) -> Self {
        Self::internal(error)
    }
}
