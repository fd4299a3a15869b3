use diesel::prelude::*;
use diesel_async::AsyncConnection;
use diesel_async::RunQueryDsl;

use super::*;
use crate::config::Settings;
use crate::metrics::Metrics;

diesel::table! {
    things (id) {
        id -> Integer,
        name -> Text,
    }
}

/// A database of a test's own.
struct Scene {
    db: Db,
    name: String,
    outside: AsyncPgConnection,
}

fn url_of(name: &str) -> String {
    let server = std::env::var("TEST_DATABASE_URL")
        .expect("TEST_DATABASE_URL is not set: run the tests by `make test`");
    format!("{}/{name}", server.rsplit_once('/').unwrap().0)
}

async fn on_server(sql: &str) {
    let mut server = AsyncPgConnection::establish(&url_of("postgres"))
        .await
        .unwrap();
    server.batch_execute(sql).await.unwrap();
}

impl Scene {
    async fn start(test: &str) -> Self {
        let name = format!("auth_conn_{test}_{}", std::process::id());
        on_server(&format!("CREATE DATABASE {name}")).await;
        let mut settings = Settings::default().database;
        settings.url = url_of(&name);
        settings.max_connections = 1;
        settings.statement_timeout = Duration::from_millis(400);
        let db = Db::open(&settings, 0, Metrics::default().connections).unwrap();
        let mut outside = AsyncPgConnection::establish(&settings.url).await.unwrap();
        let table = "CREATE TABLE things (id int PRIMARY KEY, name text NOT NULL); \
                     INSERT INTO things VALUES (1, 'one')";
        outside.batch_execute(table).await.unwrap();
        Self { db, name, outside }
    }

    async fn outside(&mut self, sql: &str) {
        self.outside.batch_execute(sql).await.unwrap();
    }

    async fn end(self) {
        let name = self.name;
        drop((self.db, self.outside));
        on_server(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
    }
}

async fn look(conn: &mut Conn) -> Result<Vec<(i32, String)>, DbError> {
    on!(conn, c => things::table.select((things::id, things::name)).load(c))
}

async fn server_process(conn: &mut Conn) -> i32 {
    let pid = || diesel::dsl::sql::<Integer>("pg_backend_pid()");
    on!(conn, c => diesel::select(pid()).get_result(c)).unwrap()
}

// I33
#[tokio::test]
async fn a_statement_whose_columns_changed_is_prepared_anew() {
    let mut scene = Scene::start("columns").await;
    let db = scene.db.clone();
    look(&mut db.conn().await.unwrap()).await.unwrap();
    for length in 40..44 {
        let change = format!("ALTER TABLE things ALTER COLUMN name TYPE varchar({length})");
        scene.outside(&change).await;
        let mut conn = db.conn().await.unwrap();
        assert_eq!(look(&mut conn).await.unwrap(), [(1, "one".to_owned())]);
    }
    scene.end().await;
}

// I33
#[tokio::test]
async fn a_statement_that_is_gone_is_prepared_anew() {
    let scene = Scene::start("gone").await;
    let mut conn = scene.db.conn().await.unwrap();
    look(&mut conn).await.unwrap();
    on!(&mut conn, c => c.batch_execute("DEALLOCATE ALL")).unwrap();
    look(&mut conn).await.unwrap();
    // Where the first answer counts it is an error.
    let mut conn = conn.tries_once();
    on!(&mut conn, c => c.batch_execute("DEALLOCATE ALL")).unwrap();
    assert!(look(&mut conn).await.is_err());
    drop(conn);
    scene.end().await;
}

// I33: what a transaction did before would be done twice, or not at all.
#[tokio::test]
async fn a_transaction_is_not_tried_again_and_leaves_no_stale_connection() {
    let mut scene = Scene::start("transaction").await;
    let db = scene.db.clone();
    let mut tx = db.begin().await.unwrap();
    look(&mut tx).await.unwrap();
    let stale = server_process(&mut tx).await;
    tx.commit().await.unwrap();
    scene
        .outside("ALTER TABLE things ALTER COLUMN name TYPE varchar(40)")
        .await;
    let mut tx = db.begin().await.unwrap();
    assert!(look(&mut tx).await.is_err());
    drop(tx);
    let mut tx = db.begin().await.unwrap();
    assert_ne!(server_process(&mut tx).await, stale);
    look(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    scene.end().await;
}

#[tokio::test]
async fn a_statement_that_took_too_long_is_not_run_again() {
    let scene = Scene::start("slow").await;
    let mut conn = scene.db.conn().await.unwrap();
    let began = Instant::now();
    let slept = on!(&mut conn, c => c.batch_execute("SELECT pg_sleep(5)"));
    assert!(matches!(slept, Err(DbError::Refused(_))), "{slept:?}");
    assert!(
        began.elapsed() < Duration::from_millis(790),
        "{:?}",
        began.elapsed()
    );
    drop(conn);
    scene.end().await;
}
