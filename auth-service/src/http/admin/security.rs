//! `/v1/admin/revocations`, `/v1/admin/keys`, `/v1/admin/audit`

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};
use serde::Deserialize;
use std::num::NonZeroUsize;
use utoipa::{IntoParams, ToSchema};

use kernel::audit::Filter;
use kernel::id::Id;
use kernel::keyring::Purpose;

use crate::ctx::Ctx;
use crate::http::body::Body;
use crate::http::caller::CameFrom;
use crate::http::page::{Page, Search, limit};
use crate::http::problem::Problem;
use crate::http::rights::{Admin, Read, Write};
use crate::http::views::{AuditEvent, KeyInfo};
use crate::{sessions, tokens};

/// What to revoke: exactly one of the three.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevokeRequest {
    /// One access token, by its `jti`.
    Jti(Id),
    /// One session and its access tokens, by its `sid`.
    Sid(Id),
    /// All sessions and access tokens of an account, by its `sub`.
    Sub(Id),
}

/// Revoke a token, a session or all sessions of an account
///
/// Works again and again, and for what does not exist.
#[utoipa::path(post, path = "/v1/admin/revocations", tag = "Admin", security(("bearer" = [])), request_body = RevokeRequest, responses(
    (status = 204, description = "Whatever it names is refused from now on"),
))]
pub async fn revoke(
    ctx: Data<Ctx>,
    admin: Admin<Write>,
    CameFrom(caller): CameFrom,
    Body(asked): Body<RevokeRequest>,
) -> Result<HttpResponse, Problem> {
    let actor = admin.actor();
    match asked {
        RevokeRequest::Jti(jti) => tokens::revoke(&ctx, jti, actor, &caller).await?,
        RevokeRequest::Sub(user) => sessions::end_all(&ctx, user, actor, &caller).await?,
        RevokeRequest::Sid(session) => {
            sessions::end_any(&ctx, session, actor, &caller).await?;
        }
    }
    Ok(HttpResponse::NoContent().finish())
}

/// The signing keys, oldest first
#[utoipa::path(get, path = "/v1/admin/keys", tag = "Admin", security(("bearer" = [])), responses(
    (status = 200, body = Vec<KeyInfo>, description = "The keys and where each is in its life"),
))]
pub async fn list_keys(ctx: Data<Ctx>, _: Admin<Read>) -> Result<Json<Vec<KeyInfo>>, Problem> {
    let keys = ctx.keyring.list(Purpose::Signing).await?;
    Ok(Json(keys.into_iter().map(KeyInfo::from).collect()))
}

/// Make the next signing key
///
/// It is published now and signs once every verifier can know it. If one is waiting already, that
/// one is the answer.
#[utoipa::path(post, path = "/v1/admin/keys/rotate", tag = "Admin", security(("bearer" = [])), responses(
    (status = 200, body = KeyInfo, description = "The key that signs next"),
))]
pub async fn rotate_keys(
    ctx: Data<Ctx>,
    admin: Admin<Write>,
    CameFrom(caller): CameFrom,
) -> Result<Json<KeyInfo>, Problem> {
    let next = ctx.keyring.rotate(None, admin.actor(), &caller).await?;
    Ok(Json(next.into()))
}

/// Take a signing key out in an emergency
///
/// Nothing that it signed counts any more. Sessions go on: their next refresh is signed by another
/// key.
#[utoipa::path(delete, path = "/v1/admin/keys/{kid}", tag = "Admin", security(("bearer" = [])),
    params(("kid" = String, Path, description = "The key")),
    responses((status = 204, description = "The key is out")),
)]
pub async fn remove_key(
    ctx: Data<Ctx>,
    admin: Admin<Write>,
    CameFrom(caller): CameFrom,
    kid: Path<String>,
) -> Result<HttpResponse, Problem> {
    let actor = admin.actor();
    ctx.keyring.remove_signing(&kid, actor, &caller).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Which events to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListAudit {
    /// The `next_cursor` of the page before.
    cursor: Option<Id>,
    /// Events on a page: 50 where nothing is said, 200 at most.
    #[param(value_type = Option<usize>, minimum = 1)]
    limit: Option<NonZeroUsize>,
    /// Only events done by or to this account.
    user_id: Option<Id>,
    /// Only events of this kind, such as `login`.
    event: Option<String>,
}

/// The audit trail, newest first
#[utoipa::path(get, path = "/v1/admin/audit", tag = "Admin", security(("bearer" = [])),
    params(ListAudit),
    responses((status = 200, body = Page<AuditEvent>, description = "A page of events")),
)]
pub async fn list_audit(
    ctx: Data<Ctx>,
    _: Admin<Read>,
    Search(asked): Search<ListAudit>,
) -> Result<Json<Page<AuditEvent>>, Problem> {
    let limit = limit(asked.limit);
    let filter = Filter {
        user_id: asked.user_id,
        event: asked.event,
    };
    let mut events = (ctx.audit.list(&filter, asked.cursor, limit as i64 + 1)).await?;
    let more = events.len() > limit;
    events.truncate(limit);
    let events = events.into_iter().map(AuditEvent::from).collect();
    Ok(Json(Page::new(events, more, |event: &AuditEvent| event.id)))
}
