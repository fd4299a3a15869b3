//! [`Guard`] as a tower layer, and [`Authenticated`] as an axum extractor.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum_core::body::Body;
use axum_core::extract::FromRequestParts;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header, request::Parts};
use serde::de::DeserializeOwned;
use tower_layer::Layer;
use tower_service::Service;

use super::denial::Denial;
use super::{Authenticated, Guard};
use crate::credential::Credential;

/// A service that a [`Guard`] stands before.
#[derive(Clone, Debug)]
pub struct TowerGuarded<S, C> {
    guard: Guard<C>,
    service: S,
}

impl<S, C> Layer<S> for Guard<C> {
    type Service = TowerGuarded<S, C>;

    fn layer(&self, service: S) -> Self::Service {
        TowerGuarded {
            guard: self.clone(),
            service,
        }
    }
}

/// For every response body that can be made from text, as axum's and `Full<Bytes>` can.
impl<S, B, R, C> Service<Request<B>> for TowerGuarded<S, C>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: From<String>,
    C: DeserializeOwned + Send + Sync + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let guard = self.guard.clone();
        // The one that was polled ready is used, its clone is left for the next request.
        let next = self.service.clone();
        let mut service = std::mem::replace(&mut self.service, next);
        Box::pin(async move {
            let credential = credential(&guard, &request);
            match guard.admit(credential).await {
                Ok(authenticated) => {
                    request.extensions_mut().insert(authenticated);
                    service.call(request).await
                }
                Err(denial) => Ok(response(&denial)),
            }
        })
    }
}

impl<S, C> FromRequestParts<S> for Authenticated<C>
where
    S: Send + Sync,
    C: Send + Sync + 'static,
{
    type Rejection = Response<Body>;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| response(&Denial::unguarded()))
    }
}

fn credential<C, B>(guard: &Guard<C>, request: &Request<B>) -> Option<Credential> {
    let values = |name| {
        let values = request.headers().get_all(name).into_iter();
        values.map(HeaderValue::as_bytes)
    };
    Credential::of(
        values(header::AUTHORIZATION),
        values(header::COOKIE),
        guard.rules.cookie.as_deref(),
    )
}

fn response<R: From<String>>(denial: &Denial) -> Response<R> {
    let mut response = Response::new(R::from(denial.body()));
    let status = StatusCode::from_u16(denial.status);
    *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in denial.headers() {
        if let Ok(value) = HeaderValue::from_str(value) {
            let name = HeaderName::from_static(name);
            response.headers_mut().insert(name, value);
        }
    }
    response
}
