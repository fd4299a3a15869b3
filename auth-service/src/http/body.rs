//! The JSON body of a request.

use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest, error::PayloadError};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use std::time::Duration;
use tokio::time::timeout;

use super::problem::{Code, Problem};

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
        let is_json = request
            .content_type()
            .eq_ignore_ascii_case("application/json");
        let bytes = Bytes::from_request(request, payload);
        async move {
            let bytes = timeout(BODY_TIMEOUT, bytes).await.map_err(|_| late())?;
            let bytes = bytes.map_err(|error| unreadable(&error))?;
            if !is_json {
                return Err(Problem::new(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    Code::UnsupportedMediaType,
                    "the body must be application/json",
                ));
            }
            parse(&bytes).map(Body)
        }
        .boxed_local()
    }
}

/// A JSON body, or none at all.
pub struct OptionalBody<T>(pub Option<T>);

impl<T: DeserializeOwned + 'static> FromRequest for OptionalBody<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let empty = request.headers().get(header::CONTENT_TYPE).is_none();
        let body = Body::from_request(request, payload);
        async move {
            match empty {
                true => Ok(Self(None)),
                false => body.await.map(|body| Self(Some(body.0))),
            }
        }
        .boxed_local()
    }
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
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(refusal(bytes, "", ""));
    }
    if let Ok(parsed) = serde_json::from_slice(bytes) {
        return Ok(parsed);
    }
    // Again, slower, to tell where it went wrong.
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        refusal(
            bytes,
            path.trim_start_matches('.'),
            &error.inner().to_string(),
        )
    })?;
    reader.end().map_err(|_| not_json())?;
    Ok(parsed)
}

/// What to say of a body in which serde found `error` at `path`. It never repeats a value: that
/// may be a password in the wrong place.
fn refusal(bytes: &[u8], path: &str, error: &str) -> Problem {
    // What is ignored is not looked at for UTF-8.
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return not_json();
    }
    let named = error.split('`').nth(1).unwrap_or_default();
    let begins = |words: &str| error.starts_with(words);
    match () {
        () if begins("unknown field") || begins("unknown variant") => {
            Problem::field(named, "unknown", "this field is not known here")
        }
        () if begins("missing field") => {
            Problem::field(named, "required", "this field is required")
        }
        () if begins("duplicate field") => {
            Problem::field(named, "duplicate", "this field is there twice")
        }
        () => Problem::field(path, "invalid_type", "this value is not of the right type"),
    }
}

fn not_json() -> Problem {
    Problem::malformed("the body is not JSON")
}
