//! `auth-service migrate`, and replicas that start on a database without tables. // L6

use std::process::{Command, Output, Stdio};

use base64::Engine;
use kernel::entropy::Entropy;

use crate::support::database::Database;
use crate::support::process::command;
use crate::support::{Backend, Process, Sql, secrets};

const REPLICAS: usize = 10;

fn outputs(commands: Vec<Command>) -> Vec<Output> {
    let children: Vec<_> = commands
        .into_iter()
        .map(|mut command| {
            let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().expect("the binary runs")
        })
        .collect();
    let ended = children.into_iter().map(|child| child.wait_with_output());
    ended.map(|output| output.expect("a child ends")).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// An empty database: no tables, and of SQLite not even a file.
async fn empty(backend: Backend) -> Database {
    match backend {
        Backend::Postgres => Database::empty().await,
        Backend::Sqlite => Database::empty_file(),
    }
}

pub(super) fn encryption_key() -> String {
    let random: [u8; 32] = Entropy::system().bytes();
    let key = base64::engine::general_purpose::STANDARD.encode(random);
    secrets::note(&key);
    key
}

/// Settings that production takes.
pub(crate) fn production(database: &Database, arguments: &[&str]) -> Command {
    let mut command = command(database, arguments);
    command
        .env("AUTH__MODE", "production")
        .env("AUTH__ISSUER", "https://auth.example.org")
        .env("AUTH__KEYS__ENCRYPTION_KEYS", encryption_key())
        .env("AUTH__PASSWORDS__ARGON2_MEMORY_KIB", "19456")
        .env("AUTH__PASSWORDS__ARGON2_ITERATIONS", "2");
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_that_migrate_at_once_do_it_once_and_say_so() {
    for backend in [Backend::Postgres, Backend::Sqlite] {
        let database = empty(backend).await;
        let migrate = || (0..REPLICAS).map(|_| production(&database, &["migrate"]));
        let mut applied = 0;
        for output in outputs(migrate().collect()) {
            assert!(output.status.success(), "{}", text(&output.stderr));
            match text(&output.stdout).as_str() {
                "nothing to do: the tables are up to date\n" => {}
                said => {
                    assert!(said.starts_with("applied: 2026"), "{said}");
                    applied += 1;
                }
            }
        }
        assert_eq!(applied, 1, "{backend:?}");
        let again = outputs(vec![production(&database, &["migrate"])]);
        let said = text(&again[0].stdout);
        assert_eq!(said, "nothing to do: the tables are up to date\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn production_does_not_start_on_a_database_without_tables_and_leaves_it_alone() {
    for backend in [Backend::Postgres, Backend::Sqlite] {
        let database = empty(backend).await;
        let serve = || (0..REPLICAS).map(|_| production(&database, &["serve"]));
        for output in outputs(serve().collect()) {
            let said = text(&output.stderr);
            assert!(!output.status.success());
            assert!(said.contains("run `auth-service migrate`"), "{said}");
        }
        match backend {
            Backend::Sqlite => assert!(!database.folder.path().join("auth.db").exists()),
            Backend::Postgres => {
                let tables = "SELECT count(*) AS n FROM pg_tables WHERE schemaname = 'public'";
                assert_eq!(Sql::of(&database).await.number(tables).await, 0);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_not_make_tables_serves_where_they_are_up_to_date() {
    let database = empty(Backend::Postgres).await;
    kernel::db::migrate::run(&database.url).await.unwrap();
    let role = format!("role_{}", std::process::id());
    let mut owner = Sql::of(&database).await;
    owner
        .run(&format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'only for this test'; \
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"
        ))
        .await;
    let (_, place) = database.url.rsplit_once('@').unwrap();
    let url = format!("postgres://{role}:only%20for%20this%20test@{place}");
    let as_role = |mut command: Command| {
        command.env("AUTH__DATABASE__URL", &url);
        command
    };
    // The dev mode migrates by itself, where there is something to migrate.
    let mut dev = command(&database, &["serve"]);
    dev.env("AUTH__KEYS__ENCRYPTION_KEYS", encryption_key());
    for (name, serve) in [
        ("production", production(&database, &["serve"])),
        ("dev", dev),
    ] {
        let process = Process::spawn(as_role(serve)).await;
        let process = process.unwrap_or_else(|status| panic!("{name}: {status}"));
        process.signup(&format!("{name}@example.org")).await;
        drop(process);
        // The other's key can't open what this one's has sealed.
        owner.run("DELETE FROM keys").await;
    }
    let migrated = outputs(vec![as_role(production(&database, &["migrate"]))]);
    let said = text(&migrated[0].stdout);
    assert_eq!(
        said,
        "nothing to do: the tables are up to date\n",
        "{}",
        text(&migrated[0].stderr)
    );
    owner
        .run(&format!("DROP OWNED BY {role}; DROP ROLE {role}"))
        .await;
}
