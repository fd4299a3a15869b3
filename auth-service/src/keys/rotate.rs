//! Making the next key, by schedule or by hand, and taking one out in an emergency.

use serde_json::json;
use shared_claims::Kind;

use super::generate::{Generated, generate};
use super::lifecycle::{self, State};
use super::seal::Label;
use super::store::{self, Row};
use super::{KeyInfo, KeysError, Purpose, list, load, overlap, ring};
use crate::audit::{Actor, Event, EventKind, Origin};
use crate::change::Change;
use crate::clock::Instant;
use crate::config::KeyAlgorithm;
use crate::ctx::Ctx;
use crate::db::DbError;
use crate::db::types::Json;

/// Does what the schedule asks for now, then loads the keys. Every replica runs it, again and
/// again; the slot is unique, so one of them makes the key.
///
/// # Errors
/// [`KeysError`]
pub async fn tick(ctx: &Ctx) -> Result<(), KeysError> {
    let mut conn = ctx.db.conn().await?;
    let signing = store::all(&mut conn, Purpose::Signing).await?;
    let refresh = store::all(&mut conn, Purpose::Refresh).await?;
    drop(conn);
    if refresh.is_empty() {
        insert(ctx, refresh_key(ctx), Actor::System, &Origin::default()).await?;
    }
    if is_due(ctx, &signing) {
        let active_at = next_active_at(ctx, &signing);
        let row = signing_key(ctx, next_slot(&signing), active_at).await;
        insert(ctx, row, Actor::System, &Origin::default()).await?;
    }
    load(ctx).await?;
    Ok(())
}

/// Makes the next key now; it signs once every verifier can know it. Where one is waiting
/// already, that one is the answer.
///
/// # Errors
/// [`KeysError`]
pub async fn rotate(ctx: &Ctx, actor: Actor, origin: &Origin) -> Result<KeyInfo, KeysError> {
    let mut conn = ctx.db.conn().await?;
    let rows = store::all(&mut conn, Purpose::Signing).await?;
    drop(conn);
    let now = ctx.clock.now();
    if !ring::states(&rows, now, overlap(ctx)).contains(&State::Next) {
        let active_at = match can_sign(ctx, &rows) {
            true => now.plus(ctx.settings.keys.publish_ahead),
            false => now,
        };
        let row = signing_key(ctx, next_slot(&rows), active_at).await;
        insert(ctx, row, actor, origin).await?;
    }
    load(ctx).await?;
    list(ctx).await?.pop().ok_or(KeysError::NoActiveKey)
}

/// Takes a key out at once: it is published no more, and nothing that it signed counts. If it was
/// the one that signs, the one that waits does from now on, for verifiers know it already; else a
/// new one.
///
/// # Errors
/// [`KeysError::NotFound`] · [`KeysError::Db`]
pub async fn remove(ctx: &Ctx, kid: &str, actor: Actor, origin: &Origin) -> Result<(), KeysError> {
    let now = ctx.clock.now();
    let mut conn = ctx.db.conn().await?;
    let mut left = store::all(&mut conn, Purpose::Signing).await?;
    drop(conn);
    let named = left.iter_mut().find(|row| row.kid == kid);
    named
        .ok_or(KeysError::NotFound)?
        .removed_at
        .get_or_insert(now);
    let heir = heir(ctx, &left).await;
    let mut change = Change::begin(ctx).await?;
    if !store::remove(&mut change, kid, now).await? {
        change.abandon().await?;
        return Err(KeysError::NotFound);
    }
    match &heir {
        Some(heir) if left.iter().any(|row| row.kid == heir.kid) => {
            store::activate(&mut change, &heir.kid, now).await?;
        }
        Some(heir) => {
            store::insert(&mut change, heir).await?;
        }
        None => {}
    }
    change.revoke(Kind::Kid, kid, None).await?;
    let event = Event::new(EventKind::KeyRemoved, actor)
        .detail(json!({ "kid": kid, "replaced_by": heir.map(|row| row.kid) }));
    change.commit(event, origin).await?;
    load(ctx).await?;
    Ok(())
}

/// The key that signs from now on, where none does: one that waits, or else a new one.
async fn heir(ctx: &Ctx, rows: &[Row]) -> Option<Row> {
    let now = ctx.clock.now();
    let states = ring::states(rows, now, overlap(ctx));
    let signs = std::iter::zip(rows, states).find(|(_, state)| *state == State::Active);
    match signs {
        Some((row, _)) if row.active_at <= now => None,
        Some((row, _)) => Some(row.clone()),
        None => Some(signing_key(ctx, next_slot(rows), now).await),
    }
}

