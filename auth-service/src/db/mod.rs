//! The database: one pool, two kinds, each query written once.
//!
//! A query is a diesel expression that [`on!`] runs on whichever database is open. Races are
//! decided by a guard in the `WHERE`, never by a lock, so that both kinds behave alike.

mod conn;
mod connect;
mod detached;
mod error;
pub(crate) mod fragment;
mod group;
mod indexes;
pub mod migrate;
mod pools;
mod postgres;
pub mod schema;
pub mod types;

use diesel::IntoSql;
use diesel::sql_types::Integer;
use diesel::sqlite::SqliteConnection;
use diesel_async::RunQueryDsl;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use std::time::Duration;

use crate::clock::Instant;
pub use conn::{Conn, Tx};
pub(crate) use conn::{Link, alone, on};
use detached::Detached;
pub use error::DbError;
use group::{Group, Turn};
use pools::Pools;
use types::SqlInstant;

type Lite = SyncConnectionWrapper<SqliteConnection, Detached>;

/// The open database.
#[derive(Clone)]
pub struct Db {
    pool: Connections,
    acquire_timeout: Duration,
    deadline: Duration,
}

#[derive(Clone)]
enum Connections {
    Pg(Pools),
    Lite(Pool<Lite>, Writers),
}

/// Those that write to SQLite come one after the other, or together.
#[derive(Clone)]
struct Writers {
    turn: Turn,
    group: Group,
}

impl Db {
    /// A connection, within the time that the settings allow.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] when none is free or can be made in time.
    pub async fn conn(&self) -> Result<Conn, DbError> {
        // Opening one takes a future of some kilobytes, which every request would carry about.
        let get = Box::pin(async {
            Ok::<_, DbError>(match &self.pool {
                Connections::Pg(pools) => Link::Pg(pools.here().get().await?),
                Connections::Lite(pool, _) => Link::Lite(pool.get().await?),
            })
        });
        Ok(Conn::new(self.in_time(get).await??, self.deadline))
    }

    /// Says that this thread is an HTTP worker: its requests get connections that live on it.
    pub fn serve_from_this_thread(&self) {
        if let Connections::Pg(pools) = &self.pool {
            pools.seat();
        }
    }

    /// Begins a transaction. SQLite takes its one write lock at once (`BEGIN IMMEDIATE`): a lock
    /// that is taken later can fail where waiting would have helped.
    ///
    /// # Errors
    /// As [`conn`](Self::conn), and when the database refuses.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        let (statement, turn) = match &self.pool {
            Connections::Pg(_) => ("BEGIN", None),
            Connections::Lite(_, writers) => {
                let turn = self.in_time(writers.turn.clone().lock_owned()).await?;
                ("BEGIN IMMEDIATE", Some(turn))
            }
        };
        Tx::begin(self.conn().await?, statement, turn).await
    }

    async fn in_time<T>(&self, waiting: impl Future<Output = T>) -> Result<T, DbError> {
        tokio::time::timeout(self.acquire_timeout, waiting)
            .await
            .map_err(|_| DbError::Unavailable("no connection became free in time".into()))
    }

    /// Where SQLite's writers share their commits; Postgres groups commits by itself.
    pub(crate) fn group(&self) -> Option<&Group> {
        match &self.pool {
            Connections::Pg(_) => None,
            Connections::Lite(_, writers) => Some(&writers.group),
        }
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
        if self.is_sqlite() {
            return Ok(None);
        }
        let mut conn = self.conn().await?;
        let now = diesel::dsl::sql::<SqlInstant>("clock_timestamp()");
        on!(&mut conn, c => diesel::select(now).get_result(c)).map(Some)
    }

    /// Whether this is the embedded database.
    pub fn is_sqlite(&self) -> bool {
        self.group().is_some()
    }

    /// Connections in use and connections open, for metrics.
    pub fn usage(&self) -> (usize, usize) {
        match &self.pool {
            Connections::Pg(pools) => pools.usage(),
            Connections::Lite(pool, _) => {
                let status = pool.status();
                (status.size.saturating_sub(status.available), status.size)
            }
        }
    }
}
