//! Whether a cookie may speak for its owner: browsers send it unasked, whichever site it was that
//! made them send the request (ASVS 5.0 3.5).

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Safe methods change nothing (RFC 9110 §9.2.1). Any other request must come from the origin that
/// it goes to, or from a configured one. A request whose method nobody tells is not a safe one.
pub fn may_use_cookie(request: &HttpRequest, methods: &[&[u8]], origins: &[String]) -> bool {
    let safe = |method: &&[u8]| [&b"GET"[..], b"HEAD", b"OPTIONS"].contains(method);
    if !methods.is_empty() && methods.iter().all(safe) {
        return true;
    }
    let headers = request.headers();
    let origin = only(headers, &header::ORIGIN);
    only(headers, &FETCH_SITE) == Some("same-origin")
        || origin.is_some_and(|origin| origins.iter().any(|known| known == origin))
}

fn only<'r>(headers: &'r HeaderMap, name: &HeaderName) -> Option<&'r str> {
    let mut values = headers.get_all(name);
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}
