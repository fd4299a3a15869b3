//! `/v1/admin/users/{id}/export`, `/v1/admin/users/{id}/erase`

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};

use kernel::id::Id;

use crate::accounts;
use crate::ctx::Ctx;
use crate::http::caller::CameFrom;
use crate::http::problem::Problem;
use crate::http::rights::{Admin, Read, Write};
use crate::http::views::PersonalData;

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
    admin: Admin<Read>,
    CameFrom(caller): CameFrom,
    id: Path<Id>,
) -> Result<Json<PersonalData>, Problem> {
    let data = accounts::export(&ctx, *id, admin.actor(), &caller).await?;
    Ok(Json(data.into()))
}

/// Erase an account
///
/// It goes with its sessions, and its access tokens die now. Its audit events stay, but no longer
/// say from where or with what its owner came, unless it did something to others as an
/// administrator. Works for an account that was deleted before, and never for one's own.
#[utoipa::path(post, path = "/v1/admin/users/{id}/erase", operation_id = "erase_user", tag = "Admin", security(("bearer" = [])),
    params(("id" = Id, Path, description = "The account")),
    responses(
        (status = 204, description = "Nothing personal is left"),
        (status = 403, description = "`not_yourself`"),
        (status = 409, description = "`last_administrator`"),
    ),
)]
pub async fn erase(
    ctx: Data<Ctx>,
    admin: Admin<Write>,
    CameFrom(caller): CameFrom,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    accounts::erase(&ctx, *id, admin.actor(), &caller).await?;
    Ok(HttpResponse::NoContent().finish())
}
