//! Which answer each error of a room gets.

use actix_web::http::StatusCode;
use kernel::db::DbError;
use kernel::keyring::KeysError;
use kernel::limits::Blocked;
use kernel::passwords::{HashError, HashFormatError};
use kernel::revocation::RevocationError;
use std::time::Duration;

use super::problem::{Code, Problem};
use super::rights::forbidden;
use crate::accounts::AccountsError;
use crate::sessions::{NotGranted, RotateError};
use crate::signin::{RefreshError, SigninError};
use crate::tokens::{Missing, TokenError};
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

impl From<HashError> for Problem {
    fn from(error: HashError) -> Self {
        match error {
            // For the operator to mend, by a setting.
            HashError::Stored(HashFormatError::TooMuchMemory { .. }) => Self::unavailable(error),
            other => Self::internal(other),
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
            TokenError::Missing(missing) => return missing.into(),
            TokenError::Revocation(error) => return error.into(),
            TokenError::Keys(error) => return error.into(),
        };
        Self::new(UNAUTHORIZED, code, error).challenge(r#" error="invalid_token""#)
    }
}

impl From<Missing> for Problem {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Audience => Self::new(UNAUTHORIZED, Code::TokenInvalid, missing)
                .challenge(r#" error="invalid_token""#),
            Missing::Scope(scope) => forbidden(missing, scope),
            Missing::Role(_) | Missing::Client => forbidden(missing, ""),
            // RFC 9470 §3.
            Missing::RecentProof(most) => {
                let code = Code::InsufficientUserAuthentication;
                let max_age = most.as_secs();
                Self::new(UNAUTHORIZED, code, missing).challenge(&format!(
                    r#" error="insufficient_user_authentication", max_age="{max_age}""#
                ))
            }
        }
    }
}

impl From<NotGranted> for Problem {
    fn from(error: NotGranted) -> Self {
        let field = match error {
            NotGranted::Audience => "audience",
            NotGranted::Scope => "scope",
            NotGranted::Both => {
                return Self::from(NotGranted::Audience).and(NotGranted::Scope.into());
            }
        };
        Self::field(field, "not_granted", error)
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        let code = match error {
            RefreshError::Invalid => Code::RefreshTokenInvalid,
            RefreshError::Rotate(RotateError::Expired) => Code::RefreshTokenExpired,
            RefreshError::Rotate(RotateError::Revoked) => Code::RefreshTokenRevoked,
            RefreshError::Rotate(RotateError::Reused) => Code::RefreshTokenReused,
            RefreshError::Blocked(blocked) => return blocked.into(),
            RefreshError::Rotate(RotateError::NotGranted(error)) => return error.into(),
            RefreshError::Rotate(RotateError::Db(error)) => return error.into(),
            RefreshError::Keys(error) => return error.into(),
        };
        Self::new(UNAUTHORIZED, code, error).challenge("")
    }
}

impl From<SigninError> for Problem {
    fn from(error: SigninError) -> Self {
        match error {
            SigninError::InvalidCredentials => {
                Self::new(UNAUTHORIZED, Code::InvalidCredentials, error).challenge("")
            }
            SigninError::WrongPassword => {
                Self::new(StatusCode::FORBIDDEN, Code::WrongPassword, error)
            }
            SigninError::SignupDisabled => {
                Self::new(StatusCode::FORBIDDEN, Code::SignupDisabled, error)
            }
            SigninError::Busy => Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Busy, error)
                .retry_after(Duration::from_secs(1)),
            SigninError::Password(error) => Self::field("password", error.code(), error),
            SigninError::Several(errors) => Self::all(errors),
            SigninError::Blocked(blocked) => blocked.into(),
            SigninError::NotGranted(error) => error.into(),
            SigninError::Users(error) => error.into(),
            SigninError::Hash(error) => error.into(),
            SigninError::Db(error) => error.into(),
            SigninError::Keys(error) => error.into(),
        }
    }
}

impl From<UsersError> for Problem {
    fn from(error: UsersError) -> Self {
        match error {
            UsersError::EmailTaken => Self::new(StatusCode::CONFLICT, Code::EmailTaken, error),
            UsersError::NotFound => Self::not_found(),
            UsersError::Email(error) => Self::field("email", "email_invalid", error),
            UsersError::Profile(error) => Self::field(error.field(), "invalid", &error),
            UsersError::Several(errors) => Self::all(errors),
            UsersError::LastAdministrator => {
                Self::new(StatusCode::CONFLICT, Code::LastAdministrator, error)
            }
            UsersError::NotYourself => Self::new(StatusCode::FORBIDDEN, Code::NotYourself, error),
            UsersError::Db(error) => error.into(),
        }
    }
}

impl From<AccountsError> for Problem {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::Users(error) => error.into(),
            AccountsError::Signin(error) => error.into(),
            AccountsError::Several(errors) => Self::all(errors),
        }
    }
}
