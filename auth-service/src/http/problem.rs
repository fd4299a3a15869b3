//! An error as a client sees it: `application/problem+json` (RFC 9457) with a stable `code`.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use std::fmt;
use std::time::Duration;
use utoipa::ToSchema;

macro_rules! codes {
    ($($(#[doc = $text:literal])+ $name:ident,)+) => {
        /// What went wrong, in a word that does not change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Code {
            $($(#[doc = $text])+ $name,)+
        }

        impl Code {
            /// Every code and what it means, for the documents.
            pub const ALL: &[(Self, &str)] = &[$((Self::$name, concat!($($text),+))),+];
        }
    };
}

codes! {
    /// The body is not JSON, or a query or path can't be read.
    Malformed,
    /// A field is missing, unknown, or has a value that can't be used; `errors` names each.
    ValidationFailed,
    /// The body is not `application/json`.
    UnsupportedMediaType,
    /// The body is over 64 KiB.
    PayloadTooLarge,
    /// There is nothing here.
    NotFound,
    /// What is here does not take this method; `Allow` says which it takes.
    MethodNotAllowed,
    /// Another account has this email address.
    EmailTaken,
    /// The email address and the password do not belong together.
    InvalidCredentials,
    /// The current password is not right.
    WrongPassword,
    /// Too many attempts; `Retry-After` says when the next may come. Nobody is signed out by it.
    RateLimited,
    /// The service does as much as it can; `Retry-After` says when to come again.
    Busy,
    /// Something that the service needs is away; `Retry-After` says when to come again.
    Unavailable,
    /// Accounts are made by operators alone.
    SignupDisabled,
    /// The refresh token is not one of this service.
    RefreshTokenInvalid,
    /// The session of the refresh token has expired.
    RefreshTokenExpired,
    /// The session of the refresh token was ended.
    RefreshTokenRevoked,
    /// The refresh token was used before; its session has been ended.
    RefreshTokenReused,
    /// There is no access token.
    TokenMissing,
    /// The access token is not valid.
    TokenInvalid,
    /// The access token has expired: refresh.
    TokenExpired,
    /// The access token was revoked.
    TokenRevoked,
    /// Roles or claims have changed since the access token was made: refresh.
    ClaimsStale,
    /// The access token does not allow this.
    Forbidden,
    /// Whoever administers or ever did can't delete or erase themself: another administrator can.
    NotYourself,
    /// Nobody would be left to administer: give another account the role `auth:admin` first.
    LastAdministrator,
    /// Its owner proved who they are too long ago for this: sign in again.
    InsufficientUserAuthentication,
    /// A fault of the service.
    Internal,
}

/// One field that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Which field; empty for the whole body.
    pub field: String,
    /// What is wrong with it, in a word that does not change.
    pub code: String,
    /// What is wrong with it, for people.
    pub message: String,
}

/// The body of every error.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: `code` tells problems apart (RFC 9457 §4.2.1).
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: AboutBlank,
    /// The status in words.
    #[schema(value_type = String)]
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What went wrong, for people.
    #[schema(value_type = String)]
    detail: Box<str>,
    /// What went wrong, for programs.
    code: Code,
    /// The request's `x-request-id`, by which the service's operators find it.
    #[schema(value_type = String)]
    request_id: Box<str>,
    /// The fields that can't be used, where `code` is `validation_failed`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
    #[serde(skip)]
    headers: Vec<(HeaderName, String)>,
    /// For the log alone.
    #[serde(skip)]
    cause: Option<Box<str>>,
}

/// The one type of all problems, without its text in each.
#[derive(Clone, Debug)]
struct AboutBlank;

impl Serialize for AboutBlank {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("about:blank")
    }
}

impl Problem {
    /// A problem of this status and code.
    pub fn new(status: StatusCode, code: Code, detail: impl fmt::Display) -> Self {
        Self {
            kind: AboutBlank,
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: detail.to_string().into(),
            code,
            request_id: Box::default(),
            errors: Vec::new(),
            headers: Vec::new(),
            cause: None,
        }
    }

    /// 422: one field can't be used.
    pub fn field(field: &str, code: &str, message: impl fmt::Display) -> Self {
        let mut problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            Code::ValidationFailed,
            "a field can't be used",
        );
        problem.errors.push(FieldError {
            field: field.into(),
            code: code.into(),
            message: message.to_string(),
        });
        problem
    }

    /// 422: each of these fields can't be used.
    pub fn all<E: Into<Self>>(errors: impl IntoIterator<Item = E>) -> Self {
        let problems = errors.into_iter().map(Into::into);
        let all = problems.reduce(Self::and);
        all.unwrap_or_else(|| Self::internal("an error without a field"))
    }

    /// This and the fields of another.
    pub fn and(mut self, other: Self) -> Self {
        self.errors.extend(other.errors);
        self.detail = format!("{} fields can't be used", self.errors.len()).into();
        self
    }

    /// 400.
    pub fn malformed(detail: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::Malformed, detail)
    }

    /// 404.
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            Code::NotFound,
            "there is nothing here",
        )
    }

    /// 503, come again soon. The cause goes to the log, never to the client.
    pub fn unavailable(cause: impl fmt::Display) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            Code::Unavailable,
            "the service can't answer this now",
        )
        .retry_after(Duration::from_secs(1))
        .because(cause)
    }

    /// 500. The cause goes to the log, never to the client.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            Code::Internal,
            "the service failed",
        )
        .because(cause)
    }

    fn because(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string().into());
        self
    }

    /// Tells the log why, where that is a fault of the service or of what it needs.
    pub(super) fn log(&self) {
        if let Some(cause) = &self.cause {
            tracing::error!(status = self.status, %cause, "could not be answered");
        }
    }

    /// Says when to come again, in whole seconds, rounded up (RFC 9110 §10.2.3).
    pub fn retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs_f64().ceil().max(1.0);
        self.header(header::RETRY_AFTER, format!("{seconds:.0}"))
    }

    /// Says how to authenticate (RFC 6750 §3).
    pub fn challenge(self, parameters: &str) -> Self {
        self.header(header::WWW_AUTHENTICATE, format!("Bearer{parameters}"))
    }

    pub(super) fn header(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Moves a field error to the field that the client knows it by.
    pub(super) fn rename_field(mut self, from: &str, to: &str) -> Self {
        for error in &mut self.errors {
            if error.field == from {
                error.field = to.into();
            }
        }
        self
    }

    /// The response, once the request's identifier is known.
    pub(super) fn render(&self, request_id: &str) -> HttpResponse {
        let mut problem = self.clone();
        problem.request_id = request_id.into();
        let mut response = HttpResponse::build(self.status_code());
        for (name, value) in &self.headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.insert_header((name.clone(), value));
            }
        }
        response
            .insert_header((header::CONTENT_TYPE, "application/problem+json"))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .body(serde_json::to_string(&problem).expect("a problem is plain JSON"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Leaves itself in the response: the request's identifier is known further out.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = self.render("");
        response.extensions_mut().insert(self.clone());
        response
    }
}
