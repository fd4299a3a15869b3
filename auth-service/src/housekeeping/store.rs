//! What housekeeping asks of the tables that it prunes, and its lease.

use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;

use crate::clock::Instant;
use crate::db::schema::{audit_events, leases, revocations, sessions, users};
use crate::db::{Conn, Db, DbError, alone, on};
use crate::id::Id;

/// The row of `leases`.
const LEASE: &str = "housekeeping";

/// Takes the lease until `until`, if nobody has it at `now`.
pub(super) async fn take_lease(
    db: &Db,
    holder: Id,
    now: Instant,
    until: Instant,
) -> Result<bool, DbError> {
    use diesel::query_dsl::methods::FilterDsl;
    let take = diesel::insert_into(leases::table)
        .values((
            leases::name.eq(LEASE),
            leases::holder.eq(holder),
            leases::until.eq(until),
        ))
        .on_conflict(leases::name)
        .do_update()
        .set((
            leases::holder.eq(excluded(leases::holder)),
            leases::until.eq(excluded(leases::until)),
        ))
        .filter(leases::until.le(now));
    let rows = alone!(db, c => pg take.execute(c), one diesel::RunQueryDsl::execute(take, c))?;
    Ok(rows == 1)
}

/// Moves the end of the lease; false if somebody else has taken it meanwhile.
pub(super) async fn extend_lease(db: &Db, holder: Id, until: Instant) -> Result<bool, DbError> {
    let extend = diesel::update(leases::table)
        .filter(leases::name.eq(LEASE))
        .filter(leases::holder.eq(holder))
        .set(leases::until.eq(until));
    let rows = alone!(db, c => pg extend.execute(c), one diesel::RunQueryDsl::execute(extend, c))?;
    Ok(rows == 1)
}

/// A table that is walked by its primary key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Sessions,
    AuditEvents,
    Users,
}

/// The rows of one batch: behind `after`, up to `upto`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub after: Id,
    pub upto: Id,
}

/// The last of the next `size` rows behind `after` and before `end`; nothing if there are fewer.
pub(super) async fn last_of(
    conn: &mut Conn,
    table: Table,
    after: Id,
    end: Id,
    size: usize,
) -> Result<Option<Id>, DbError> {
    let skipped = i64::try_from(size).unwrap_or(i64::MAX) - 1;
    macro_rules! last {
        ($rows:ident) => {
            on!(conn, c => $rows::table
                .filter($rows::id.gt(after))
                .filter($rows::id.lt(end))
                .order($rows::id.asc())
                .offset(skipped)
                .select($rows::id)
                .first(c))
        };
    }
    match table {
        Table::Sessions => last!(sessions),
        Table::AuditEvents => last!(audit_events),
        Table::Users => last!(users),
    }
    .map(Some)
    .or_else(DbError::none)
}

/// Deletes the sessions of a window that expired at or before `dead`. A refresh never moves the
/// idle expiry beyond the absolute one, nor one that has passed.
pub(super) async fn delete_sessions(
    db: &Db,
    window: Window,
    dead: Instant,
) -> Result<usize, DbError> {
    let delete = diesel::delete(sessions::table)
        .filter(sessions::id.gt(window.after))
        .filter(sessions::id.le(window.upto))
        .filter(sessions::idle_expires_at.le(dead));
    alone!(db, c => pg delete.execute(c), one diesel::RunQueryDsl::execute(delete, c))
}

/// Deletes the audit events of a window that were written before `old`.
pub(super) async fn delete_audit_events(
    db: &Db,
    window: Window,
    old: Instant,
) -> Result<usize, DbError> {
    let delete = diesel::delete(audit_events::table)
        .filter(audit_events::id.gt(window.after))
        .filter(audit_events::id.le(window.upto))
        .filter(audit_events::at.lt(old));
    alone!(db, c => pg delete.execute(c), one diesel::RunQueryDsl::execute(delete, c))
}

/// Deletes up to `limit` entries whose last token has expired.
pub(super) async fn delete_revocations(
    db: &Db,
    now: Instant,
    limit: usize,
) -> Result<usize, DbError> {
    let dead: Vec<i64> = on!(&mut db.conn().await?, c => revocations::table
        .filter(revocations::expires_at.le(now))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select(revocations::seq)
        .load(c))?;
    let delete = diesel::delete(revocations::table).filter(revocations::seq.eq_any(dead));
    alone!(db, c => pg delete.execute(c), one diesel::RunQueryDsl::execute(delete, c))
}
