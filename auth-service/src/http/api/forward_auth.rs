//! `/v1/verify`: a gateway asks whether a request may pass (nginx `auth_request` and its like).

use actix_web::http::header::HeaderName;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use shared_claims::{Claims, Credential};
use utoipa::IntoParams;

use crate::ctx::Ctx;
use crate::http::page::Search;
use crate::http::problem::Problem;
use crate::http::rights::{credential, forbidden};
use crate::http::same_origin::may_use_cookie;
use crate::tokens::{self, Bearer, Demand};

/// What the route behind the gateway demands.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Demands {
    /// Scopes, with a space between; the token must have all of them.
    #[param(
        min_length = 1,
        pattern = "^[!#-\\[\\]-~]+( [!#-\\[\\]-~]+)*$",
        example = "account"
    )]
    scope: Option<String>,
    /// Roles, with a space between; the user must have all of them.
    #[param(
        min_length = 1,
        pattern = "^[!#-\\[\\]-~]+( [!#-\\[\\]-~]+)*$",
        example = "editor"
    )]
    role: Option<String>,
}

/// May this request pass?
///
/// For nginx `auth_request`, ingress-nginx, Traefik, Caddy and others that ask before they pass a
/// request on. The token is the bearer's, or, where `forward_auth.cookie` names one, that
/// cookie's; with the cookie, unsafe requests must come from the same origin or a configured one,
/// as `Sec-Fetch-Site` and `Origin` say, and the gateway must tell the method in
/// `X-Forwarded-Method` or `X-Original-Method`.
///
/// Envoy appends the path it was asked for, and keeps the method: `/v1/verify/…` answers the same
/// to any method, and takes what is demanded from the headers `X-Auth-Require-Scope` and
/// `X-Auth-Require-Role`, for the query there is the client's.
#[utoipa::path(get, path = "/v1/verify", tag = "Forward-auth", security(("bearer" = [])), params(Demands), responses(
    (status = 200, description = "It may; the headers say whose request it is", headers(
        ("X-Auth-Subject" = String, description = "The account"),
        ("X-Auth-Session" = String, description = "The session"),
        ("X-Auth-Roles" = String, description = "The roles, with a comma between"),
        ("X-Auth-Scope" = String, description = "The scopes, with a space between"),
    )),
    (status = 403, description = "`forbidden`: a scope or role is missing, or a cookie came from another origin"),
))]
pub async fn verify(
    ctx: Data<Ctx>,
    request: HttpRequest,
    Search(demands): Search<Demands>,
) -> Result<HttpResponse, Problem> {
    let told = [&FORWARDED_METHOD, &ORIGINAL_METHOD];
    let methods = told.map(|name| request.headers().get_all(name));
    let methods: Vec<_> = methods
        .into_iter()
        .flatten()
        .map(|value| value.as_bytes())
        .collect();
    answer(&ctx, &request, &methods, &demands).await
}

const FORWARDED_METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");
const ORIGINAL_METHOD: HeaderName = HeaderName::from_static("x-original-method");
const REQUIRE_SCOPE: HeaderName = HeaderName::from_static("x-auth-require-scope");
const REQUIRE_ROLE: HeaderName = HeaderName::from_static("x-auth-require-role");
const SUBJECT: HeaderName = HeaderName::from_static("x-auth-subject");
const SESSION: HeaderName = HeaderName::from_static("x-auth-session");
const ROLES: HeaderName = HeaderName::from_static("x-auth-roles");
const SCOPE: HeaderName = HeaderName::from_static("x-auth-scope");

/// As [`verify`], asked as Envoy does: path, query and method are the original request's.
pub async fn verify_original(
    ctx: Data<Ctx>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let demands = Demands {
        scope: demanded(&request, &REQUIRE_SCOPE)?,
        role: demanded(&request, &REQUIRE_ROLE)?,
    };
    let method = request.method().as_str().as_bytes();
    answer(&ctx, &request, &[method], &demands).await
}

/// What the lines of a header demand together.
fn demanded(request: &HttpRequest, name: &HeaderName) -> Result<Option<String>, Problem> {
    let lines = request.headers().get_all(name).map(|line| line.to_str());
    let lines: Vec<_> = lines.collect::<Result<_, _>>().map_err(|_| unreadable())?;
    Ok((!lines.is_empty()).then(|| lines.join(" ")))
}

async fn answer(
    ctx: &Ctx,
    request: &HttpRequest,
    methods: &[&[u8]],
    demands: &Demands,
) -> Result<HttpResponse, Problem> {
    let (scopes, roles) = (words(&demands.scope)?, words(&demands.role)?);
    let settings = &ctx.settings.forward_auth;
    let credential = credential(request, settings.cookie.as_deref())?;
    let demand = Demand {
        audience: &ctx.settings.tokens.audience,
        scope: None,
        role: None,
        proved_within: None,
    };
    let bearer = tokens::authenticate(ctx, credential.token(), &demand).await?;
    let by_cookie = matches!(credential, Credential::Cookie(_));
    if by_cookie && !may_use_cookie(request, methods, &settings.origins) {
        return Err(forbidden("a cookie does not count from another origin", ""));
    }
    fits(&bearer.claims, &scopes, &roles)?;
    Ok(identity(&bearer))
}

fn fits(claims: &Claims, scopes: &[&str], roles: &[&str]) -> Result<(), Problem> {
    if !scopes.iter().all(|scope| claims.has_scope(scope)) {
        return Err(forbidden("this takes another scope", &scopes.join(" ")));
    }
    if !roles.iter().all(|role| claims.has_role(role)) {
        return Err(forbidden("this takes another role", ""));
    }
    Ok(())
}

/// All four in any case: a gateway that copies what is there must overwrite what a client sent.
fn identity(bearer: &Bearer) -> HttpResponse {
    let claims = &bearer.claims;
    HttpResponse::Ok()
        .insert_header((SUBJECT, claims.sub.as_str()))
        .insert_header((SESSION, claims.sid.as_deref().unwrap_or_default()))
        .insert_header((ROLES, claims.roles.join(",")))
        .insert_header((SCOPE, claims.scope.as_str()))
        .finish()
}

/// A demand that is empty, or that nobody can meet, is a mistake of the gateway's configuration:
/// nobody shall pass.
fn words(demand: &Option<String>) -> Result<Vec<&str>, Problem> {
    let Some(text) = demand else {
        return Ok(Vec::new());
    };
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    let byte = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    match !words.is_empty() && words.iter().all(|word| word.bytes().all(byte)) {
        true => Ok(words),
        false => Err(unreadable()),
    }
}

fn unreadable() -> Problem {
    Problem::malformed("`scope` and `role` are words with a space between")
}
