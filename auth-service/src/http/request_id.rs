//! The request's identifier: in and out as `x-request-id`, in every log line and every problem.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage};

use super::problem::Problem;
use crate::ctx::Ctx;

/// The identifier, as an extension of the request.
#[derive(Clone)]
pub struct RequestId(pub String);

const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// The longest identifier that is taken from a client.
const MAX_LEN: usize = 128;

/// Gives each request an identifier, its own if that is a plain word, and each response what all
/// have in common.
pub async fn identify(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = given(&request).unwrap_or_else(|| fresh(&request));
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.call(request).await?.map_into_boxed_body();
    let problem = response.response_mut().extensions_mut().remove::<Problem>();
    if let Some(problem) = problem {
        let rendered = problem.render(&id);
        let (request, _) = response.into_parts();
        response = ServiceResponse::new(request, rendered);
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(HEADER, value);
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}

fn given(request: &ServiceRequest) -> Option<String> {
    let text = request.headers().get(HEADER)?.to_str().ok()?;
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    let fits = (1..=MAX_LEN).contains(&text.len()) && text.bytes().all(is_word);
    fits.then(|| text.to_owned())
}

fn fresh(request: &ServiceRequest) -> String {
    let ctx = request.app_data::<Data<Ctx>>();
    ctx.map(|ctx| ctx.entropy.uuid().to_string())
        .unwrap_or_default()
}
