//! The log's and the metrics' view of a request: one span around it, one line and one count at its
//! end.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::{Error, HttpMessage};
use std::time::Instant;
use tracing::Span;
use tracing_actix_web::RootSpanBuilder;

use super::request_id::RequestId;
use crate::metrics::Route;

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
            trace_id = tracing::field::Empty,
        )
    }

    fn on_request_end<B: MessageBody>(_: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        match outcome {
            Ok(response) => {
                let request = response.request();
                let began = request.extensions().get().map(|Began(at)| *at);
                let took = began.map(|at| at.elapsed()).unwrap_or_default();
                let status = response.status().as_u16();
                if let Some(route) = request.app_data::<Route>() {
                    route.answered(request.method().as_str(), status, took);
                }
                let micros = took.as_micros() as u64;
                tracing::info!(status, micros, "answered");
            }
            Err(error) => tracing::error!(%error, "a request failed"),
        }
    }
}
