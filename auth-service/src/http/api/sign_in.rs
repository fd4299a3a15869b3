//! `/v1/signup`, `/v1/login`, `/v1/refresh`, `/v1/logout`

use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::ctx::Ctx;
use crate::http::body::{Body, OptionalBody};
use crate::http::caller::CameFrom;
use crate::http::problem::Problem;
use crate::http::rights::bearer_token;
use crate::http::views::TokenPair;
use crate::signin::{self, Asked, Credentials, NewAccount};
use crate::tokens;

/// The services that an access token is to be for: one, or several.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Audience {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

fn asked(audience: Option<Audience>, scope: Option<String>) -> Asked {
    let audience = audience.map(|audience| match audience {
        Audience::One(name) => vec![name],
        Audience::Several(names) => names,
    });
    Asked { audience, scope }
}

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignupRequest {
    /// The email address; accounts are told apart by it.
    #[schema(format = Email, max_length = 254, example = "ada@example.org")]
    email: String,
    /// At least 15 characters by default, 1,024 at most.
    #[schema(format = Password, min_length = 8, max_length = 1024, example = "a lovelace of engines")]
    password: String,
    /// What to call the account's owner.
    #[schema(max_length = 200, example = "Ada")]
    name: Option<String>,
    /// The services that the session's access tokens are to be for: `tokens.audience` and this
    /// service's issuer, or some of these. Left out: all of them.
    audience: Option<Audience>,
    /// What they may do: `account`, `admin`, and what `tokens.scope` names; left out, that. A session
    /// of the scope `admin` is for this service alone.
    #[schema(example = "account")]
    scope: Option<String>,
}

/// Make an account and sign in
#[utoipa::path(post, path = "/v1/signup", tag = "Sign-in", request_body = SignupRequest, responses(
    (status = 201, body = TokenPair, description = "The account was made; this is its first session"),
    (status = 403, description = "`signup_disabled`"),
    (status = 409, description = "`email_taken`"),
    (status = 429, description = "`rate_limited`"),
    (status = 503, description = "`busy`, `unavailable`"),
))]
pub async fn signup(
    ctx: Data<Ctx>,
    CameFrom(caller): CameFrom,
    Body(given): Body<SignupRequest>,
) -> Result<HttpResponse, Problem> {
    let asked = asked(given.audience, given.scope);
    let account = NewAccount {
        email: given.email,
        password: given.password,
        name: given.name,
    };
    let issued = signin::signup(&ctx, account, &asked, &caller).await?;
    Ok(HttpResponse::Created().json(TokenPair::from(issued)))
}

/// An email address and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The email address, in any case.
    #[schema(example = "ada@example.org")]
    email: String,
    /// The password.
    #[schema(format = Password, example = "a lovelace of engines")]
    password: String,
    /// The services that the session's access tokens are to be for: `tokens.audience` and this
    /// service's issuer, or some of these. Left out: all of them.
    audience: Option<Audience>,
    /// What they may do: `account`, `admin`, and what `tokens.scope` names; left out, that. A session
    /// of the scope `admin` is for this service alone.
    #[schema(example = "account")]
    scope: Option<String>,
}

/// Sign in
///
/// Unknown, wrong and disabled are one answer, which takes the same time.
#[utoipa::path(post, path = "/v1/login", tag = "Sign-in", request_body = LoginRequest, responses(
    (status = 200, body = TokenPair, description = "A new session"),
    (status = 401, description = "`invalid_credentials`"),
    (status = 429, description = "`rate_limited`"),
    (status = 503, description = "`busy`, `unavailable`"),
))]
pub async fn login(
    ctx: Data<Ctx>,
    CameFrom(caller): CameFrom,
    Body(given): Body<LoginRequest>,
) -> Result<Json<TokenPair>, Problem> {
    let grantee = asked(given.audience, given.scope).grantee(&ctx.settings)?;
    let credentials = Credentials {
        email: given.email,
        password: given.password,
    };
    let issued = signin::login(&ctx, &credentials, &grantee, &caller).await?;
    Ok(Json(issued.into()))
}

/// A refresh token, and what the new access token is to be for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The refresh token as it was given.
    #[schema(example = "rt_AQGbDg")]
    refresh_token: String,
    /// Some of the services that the session was granted; left out, all of them.
    audience: Option<Audience>,
    /// Some of the scope that the session was granted; left out, all of it.
    #[schema(example = "account")]
    scope: Option<String>,
}

/// Exchange a refresh token for a new pair
///
/// Within the reuse window the token before the current one gets the same answer, so parallel
/// tabs and lost responses log nobody out. Later, or older, it ends the session.
#[utoipa::path(post, path = "/v1/refresh", tag = "Sign-in", request_body = RefreshRequest, responses(
    (status = 200, body = TokenPair, description = "A fresh access token and the session's current refresh token"),
    (status = 401, description = "`refresh_token_invalid`, `refresh_token_expired`, `refresh_token_revoked`, `refresh_token_reused`"),
    (status = 429, description = "`rate_limited`: nothing was consumed, the session goes on"),
    (status = 503, description = "`unavailable`: nothing was consumed, try again"),
))]
pub async fn refresh(
    ctx: Data<Ctx>,
    CameFrom(caller): CameFrom,
    Body(given): Body<RefreshRequest>,
) -> Result<Json<TokenPair>, Problem> {
    let asked = asked(given.audience, given.scope);
    let issued = signin::refresh(&ctx, &given.refresh_token, &asked, &caller).await?;
    Ok(Json(issued.into()))
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogoutRequest {
    /// The refresh token as it was given, of whatever generation. Beside a bearer it may be left out.
    #[schema(example = "rt_AQGbDg", required = false)]
    refresh_token: String,
}

/// End this session
///
/// By its access token, or by its refresh token in the body. Its access tokens die now. Works
/// again and again.
#[utoipa::path(post, path = "/v1/logout", tag = "Sign-in", request_body = Option<LogoutRequest>, responses(
    (status = 204, description = "The session has ended"),
    (status = 401, description = "`token_missing`, `token_invalid`, `token_expired`, `refresh_token_invalid`"),
    (status = 429, description = "`rate_limited`"),
    (status = 503, description = "`unavailable`"),
), security((), ("bearer" = [])))]
pub async fn logout(
    ctx: Data<Ctx>,
    request: HttpRequest,
    CameFrom(caller): CameFrom,
    OptionalBody(given): OptionalBody<LogoutRequest>,
) -> Result<HttpResponse, Problem> {
    match given {
        Some(given) => {
            signin::logout_by_refresh_token(&ctx, &given.refresh_token, &caller).await?;
        }
        None => {
            let token = bearer_token(&request)?;
            let (user, session) = tokens::authenticate_even_revoked(&ctx, &token)
                .await?
                .signed_in()?;
            signin::logout(&ctx, user, session, &caller).await?;
        }
    }
    Ok(HttpResponse::NoContent().finish())
}
