//! `/v1/signup`, `/v1/login`, `/v1/refresh`, `/v1/logout`

use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::ToSchema;

use super::bearer::bearer_token;
use super::body::{Body, OptionalBody};
use super::came_from::CameFrom;
use super::problem::Problem;
use crate::audit::{Actor, Origin};
use crate::config::Limit;
use crate::ctx::Ctx;
use crate::id::Id;
use crate::limits::{Blocked, Who};
use crate::tokens::TokenPair;
use crate::users::{self, Credentials};
use crate::{refresh, sessions, tokens};

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
    CameFrom(origin): CameFrom,
    Body(given): Body<SignupRequest>,
) -> Result<HttpResponse, Problem> {
    let credentials = Credentials {
        email: given.email,
        password: given.password,
        name: given.name,
    };
    let pair = users::signup(&ctx, credentials, &origin).await?;
    Ok(HttpResponse::Created().json(pair))
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
    CameFrom(origin): CameFrom,
    Body(given): Body<LoginRequest>,
) -> Result<Json<TokenPair>, Problem> {
    let pair = users::login(&ctx, &given.email, &given.password, &origin).await?;
    Ok(Json(pair))
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The refresh token as it was given.
    #[schema(example = "rt_AQGbDg")]
    refresh_token: String,
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
    CameFrom(origin): CameFrom,
    Body(given): Body<RefreshRequest>,
) -> Result<Json<TokenPair>, Problem> {
    let pair = refresh::refresh(&ctx, &given.refresh_token, &origin).await?;
    Ok(Json(pair))
}

/// End this session
///
/// By its access token, or by its refresh token in the body. Its access tokens die now. Works
/// again and again.
#[utoipa::path(post, path = "/v1/logout", tag = "Sign-in", request_body = Option<RefreshRequest>, responses(
    (status = 204, description = "The session has ended"),
    (status = 401, description = "`token_missing`, `token_invalid`, `token_expired`, `refresh_token_invalid`"),
    (status = 429, description = "`rate_limited`"),
    (status = 503, description = "`unavailable`"),
), security((), ("bearer" = [])))]
pub async fn logout(
    ctx: Data<Ctx>,
    request: HttpRequest,
    CameFrom(origin): CameFrom,
    OptionalBody(given): OptionalBody<RefreshRequest>,
) -> Result<HttpResponse, Problem> {
    let (user, session) = match given {
        Some(given) => {
            let session = refresh::read(&ctx, &given.refresh_token)?.family;
            pace(&ctx, session, &origin)?;
            (sessions::owner(&ctx, session).await?, session)
        }
        None => {
            let bearer = tokens::verify_signature(&ctx, &bearer_token(&request)?).await?;
            pace(&ctx, bearer.session, &origin)?;
            (Some(bearer.user), bearer.session)
        }
    };
    if let Some(user) = user {
        sessions::end(&ctx, user, session, Actor::User(user), &origin).await?;
    }
    Ok(HttpResponse::NoContent().finish())
}

/// A session is logged out as often as it is refreshed at most.
fn pace(ctx: &Ctx, session: Id, origin: &Origin) -> Result<(), Blocked> {
    ctx.limits
        .pace(Limit::RefreshSession, Who::id(session), &origin.told)
}
