//! Where a request came from.

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv6Addr};

use kernel::caller::{Caller, MAX_USER_AGENT};
use kernel::limits::client_address;

use super::limit_headers::told;
use super::problem::Problem;
use super::request_id::RequestId;
use crate::ctx::Ctx;
use crate::users::is_hidden;

/// Where the request came from.
pub struct CameFrom(pub Caller);

impl FromRequest for CameFrom {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(caller(request))))
    }
}

fn caller(request: &HttpRequest) -> Caller {
    let headers = request.headers();
    let user_agent = headers.get(header::USER_AGENT).map(|value| {
        String::from_utf8_lossy(value.as_bytes())
            .chars()
            .take(MAX_USER_AGENT)
            .map(|char| if is_hidden(char) { '\u{FFFD}' } else { char })
            .collect()
    });
    let request_id = request.extensions().get().map(RequestId::to_string);
    Caller {
        address: Some(address(request)),
        user_agent,
        request_id,
        told: told(request),
    }
}

/// The address that a front-end server answers to.
const CLIENT_ADDRESS: HeaderName = HeaderName::from_static("x-auth-client-address");
/// The secret by which it proves that it is one.
const CLIENT_PROOF: HeaderName = HeaderName::from_static("x-auth-client-proof");

/// The client's address, as a front-end server that proves itself or the configured proxies tell
/// it, and nobody else.
pub fn address(request: &HttpRequest) -> IpAddr {
    if let Some(address) = asserted(request) {
        return address;
    }
    let peer = request
        .peer_addr()
        .map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.ip());
    let lines = request.headers().get_all(header::X_FORWARDED_FOR);
    let forwarded: Vec<&[u8]> = lines.map(HeaderValue::as_bytes).collect();
    let ctx = request.app_data::<Data<Ctx>>();
    let trusted = ctx.map_or(&[][..], |ctx| &ctx.settings.throttle.trusted_proxies);
    client_address(peer, &forwarded, trusted)
}

/// What a front end says, if it is one. A header that is there twice says nothing: somebody may
/// have added to what the front end sent.
fn asserted(request: &HttpRequest) -> Option<IpAddr> {
    let proof = only(request, &CLIENT_PROOF)?;
    let address = only(request, &CLIENT_ADDRESS)?.parse::<IpAddr>().ok()?;
    let ctx = request.app_data::<Data<Ctx>>()?;
    ctx.limits
        .is_front_end(proof)
        .then(|| address.to_canonical())
}

fn only<'a>(request: &'a HttpRequest, name: &HeaderName) -> Option<&'a str> {
    let mut lines = request.headers().get_all(name);
    let line = lines.next()?.to_str().ok()?;
    lines.next().is_none().then_some(line)
}
