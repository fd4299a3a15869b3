//! The JSON body of a request.

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest, error::PayloadError};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use std::time::Duration;
use tokio::time::timeout;

use super::problem::{Code, Problem};
use super::refused_body::refused;
use super::rights::bearer_token;

/// The largest body, in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// A JSON body of exactly these fields.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let content = Content::read(request, payload);
        async move {
            let content = content.await?;
            match content.is_none() {
                true => Err(Problem::malformed(
                    "this takes a JSON body, and there is none",
                )),
                false => content.parse().map(Self),
            }
        }
        .boxed_local()
    }
}

/// A JSON body, or none at all. Common clients can't send nothing: they name a type for it, or send
/// `{}` or `null`. Beside a bearer, which says all there is to say, that counts as none too.
pub struct OptionalBody<T>(pub Option<T>);

impl<T: DeserializeOwned + 'static> FromRequest for OptionalBody<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let has_bearer = bearer_token(request).is_ok();
        let content = Content::read(request, payload);
        async move {
            let content = content.await?;
            match content.is_none() || (has_bearer && content.says_nothing()) {
                true => Ok(Self(None)),
                false => content.parse().map(|body| Self(Some(body))),
            }
        }
        .boxed_local()
    }
}

/// What a request brings along.
struct Content {
    bytes: Bytes,
    is_json: bool,
}

impl Content {
    fn read(
        request: &HttpRequest,
        payload: &mut Payload,
    ) -> impl Future<Output = Result<Self, Problem>> + 'static {
        let is_json = request
            .content_type()
            .eq_ignore_ascii_case("application/json");
        let bytes = Bytes::from_request(request, payload);
        async move {
            let bytes = timeout(BODY_TIMEOUT, bytes).await.map_err(|_| late())?;
            let bytes = bytes.map_err(|error| unreadable(&error))?;
            Ok(Self { bytes, is_json })
        }
    }

    /// Whether there is nothing, whatever its type is said to be.
    fn is_none(&self) -> bool {
        self.bytes.trim_ascii().is_empty()
    }

    /// Whether it is `{}` or `null`.
    fn says_nothing(&self) -> bool {
        match self.bytes.trim_ascii() {
            b"null" => true,
            [b'{', within @ .., b'}'] => within.trim_ascii().is_empty(),
            _ => false,
        }
    }

    fn parse<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        match self.is_json {
            true => parse(&self.bytes),
            false => Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                Code::UnsupportedMediaType,
                "the body must be application/json",
            )),
        }
    }
}

/// A field that may be left out and is not `null`.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// Tells a field that is `null` from one that is not there.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

fn late() -> Problem {
    Problem::malformed("the body did not arrive in time")
}

fn unreadable(error: &actix_web::Error) -> Problem {
    match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            Code::PayloadTooLarge,
            "the body is over 64 KiB",
        ),
        _ => Problem::malformed("the body can't be read"),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // serde would take an array for a struct, its fields in order.
    if bytes.trim_ascii_start().starts_with(b"{")
        && let Ok(parsed) = serde_json::from_slice(bytes)
    {
        return Ok(parsed);
    }
    Err(refused::<T>(bytes))
}
