//! `/metrics`: what the instruments counted, and what the rooms look like now.

use actix_web::HttpResponse;
use actix_web::web::Data;

use kernel::metrics::{CONTENT_TYPE, Sample};

use crate::ctx::Ctx;
use crate::logs;

/// Everything that there is to watch, in the Prometheus text format. Asks no dependency.
pub async fn metrics(ctx: Data<Ctx>) -> HttpResponse {
    let text = ctx.metrics.render(&sample(&ctx));
    HttpResponse::Ok().content_type(CONTENT_TYPE).body(text)
}

fn sample(ctx: &Ctx) -> Sample {
    let (connections_in_use, connections_open, connections_max) = ctx.db.usage();
    let revocations = ctx.revocations.stats();
    let now = ctx.clock.now();
    let turns = ctx.keyring.turns();
    Sample {
        connections_in_use,
        connections_open,
        connections_max,
        hashes_waiting: ctx.hasher.stats().queue_depth,
        denylist_entries: revocations.entries,
        feed_consumers: revocations.consumers,
        feed_backlog: revocations.backlog,
        revocation_lag: revocations.lag,
        redis_is_heard: revocations.redis_is_heard,
        log_lines_lost: logs::lost(),
        key_age: turns.map(|(since, _)| now.since(since)),
        key_rotates_in: turns.map(|(_, next)| next.secs_after(now)),
    }
}
