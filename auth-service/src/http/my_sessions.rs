//! `/v1/me/sessions`

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};

use super::bearer::SignedIn;
use super::came_from::CameFrom;
use super::problem::Problem;
use crate::audit::Actor;
use crate::ctx::Ctx;
use crate::id::Id;
use crate::sessions::{self, SessionInfo};

/// The account's living sessions, newest first
#[utoipa::path(get, path = "/v1/me/sessions", operation_id = "list_my_sessions", tag = "Account", security(("bearer" = [])), responses(
    (status = 200, body = Vec<SessionInfo>, description = "The sessions"),
))]
pub async fn list(
    ctx: Data<Ctx>,
    SignedIn(bearer): SignedIn,
) -> Result<Json<Vec<SessionInfo>>, Problem> {
    let sessions = sessions::list(&ctx, bearer.user, Some(bearer.session)).await?;
    Ok(Json(sessions))
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
    SignedIn(bearer): SignedIn,
    CameFrom(origin): CameFrom,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let actor = Actor::User(bearer.user);
    sessions::end(&ctx, bearer.user, *id, actor, &origin).await?;
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
    SignedIn(bearer): SignedIn,
    CameFrom(origin): CameFrom,
) -> Result<HttpResponse, Problem> {
    sessions::end_all(&ctx, bearer.user, Actor::User(bearer.user), &origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
