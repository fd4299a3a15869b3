//! Refreshing for years: one statement a refresh, and nothing grows.

use std::sync::Arc;

use kernel::clock::Clock;

use crate::support::database::Database;
use crate::support::postgres::Postgres;
use crate::support::proxy::Proxy;
use crate::support::service::START;
use crate::support::{Backend, Service, Sql, both};

const TABLES: [&str; 5] = ["users", "sessions", "keys", "revocations", "audit_events"];

both! {
    // L8
    async fn a_thousand_refreshes_leave_as_many_rows_as_there_were(backend: Backend) {
        // A server of its own: on a shared one the snapshots of other tests keep versions from being pruned.
        let server = match backend {
            Backend::Postgres => Some(Postgres::start().await),
            Backend::Sqlite => None,
        };
        let database = match &server {
            Some(server) => Database::at(&server.url),
            None => Database::new(backend).await,
        };
        let service = Service::on(Arc::new(database), Clock::manual(START), |_| {}).await;
        let mut tokens = Vec::new();
        for n in 0..10 {
            tokens.push(service.signup(&format!("user-{n}@example.org")).await.refresh);
        }
        let mut sql = Sql::of(&service.database).await;
        let mut before = Vec::new();
        for table in TABLES {
            before.push(sql.count(table).await);
        }
        for _ in 0..100 {
            service.advance(31);
            let refreshed = tokens.iter().map(|token| service.refresh(token));
            let answers = futures_util::future::join_all(refreshed).await;
            tokens = answers.iter().map(|answer| answer.tokens().refresh).collect();
        }
        for (table, before) in TABLES.into_iter().zip(before) {
            assert_eq!(sql.count(table).await, before, "{table}");
        }
        assert_eq!(sql.count("sessions WHERE generation = 101").await, 10);
        if backend == Backend::Postgres {
            // Rows are replaced within their pages (HOT); a thousand versions would fill forty.
            let pages = sql.number("SELECT pg_indexes_size('sessions') / 8192 AS n").await;
            assert!(pages <= 4, "the indexes have {pages} pages");
            let pages = sql.number("SELECT pg_relation_size('sessions') / 8192 AS n").await;
            assert!(pages <= 16, "the table has {pages} pages");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_is_one_statement_and_no_transaction() {
    let database = Database::new(Backend::Postgres).await;
    let proxy = Proxy::before(&database.url).await;
    let url = proxy.url.clone();
    let service = Service::alone(Arc::new(database), |settings| {
        settings.database.url = url;
        // Its connection is open by then.
        settings.http.workers = 1;
    })
    .await;
    let tokens = service.signup("ada@example.org").await;
    let family: kernel::id::Id = tokens.session.parse().unwrap();
    let mut token = tokens.refresh;
    proxy.forget();
    for _ in 0..20 {
        service.advance(31);
        token = service.refresh(&token).await.tokens().refresh;
    }
    assert_eq!(proxy.count(family.as_bytes()), 20);
    for statement in ["BEGIN", "COMMIT", "INSERT"] {
        assert_eq!(proxy.count(statement.as_bytes()), 0, "{statement}");
    }
}
