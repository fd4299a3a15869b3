//! A release and the one after it on one database: who starts on what, and nobody is disturbed
//! while the tables grow.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use diesel::sqlite::SqliteConnection;
use diesel_async::{AsyncConnection, AsyncMigrationHarness, AsyncPgConnection};
use diesel_migrations::MigrationHarness;

use super::at_once::{self, encryption_key};
use super::parity::folder;
use crate::support::database::Database;
use crate::support::{Client, Process, Service, Sql, both};

/// What a later release may add: the kinds of change that `expand.rs` lets pass.
const NEXT: [&str; 8] = [
    "ALTER TABLE users ADD COLUMN locale text",
    "ALTER TABLE users ADD COLUMN theme text NOT NULL DEFAULT 'light'",
    "ALTER TABLE sessions ADD COLUMN device text",
    "ALTER TABLE audit_events ADD COLUMN tenant text NOT NULL DEFAULT ''",
    "ALTER TABLE revocations ADD COLUMN reason text",
    "CREATE TABLE tenants (name text NOT NULL PRIMARY KEY)",
    "CREATE INDEX users_locale ON users (locale)",
    "INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000001')",
];

/// Brings a database a release ahead, one statement after another, so that requests come between.
pub(super) async fn expand(database: &Database) {
    let mut sql = Sql::of(database).await;
    for statement in NEXT {
        sql.run(statement).await;
    }
}

/// Takes the last migration back.
async fn step_back(database: &Database) {
    match database.url.strip_prefix("sqlite://") {
        None => {
            let conn = AsyncPgConnection::establish(&database.url).await.unwrap();
            let mut harness = AsyncMigrationHarness::new(conn);
            harness.revert_last_migration(folder("postgres")).unwrap();
        }
        Some(path) => {
            let mut conn = <SqliteConnection as diesel::Connection>::establish(path).unwrap();
            conn.revert_last_migration(folder("sqlite")).unwrap();
        }
    }
}

/// Settings that production takes, the key that seals the others' too.
pub(super) fn production(database: &Database, arguments: &[&str], key: &str) -> Command {
    let mut command = at_once::production(database, arguments);
    command.env("AUTH__KEYS__ENCRYPTION_KEYS", key);
    command
}

pub(super) fn output(mut command: Command) -> (bool, String) {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

/// Signs in and refreshes, again and again, until it is told to stop.
async fn use_it(client: Client, who: usize, stop: Arc<AtomicBool>, done: Arc<AtomicUsize>) {
    let email = format!("user-{who}@example.org");
    client.signup(&email).await;
    while !stop.load(Ordering::SeqCst) {
        let tokens = client.login(&email).await;
        let tokens = client.refresh(&tokens.refresh).await.tokens();
        client.me(&tokens.access).await.expect(200, "");
        crate::revocation::logout(&client, &tokens).await;
        client.me(&tokens.access).await.expect(401, "token_revoked");
        done.fetch_add(1, Ordering::SeqCst);
    }
}

both! {
    async fn a_database_of_the_next_release_is_served(backend: Backend) {
        let database = Database::new(backend).await;
        expand(&database).await;
        let key = encryption_key();
        let (migrated, said) = output(production(&database, &["migrate"], &key));
        assert_eq!((migrated, said.as_str()), (true, "nothing to do: the tables are up to date\n"));
        let process = Process::spawn(production(&database, &["serve"], &key)).await.expect("it starts");
        let tokens = process.signup("ada@example.org").await;
        let tokens = process.refresh(&tokens.refresh).await.tokens();
        assert_eq!(process.get_internal("/readyz").await.status, 200);
        let again = Process::spawn(production(&database, &["serve"], &key)).await.expect("it starts");
        again.me(&tokens.access).await.expect(200, "");
        let (checked, said) = output(production(&database, &["check"], &key));
        assert!(checked && said.contains("tables up to date"), "{said}");
        let theme = "users WHERE theme = 'light' AND locale IS NULL";
        assert_eq!(Sql::of(&database).await.count(theme).await, 1);
    }

    async fn a_database_of_the_release_before_is_refused_until_it_is_migrated(backend: Backend) {
        let database = Database::new(backend).await;
        step_back(&database).await;
        let key = encryption_key();
        let (served, said) = output(production(&database, &["serve"], &key));
        assert!(!served && said.contains("run `auth-service migrate`"), "{said}");
        let (migrated, said) = output(production(&database, &["migrate"], &key));
        assert!(migrated && said.starts_with("applied: ") && !said.contains(','), "{said}");
        let process = Process::spawn(production(&database, &["serve"], &key)).await.expect("it starts");
        process.signup("ada@example.org").await;
    }

    async fn nobody_is_disturbed_while_the_tables_grow(backend: Backend) {
        let old = Service::start(backend).await;
        let other = old.replica().await;
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let clients = (0..6).map(|who| {
            let client = if who % 2 == 0 { old.client() } else { other.client() };
            tokio::spawn(use_it(client, who, stop.clone(), done.clone()))
        });
        let clients: Vec<_> = clients.collect();
        let rounds = async |count: usize| {
            let until = done.load(Ordering::SeqCst) + count;
            while done.load(Ordering::SeqCst) < until {
                assert!(!clients.iter().any(|client| client.is_finished()), "one was refused");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        rounds(12).await;
        expand(&old.database).await;
        rounds(24).await;
        let new = old.replica().await;
        let tokens = new.signup("new@example.org").await;
        old.refresh(&tokens.refresh).await.tokens();
        rounds(6).await;
        stop.store(true, Ordering::SeqCst);
        for client in clients {
            client.await.expect("nothing was refused");
        }
    }
}
