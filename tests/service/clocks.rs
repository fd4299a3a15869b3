//! Replicas whose machines' clocks are wrong: expiry is the database's time, and nobody is signed
//! out for somebody else's clock. // L4

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::clock::Instant;
use serde_json::Value;

use crate::support::database::Database;
use crate::support::process::command;
use crate::support::{Backend, Process, Sql, Tokens};

/// How far a time may be off because the machine is busy.
const SLACK: i64 = 10;

/// A replica whose machine has a clock of its own. The window is shorter than its error.
fn replica(database: &Database, window: &str) -> Command {
    let library = std::env::var("TEST_FAKETIME")
        .expect("TEST_FAKETIME is not set: run the tests by `make test`");
    let mut command = command(database, &["serve"]);
    command
        .env("LD_PRELOAD", library)
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("AUTH__REFRESH__REUSE_WINDOW", window)
        .env("AUTH__REFRESH__IDLE_TTL", "60s");
    command
}

/// What the machine's clock says to a process: its log lines tell.
fn machine_time(process: &Process) -> i64 {
    let log = std::fs::read_to_string(&process.log).unwrap();
    let line: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    let time: Instant = line["timestamp"].as_str().unwrap().parse().unwrap();
    time.as_secs()
}

fn claims(access: &str) -> Value {
    let body = access.split('.').nth(1).expect("a JWT");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
}

const NOW: &str = "SELECT extract(epoch FROM clock_timestamp())::bigint AS n";

/// What a replica hands out counts by the database's time, and counts everywhere.
async fn is_of_the_databases_time(tokens: &Tokens, replicas: &[Process], sql: &mut Sql) {
    let (now, claims) = (sql.number(NOW).await, claims(&tokens.access));
    let issued = claims["iat"].as_i64().unwrap();
    assert!(
        (now - issued).abs() <= SLACK,
        "issued at {issued}, now it is {now}"
    );
    for replica in replicas {
        assert_eq!(replica.me(&tokens.access).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_5_30_and_120_seconds_apart_agree_and_revoke_nobody() {
    let database = Database::new(Backend::Postgres).await;
    let mut sql = Sql::of(&database).await;
    let mut replicas = Vec::new();
    for offset in [0, 5, -30, 120, -120] {
        let mut command = replica(&database, "20s");
        command.env("FAKETIME", format!("{offset:+}s"));
        let replica = Process::spawn(command).await.expect("the service starts");
        let is = machine_time(&replica) - sql.number(NOW).await;
        assert!((is - offset).abs() <= SLACK, "its clock is {is} s off");
        replicas.push(replica);
    }
    replicas[0].signup("ada@example.org").await;
    for n in 0..replicas.len() {
        let at = |step: usize| &replicas[(n + step) % replicas.len()];
        let first = at(0).login("ada@example.org").await;
        is_of_the_databases_time(&first, &replicas, &mut sql).await;
        let second = at(1).refresh(&first.refresh).await.tokens();
        for replica in &replicas {
            let again = replica.refresh(&first.refresh).await.tokens();
            assert_eq!(again.refresh, second.refresh);
            let current = replica.refresh(&second.refresh).await.tokens();
            assert_eq!(current.refresh, second.refresh);
            is_of_the_databases_time(&again, &replicas, &mut sql).await;
        }
    }
    let off = "SELECT count(*) AS n FROM sessions WHERE revoked_at IS NOT NULL \
         OR abs(extract(epoch FROM created_at - now())) > 30 \
         OR abs(extract(epoch FROM idle_expires_at - now()) - 60) > 30";
    assert_eq!(sql.number(off).await, 0);
    assert_eq!(sql.count("sessions").await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_while_the_service_runs_revokes_nobody() {
    let database = Database::new(Backend::Postgres).await;
    let mut sql = Sql::of(&database).await;
    let file: PathBuf = database.folder.path().join("time");
    std::fs::write(&file, "+0s").unwrap();
    let right = Process::start(&database, &[("AUTH__REFRESH__REUSE_WINDOW", "4s")]).await;
    let mut command = replica(&database, "4s");
    command
        .env("FAKETIME_TIMESTAMP_FILE", &file)
        .env("FAKETIME_NO_CACHE", "1");
    let set = Process::spawn(command).await.expect("the service starts");
    let replicas = [right, set];
    let mut tokens = replicas[0].signup("ada@example.org").await;
    for time in ["+120s", "-120s", "+30s"] {
        if time != "+120s" {
            tokio::time::sleep(Duration::from_millis(4200)).await;
        }
        std::fs::write(&file, time).unwrap();
        let next = replicas[1].refresh(&tokens.refresh).await.tokens();
        is_of_the_databases_time(&next, &replicas, &mut sql).await;
        for replica in replicas.iter().rev() {
            let again = replica.refresh(&tokens.refresh).await.tokens();
            assert_eq!(again.refresh, next.refresh);
        }
        tokens = next;
    }
    assert_eq!(sql.count("sessions WHERE revoked_at IS NULL").await, 1);
}
