//! The database: one pool, two kinds, each query written once.
//!
//! A query is a diesel expression that [`on!`] runs on whichever database is open. Races are
//! decided by a guard in the `WHERE`, never by a lock, so that both kinds behave alike.

mod connect;
mod error;
pub(crate) mod fragment;
pub mod migrate;
mod postgres;
pub mod schema;
pub mod types;

use diesel::IntoSql;
use diesel::sql_types::Integer;
use diesel::sqlite::SqliteConnection;
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use crate::clock::Instant;
pub use error::DbError;
use types::SqlInstant;

type Lite = SyncConnectionWrapper<SqliteConnection>;

/// The open database.
#[derive(Clone)]
pub struct Db {
    pool: Connections,
    acquire_timeout: Duration,
}

#[derive(Clone)]
enum Connections {
    Pg(Pool<AsyncPgConnection>),
    Lite(Pool<Lite>),
}

/// A connection from the pool, each statement a transaction of its own.
#[expect(
    clippy::large_enum_variant,
    reason = "a box would cost an allocation a request"
)]
pub enum Conn {
    /// To Postgres.
    Pg(Object<AsyncPgConnection>),
    /// To SQLite.
    Lite(Object<Lite>),
}

/// Runs one diesel expression on whichever database the connection leads to.
macro_rules! on {
    ($conn:expr, $c:ident => $query:expr) => {
        match $conn {
            $crate::db::Conn::Pg($c) => $query.await.map_err($crate::db::DbError::from),
            $crate::db::Conn::Lite($c) => $query.await.map_err($crate::db::DbError::from),
        }
    };
}
pub(crate) use on;

impl Db {
    /// A connection, within the time that the settings allow.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] when none is free or can be made in time.
    pub async fn conn(&self) -> Result<Conn, DbError> {
        let get = async {
            Ok(match &self.pool {
                Connections::Pg(pool) => Conn::Pg(pool.get().await?),
                Connections::Lite(pool) => Conn::Lite(pool.get().await?),
            })
        };
        match tokio::time::timeout(self.acquire_timeout, get).await {
            Ok(conn) => conn,
            Err(_) => Err(DbError::Unavailable(
                "no connection became free in time".into(),
            )),
        }
    }

    /// Begins a transaction. SQLite takes its one write lock at once (`BEGIN IMMEDIATE`): a lock
    /// that is taken later can fail where waiting would have helped.
    ///
    /// # Errors
    /// As [`conn`](Self::conn), and when the database refuses.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        let mut tx = Tx(Some(self.conn().await?));
        match &mut *tx {
            Conn::Pg(pg) => pg.batch_execute("BEGIN").await?,
            Conn::Lite(lite) => lite.batch_execute("BEGIN IMMEDIATE").await?,
        }
        Ok(tx)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// As [`conn`](Self::conn), and when it does not.
    pub async fn ping(&self) -> Result<(), DbError> {
        let mut conn = self.conn().await?;
        on!(&mut conn, c => diesel::select(1_i32.into_sql::<Integer>()).get_result::<i32>(c))?;
        Ok(())
    }

    /// The database's time. SQLite runs on this machine and has none of its own.
    ///
    /// # Errors
    /// As [`ping`](Self::ping).
    pub async fn now(&self) -> Result<Option<Instant>, DbError> {
        let mut conn = self.conn().await?;
        match &mut conn {
            Conn::Lite(_) => Ok(None),
            Conn::Pg(pg) => {
                let now = diesel::dsl::sql::<SqlInstant>("clock_timestamp()");
                Ok(Some(diesel::select(now).get_result(pg).await?))
            }
        }
    }

    /// Whether this is the embedded database.
    pub fn is_sqlite(&self) -> bool {
        matches!(self.pool, Connections::Lite(_))
    }

    /// Connections in use and connections open, for metrics.
    pub fn usage(&self) -> (usize, usize) {
        let status = match &self.pool {
            Connections::Pg(pool) => pool.status(),
            Connections::Lite(pool) => pool.status(),
        };
        (status.size.saturating_sub(status.available), status.size)
    }
}

/// An open transaction. Dropped without [`commit`](Self::commit) it takes its connection out of
/// the pool and closes it: put back, it would carry its locks to the next user.
pub struct Tx(Option<Conn>);

impl Tx {
    /// Makes what was done lasting.
    ///
    /// # Errors
    /// When the database refuses; then nothing was done, or it can't be known.
    pub async fn commit(self) -> Result<(), DbError> {
        self.end("COMMIT").await
    }

    /// Undoes what was done and keeps the connection, for an end that was to be expected.
    ///
    /// # Errors
    /// When the database can't be reached; nothing is done then either.
    pub async fn rollback(self) -> Result<(), DbError> {
        self.end("ROLLBACK").await
    }

    async fn end(mut self, statement: &str) -> Result<(), DbError> {
        match &mut *self {
            Conn::Pg(pg) => pg.batch_execute(statement).await?,
            Conn::Lite(lite) => lite.batch_execute(statement).await?,
        }
        drop(self.0.take());
        Ok(())
    }
}

const OPEN: &str = "a transaction has its connection until it ends";

impl Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        self.0.as_ref().expect(OPEN)
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        self.0.as_mut().expect(OPEN)
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        match self.0.take() {
            Some(Conn::Pg(object)) => drop(Object::take(object)),
            Some(Conn::Lite(object)) => drop(Object::take(object)),
            None => {}
        }
    }
}
