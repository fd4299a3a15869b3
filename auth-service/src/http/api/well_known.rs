//! `/.well-known/…`: what verifiers need to know, and can keep.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::ctx::Ctx;
use crate::http::problem::Problem;

/// A public key (RFC 7517 §4).
#[derive(ToSchema)]
#[allow(
    dead_code,
    reason = "it describes what `shared_claims::Jwk` serialises"
)]
pub struct JsonWebKey {
    /// `EC`, `RSA` or `OKP`.
    kty: String,
    /// Always `sig`.
    #[schema(rename = "use")]
    use_: String,
    /// The one algorithm that the key verifies.
    alg: String,
    /// The key's RFC 7638 thumbprint.
    kid: String,
    /// The curve of an `EC` or `OKP` key.
    #[schema(required = false)]
    crv: String,
    /// A coordinate of an `EC` key, or the whole of an `OKP` key.
    #[schema(required = false)]
    x: String,
    /// The other coordinate of an `EC` key.
    #[schema(required = false)]
    y: String,
    /// The modulus of an `RSA` key.
    #[schema(required = false)]
    n: String,
    /// The exponent of an `RSA` key.
    #[schema(required = false)]
    e: String,
}

/// The published keys (RFC 7517 §5).
#[derive(ToSchema)]
#[allow(dead_code, reason = "it describes what `keyring::Jwks` holds")]
pub struct JsonWebKeySet {
    /// Those that sign, that will, and that did.
    keys: Vec<JsonWebKey>,
}

/// The keys that verify access tokens
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "Discovery", responses(
    (status = 200, body = JsonWebKeySet, content_type = "application/jwk-set+json", description = "The key set; keep it for `max-age`"),
    (status = 304, description = "It is as it was when you got this `ETag`"),
    (status = 503, description = "`unavailable`"),
))]
pub async fn jwks(ctx: Data<Ctx>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let ring = ctx.keyring.ring()?;
    let jwks = ring.jwks();
    let max_age = ctx.settings.keys.jwks_max_age.as_secs();
    let cached = (header::CACHE_CONTROL, format!("public, max-age={max_age}"));
    let etag = (header::ETAG, jwks.etag.as_str());
    if is_current(&request, &jwks.etag) {
        let mut response = HttpResponse::NotModified();
        return Ok(response.insert_header(cached).insert_header(etag).finish());
    }
    let mut response = HttpResponse::Ok();
    response.insert_header(cached).insert_header(etag);
    let content_type = (header::CONTENT_TYPE, JWK_SET);
    Ok(response.insert_header(content_type).body(jwks.body.clone()))
}

/// RFC 7517 §8.5.2.
const JWK_SET: HeaderValue = HeaderValue::from_static("application/jwk-set+json");

/// RFC 9110 §13.1.2: weak comparison, any of a list.
fn is_current(request: &HttpRequest, etag: &str) -> bool {
    let asked = request.headers().get_all(header::IF_NONE_MATCH);
    asked
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(|one| one.trim().trim_start_matches("W/"))
        .any(|one| one == etag || one == "*")
}

/// What this service is and where its parts are (RFC 8414 §2): only what works.
#[derive(Serialize, ToSchema)]
pub struct Metadata {
    /// The `iss` of every token.
    issuer: String,
    /// Where the keys are.
    jwks_uri: String,
    /// Where the API is described.
    service_documentation: String,
    /// Required by RFC 8414; there is no authorization endpoint yet.
    response_types_supported: Vec<String>,
    /// There is no OAuth token endpoint yet.
    grant_types_supported: Vec<String>,
    /// The algorithms of the published keys: some libraries accept no other of our tokens than those
    /// named here (OpenID Connect Discovery 1.0 §3).
    id_token_signing_alg_values_supported: Vec<String>,
}

/// Server metadata
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", tag = "Discovery", responses(
    (status = 200, body = Metadata, description = "RFC 8414 metadata"),
    (status = 503, description = "`unavailable`"),
))]
pub async fn oauth_metadata(ctx: Data<Ctx>) -> Result<HttpResponse, Problem> {
    metadata(&ctx)
}

/// Server metadata, under its OpenID Connect name
#[utoipa::path(get, path = "/.well-known/openid-configuration", tag = "Discovery", responses(
    (status = 200, body = Metadata, description = "The same document"),
    (status = 503, description = "`unavailable`"),
))]
pub async fn openid_configuration(ctx: Data<Ctx>) -> Result<HttpResponse, Problem> {
    metadata(&ctx)
}

fn metadata(ctx: &Ctx) -> Result<HttpResponse, Problem> {
    let ring = ctx.keyring.ring()?;
    let algorithms = &ring.jwks().algorithms;
    let issuer = &ctx.settings.issuer;
    let max_age = ctx.settings.keys.jwks_max_age.as_secs();
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, format!("public, max-age={max_age}")))
        .json(Metadata {
            jwks_uri: format!("{issuer}/.well-known/jwks.json"),
            service_documentation: format!("{issuer}/docs"),
            response_types_supported: Vec::new(),
            grant_types_supported: Vec::new(),
            id_token_signing_alg_values_supported: algorithms
                .iter()
                .map(ToString::to_string)
                .collect(),
            issuer: issuer.clone(),
        }))
}
