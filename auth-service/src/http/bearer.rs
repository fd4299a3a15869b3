//! Who sent a request: the access token in its `Authorization` header (RFC 6750 §2.1).

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use futures_util::{FutureExt, TryFutureExt};
use shared_claims::Credential;

use super::came_from::address;
use super::limit_headers::told;
use super::problem::{Code, Problem};
use crate::audit::Actor;
use crate::config::Limit;
use crate::ctx::Ctx;
use crate::limits::Who;
use crate::tokens::{self, Bearer};

/// Whoever holds a valid access token.
pub struct SignedIn(pub Bearer);

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        signed_in(request, Limit::CallAccount)
            .map_ok(Self)
            .boxed_local()
    }
}

/// Whoever holds a valid access token, which this limit lets pass. The address is asked before
/// the token is looked at: a signature costs more than the look.
fn signed_in(
    request: &HttpRequest,
    limit: Limit,
) -> impl Future<Output = Result<Bearer, Problem>> + 'static {
    let (token, told) = (bearer_token(request), told(request));
    let (ctx, address) = (ctx(request), Who::address(address(request)));
    async move {
        let ctx = ctx?;
        ctx.limits.pace(Limit::CallAddress, address, &told)?;
        let bearer = tokens::authenticate(&ctx, &token?).await?;
        ctx.limits.pace(limit, Who::id(bearer.user), &told)?;
        Ok(bearer)
    }
}

/// An account with the role `admin`.
pub struct Admin(pub Bearer);

/// The role that the admin API asks for.
const ADMIN: &str = "admin";

impl FromRequest for Admin {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let bearer = signed_in(request, Limit::AdminAccount);
        async move {
            let bearer = bearer.await?;
            if !bearer.claims.has_role(ADMIN) {
                return Err(forbidden("this takes the role admin", ""));
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
    credential(request, None).map(|credential| credential.token().to_owned())
}

/// The token of the `Authorization` header, or of this cookie.
pub fn credential(request: &HttpRequest, cookie: Option<&str>) -> Result<Credential, Problem> {
    let values = |name| request.headers().get_all(name).map(HeaderValue::as_bytes);
    let (headers, cookies) = (values(header::AUTHORIZATION), values(header::COOKIE));
    Credential::of(headers, cookies, cookie).ok_or_else(missing)
}

/// 403: the token is good, and not good enough (RFC 6750 §3.1).
pub fn forbidden(detail: &str, scope: &str) -> Problem {
    let scope = match scope {
        "" => String::new(),
        scope => format!(r#", scope="{scope}""#),
    };
    Problem::new(StatusCode::FORBIDDEN, Code::Forbidden, detail)
        .challenge(&format!(r#" error="insufficient_scope"{scope}"#))
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
