//! What an answer says of the limits: `RateLimit` and `RateLimit-Policy`
//! (draft-ietf-httpapi-ratelimit-headers-10), by which a client can slow down before it is told to.

use actix_web::dev::ServiceResponse;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};
use std::time::Duration;

use kernel::limits::{Standing, Told};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What is told about this request.
pub fn told(request: &HttpRequest) -> Told {
    let known = request.extensions().get::<Told>().cloned();
    known.unwrap_or_else(|| {
        let told = Told::default();
        request.extensions_mut().insert(told.clone());
        told
    })
}

/// Adds the headers, where a limit was asked.
pub fn add<B>(response: &mut ServiceResponse<B>) {
    let told = response.request().extensions().get().and_then(Told::last);
    if let Some(standing) = told {
        write(&standing, response.headers_mut());
    }
}

fn write(standing: &Standing, headers: &mut HeaderMap) {
    let Standing {
        name,
        quota,
        window,
        remaining,
        reset,
    } = standing;
    let (window, reset) = (seconds(*window), seconds(*reset));
    let policy = format!(r#""{name}";q={quota};w={window}"#);
    let limit = format!(r#""{name}";r={remaining};t={reset}"#);
    for (field, text) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, limit)] {
        let value = HeaderValue::try_from(text).expect("names and numbers are plain");
        headers.insert(field, value);
    }
}

/// Whole seconds, rounded up.
fn seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}
