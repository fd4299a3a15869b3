//! `/openapi.json` and `/docs`, which works with no internet: its assets are in the binary.

use actix_web::http::header::{self, AcceptEncoding, Encoding, Header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use flate2::read::GzDecoder;
use std::io::Read;
use utoipa_swagger_ui::{Config, serve};

use crate::http::problem::Problem;

/// The API, for tools
#[utoipa::path(get, path = "/openapi.json", tag = "Discovery", responses(
    (status = 200, body = Object, description = "This document (OpenAPI 3.1)"),
))]
pub async fn openapi() -> HttpResponse {
    HttpResponse::Ok()
        .content_type(header::ContentType::json())
        .body(crate::http::openapi::DOCUMENT)
}

/// Nothing from anywhere else, and in nobody's frame.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
     style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The page's address ends in a slash, for its assets' sake. All addresses are relative: the
/// issuer may have a path.
pub async fn redirect() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, "docs/"))
        .finish()
}

/// The page for people and its assets.
pub async fn page(
    request: HttpRequest,
    config: Data<Config<'static>>,
    file: Path<String>,
) -> Result<HttpResponse, Problem> {
    let file = serve(&file, config.into_inner()).map_err(Problem::internal)?;
    let file = file.ok_or_else(Problem::not_found)?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, file.content_type))
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((header::VARY, "Accept-Encoding"))
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY));
    Ok(match (file.gzpipped, takes_gzip(&request)) {
        (true, true) => response
            .insert_header((header::CONTENT_ENCODING, "gzip"))
            .body(file.bytes.into_owned()),
        (true, false) => response.body(unpacked(&file.bytes).map_err(Problem::internal)?),
        (false, _) => response.body(file.bytes.into_owned()),
    })
}

/// Whether the client prefers gzip, in which the assets rest (RFC 9110 §12.5.3).
fn takes_gzip(request: &HttpRequest) -> bool {
    let offered = [Encoding::gzip(), Encoding::identity()];
    let accepted = AcceptEncoding::parse(request).ok();
    let preferred = accepted.and_then(|accepted| accepted.negotiate(offered.iter()));
    preferred == Some(Encoding::gzip())
}

fn unpacked(gzip: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    GzDecoder::new(gzip).read_to_end(&mut plain)?;
    Ok(plain)
}

/// What the page shows, without the bar for other people's documents and without the badge of a
/// validator on the internet.
pub fn config() -> Config<'static> {
    Config::from("../openapi.json")
        .use_base_layout()
        .validator_url("none")
}
