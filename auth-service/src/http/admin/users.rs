//! `/v1/admin/users`

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::num::NonZeroUsize;
use utoipa::{IntoParams, ToSchema};

use kernel::id::Id;

use crate::accounts::{self, NewUser, Patch};
use crate::ctx::Ctx;
use crate::http::body::{Body, given, present};
use crate::http::caller::CameFrom;
use crate::http::page::{Page, Search, limit};
use crate::http::problem::Problem;
use crate::http::rights::{Admin, Read, Write};
use crate::http::views::{AdminUserInfo, SessionInfo};
use crate::{sessions, users};

/// Which accounts to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListUsers {
    /// The `next_cursor` of the page before.
    cursor: Option<Id>,
    /// Accounts on a page: 50 where nothing is said, 200 at most.
    #[param(value_type = Option<usize>, minimum = 1)]
    limit: Option<NonZeroUsize>,
    /// Only the account with this email address.
    email: Option<String>,
}

/// The accounts, in the order they were made
#[utoipa::path(get, path = "/v1/admin/users", operation_id = "list_users", tag = "Admin", security(("bearer" = [])),
    params(ListUsers),
    responses(
        (status = 200, body = Page<AdminUserInfo>, description = "A page of accounts"),
        (status = 422, description = "`validation_failed`"),
    ),
)]
pub async fn list(
    ctx: Data<Ctx>,
    _: Admin<Read>,
    Search(asked): Search<ListUsers>,
) -> Result<Json<Page<AdminUserInfo>>, Problem> {
    let listed = users::list(
        &ctx,
        asked.cursor,
        asked.email.as_deref(),
        limit(asked.limit),
    )
    .await?;
    let users = listed.users.into_iter().map(AdminUserInfo::from).collect();
    Ok(Json(Page::new(
        users,
        listed.more,
        |listed: &AdminUserInfo| listed.user.id,
    )))
}

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUserRequest {
    /// The email address.
    #[schema(format = Email, max_length = 254)]
    email: String,
    /// The password; without one nobody can sign in yet.
    #[schema(format = Password, min_length = 8, max_length = 1024)]
    password: Option<String>,
    /// What to call its owner.
    #[schema(max_length = 200)]
    name: Option<String>,
    /// What it may do.
    #[serde(default)]
    roles: Vec<String>,
    /// Whether its owner has shown that they receive mail there.
    #[serde(default)]
    email_verified: bool,
}

/// Make an account
#[utoipa::path(post, path = "/v1/admin/users", operation_id = "create_user", tag = "Admin", security(("bearer" = [])), request_body = CreateUserRequest, responses(
    (status = 201, body = AdminUserInfo, description = "The account"),
    (status = 409, description = "`email_taken`"),
    (status = 503, description = "`busy`"),
))]
pub async fn create(
    ctx: Data<Ctx>,
    admin: Admin<Write>,
    CameFrom(caller): CameFrom,
    Body(given): Body<CreateUserRequest>,
) -> Result<HttpResponse, Problem> {
    let new = NewUser {
        email: given.email,
        password: given.password,
        name: given.name,
        roles: given.roles,
        email_verified: given.email_verified,
    };
    let user = accounts::create(&ctx, new, admin.actor(), &caller).await?;
    Ok(HttpResponse::Created().json(AdminUserInfo::from(user)))
}

/// An account
#[utoipa::path(get, path = "/v1/admin/users/{id}", operation_id = "get_user", tag = "Admin", security(("bearer" = [])),
    params(("id" = Id, Path, description = "The account")),
    responses((status = 200, body = AdminUserInfo, description = "The account")),
)]
pub async fn show(
    ctx: Data<Ctx>,
    _: Admin<Read>,
    id: Path<Id>,
) -> Result<Json<AdminUserInfo>, Problem> {
    Ok(Json(users::get(&ctx, *id).await?.into()))
}

/// What to change of an account; what is not there stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateUserRequest {
    /// The roles. Access tokens with the old ones are refused as `claims_stale`.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    roles: Option<Vec<String>>,
    /// Whether it is disabled. Disabling ends all its sessions.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    disabled: Option<bool>,
    /// The name; `null` takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 200)]
    name: Option<Option<String>>,
    /// Custom claims of its access tokens: at most 2,048 bytes, none of the service's own names, no
    /// number beyond 64 bits.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Object)]
    claims: Option<Map<String, Value>>,
}

/// Change an account
#[utoipa::path(patch, path = "/v1/admin/users/{id}", operation_id = "update_user", tag = "Admin", security(("bearer" = [])),
    request_body = UpdateUserRequest, params(("id" = Id, Path, description = "The account")),
    responses(
        (status = 200, body = AdminUserInfo, description = "The account as it is now"),
        (status = 409, description = "`last_administrator`"),
    ),
)]
pub async fn update(
    ctx: Data<Ctx>,
    admin: Admin<Write>,
    CameFrom(caller): CameFrom,
    id: Path<Id>,
    Body(asked): Body<UpdateUserRequest>,
) -> Result<Json<AdminUserInfo>, Problem> {
    let patch = Patch {
        name: asked.name,
        roles: asked.roles,
        claims: asked.claims,
        disabled: asked.disabled,
    };
    let user = accounts::update(&ctx, *id, patch, admin.actor(), &caller).await?;
    Ok(Json(user.into()))
}

/// Delete an account
///
/// Its sessions end and its access tokens die now.
#[utoipa::path(delete, path = "/v1/admin/users/{id}", operation_id = "delete_user", tag = "Admin", security(("bearer" = [])),
    params(("id" = Id, Path, description = "The account")),
    responses(
        (status = 204, description = "The account is gone"),
        (status = 403, description = "`not_yourself`"),
        (status = 409, description = "`last_administrator`"),
    ),
)]
pub async fn delete(
    ctx: Data<Ctx>,
    admin: Admin<Write>,
    CameFrom(caller): CameFrom,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    accounts::delete(&ctx, *id, admin.actor(), &caller).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The living sessions of an account
#[utoipa::path(get, path = "/v1/admin/users/{id}/sessions", operation_id = "list_user_sessions", tag = "Admin", security(("bearer" = [])),
    params(("id" = Id, Path, description = "The account")),
    responses((status = 200, body = Vec<SessionInfo>, description = "The sessions, newest first")),
)]
pub async fn list_sessions(
    ctx: Data<Ctx>,
    _: Admin<Read>,
    id: Path<Id>,
) -> Result<Json<Vec<SessionInfo>>, Problem> {
    users::get(&ctx, *id).await?;
    let living = sessions::living(&ctx, *id).await?;
    let infos = living
        .into_iter()
        .map(|session| SessionInfo::new(session, None));
    Ok(Json(infos.collect()))
}

/// End all sessions of an account
///
/// Its access tokens die now.
#[utoipa::path(delete, path = "/v1/admin/users/{id}/sessions", operation_id = "end_user_sessions", tag = "Admin", security(("bearer" = [])),
    params(("id" = Id, Path, description = "The account")),
    responses((status = 204, description = "All sessions have ended")),
)]
pub async fn end_sessions(
    ctx: Data<Ctx>,
    admin: Admin<Write>,
    CameFrom(caller): CameFrom,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    users::get(&ctx, *id).await?;
    sessions::end_all(&ctx, *id, admin.actor(), &caller).await?;
    Ok(HttpResponse::NoContent().finish())
}
