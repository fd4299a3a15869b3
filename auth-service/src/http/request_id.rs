//! The request's identifier: in and out as `x-request-id`, in every log line and every problem.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::Data;
use std::fmt;

use crate::ctx::Ctx;

/// The identifier, as an extension of the request. Clones share its text.
#[derive(Clone)]
pub struct RequestId(pub HeaderValue);

/// The longest identifier that is taken from a client.
const MAX_LEN: usize = 128;

impl RequestId {
    /// The header that carries it.
    pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

    /// The request's own identifier if that is a plain word, else a new one.
    pub fn of(request: &ServiceRequest) -> Self {
        let given = request.headers().get(Self::HEADER);
        let given = given.filter(|value| is_word(value.as_bytes())).cloned();
        Self(given.unwrap_or_else(|| fresh(request)))
    }
}

fn is_word(text: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
    (1..=MAX_LEN).contains(&text.len()) && text.iter().all(fits)
}

fn fresh(request: &ServiceRequest) -> HeaderValue {
    let ctx = request.app_data::<Data<Ctx>>();
    let id = ctx.map(|ctx| ctx.entropy.uuid().to_string());
    HeaderValue::try_from(id.unwrap_or_default()).expect("a UUID is a plain word")
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}
