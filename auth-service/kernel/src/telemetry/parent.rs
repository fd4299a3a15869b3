//! W3C trace context, in and out: whose trace a request belongs to.

use std::collections::HashMap;

use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The headers of W3C Trace Context §3.2 and §3.3, as they came.
struct Headers<'a> {
    traceparent: &'a str,
    tracestate: &'a str,
}

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            "traceparent" => Some(self.traceparent),
            "tracestate" => Some(self.tracestate),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}

/// Makes a span that has just been made the child of what the headers name. Headers that are
/// malformed count as none (W3C Trace Context §3.2.2.5).
pub fn adopt(span: &Span, traceparent: &str, tracestate: &str) {
    let headers = Headers {
        traceparent,
        tracestate,
    };
    let parent = TraceContextPropagator::new().extract(&headers);
    if parent.span().span_context().is_valid() {
        // It fails only where no traces are kept.
        let _ = span.set_parent(parent);
    }
}

/// A span as the header `traceresponse` names it, which has the form of `traceparent` (W3C Trace
/// Context Level 2, "Trace Context HTTP Response Headers Format").
pub fn response(span: &Span) -> Option<String> {
    let mut headers = HashMap::new();
    TraceContextPropagator::new().inject_context(&span.context(), &mut headers);
    headers.remove("traceparent")
}

/// The trace that a span belongs to, for the log.
pub fn trace_id(span: &Span) -> String {
    span.context().span().span_context().trace_id().to_string()
}
