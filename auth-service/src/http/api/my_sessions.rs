//! `/v1/me/sessions`

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};

use kernel::audit::Actor;
use kernel::id::Id;

use crate::ctx::Ctx;
use crate::http::caller::CameFrom;
use crate::http::problem::Problem;
use crate::http::rights::{Account, SignedIn};
use crate::http::views::SessionInfo;
use crate::sessions;

/// The account's living sessions, newest first
#[utoipa::path(get, path = "/v1/me/sessions", operation_id = "list_my_sessions", tag = "Account", security(("bearer" = [])), responses(
    (status = 200, body = Vec<SessionInfo>, description = "The sessions"),
))]
pub async fn list(
    ctx: Data<Ctx>,
    signed_in: SignedIn<Account>,
) -> Result<Json<Vec<SessionInfo>>, Problem> {
    let living = sessions::living(&ctx, signed_in.user).await?;
    let current = Some(signed_in.session);
    let infos = living
        .into_iter()
        .map(|session| SessionInfo::new(session, current));
    Ok(Json(infos.collect()))
}

/// End one session
///
/// Its access tokens die now. Works again and again.
#[utoipa::path(delete, path = "/v1/me/sessions/{id}", operation_id = "end_my_session", tag = "Account", security(("bearer" = [])),
    params(("id" = Id, Path, description = "The session")),
    responses((status = 204, description = "The session has ended, or was none of this account")),
)]
pub async fn end(
    ctx: Data<Ctx>,
    signed_in: SignedIn<Account>,
    CameFrom(caller): CameFrom,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let actor = Actor::User(signed_in.user);
    sessions::end(&ctx, signed_in.user, *id, actor, &caller).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// End all sessions, this one too
///
/// All access tokens of the account die now.
#[utoipa::path(delete, path = "/v1/me/sessions", operation_id = "end_my_sessions", tag = "Account", security(("bearer" = [])), responses(
    (status = 204, description = "All sessions have ended"),
))]
pub async fn end_all(
    ctx: Data<Ctx>,
    signed_in: SignedIn<Account>,
    CameFrom(caller): CameFrom,
) -> Result<HttpResponse, Problem> {
    sessions::end_all(&ctx, signed_in.user, Actor::User(signed_in.user), &caller).await?;
    Ok(HttpResponse::NoContent().finish())
}
