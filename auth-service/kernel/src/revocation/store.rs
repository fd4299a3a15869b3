//! The `revocations` table: the truth that Redis and every mirror are filled from.

use diesel::prelude::*;
use diesel::query_builder::{Query, QueryId};
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_async::RunQueryDsl;
use shared_claims::{Entry, Kind};

use super::Numbered;
use crate::clock::Instant;
use crate::db::fragment::fragment;
use crate::db::schema::revocations;
use crate::db::types::{Json, SqlInstant, SqlJson};
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

/// What was read of the table.
#[derive(Default)]
pub(super) struct Read {
    /// Revocations, in the order of their numbers.
    pub known: Vec<Numbered>,
    /// The numbers and kinds of those that are a later version's: this one can't judge them.
    pub unknown: Vec<(i64, String)>,
}

impl FromIterator<Row> for Read {
    fn from_iter<I: IntoIterator<Item = Row>>(rows: I) -> Self {
        let mut read = Self::default();
        for row in rows {
            let Some(kind) = Kind::named(&row.kind) else {
                read.unknown.push((row.seq, row.kind));
                continue;
            };
            let entry = Entry {
                kind,
                value: row.value,
                ver: row.ver,
                expires_at: row.expires_at.as_secs(),
            };
            let seq = row.seq;
            read.known.push(Numbered { seq, entry });
        }
        read
    }
}

/// Entries of one kind, as many as there are values.
#[derive(QueryId)]
struct Insert {
    kind: &'static str,
    values: Json<Vec<String>>,
    ver: Option<i64>,
    created_at: Instant,
    expires_at: Instant,
}

impl Query for Insert {
    type SqlType = (BigInt, Text);
}

fragment!(Insert, |this, out, sqlite| {
    out.push_sql("INSERT INTO revocations (kind, value, ver, created_at, expires_at) SELECT ");
    out.push_bind_param::<Text, _>(this.kind)?;
    out.push_sql(", asked.value, ");
    out.push_bind_param::<Nullable<BigInt>, _>(&this.ver)?;
    for time in [&this.created_at, &this.expires_at] {
        out.push_sql(", ");
        out.push_bind_param::<SqlInstant, _>(time)?;
    }
    out.push_sql(if sqlite {
        " FROM json_each("
    } else {
        " FROM jsonb_array_elements_text("
    });
    out.push_bind_param::<SqlJson, _>(&this.values)?;
    out.push_sql(if sqlite {
        ") AS asked RETURNING seq, value"
    } else {
        ") AS asked (value) RETURNING seq, value"
    });
});

/// Adds an entry of this kind for each value, by one statement, and returns their numbers.
pub(super) async fn insert(
    conn: &mut Conn,
    kind: Kind,
    values: Vec<String>,
    ver: Option<i64>,
    (created_at, expires_at): (Instant, Instant),
) -> Result<Vec<Numbered>, DbError> {
    let insert = Insert {
        kind: kind.name(),
        values: Json(values),
        ver,
        created_at,
        expires_at,
    };
    let rows: Vec<(i64, String)> = on!(conn, c => RunQueryDsl::get_results(&insert, c))?;
    let numbered = rows.into_iter().map(|(seq, value)| Numbered {
        seq,
        entry: Entry {
            kind,
            value,
            ver,
            expires_at: expires_at.as_secs(),
        },
    });
    Ok(numbered.collect())
}

/// Entries that count at `now` and come after `after`, in order.
pub(super) async fn live_after(conn: &mut Conn, after: i64, now: Instant) -> Result<Read, DbError> {
    let rows: Vec<Row> = on!(conn, c => revocations::table
        .filter(revocations::seq.gt(after))
        .filter(revocations::expires_at.gt(now))
        .order(revocations::seq.asc())
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().collect())
}

/// Entries after `after`, and those among `missing`, in order.
pub(super) async fn news(conn: &mut Conn, after: i64, missing: &[i64]) -> Result<Read, DbError> {
    let rows: Vec<Row> = on!(conn, c => revocations::table
        .filter(revocations::seq.gt(after).or(revocations::seq.eq_any(missing)))
        .order(revocations::seq.asc())
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().collect())
}

/// Entries that name any of these values and count at `now`.
pub(super) async fn naming(
    conn: &mut Conn,
    values: &[&str],
    now: Instant,
) -> Result<Read, DbError> {
    let rows: Vec<Row> = on!(conn, c => revocations::table
        .filter(revocations::value.eq_any(values))
        .filter(revocations::expires_at.gt(now))
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().collect())
}

/// Deletes up to `limit` entries whose last token has expired.
pub(super) async fn delete_dead(db: &Db, now: Instant, limit: usize) -> Result<usize, DbError> {
    let dead: Vec<i64> = on!(&mut db.conn().await?, c => revocations::table
        .filter(revocations::expires_at.le(now))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select(revocations::seq)
        .load(c))?;
    let delete = diesel::delete(revocations::table).filter(revocations::seq.eq_any(dead));
    alone!(db, c => pg (&delete).execute(c), one diesel::RunQueryDsl::execute(delete, c))
}
