//! What goes around every request: its identifier, and what all answers have in common. One layer,
//! for each costs an allocation or two. The span and the line in the log of what is not asked again
//! and again are within (`span.rs`).

use actix_web::Error;
use actix_web::HttpMessage;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use std::time::{Duration, Instant};

use kernel::config::Mode;
use kernel::metrics::Route;

use super::draining::Draining;
use super::limit_headers;
use super::problem::Problem;
use super::request_id::RequestId;
use super::span;
use crate::ctx::Ctx;

type Answer = Result<ServiceResponse<BoxBody>, Error>;

/// Around a request of the public listener.
pub async fn public(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Answer {
    let draining = request.app_data::<Data<Draining>>().cloned();
    let _in_flight = draining.as_ref().map(|draining| draining.enter());
    let id = RequestId::of(&request);
    request.extensions_mut().insert(id.clone());
    let began = Instant::now();
    let stay_on_https = request.app_config().secure() && is_production(&request);
    let response = next.call(request).await?.map_into_boxed_body();
    span::tell_if_untold(&response, began);
    count(&response, began.elapsed());
    let mut response = finish(response, &id);
    limit_headers::add(&mut response);
    if stay_on_https {
        let headers = response.headers_mut();
        headers.insert(header::STRICT_TRANSPORT_SECURITY, A_YEAR);
    }
    // A client opens its next connection elsewhere, and none is cut while a request is on its way.
    if draining.as_ref().is_some_and(|it| it.has_begun()) {
        let head = response.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}

/// RFC 6797 §7.2: said over TLS alone. Where an ingress does TLS, it is for the ingress to say.
const A_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// A developer's browser must not be kept from plain http://localhost for a year.
fn is_production(request: &ServiceRequest) -> bool {
    let ctx = request.app_data::<Data<Ctx>>();
    ctx.is_some_and(|ctx| ctx.settings.mode == Mode::Production)
}

fn count<B>(response: &ServiceResponse<B>, took: Duration) {
    let request = response.request();
    if let Some(route) = request.app_data::<Route>() {
        route.answered(request.method().as_str(), response.status().as_u16(), took);
    }
}

/// Around a request of the internal listener.
pub async fn internal(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Answer {
    let id = RequestId::of(&request);
    request.extensions_mut().insert(id.clone());
    let response = next.call(request).await?.map_into_boxed_body();
    if let Some(problem) = response.response().extensions().get::<Problem>() {
        problem.log();
    }
    Ok(finish(response, &id))
}

/// A problem tells the request's identifier, and every answer has these headers.
fn finish(mut response: ServiceResponse, RequestId(id): &RequestId) -> ServiceResponse {
    let problem = response.response_mut().extensions_mut().remove::<Problem>();
    if let Some(problem) = problem {
        let rendered = problem.render(id.to_str().unwrap_or_default());
        let (request, _) = response.into_parts();
        response = ServiceResponse::new(request, rendered);
    }
    let headers = response.headers_mut();
    headers.insert(RequestId::HEADER, id.clone());
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}
