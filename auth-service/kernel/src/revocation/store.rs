//! The `revocations` table: the truth that Redis and every mirror are filled from.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use shared_claims::{Entry, Kind};

use super::Numbered;
use crate::clock::Instant;
use crate::db::schema::revocations;
use crate::db::{Conn, Db, DbError, alone, on};

#[derive(Queryable, Selectable)]
#[diesel(table_name = revocations)]
struct Row {
    seq: i64,
    kind: String,
    value: String,
    ver: Option<i64>,
    expires_at: Instant,
}

impl Row {
    /// A kind that this version does not know is a later version's; it can't judge it.
    fn numbered(self) -> Option<Numbered> {
        Some(Numbered {
            seq: self.seq,
            entry: Entry {
                kind: kind_named(&self.kind)?,
                value: self.value,
                ver: self.ver,
                expires_at: self.expires_at.as_secs(),
            },
        })
    }
}

const KINDS: [(Kind, &str); 5] = [
    (Kind::Jti, "jti"),
    (Kind::Sid, "sid"),
    (Kind::Sub, "sub"),
    (Kind::Stale, "stale"),
    (Kind::Kid, "kid"),
];

pub(super) fn kind_name(kind: Kind) -> &'static str {
    KINDS
        .iter()
        .find(|(known, _)| *known == kind)
        .map_or("", |(_, name)| name)
}

fn kind_named(name: &str) -> Option<Kind> {
    KINDS
        .iter()
        .find(|(_, known)| *known == name)
        .map(|(kind, _)| *kind)
}

fn numbered(rows: Vec<Row>) -> Vec<Numbered> {
    rows.into_iter().filter_map(Row::numbered).collect()
}

/// Adds an entry and returns its number.
pub(super) async fn insert(
    conn: &mut Conn,
    entry: &Entry,
    now: Instant,
    expires_at: Instant,
) -> Result<i64, DbError> {
    on!(conn, c => diesel::insert_into(revocations::table)
        .values((
            revocations::kind.eq(kind_name(entry.kind)),
            revocations::value.eq(&entry.value),
            revocations::ver.eq(entry.ver),
            revocations::created_at.eq(now),
            revocations::expires_at.eq(expires_at),
        ))
        .returning(revocations::seq)
        .get_result(c))
}

/// Entries that count at `now` and come after `after`, in order.
pub(super) async fn live_after(
    conn: &mut Conn,
    after: i64,
    now: Instant,
) -> Result<Vec<Numbered>, DbError> {
    let rows: Vec<Row> = on!(conn, c => revocations::table
        .filter(revocations::seq.gt(after))
        .filter(revocations::expires_at.gt(now))
        .order(revocations::seq.asc())
        .select(Row::as_select())
        .load(c))?;
    Ok(numbered(rows))
}

/// Entries after `after`, and those among `missing`, in order.
pub(super) async fn news(
    conn: &mut Conn,
    after: i64,
    missing: &[i64],
) -> Result<Vec<Numbered>, DbError> {
    let rows: Vec<Row> = on!(conn, c => revocations::table
        .filter(revocations::seq.gt(after).or(revocations::seq.eq_any(missing)))
        .order(revocations::seq.asc())
        .select(Row::as_select())
        .load(c))?;
    Ok(numbered(rows))
}

/// Entries that name any of these values and count at `now`.
pub(super) async fn naming(
    conn: &mut Conn,
    values: &[&str],
    now: Instant,
) -> Result<Vec<Numbered>, DbError> {
    let rows: Vec<Row> = on!(conn, c => revocations::table
        .filter(revocations::value.eq_any(values))
        .filter(revocations::expires_at.gt(now))
        .select(Row::as_select())
        .load(c))?;
    Ok(numbered(rows))
}

/// Deletes up to `limit` entries whose last token has expired.
pub(super) async fn delete_dead(db: &Db, now: Instant, limit: usize) -> Result<usize, DbError> {
    let dead: Vec<i64> = on!(&mut db.conn().await?, c => revocations::table
        .filter(revocations::expires_at.le(now))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select(revocations::seq)
        .load(c))?;
    let delete = diesel::delete(revocations::table).filter(revocations::seq.eq_any(dead));
    alone!(db, c => pg delete.execute(c), one diesel::RunQueryDsl::execute(delete, c))
}
