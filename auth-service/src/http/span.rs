//! The log's and the metrics' view of a request: one span around it, one line and one count at its
//! end.
//!
//! What gateways and verifiers ask again and again, and that changes nothing, is told at `debug`
//! where it went well: they have logs of their own. All the rest is told at `info`.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::{Error, HttpMessage};
use std::time::Instant;
use tracing::Span;
use tracing_actix_web::RootSpanBuilder;

use super::problem::Problem;
use super::request_id::RequestId;
use super::routes::ASKED_AGAIN_AND_AGAIN;
use super::traced::TraceId;
use crate::metrics::Route;

/// Begins and ends the span of a request that has its identifier.
pub struct RequestSpan;

#[derive(Clone, Copy)]
struct Began(Instant);

/// Names the request, never its body, its query or its headers: they may hold secrets.
macro_rules! span {
    ($level:ident, $request:expr, $id:expr) => {
        tracing::$level!(
            "request",
            request_id = $id.as_ref().map(tracing::field::display),
            method = %$request.method(),
            route = $request.match_pattern().unwrap_or_default(),
            trace_id = $request.extensions().get().map(|TraceId(id)| tracing::field::display(id)),
        )
    };
}

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let id = request.extensions().get::<RequestId>().cloned();
        request.extensions_mut().insert(Began(Instant::now()));
        match is_asked_again_and_again(request.path()) {
            true => span!(debug_span, request, id),
            false => span!(info_span, request, id),
        }
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        match outcome {
            Ok(response) => answered(span, response),
            Err(error) => span.in_scope(|| tracing::error!(%error, "a request failed")),
        }
    }
}

fn answered<B>(span: Span, response: &ServiceResponse<B>) {
    let (request, status) = (response.request(), response.status());
    let began = request.extensions().get().map(|Began(at)| *at);
    let took = began.map(|at| at.elapsed()).unwrap_or_default();
    if let Some(route) = request.app_data::<Route>() {
        route.answered(request.method().as_str(), status.as_u16(), took);
    }
    let micros = took.as_micros() as u64;
    let went_well = status.is_success() || status == StatusCode::NOT_MODIFIED;
    if went_well && is_asked_again_and_again(request.path()) {
        let _entered = span.enter();
        tracing::debug!(status = status.as_u16(), micros, "answered");
        return;
    }
    let id = request.extensions().get::<RequestId>().cloned();
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