fn is_due(ctx: &Ctx, rows: &[Row]) -> bool {
    let settings = &ctx.settings.keys;
    let now = ctx.clock.now();
    let times: Vec<_> = rows.iter().map(Row::times).collect();
    let other_algorithm = rows
        .iter()
        .rfind(|row| row.removed_at.is_none())
        .is_some_and(|newest| newest.alg != name(settings.algorithm) && newest.active_at <= now);
    other_algorithm
        || !can_sign(ctx, rows)
        || lifecycle::is_due(
            &times,
            now,
            settings.rotation_interval,
            settings.publish_ahead,
        )
}

/// A key waits until every verifier can know it; but where none can sign, as at the very first
/// start, the next one does at once.
fn next_active_at(ctx: &Ctx, rows: &[Row]) -> Instant {
    let settings = &ctx.settings.keys;
    let now = ctx.clock.now();
    let published = now.plus(settings.publish_ahead);
    match rows.iter().rfind(|row| row.removed_at.is_none()) {
        _ if !can_sign(ctx, rows) => now,
        Some(newest) if newest.alg == name(settings.algorithm) => {
            published.max(newest.active_at.plus(settings.rotation_interval))
        }
        _ => published,
    }
}

fn can_sign(ctx: &Ctx, rows: &[Row]) -> bool {
    ring::states(rows, ctx.clock.now(), overlap(ctx)).contains(&State::Active)
}

fn next_slot(rows: &[Row]) -> i64 {
    rows.last().map_or(1, |row| row.slot + 1)
}

async fn signing_key(ctx: &Ctx, slot: i64, active_at: Instant) -> Row {
    let (settings, entropy) = (ctx.settings.keys.clone(), ctx.entropy.clone());
    let make = move || generate(settings.algorithm, settings.rsa_bits, &entropy);
    let Generated { jwk, pkcs8 } = tokio::task::spawn_blocking(make)
        .await
        .expect("making a key does not panic");
    let (kid, alg) = (jwk.kid().to_owned(), name(ctx.settings.keys.algorithm));
    seal(
        ctx,
        Purpose::Signing,
        kid,
        alg,
        slot,
        active_at,
        &pkcs8,
        Some(jwk),
    )
}

fn refresh_key(ctx: &Ctx) -> Row {
    let now = ctx.clock.now();
    let kid = ctx.entropy.uuid().to_string();
    let secret = zeroize::Zeroizing::new(ctx.entropy.bytes::<32>());
    seal(
        ctx,
        Purpose::Refresh,
        kid,
        "HS256",
        1,
        now,
        secret.as_slice(),
        None,
    )
}

#[expect(clippy::too_many_arguments, reason = "one for each column")]
fn seal(
    ctx: &Ctx,
    purpose: Purpose,
    kid: String,
    alg: &str,
    slot: i64,
    active_at: Instant,
    secret: &[u8],
    jwk: Option<shared_claims::Jwk>,
) -> Row {
    let label = Label {
        kid: &kid,
        alg,
        purpose: purpose.as_str(),
    };
    Row {
        sealed: ctx.keys.sealer.seal(&ctx.entropy, &label, secret),
        purpose: purpose.as_str().to_owned(),
        slot,
        alg: alg.to_owned(),
        public_jwk: jwk.map(|jwk| Json(json!(jwk))),
        created_at: ctx.clock.now(),
        active_at,
        removed_at: None,
        kid,
    }
}

/// Inserts the key, unless another replica was first.
async fn insert(ctx: &Ctx, row: Row, actor: Actor, origin: &Origin) -> Result<(), DbError> {
    let mut change = Change::begin(ctx).await?;
    if !store::insert(&mut change, &row).await? {
        return change.abandon().await;
    }
    let event = Event::new(EventKind::KeyCreated, actor).detail(json!({
        "kid": row.kid, "alg": row.alg, "purpose": row.purpose, "active_at": row.active_at,
    }));
    change.commit(event, origin).await
}

fn name(algorithm: KeyAlgorithm) -> &'static str {
    match algorithm {
        KeyAlgorithm::ES256 => "ES256",
        KeyAlgorithm::RS256 => "RS256",
        KeyAlgorithm::EdDSA => "EdDSA",
    }
}
