//! `/v1/me`, `/v1/me/password`

use actix_web::HttpResponse;
use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::{self, AccountsError};
use crate::ctx::Ctx;
use crate::http::body::{Body, given};
use crate::http::caller::CameFrom;
use crate::http::problem::Problem;
use crate::http::rights::{Account, SignedIn};
use crate::http::views::UserInfo;
use crate::signin::SigninError;
use crate::tokens::TokenError;
use crate::users::{self, UsersError};

/// The account
#[utoipa::path(get, path = "/v1/me", operation_id = "get_me", tag = "Account", security(("bearer" = [])), responses(
    (status = 200, body = UserInfo, description = "The account"),
))]
pub async fn show(ctx: Data<Ctx>, signed_in: SignedIn<Account>) -> Result<Json<UserInfo>, Problem> {
    let user = users::get(&ctx, signed_in.user).await.map_err(own)?;
    Ok(Json(user.into()))
}

/// What to change of the account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateMeRequest {
    /// The new name; `null` takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 200, example = "Ada")]
    name: Option<Option<String>>,
}

/// Change the account
#[utoipa::path(patch, path = "/v1/me", operation_id = "update_me", tag = "Account", security(("bearer" = [])), request_body = UpdateMeRequest, responses(
    (status = 200, body = UserInfo, description = "The account as it is now"),
))]
pub async fn update(
    ctx: Data<Ctx>,
    signed_in: SignedIn<Account>,
    CameFrom(caller): CameFrom,
    Body(given): Body<UpdateMeRequest>,
) -> Result<Json<UserInfo>, Problem> {
    let user = match given.name {
        Some(name) => users::rename(&ctx, signed_in.user, name.as_deref(), &caller).await,
        None => users::get(&ctx, signed_in.user).await,
    };
    Ok(Json(user.map_err(own)?.into()))
}

/// The account's password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteMeRequest {
    /// The password.
    #[schema(format = Password)]
    password: String,
}

/// Delete the account
///
/// Its sessions end and its access tokens die now. The password is asked for again. Whoever
/// administers this service, or ever did, asks another administrator to do it.
#[utoipa::path(delete, path = "/v1/me", operation_id = "delete_me", tag = "Account", security(("bearer" = [])), request_body = DeleteMeRequest, responses(
    (status = 204, description = "The account is gone"),
    (status = 403, description = "`wrong_password`, `not_yourself`"),
    (status = 429, description = "`rate_limited`"),
    (status = 503, description = "`busy`"),
))]
pub async fn delete(
    ctx: Data<Ctx>,
    signed_in: SignedIn<Account>,
    CameFrom(caller): CameFrom,
    Body(given): Body<DeleteMeRequest>,
) -> Result<HttpResponse, Problem> {
    accounts::delete_own(&ctx, signed_in.user, &given.password, &caller)
        .await
        .map_err(own)?;
    Ok(HttpResponse::NoContent().finish())
}

/// The old and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePasswordRequest {
    /// The password as it is.
    #[schema(format = Password)]
    current_password: String,
    /// The password as it shall be: at least 15 characters by default, 1,024 at most.
    #[schema(format = Password, min_length = 8, max_length = 1024)]
    new_password: String,
}

/// Change the password
///
/// Every other session ends, and its access tokens die now.
#[utoipa::path(post, path = "/v1/me/password", tag = "Account", security(("bearer" = [])), request_body = ChangePasswordRequest, responses(
    (status = 204, description = "The password was changed"),
    (status = 403, description = "`wrong_password`"),
    (status = 429, description = "`rate_limited`"),
    (status = 503, description = "`busy`"),
))]
pub async fn change_password(
    ctx: Data<Ctx>,
    signed_in: SignedIn<Account>,
    CameFrom(caller): CameFrom,
    Body(given): Body<ChangePasswordRequest>,
) -> Result<HttpResponse, Problem> {
    let (current, new) = (&given.current_password, &given.new_password);
    accounts::change_password(
        &ctx,
        signed_in.user,
        signed_in.session,
        current,
        new,
        &caller,
    )
    .await
    .map_err(|error| own(error).rename_field("password", "new_password"))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Whose account is gone holds a token of nobody.
fn own(error: impl Into<AccountsError>) -> Problem {
    match error.into() {
        AccountsError::Users(UsersError::NotFound)
        | AccountsError::Signin(SigninError::Users(UsersError::NotFound)) => {
            TokenError::Revoked.into()
        }
        other => other.into(),
    }
}
