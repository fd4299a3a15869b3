//! A connection from the pool, and a transaction on one.
//!
//! A request can be dropped at any `await`: its client hung up, or its time was over. What is
//! pooled must be clean, so a connection in the middle of something is closed instead: its locks
//! go with it, and nobody waits behind a statement that is not theirs.

use diesel::QueryResult;
use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use std::ops::{Deref, DerefMut};
use std::time::Duration;
use tokio::sync::OwnedMutexGuard;
use tokio::time::error::Elapsed;

use super::{DbError, Lite};

/// A connection from the pool, each statement a transaction of its own.
pub struct Conn {
    link: Option<Link>,
    deadline: Duration,
    /// A statement or a transaction has begun and not ended.
    busy: bool,
}

/// Where a connection leads.
#[expect(
    clippy::large_enum_variant,
    reason = "a box would cost an allocation a request"
)]
pub(crate) enum Link {
    Pg(Object<AsyncPgConnection>),
    Lite(Object<Lite>),
}

/// Runs one diesel expression on whichever database the connection leads to.
macro_rules! on {
    ($conn:expr, $c:ident => $query:expr) => {{
        let conn: &mut $crate::db::Conn = $conn;
        let (link, deadline) = conn.started();
        let answer = match link {
            $crate::db::Link::Pg($c) => tokio::time::timeout(deadline, $query).await,
            $crate::db::Link::Lite($c) => tokio::time::timeout(deadline, $query).await,
        };
        conn.ended(answer)
    }};
}
pub(crate) use on;

/// Runs one piece of writing as a transaction of its own: on Postgres one statement, on SQLite in
/// the commit that is shared with whatever else is written meanwhile. `$c` is a connection of
/// diesel-async there, of diesel here, so that `$lite` may be several statements; `one` where it is
/// a single one.
macro_rules! alone {
    ($db:expr, $c:ident => pg $pg:expr, one $lite:expr $(,)?) => {
        $crate::db::alone!(@run_one $db, $c => $pg, $lite)
    };
    ($db:expr, $c:ident => pg $pg:expr, lite $lite:expr $(,)?) => {
        $crate::db::alone!(@run $db, $c => $pg, $lite)
    };
    (@$run:ident $db:expr, $c:ident => $pg:expr, $lite:expr) => {{
        let db: &$crate::db::Db = $db;
        match db.group() {
            Some(group) => group.$run(move |$c| $lite).await,
            None => {
                let mut conn = db.conn().await?;
                let (link, deadline) = conn.started();
                let $crate::db::Link::Pg($c) = link else {
                    unreachable!("SQLite has a group");
                };
                let answer = tokio::time::timeout(deadline, $pg).await;
                conn.ended(answer)
            }
        }
    }};
}
pub(crate) use alone;

const OPEN: &str = "a connection is there until it is dropped";

impl Conn {
    /// `deadline` is when an answer is waited for no more: the database itself ends a statement
    /// before, so one that passes it has no database at its other end.
    pub(super) fn new(link: Link, deadline: Duration) -> Self {
        Self {
            link: Some(link),
            deadline,
            busy: false,
        }
    }

    /// A statement begins.
    pub(crate) fn started(&mut self) -> (&mut Link, Duration) {
        self.busy = true;
        (self.link.as_mut().expect(OPEN), self.deadline)
    }

    /// A statement has ended, or its time has.
    pub(crate) fn ended<T>(
        &mut self,
        answer: Result<QueryResult<T>, Elapsed>,
    ) -> Result<T, DbError> {
        let answer = answer
            .map_err(|_| DbError::Unavailable("the database did not answer in time".into()))?;
        self.busy = false;
        Ok(answer?)
    }

    async fn run(&mut self, statement: &str) -> Result<(), DbError> {
        on!(self, c => c.batch_execute(statement))
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        match self.link.take() {
            Some(Link::Pg(object)) if self.busy => drop(Object::take(object)),
            Some(Link::Lite(object)) if self.busy => drop(Object::take(object)),
            _ => {}
        }
    }
}

/// An open transaction. Dropped without [`commit`](Self::commit) it takes its connection out of
/// the pool and closes it: put back, it would carry its locks to the next user.
pub struct Tx {
    conn: Conn,
    open: bool,
    /// Given to the next writer only once the connection is back, or closed.
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Tx {
    pub(super) async fn begin(
        conn: Conn,
        statement: &str,
        turn: Option<OwnedMutexGuard<()>>,
    ) -> Result<Self, DbError> {
        let mut tx = Self {
            conn,
            open: true,
            _turn: turn,
        };
        tx.run(statement).await?;
        Ok(tx)
    }

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
        self.run(statement).await?;
        self.open = false;
        Ok(())
    }
}

impl Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        self.conn.busy |= self.open;
    }
}
