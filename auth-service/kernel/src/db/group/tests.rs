use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use futures_util::future::join_all;
use std::cell::RefCell;
use std::path::PathBuf;

use super::*;
use crate::db::Optional;
use crate::entropy::Entropy;

diesel::table! {
    marks (n) {
        n -> BigInt,
        parent -> Nullable<BigInt>,
    }
}

const TABLE: &str = "CREATE TABLE marks (n integer PRIMARY KEY, \
     parent integer REFERENCES marks (n) DEFERRABLE INITIALLY DEFERRED)";
const FIRST: &str = "PRAGMA busy_timeout = 1000; PRAGMA journal_mode = WAL; \
     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON";
const SOON: Duration = Duration::from_secs(20);

/// A database of its own, and who writes to it.
struct Desk {
    folder: PathBuf,
    turn: Turn,
    group: Group,
}

impl Desk {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("group-{}", Entropy::system().uuid()));
        std::fs::create_dir(&folder).unwrap();
        let path = folder.join("marks.db");
        open(&path).batch_execute(TABLE).unwrap();
        let turn = Turn::default();
        let path = path.to_str().unwrap();
        let group = Group::start(path, FIRST.into(), turn.clone(), SOON).unwrap();
        Self {
            folder,
            turn,
            group,
        }
    }

    fn outside(&self) -> SqliteConnection {
        open(&self.folder.join("marks.db"))
    }

    fn marks(&self) -> Vec<i64> {
        let marks = marks::table.select(marks::n).order(marks::n);
        marks.load(&mut self.outside()).unwrap()
    }

    /// Commits since the file was made, by the frames of its write-ahead log: the last one of a
    /// commit names the size of the database (SQLite's file format, §4.1).
    fn commits(&self) -> usize {
        let log = std::fs::read(self.folder.join("marks.db-wal")).unwrap_or_default();
        if log.is_empty() {
            return 0;
        }
        let page = u32::from_be_bytes(log[8..12].try_into().unwrap()) as usize;
        let frames = log[32..].chunks_exact(24 + page);
        frames.filter(|frame| frame[4..8] != [0; 4]).count()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn open(path: &std::path::Path) -> SqliteConnection {
    let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    conn.batch_execute(FIRST).unwrap();
    conn
}

fn mark(conn: &mut SqliteConnection, n: i64) -> QueryResult<usize> {
    diesel::insert_into(marks::table)
        .values(marks::n.eq(n))
        .execute(conn)
}

/// What the deferred foreign key forbids only at COMMIT.
fn orphan(conn: &mut SqliteConnection, n: i64) -> QueryResult<usize> {
    diesel::insert_into(marks::table)
        .values((marks::n.eq(n), marks::parent.eq(-1_i64)))
        .execute(conn)
}

/// As SQLite tells of a full disk, where it undoes everything: what came next would be committed
/// piece by piece.
fn lost_to_the_disk() -> Error {
    Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new("full".to_owned()))
}

fn is_unavailable<T: std::fmt::Debug>(result: &Result<T, DbError>) -> bool {
    matches!(result, Err(DbError::Unavailable(_)))
}

/// Hands the work over, and waits no longer.
async fn begin<T: std::fmt::Debug>(work: &mut (impl Future<Output = T> + Unpin)) {
    tokio::select! {
        biased;
        early = work => panic!("{early:?}"),
        () = std::future::ready(()) => {}
    }
}

#[tokio::test]
async fn those_who_wait_together_are_committed_together() {
    let desk = Desk::new();
    let before = desk.commits();
    let held = desk.turn.clone().lock_owned().await;
    let writers = (0..MOST as i64 * 2).map(|n| desk.group.run(move |conn| mark(conn, n)));
    let (written, ()) = tokio::join!(join_all(writers), async { drop(held) });
    assert!(written.into_iter().all(|one| one.unwrap() == 1));
    assert_eq!(desk.marks().len(), MOST * 2);
    assert_eq!(desk.commits() - before, 2, "as many as fit into each");
}

