//! The `keys` table.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::lifecycle::Times;
use super::{KeysError, Purpose};
use crate::clock::Instant;
use crate::db::schema::keys;
use crate::db::types::Json;
use crate::db::{Conn, DbError, on};

/// A key as it rests: its private half sealed.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = keys)]
pub(super) struct Row {
    pub kid: String,
    pub purpose: String,
    pub slot: i64,
    pub alg: String,
    pub public_jwk: Option<Json<Value>>,
    pub sealed: Vec<u8>,
    pub created_at: Instant,
    pub active_at: Instant,
    pub ends_at: Option<Instant>,
    pub removed_at: Option<Instant>,
}

impl Row {
    pub(super) fn broken(&self, why: impl ToString) -> KeysError {
        let (kid, why) = (self.kid.clone(), why.to_string());
        KeysError::Broken { kid, why }
    }

    pub(super) fn purpose(&self) -> Purpose {
        match self.purpose == Purpose::Refresh.as_str() {
            true => Purpose::Refresh,
            false => Purpose::Signing,
        }
    }

    pub(super) fn times(&self) -> Times {
        Times {
            slot: self.slot,
            alg: self.alg.clone(),
            active_at: self.active_at,
            ends_at: self.ends_at,
            removed_at: self.removed_at,
        }
    }
}

/// All keys, oldest first.
pub(super) async fn all(conn: &mut Conn) -> Result<Vec<Row>, DbError> {
    on!(conn, c => keys::table
        .order(keys::slot.asc())
        .select(Row::as_select())
        .load(c))
}

/// Those of one purpose.
pub(super) fn of(rows: &[Row], purpose: Purpose) -> Vec<Row> {
    let own = rows.iter().filter(|row| row.purpose == purpose.as_str());
    own.cloned().collect()
}

/// The slot of the next key of one purpose: two replicas that make one at once take the same.
pub(super) fn next_slot(rows: &[Row]) -> i64 {
    rows.last().map_or(1, |row| row.slot + 1)
}

/// Adds a key, unless another replica took its slot first.
pub(super) async fn insert(conn: &mut Conn, row: &Row) -> Result<bool, DbError> {
    let rows = on!(conn, c => diesel::insert_into(keys::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(rows == 1)
}

/// Lets a key that waits sign now.
pub(super) async fn activate(conn: &mut Conn, kid: &str, now: Instant) -> Result<(), DbError> {
    on!(conn, c => diesel::update(keys::table.find(kid))
        .set(keys::active_at.eq(now))
        .execute(c))?;
    Ok(())
}

/// Replaces a sealed secret by the same one sealed anew; nothing happens where it has changed.
pub(super) async fn rewrap(conn: &mut Conn, row: &Row, sealed: &[u8]) -> Result<bool, DbError> {
    let rows = on!(conn, c => diesel::update(keys::table.find(&row.kid))
        .filter(keys::sealed.eq(&row.sealed))
        .set(keys::sealed.eq(sealed))
        .execute(c))?;
    Ok(rows == 1)
}

/// Marks a key as removed; false if there is none, or it was removed before.
pub(super) async fn remove(conn: &mut Conn, kid: &str, now: Instant) -> Result<bool, DbError> {
    let rows = on!(conn, c => diesel::update(keys::table)
        .filter(keys::kid.eq(kid))
        .filter(keys::removed_at.is_null())
        .set(keys::removed_at.eq(now))
        .execute(c))?;
    Ok(rows == 1)
}
