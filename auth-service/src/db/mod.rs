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
pub mod migrate;
mod postgres;
pub mod schema;
pub mod types;

use diesel::IntoSql;
use diesel::sql_types::Integer;
use diesel::sqlite::SqliteConnection;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::time::Duration;
use tracing::Instrument;

use crate::clock::Instant;
use crate::metrics::Queue;
use crate::telemetry::span;
pub use conn::{Conn, Tx};
pub(crate) use conn::{Link, POSTGRES, SQLITE, alone, on};
use detached::Detached;
pub use error::DbError;
use group::{Group, Turn};
use types::SqlInstant;

type Lite = SyncConnectionWrapper<SqliteConnection, Detached>;

/// The open database.
#[derive(Clone)]
pub struct Db {
    pool: Connections,
    acquire_timeout: Duration,
    deadline: Duration,
    queue: Queue,
}

#[derive(Clone)]
enum Connections {
    Pg(Pool<AsyncPgConnection>),
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
        let get = async {
            Ok::<_, DbError>(match &self.pool {
                Connections::Pg(pool) => Link::Pg(pool.get().await?),
                Connections::Lite(pool, _) => Link::Lite(pool.get().await?),
            })
        };
        let (asked, span) = (std::time::Instant::now(), span!("db.connection"));
        let link = self.in_time(get.instrument(span)).await.flatten();
        match &link {
            Ok(_) => self.queue.wait.took(asked.elapsed()),
            Err(_) => self.queue.refused.count(),
        }
        Ok(Conn::new(link?, self.deadline))
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
                let turn = self.in_time(writers.turn.clone().lock_owned()).await;
                let turn = turn.inspect_err(|_| self.queue.refused.count())?;
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

    /// Connections in use, open, and open at most, for metrics.
    pub fn usage(&self) -> (usize, usize, usize) {
        let status = match &self.pool {
            Connections::Pg(pool) => pool.status(),
            Connections::Lite(pool, _) => pool.status(),
        };
        let in_use = status.size.saturating_sub(status.available);
        (in_use, status.size, status.max_size)
    }
}
