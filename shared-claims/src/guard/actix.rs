//! [`Guard`] as actix middleware, and [`Authenticated`] as its extractor.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};
use serde::de::DeserializeOwned;

use super::denial::Denial;
use super::{Authenticated, Guard};
use crate::credential::Credential;

/// A service that a [`Guard`] stands before.
#[derive(Debug)]
pub struct ActixGuarded<S, C> {
    guard: Guard<C>,
    service: Rc<S>,
}

impl<S, B, C> Transform<S, ServiceRequest> for Guard<C>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    B: MessageBody + 'static,
    C: DeserializeOwned + Send + Sync + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = actix_web::Error;
    type Transform = ActixGuarded<S, C>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(ActixGuarded {
            guard: self.clone(),
            service: Rc::new(service),
        }))
    }
}

impl<S, B, C> Service<ServiceRequest> for ActixGuarded<S, C>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    B: MessageBody + 'static,
    C: DeserializeOwned + Send + Sync + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>>>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let (guard, service) = (self.guard.clone(), self.service.clone());
        Box::pin(async move {
            match guard.admit(credential(&guard, request.request())).await {
                Ok(authenticated) => {
                    request.extensions_mut().insert(authenticated);
                    Ok(service.call(request).await?.map_into_left_body())
                }
                Err(denial) => Ok(request
                    .into_response(response(&denial))
                    .map_into_right_body()),
            }
        })
    }
}

impl<C: 'static> FromRequest for Authenticated<C> {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = request.extensions().get::<Self>().cloned();
        ready(found.ok_or_else(|| {
            let response = response(&Denial::unguarded());
            actix_web::error::InternalError::from_response("unguarded", response).into()
        }))
    }
}

fn credential<C>(guard: &Guard<C>, request: &HttpRequest) -> Option<Credential> {
    let values = |name| {
        request
            .headers()
            .get_all(name)
            .map(|value| value.as_bytes())
    };
    Credential::of(
        values(header::AUTHORIZATION),
        values(header::COOKIE),
        guard.rules.cookie.as_deref(),
    )
}

fn response(denial: &Denial) -> HttpResponse<BoxBody> {
    let status = StatusCode::from_u16(denial.status);
    let mut response = HttpResponse::build(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    for header in denial.headers() {
        response.insert_header(header);
    }
    response.body(denial.body())
}
