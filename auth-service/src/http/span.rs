//! The log's view of a request: one span around it, one line at its end.
//!
//! What gateways and verifiers ask again and again, and that changes nothing, has no span, and is
//! told at `debug` where it went well: they have logs of their own. All the rest is told at `info`.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::{Error, HttpMessage, HttpRequest};
use std::time::Instant;
use tracing::{Level, Span};
use tracing_actix_web::RootSpanBuilder;

use super::problem::Problem;
use super::request_id::RequestId;
use super::traced::TraceId;

/// Begins and ends the span of a request that has its identifier.
pub struct RequestSpan;

#[derive(Clone, Copy)]
struct Began(Instant);

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        request.extensions_mut().insert(Began(Instant::now()));
        span(request.request())
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let _entered = span.enter();
        match outcome {
            Ok(response) => {
                let micros = began(response).map(|at| at.elapsed().as_micros() as u64);
                log_problem(response);
                tracing::info!(status = response.status().as_u16(), micros, "answered");
            }
            Err(error) => tracing::error!(%error, "a request failed"),
        }
    }
}

/// Tells of a request that had no span, at its end.
pub fn tell_if_untold<B>(response: &ServiceResponse<B>, since: Instant) {
    let status = response.status();
    let went_well = status.is_success() || status == StatusCode::NOT_MODIFIED;
    if began(response).is_some() || (went_well && !tracing::enabled!(Level::DEBUG)) {
        return;
    }
    let _entered = span(response.request()).entered();
    let micros = since.elapsed().as_micros() as u64;
    log_problem(response);
    match went_well {
        true => tracing::debug!(status = status.as_u16(), micros, "answered"),
        false => tracing::info!(status = status.as_u16(), micros, "answered"),
    }
}

/// Names the request, never its body, its query or its headers: they may hold secrets.
fn span(request: &HttpRequest) -> Span {
    let id = request.extensions().get::<RequestId>().cloned();
    tracing::info_span!(
        "request",
        request_id = id.as_ref().map(tracing::field::display),
        method = %request.method(),
        route = request.match_pattern().unwrap_or_default(),
        trace_id = request.extensions().get().map(|TraceId(id)| tracing::field::display(id)),
    )
}

fn began<B>(response: &ServiceResponse<B>) -> Option<Instant> {
    let began = response.request().extensions().get().copied();
    began.map(|Began(at)| at)
}

fn log_problem<B>(response: &ServiceResponse<B>) {
    if let Some(problem) = response.response().extensions().get::<Problem>() {
        problem.log();
    }
}
