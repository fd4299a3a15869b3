//! `/v1/admin/users/{id}/export`, `/v1/admin/users/{id}/erase`

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};

use super::bearer::Admin;
use super::came_from::CameFrom;
use super::problem::Problem;
use crate::ctx::Ctx;
use crate::id::Id;
use crate::users::{self, PersonalData};

/// All that is kept about an account
///
/// The account, its sessions and its audit events, without secrets. That it was asked for is an
/// audit event itself.
#[utoipa::path(get, path = "/v1/admin/users/{id}/export", operation_id = "export_user", tag = "Admin", security(("bearer" = [])),
    params(("id" = Id, Path, description = "The account")),
    responses((status = 200, body = PersonalData, description = "What is kept")),
)]
pub async fn export(
    ctx: Data<Ctx>,
    admin: Admin,
    CameFrom(origin): CameFrom,
    id: Path<Id>,
) -> Result<Json<PersonalData>, Problem> {
    let data = users::export(&ctx, *id, admin.actor(), &origin).await?;
    Ok(Json(data))
}

/// Erase an account
///
/// It goes with its sessions, and its access tokens die now. Its audit events stay, but no longer
/// say from where or with what its owner came. Works for an account that was deleted before.
#[utoipa::path(post, path = "/v1/admin/users/{id}/erase", operation_id = "erase_user", tag = "Admin", security(("bearer" = [])),
    params(("id" = Id, Path, description = "The account")),
    responses((status = 204, description = "Nothing personal is left")),
)]
pub async fn erase(
    ctx: Data<Ctx>,
    admin: Admin,
    CameFrom(origin): CameFrom,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    users::erase(&ctx, *id, admin.actor(), &origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