#[tokio::test]
async fn a_lone_writer_waits_for_nobody() {
    let desk = Desk::new();
    let before = desk.commits();
    for n in 0..10 {
        assert_eq!(desk.group.run(move |conn| mark(conn, n)).await.unwrap(), 1);
        assert_eq!(
            desk.marks().len() as i64,
            n + 1,
            "answered once it is there"
        );
    }
    assert_eq!(desk.commits() - before, 10);
}

#[tokio::test]
async fn one_that_fails_halfway_leaves_nothing_and_takes_nobody_along() {
    let desk = Desk::new();
    let held = desk.turn.clone().lock_owned().await;
    let writers = (0..9).map(|n| {
        desk.group.run(move |conn| {
            mark(conn, n)?;
            match n % 3 {
                1 => mark(conn, n),
                2 => Err(Error::NotFound),
                _ => Ok(1),
            }
        })
    });
    let (written, ()) = tokio::join!(join_all(writers), async { drop(held) });
    for (n, result) in written.into_iter().enumerate() {
        match n % 3 {
            0 => assert_eq!(result.unwrap(), 1),
            1 => assert!(matches!(result, Err(DbError::Unique(_))), "{result:?}"),
            _ => assert!(matches!(result.optional(), Ok(None))),
        }
    }
    assert_eq!(desk.marks(), [0, 3, 6]);
}

#[tokio::test]
async fn a_commit_that_fails_is_told_to_all_and_leaves_nothing() {
    let desk = Desk::new();
    let held = desk.turn.clone().lock_owned().await;
    let writers = (0..9).map(|n| {
        desk.group.run(move |conn| match n {
            4 => orphan(conn, n),
            5 => Err(Error::NotFound),
            _ => mark(conn, n),
        })
    });
    let (written, ()) = tokio::join!(join_all(writers), async { drop(held) });
    assert!(written.iter().all(is_unavailable), "{written:?}");
    assert_eq!(desk.marks(), [0; 0]);
    assert_eq!(desk.group.run(|conn| mark(conn, 1)).await.unwrap(), 1);
    assert_eq!(desk.marks(), [1]);
}

#[tokio::test]
async fn a_transaction_that_is_lost_halfway_is_told_to_all_and_leaves_nothing() {
    let desk = Desk::new();
    let held = desk.turn.clone().lock_owned().await;
    let writers = (0..9).map(|n| {
        desk.group.run(move |conn| {
            mark(conn, n)?;
            if n == 4 {
                conn.batch_execute("ROLLBACK")?;
                return Err(lost_to_the_disk());
            }
            Ok(1)
        })
    });
    let (written, ()) = tokio::join!(join_all(writers), async { drop(held) });
    assert!(written.iter().all(is_unavailable), "{written:?}");
    assert_eq!(desk.marks(), [0; 0]);
    assert_eq!(desk.group.run(|conn| mark(conn, 1)).await.unwrap(), 1);
}

#[tokio::test]
async fn a_single_statement_that_fails_takes_nobody_along() {
    let desk = Desk::new();
    desk.group.run_one(|conn| mark(conn, 100)).await.unwrap();
    let held = desk.turn.clone().lock_owned().await;
    let writers = (0..9).map(|n| {
        desk.group.run_one(move |conn| match n % 3 {
            1 => mark(conn, 100),
            2 => Err(Error::NotFound),
            _ => mark(conn, n),
        })
    });
    let (written, ()) = tokio::join!(join_all(writers), async { drop(held) });
    for (n, result) in written.into_iter().enumerate() {
        match n % 3 {
            0 => assert_eq!(result.unwrap(), 1),
            1 => assert!(matches!(result, Err(DbError::Unique(_))), "{result:?}"),
            _ => assert!(matches!(result.optional(), Ok(None))),
        }
    }
    assert_eq!(desk.marks(), [0, 3, 6, 100]);
}

