//! The log's view of a request: one span around it, one line at its end.
//!
//! What gateways and verifiers ask again and again, and that changes nothing, is told at `debug`
//! where it went well: they have logs of their own. All the rest is told at `info`.

use actix_web::Error;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use std::time::Instant;
use tracing::Span;

use super::problem::Problem;
use super::request_id::RequestId;
use super::routes::ASKED_AGAIN_AND_AGAIN;

/// Names the request, never its body, its query or its headers: they may hold secrets.
macro_rules! span {
    ($level:ident, $request:expr, $id:expr) => {
        tracing::$level!(
            "request",
            request_id = %$id,
            method = %$request.method(),
            route = $request.match_pattern().unwrap_or_default(),
        )
    };
}

/// Before it.
pub fn begin(request: &ServiceRequest, id: &RequestId) -> Span {
    match is_asked_again_and_again(request.path()) {
        true => span!(debug_span, request, id),
        false => span!(info_span, request, id),
    }
}

/// After it.
pub fn end(
    span: Span,
    id: &RequestId,
    outcome: &Result<ServiceResponse<BoxBody>, Error>,
    began: Instant,
) {
    let response = match outcome {
        Ok(response) => response,
        Err(error) => return span.in_scope(|| tracing::error!(%error, "a request failed")),
    };
    let (request, status) = (response.request(), response.status());
    let micros = began.elapsed().as_micros() as u64;
    let went_well = status.is_success() || status == StatusCode::NOT_MODIFIED;
    if went_well && is_asked_again_and_again(request.path()) {
        let _entered = span.enter();
        tracing::debug!(status = status.as_u16(), micros, "answered");
        return;
    }
    let span = match span.is_disabled() {
        true => span!(info_span, request, id),
        false => span,
    };
    let _entered = span.enter();
    if let Some(problem) = response.response().extensions().get::<Problem>() {
        problem.log();
    }
    tracing::info!(status = status.as_u16(), micros, "answered");
}

fn is_asked_again_and_again(path: &str) -> bool {
    ASKED_AGAIN_AND_AGAIN
        .iter()
        .any(|route| path.starts_with(route))
}
