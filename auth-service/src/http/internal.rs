//! The internal listener: probes, metrics and the revocation feed. Never behind the ingress.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Bytes, Data, Json};
use actix_web::{HttpRequest, web};
use futures_util::stream;
use serde_json::json;
use shared_claims::Snapshot;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

use kernel::db::DbError;
use kernel::revocation::{Reader, Update};

use super::draining::Draining;
use super::problem::Problem;
use super::scrape;
use crate::ctx::Ctx;

/// How long a dependency may take to say that it is there.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
/// How often a silent stream says where it is.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How soon a replica that is not sure of what it knows looks again.
const DOUBT: Duration = Duration::from_millis(250);

/// The routes of the internal listener.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/livez", web::get().to(livez))
        .route("/readyz", web::get().to(readyz))
        .route("/metrics", web::get().to(scrape::metrics))
        .route("/v1/revocations", web::get().to(snapshot))
        .route("/v1/revocations/stream", web::get().to(stream));
}

/// Whether the process runs. Touches nothing.
async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// Whether requests should be sent here.
async fn readyz(ctx: Data<Ctx>, draining: Data<Draining>) -> HttpResponse {
    let database = matches!(timeout(PROBE_TIMEOUT, ctx.db.ping()).await, Ok(Ok(())));
    let keys = ctx.keyring.is_ready();
    let stopping = draining.has_begun();
    let mut response = match database && keys && !stopping {
        true => HttpResponse::Ok(),
        false => HttpResponse::ServiceUnavailable(),
    };
    response.json(json!({ "database": database, "keys": keys, "stopping": stopping }))
}

async fn snapshot(ctx: Data<Ctx>) -> Result<Json<Snapshot>, Problem> {
    Ok(Json(ctx.revocations.snapshot().await?))
}

/// Server-sent events: `revoked` with an entry, `reset` when the snapshot must be taken again,
/// and a `heartbeat` while this replica is sure that it has missed nothing that was revoked longer
/// ago than `revocation.max_lag`. The id of each is the position to resume from.
async fn stream(ctx: Data<Ctx>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let last_event_id = request.headers().get("last-event-id");
    let position = last_event_id
        .map(|value| value.to_str().unwrap_or_default().parse())
        .transpose()
        .map_err(|_| {
            Problem::field(
                "last-event-id",
                "invalid",
                "this is no event id of the feed",
            )
        })?;
    let reader = ctx.revocations.stream_from(position).await?;
    let events = stream::unfold(
        (ctx, reader, Instant::now()),
        |(ctx, mut reader, beat)| async move {
            let (event, beat) = next(&ctx, &mut reader, beat).await;
            Some((Ok::<_, DbError>(Bytes::from(event)), (ctx, reader, beat)))
        },
    );
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(events))
}

/// The next event, and when the next heartbeat is due.
async fn next(ctx: &Ctx, reader: &mut Reader, mut beat: Instant) -> (String, Instant) {
    loop {
        tokio::select! {
            biased;
            update = reader.next() => {
                if matches!(update, Update::Reset) {
                    ctx.metrics.feed_resets.count();
                }
                return (written(update), beat);
            }
            () = sleep_until(beat) => {}
        }
        beat = Instant::now() + DOUBT;
        if let Some(position) = reader.position(&ctx.revocations) {
            beat = Instant::now() + HEARTBEAT;
            let now = ctx.clock.now().as_secs();
            let data = json!({ "position": position, "at": now });
            return (
                format!("id: {position}\nevent: heartbeat\ndata: {data}\n\n"),
                beat,
            );
        }
    }
}

fn written(update: Update) -> String {
    match update {
        Update::Reset => "event: reset\ndata: {}\n\n".into(),
        Update::Revoked { entry, position } => {
            let data = serde_json::to_string(&entry).expect("an entry is plain JSON");
            format!("id: {position}\nevent: revoked\ndata: {data}\n\n")
        }
    }
}