#[tokio::test]
async fn a_single_statement_that_loses_the_transaction_is_told_to_all() {
    let desk = Desk::new();
    let held = desk.turn.clone().lock_owned().await;
    let writers = (0..9).map(|n| {
        desk.group.run_one(move |conn| match n {
            4 => {
                conn.batch_execute("ROLLBACK")?;
                Err(lost_to_the_disk())
            }
            _ => mark(conn, n),
        })
    });
    let (written, ()) = tokio::join!(join_all(writers), async { drop(held) });
    assert!(written.iter().all(is_unavailable), "{written:?}");
    assert_eq!(desk.marks(), [0; 0]);
    assert_eq!(desk.group.run_one(|conn| mark(conn, 1)).await.unwrap(), 1);
}

#[tokio::test]
async fn one_that_panics_takes_its_group_along_and_not_the_thread() {
    let desk = Desk::new();
    let held = desk.turn.clone().lock_owned().await;
    let writers = (0..3).map(|n| {
        desk.group.run(move |conn| {
            assert_ne!(n, 1, "as told");
            mark(conn, n)
        })
    });
    let (written, ()) = tokio::join!(join_all(writers), async { drop(held) });
    assert!(written.iter().all(is_unavailable), "{written:?}");
    assert_eq!(desk.marks(), [0; 0]);
    assert_eq!(desk.group.run(|conn| mark(conn, 1)).await.unwrap(), 1);
}

#[tokio::test]
async fn whoever_left_before_their_turn_has_written_nothing() {
    let desk = Desk::new();
    let held = desk.turn.clone().lock_owned().await;
    let mut stays = Box::pin(desk.group.run(|conn| mark(conn, 1)));
    let mut leaves = Box::pin(desk.group.run(|conn| mark(conn, 2)));
    begin(&mut leaves).await;
    begin(&mut stays).await;
    drop(leaves);
    drop(held);
    assert_eq!(stays.await.unwrap(), 1);
    assert_eq!(desk.marks(), [1]);
}

#[tokio::test]
async fn whoever_leaves_while_it_is_written_has_written_all_of_it() {
    let desk = Desk::new();
    let (says, begun) = oneshot::channel();
    let (go_on, waits) = mpsc::channel::<()>();
    let mut leaves = Box::pin(desk.group.run(move |conn| {
        mark(conn, 1)?;
        let _ = says.send(());
        let _ = waits.recv();
        mark(conn, 2)
    }));
    begin(&mut leaves).await;
    begun.await.unwrap();
    drop(leaves);
    go_on.send(()).unwrap();
    assert_eq!(desk.group.run(|conn| mark(conn, 3)).await.unwrap(), 1);
    assert_eq!(desk.marks(), [1, 2, 3]);
}

#[tokio::test]
async fn another_process_that_writes_for_too_long_is_told_and_then_forgotten() {
    let desk = Desk::new();
    let mut outside = desk.outside();
    outside.batch_execute("BEGIN IMMEDIATE").unwrap();
    let written = desk.group.run(|conn| mark(conn, 1)).await;
    assert!(is_unavailable(&written), "{written:?}");
    outside.batch_execute("ROLLBACK").unwrap();
    assert_eq!(desk.marks(), [0; 0]);
    assert_eq!(desk.group.run(|conn| mark(conn, 2)).await.unwrap(), 1);
}

std::thread_local! {
    /// Ends with the thread.
    static ENDED: RefCell<Option<Sender<()>>> = const { RefCell::new(None) };
}

#[tokio::test]
async fn the_thread_ends_with_the_last_who_might_ask_it() {
    let desk = Desk::new();
    let (ended, gone) = mpsc::channel::<()>();
    desk.group
        .run(move |_| {
            ENDED.replace(Some(ended));
            Ok(())
        })
        .await
        .unwrap();
    drop(desk);
    assert_eq!(
        gone.recv_timeout(SOON),
        Err(mpsc::RecvTimeoutError::Disconnected)
    );
}
