//! The log's view of a request: one span around it, one line at its end.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::{Error, HttpMessage};
use std::time::Instant;
use tracing::Span;
use tracing_actix_web::RootSpanBuilder;

use super::request_id::RequestId;

/// Names the request, never its body, its query or its headers: they may hold secrets.
pub struct RequestSpan;

#[derive(Clone, Copy)]
struct Began(Instant);

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let id = request.extensions().get().map(|RequestId(id)| id.clone());
        request.extensions_mut().insert(Began(Instant::now()));
        tracing::info_span!(
            "request",
            request_id = id,
            method = %request.method(),
            route = request.match_pattern().unwrap_or_default(),
        )
    }

    fn on_request_end<B: MessageBody>(_: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        match outcome {
            Ok(response) => {
                let began = response.request().extensions().get().map(|Began(at)| *at);
                let status = response.status().as_u16();
                let micros = began.map(|at| at.elapsed().as_micros() as u64);
                tracing::info!(status, micros, "answered");
            }
            Err(error) => tracing::error!(%error, "a request failed"),
        }
    }
}
