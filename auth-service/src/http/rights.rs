//! Who may call which route: each right is a type. What it demands is judged in `tokens/demand.rs`.

use std::marker::PhantomData;
use std::slice;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use kernel::audit::Actor;
use kernel::config::{Limit, Settings};
use kernel::id::Id;
use kernel::limits::Who;
use shared_claims::Credential;

use super::caller::address;
use super::limit_headers::told;
use super::problem::{Code, Problem};
use crate::ctx::Ctx;
use crate::sessions::{ACCOUNT_SCOPE, ADMIN_SCOPE};
use crate::tokens::{self, Demand};
use crate::users::ADMIN_ROLE;

/// A scope, as a type.
pub trait Scope: 'static {
    /// Its name in a token.
    const NAME: &'static str;
}

/// What the owner of an account does with it.
pub struct Account;

impl Scope for Account {
    const NAME: &'static str = ACCOUNT_SCOPE;
}

/// Whoever holds an access token of this scope that is for this service itself.
pub struct SignedIn<S: Scope> {
    /// The account.
    pub user: Id,
    /// The session.
    pub session: Id,
    scope: PhantomData<S>,
}

impl<S: Scope> FromRequest for SignedIn<S> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let passed = pass(request, Limit::CallAccount, |settings| Demand {
            audience: slice::from_ref(&settings.issuer),
            scope: Some(S::NAME),
            role: None,
            proved_within: None,
        });
        let signed_in = passed.map(|passed| {
            let (user, session) = passed?;
            Ok(Self {
                user,
                session,
                scope: PhantomData,
            })
        });
        signed_in.boxed_local()
    }
}

/// What an administrator is about to do, as a type.
pub trait Access: 'static {
    /// Whether it takes a recent proof of who they are.
    const CHANGES: bool;
}

/// To look.
pub struct Read;

/// To change something.
pub struct Write;

impl Access for Read {
    const CHANGES: bool = false;
}

impl Access for Write {
    const CHANGES: bool = true;
}

/// An administrator of this service.
pub struct Admin<A: Access> {
    user: Id,
    access: PhantomData<A>,
}

impl<A: Access> Admin<A> {
    /// The administrator as the audit trail knows them.
    pub fn actor(&self) -> Actor {
        Actor::User(self.user)
    }
}

impl<A: Access> FromRequest for Admin<A> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let passed = pass(request, Limit::AdminAccount, |settings| Demand {
            audience: slice::from_ref(&settings.issuer),
            scope: Some(ADMIN_SCOPE),
            role: Some(ADMIN_ROLE),
            proved_within: A::CHANGES.then_some(settings.step_up.max_age),
        });
        let admin = passed.map(|passed| {
            let (user, _) = passed?;
            Ok(Self {
                user,
                access: PhantomData,
            })
        });
        admin.boxed_local()
    }
}

/// The account and session of the bearer of an access token that has what is demanded, and that this
/// limit lets pass. The address is counted first, which costs less than checking a signature.
fn pass(
    request: &HttpRequest,
    limit: Limit,
    demand: impl FnOnce(&Settings) -> Demand<'_> + 'static,
) -> impl Future<Output = Result<(Id, Id), Problem>> + 'static {
    let (token, told) = (bearer_token(request), told(request));
    let (ctx, address) = (ctx(request), Who::address(address(request)));
    async move {
        let ctx = ctx?;
        ctx.limits.pace(Limit::CallAddress, address, &told)?;
        let demand = demand(&ctx.settings);
        let bearer = tokens::authenticate(&ctx, &token?, &demand).await?;
        let (user, session) = bearer.signed_in()?;
        ctx.limits.pace(limit, Who::id(user), &told)?;
        Ok((user, session))
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
pub fn forbidden(detail: impl std::fmt::Display, scope: &str) -> Problem {
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
