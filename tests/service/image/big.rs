//! SQLite sorts what is bigger than its cache in temporary files. The image has no folder for them:
//! its root can't be written to, and there is no `/tmp`.

use std::time::Instant;

use diesel::connection::{Connection, SimpleConnection};
use diesel::sqlite::SqliteConnection;
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use serde_json::json;

use super::jail::{Image, Volume};
use super::runs::{end, here};
use crate::deployment::overlay::dev;
use crate::store::columns_but_the_first;
use crate::support::outside::root;
use crate::support::{PASSWORD, Process, Sql};

const SESSIONS: usize = 40_000;
const EVENTS: usize = 100_000;

/// Numbers from 1 up.
fn numbers(most: usize) -> String {
    format!(
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < {most}) \
         SELECT n FROM t"
    )
}

fn url(volume: &Volume) -> String {
    format!("sqlite://{}/auth.db", volume.path().display())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_of_many_sessions_is_listed_exported_and_signed_out() {
    let (image, volume) = (Image::make(), Volume::new());
    let mut environment = here(dev());
    environment.insert("AUTH__LOG__FORMAT".into(), "json".into());
    // So much takes a debug binary its time on a busy machine.
    environment.insert("AUTH__DATABASE__STATEMENT_TIMEOUT".into(), "60s".into());
    let start = async || {
        let command = image.command(&environment, Some(&volume), &["serve"]);
        Process::spawn(command).await.expect("it starts")
    };
    let process = start().await;
    process.signup("ada@example.org").await;
    end(process, dev()).await;

    let mut sql = Sql::open(&url(&volume)).await;
    let columns = columns_but_the_first(&mut sql).await;
    sql.run(&format!(
        "INSERT INTO sessions (id, {columns}) SELECT randomblob(16), {columns} \
         FROM (SELECT * FROM sessions LIMIT 1), ({})",
        numbers(SESSIONS)
    ))
    .await;
    drop(sql);
    volume.hand_over();

    let export = ["users", "export", "ada@example.org"];
    let exported = image
        .command(&environment, Some(&volume), &export)
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&exported.stderr);
    assert!(exported.status.success(), "{said}");
    assert!(exported.stdout.len() > SESSIONS * 100);

    let process = start().await;
    let ada = process.login("ada@example.org").await;
    let signed_in = process.bearer(&ada.access);
    let listed = signed_in.get("/v1/me/sessions").await;
    assert_eq!(listed.status, 200, "{}", listed.text);
    // The journal of a statement that changes all of them is a temporary file, too.
    let began = Instant::now();
    let new = json!({ "current_password": PASSWORD, "new_password": "ten quiet harbours wait" });
    let changed = signed_in.post("/v1/me/password", new).await;
    assert_eq!(changed.status, 204, "{}", changed.text);
    println!("{SESSIONS} sessions ended in {:?}", began.elapsed());
    end(process, dev()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_audit_trail_is_migrated() {
    let (image, volume) = (Image::make(), Volume::new());
    let path = volume.path().join("auth.db");
    let mut conn = SqliteConnection::establish(path.to_str().expect("a path")).expect("a file");
    let migrations = root().join("migrations/sqlite");
    let source = || FileBasedMigrations::from_path(&migrations).expect("migrations");
    // The tables of the first release.
    conn.run_next_migration(source()).expect("it runs");
    conn.batch_execute(&format!(
        "PRAGMA journal_mode = WAL; \
         INSERT INTO audit_events (id, at, event, outcome, actor, actor_id, subject_id, detail) \
         SELECT randomblob(16), n, 'login', 'success', 'user', randomblob(16), randomblob(16), '{{}}' \
         FROM ({})",
        numbers(EVENTS)
    ))
    .expect("it is written");
    drop(conn);
    volume.hand_over();

    let environment = here(dev());
    let migrated = image
        .command(&environment, Some(&volume), &["migrate"])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&migrated.stderr);
    assert!(migrated.status.success(), "{said}");
    let mut sql = Sql::open(&url(&volume)).await;
    assert_eq!(sql.count("audit_events").await, EVENTS as i64);
    let index = "sqlite_schema WHERE name = 'audit_events_actor_id'";
    assert_eq!(sql.count(index).await, 1);
}
