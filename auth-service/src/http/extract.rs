//! What a handler asks a request for: a body, where it came from, who sent it.

use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpMessage, HttpRequest, error::PayloadError};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv6Addr};

use super::problem::{Code, Problem};
use super::request_id::RequestId;
use crate::audit::{Actor, MAX_USER_AGENT, Origin};
use crate::ctx::Ctx;
use crate::limits::client_address;
use crate::tokens::{self, Bearer};

/// The largest body, in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// A JSON body of exactly these fields.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = request
            .content_type()
            .eq_ignore_ascii_case("application/json");
        let bytes = Bytes::from_request(request, payload);
        async move {
            let bytes = bytes.await.map_err(|error| unreadable(&error))?;
            if !is_json {
                return Err(Problem::new(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    Code::UnsupportedMediaType,
                    "the body must be application/json",
                ));
            }
            parse(&bytes).map(Body)
        }
        .boxed_local()
    }
}

/// A JSON body, or none at all.
pub struct OptionalBody<T>(pub Option<T>);

impl<T: DeserializeOwned + 'static> FromRequest for OptionalBody<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let empty = request.headers().get(header::CONTENT_TYPE).is_none();
        let body = Body::from_request(request, payload);
        async move {
            match empty {
                true => Ok(Self(None)),
                false => body.await.map(|body| Self(Some(body.0))),
            }
        }
        .boxed_local()
    }
}

fn unreadable(error: &actix_web::Error) -> Problem {
    match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            Code::PayloadTooLarge,
            "the body is over 64 KiB",
        ),
        _ => Problem::new(
            StatusCode::BAD_REQUEST,
            Code::Malformed,
            "the body can't be read",
        ),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // serde would take an array for a struct, its fields in order.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(refusal(bytes, "", ""));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        refusal(
            bytes,
            path.trim_start_matches('.'),
            &error.inner().to_string(),
        )
    })?;
    reader.end().map_err(|_| not_json())?;
    Ok(parsed)
}

/// What to say of a body in which serde found `error` at `path`. It never repeats a value: that
/// may be a password in the wrong place.
fn refusal(bytes: &[u8], path: &str, error: &str) -> Problem {
    // What is ignored is not looked at for UTF-8.
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return not_json();
    }
    let named = error.split('`').nth(1).unwrap_or_default();
    let begins = |words: &str| error.starts_with(words);
    match () {
        () if begins("unknown field") || begins("unknown variant") => {
            Problem::field(named, "unknown", "this field is not known here")
        }
        () if begins("missing field") => {
            Problem::field(named, "required", "this field is required")
        }
        () if begins("duplicate field") => {
            Problem::field(named, "duplicate", "this field is there twice")
        }
        () => Problem::field(path, "invalid_type", "this value is not of the right type"),
    }
}

fn not_json() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        Code::Malformed,
        "the body is not JSON",
    )
}

/// Where the request came from.
pub struct From(pub Origin);

impl FromRequest for From {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(origin(request))))
    }
}

fn origin(request: &HttpRequest) -> Origin {
    let headers = request.headers();
    let user_agent = headers.get(header::USER_AGENT).map(|value| {
        String::from_utf8_lossy(value.as_bytes())
            .chars()
            .take(MAX_USER_AGENT)
            .map(|char| if char.is_control() { '\u{FFFD}' } else { char })
            .collect()
    });
    Origin {
        address: Some(address(request)),
        user_agent,
        request_id: request.extensions().get().map(|RequestId(id)| id.clone()),
    }
}

/// The client's address, as the configured proxies tell it and nobody else.
fn address(request: &HttpRequest) -> IpAddr {
    let peer = request
        .peer_addr()
        .map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.ip());
    let forwarded: Vec<&str> = request
        .headers()
        .get_all(header::X_FORWARDED_FOR)
        .filter_map(|value| value.to_str().ok())
        .collect();
    let ctx = request.app_data::<Data<Ctx>>();
    let trusted = ctx.map_or(&[][..], |ctx| &ctx.settings.throttle.trusted_proxies);
    client_address(peer, &forwarded, trusted)
}

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
