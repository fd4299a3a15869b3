//! Who sent a request: the access token in its `Authorization` header (RFC 6750 §2.1).

use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::problem::{Code, Problem};
use crate::audit::Actor;
use crate::ctx::Ctx;
use crate::tokens::{self, Bearer};

/// Whoever holds a valid access token.
pub struct SignedIn(pub Bearer);

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let token = bearer_token(request);
        let ctx = ctx(request);
        async move {
            let ctx = ctx?;
            let bearer = tokens::authenticate(&ctx, &token?).await?;
            Ok(Self(bearer))
        }
        .boxed_local()
    }
}

/// An account with the role `admin`.
pub struct Admin(pub Bearer);

/// The role that the admin API asks for.
const ADMIN: &str = "admin";

impl FromRequest for Admin {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bearer = SignedIn::from_request(request, payload);
        async move {
            let SignedIn(bearer) = bearer.await?;
            if !bearer.claims.has_role(ADMIN) {
                return Err(Problem::new(
                    StatusCode::FORBIDDEN,
                    Code::Forbidden,
                    "this takes the role admin",
                )
                .challenge(r#" error="insufficient_scope""#));
            }
            Ok(Self(bearer))
        }
        .boxed_local()
    }
}

impl Admin {
    /// The operator as the audit trail knows them.
    pub fn actor(&self) -> Actor {
        Actor::User(self.0.user)
    }
}

/// The token of the `Authorization` header (RFC 6750 §2.1), if the request has one.
pub fn bearer_token(request: &HttpRequest) -> Result<String, Problem> {
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(missing());
    };
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or_else(missing)?;
    match scheme.eq_ignore_ascii_case("bearer") {
        true => Ok(token.trim_start().to_owned()),
        false => Err(missing()),
    }
}

/// RFC 6750 §3.1: a request that has no token is told no error code in its challenge.
fn missing() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        Code::TokenMissing,
        "there is no bearer token",
    )
    .challenge("")
}

fn ctx(request: &HttpRequest) -> Result<Data<Ctx>, Problem> {
    request
        .app_data::<Data<Ctx>>()
        .cloned()
        .ok_or_else(|| Problem::internal("the application has no context"))
}
