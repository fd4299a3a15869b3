//! A fresh database for each test.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file of its own.
    Sqlite,
    /// A database of its own on the server of `TEST_DATABASE_URL`.
    Postgres,
}

/// A database that goes with its test.
pub struct Database {
    /// Its URL, for `database.url`.
    pub url: String,
    /// A folder for `data_dir`.
    pub folder: TempDir,
    name: Option<String>,
}

/// The server that `tests/with-services` started. Without one the tests fail, they don't skip.
pub fn server_url() -> String {
    std::env::var("TEST_DATABASE_URL")
        .expect("TEST_DATABASE_URL is not set: run the tests by `make test`")
}

/// The Redis that `tests/with-services` started.
pub fn redis_url() -> String {
    std::env::var("TEST_REDIS_URL")
        .expect("TEST_REDIS_URL is not set: run the tests by `make test`")
}

fn url_of(name: &str) -> String {
    let server = server_url();
    let (before, _) = server.rsplit_once('/').expect("a URL names a database");
    format!("{before}/{name}")
}

async fn on_server(sql: &str) {
    let mut conn = AsyncPgConnection::establish(&server_url())
        .await
        .expect("the server of TEST_DATABASE_URL answers");
    conn.batch_execute(sql).await.expect(sql);
}

/// Migrated once, copied for each test.
async fn template() -> &'static str {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(|| async {
            let name = fresh_name();
            on_server(&format!("CREATE DATABASE {name}")).await;
            kernel::db::migrate::run(&url_of(&name))
                .await
                .expect("the migrations run");
            name
        })
        .await
}

fn fresh_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("auth_test_{}_{count}", std::process::id())
}

impl Database {
    /// A migrated database.
    pub async fn new(backend: Backend) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        match backend {
            Backend::Sqlite => {
                let url = format!("sqlite://{}/auth.db", folder.path().display());
                kernel::db::migrate::run(&url)
                    .await
                    .expect("the migrations run");
                Self {
                    url,
                    folder,
                    name: None,
                }
            }
            Backend::Postgres => {
                let (name, template) = (fresh_name(), template().await);
                // Two copies of one template at once get into each other's way.
                static COPYING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
                let copying = COPYING.lock().await;
                on_server(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
                drop(copying);
                Self {
                    url: url_of(&name),
                    folder,
                    name: Some(name),
                }
            }
        }
    }

    /// A database that something else takes care of.
    pub fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
            name: None,
        }
    }

    /// A SQLite file that is not there yet.
    pub fn empty_file() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        Self {
            url: format!("sqlite://{}/auth.db", folder.path().display()),
            folder,
            name: None,
        }
    }

    /// An empty Postgres database, without tables.
    pub async fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let name = fresh_name();
        on_server(&format!("CREATE DATABASE {name}")).await;
        Self {
            url: url_of(&name),
            folder,
            name: Some(name),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(name) = self.name.take() {
            let drop_it = async move {
                on_server(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
            };
            let runtime = || {
                tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
            };
            let done = std::thread::spawn(move || runtime().map(|rt| rt.block_on(drop_it))).join();
            drop(done);
        }
    }
}
