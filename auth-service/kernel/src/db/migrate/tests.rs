use diesel_migrations::FileBasedMigrations;

use super::*;

/// Two migrations, the second of which takes its time.
fn two(folder: &Path) -> FileBasedMigrations {
    for (name, up) in [
        ("2000-01-01-000001_a", "CREATE TABLE a (id int);"),
        (
            "2000-01-01-000002_b",
            "SELECT pg_sleep(0.2); CREATE TABLE b (id int);",
        ),
    ] {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("up.sql"), up).unwrap();
    }
    FileBasedMigrations::from_path(folder).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 6)]
async fn the_lock_is_held_from_the_first_migration_to_the_last() {
    let server = std::env::var("TEST_DATABASE_URL")
        .expect("TEST_DATABASE_URL is not set: run the tests by `make test`");
    let name = format!("auth_unit_{}", std::process::id());
    let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
    let mut outside = AsyncPgConnection::establish(&server).await.unwrap();
    let create = format!("CREATE DATABASE {name}");
    outside.batch_execute(&create).await.unwrap();

    let folder = std::env::temp_dir().join(&name);
    let source = two(&folder);
    let replicas = (0..4).map(|_| {
        let (url, source) = (url.clone(), source.clone());
        tokio::spawn(async move { migrate_postgres(&url, || source.clone()).await.unwrap() })
    });
    let mut applied = Vec::new();
    for replica in futures_util::future::join_all(replicas).await {
        applied.push(replica.unwrap().len());
    }
    applied.sort_unstable();
    assert_eq!(applied, [0, 0, 0, 2]);

    std::fs::remove_dir_all(folder).unwrap();
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    outside.batch_execute(&drop).await.unwrap();
}

#[test]
fn a_new_file_that_another_replica_writes_to_is_waited_for() {
    let folder = std::env::temp_dir().join(format!("auth_wal_{}", std::process::id()));
    let path = folder.join("auth.db");
    sqlite::make(&path).unwrap();
    let mut other = open_sqlite(path.to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();

    let ours = path.clone();
    let replica = std::thread::spawn(move || migrate_sqlite(ours.to_str().unwrap()));
    std::thread::sleep(Duration::from_millis(200));
    assert!(!replica.is_finished(), "it did not wait");
    other.batch_execute("COMMIT").unwrap();
    assert!(!replica.join().unwrap().unwrap().is_empty());

    std::fs::remove_dir_all(folder).unwrap();
}

/// SQLite ends the transaction by itself; that there was none to roll back says nothing.
#[test]
fn the_first_error_is_told() {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    conn.batch_execute("PRAGMA max_page_count = 12").unwrap();
    let error = migrate_file(&mut conn).unwrap_err().to_string();
    assert!(error.contains("database or disk is full"), "{error}");
}

// The image has no folder for temporary files.
#[test]
fn no_connection_to_sqlite_needs_a_temporary_file() {
    let folder = std::env::temp_dir().join(format!("auth_temp_{}", std::process::id()));
    let path = folder.join("auth.db");
    let path = path.to_str().unwrap();
    migrate_sqlite(path).unwrap();
    let mut conn = open_sqlite(path).unwrap();
    let memory: i32 = {
        use diesel::RunQueryDsl;
        diesel::select(sql::<diesel::sql_types::Integer>(
            "(SELECT temp_store FROM pragma_temp_store)",
        ))
        .get_result(&mut conn)
        .unwrap()
    };
    assert_eq!(memory, 2);
    std::fs::remove_dir_all(folder).unwrap();
}
