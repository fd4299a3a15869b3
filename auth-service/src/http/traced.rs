//! The traces' view of a request: a span of its own, beneath the span that the client named.

use actix_web::Error;
use actix_web::HttpMessage;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use tracing::Instrument;

use kernel::metrics::method;
use kernel::telemetry::{adopt, response, span, trace_id};

const TRACE_RESPONSE: HeaderName = HeaderName::from_static("traceresponse");

/// The trace of a request, for its lines in the log.
pub struct TraceId(pub String);

/// Names what OpenTelemetry's conventions for HTTP servers name, but no path, query or header:
/// they may hold secrets.
pub async fn trace<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let method = method(request.method().as_str());
    let route = request.match_pattern();
    let name = match &route {
        Some(route) => format!("{method} {route}"),
        None => method.to_owned(),
    };
    let span = span!(
        "request",
        otel.kind = "server",
        otel.name = name,
        otel.status_code = tracing::field::Empty,
        http.request.method = method,
        http.response.status_code = tracing::field::Empty,
        http.route = route,
    );
    let header = |name: &str| request.headers().get(name)?.to_str().ok();
    if let Some(traceparent) = header("traceparent") {
        adopt(&span, traceparent, header("tracestate").unwrap_or_default());
    }
    request.extensions_mut().insert(TraceId(trace_id(&span)));
    let mut answer = next.call(request).instrument(span.clone()).await?;
    let status = answer.status();
    span.record("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    if let Some(named) = response(&span).and_then(|named| HeaderValue::try_from(named).ok()) {
        answer.headers_mut().insert(TRACE_RESPONSE, named);
    }
    Ok(answer)
}
