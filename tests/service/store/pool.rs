//! The pool and its limits: waiting ends, and ends in 503.

use std::time::{Duration, Instant};

use crate::support::{Service, Sql, both};

/// Long enough for a busy machine, short enough to tell from waiting for ever.
const SOON: Duration = Duration::from_secs(10);

both! {
    async fn a_pool_that_is_exhausted_answers_503_in_time(backend: Backend) {
        let service = Service::with(backend, |settings| {
            settings.database.max_connections = 2;
            settings.database.acquire_timeout = Duration::from_millis(200);
        })
        .await;
        let ada = service.signup("ada@example.org").await;
        let held = (service.ctx.db.conn().await.unwrap(), service.ctx.db.conn().await.unwrap());
        let began = Instant::now();
        let answer = service.me(&ada.access).await.expect(503, "unavailable");
        assert_eq!(answer.header("retry-after"), "1");
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
        // On SQLite the one who writes has a connection of its own.
        let refreshed = service.refresh(&ada.refresh).await.status;
        assert_eq!(refreshed, if service.ctx.db.is_sqlite() { 200 } else { 503 });
        drop(held);
        assert_eq!(service.me(&ada.access).await.status, 200);
        assert_eq!(service.refresh(&ada.refresh).await.status, 200);
    }

    async fn a_statement_that_takes_too_long_answers_503_and_consumes_nothing(backend: Backend) {
        let service = Service::with(backend, |settings| {
            settings.database.statement_timeout = Duration::from_millis(300);
        })
        .await;
        let ada = service.signup("ada@example.org").await;
        let mut outside = Sql::of(&service.database).await;
        outside.hold().await;
        let began = Instant::now();
        service.refresh(&ada.refresh).await.expect(503, "unavailable");
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
        outside.release().await;
        assert_eq!(outside.number("SELECT generation AS n FROM sessions").await, 1);
        assert_eq!(service.refresh(&ada.refresh).await.status, 200);
    }

    async fn fifty_writers_at_once_are_all_served(backend: Backend) {
        let service = Service::start(backend).await;
        let signups = (0..50).map(|n| {
            let client = service.client();
            tokio::spawn(async move { client.signup(&format!("user-{n}@example.org")).await })
        });
        let signed_in = futures_util::future::join_all(signups).await;
        let refreshes = signed_in.into_iter().map(|tokens| {
            let (client, token) = (service.client(), tokens.unwrap().refresh);
            tokio::spawn(async move { client.refresh(&token).await })
        });
        for answer in futures_util::future::join_all(refreshes).await {
            answer.unwrap().tokens();
        }
    }

    async fn more_requests_than_connections_open_no_more_than_the_pool_may(backend: Backend) {
        let service = Service::with(backend, |settings| {
            settings.database.max_connections = 3;
            settings.database.acquire_timeout = Duration::from_secs(30);
        })
        .await;
        let ada = service.signup("ada@example.org").await;
        let storm = (0..200).map(|_| {
            let (client, token) = (service.client(), ada.refresh.clone());
            tokio::spawn(async move { client.refresh(&token).await })
        });
        for answer in futures_util::future::join_all(storm).await {
            assert_eq!(answer.unwrap().status, 200);
        }
        assert!(service.ctx.db.usage().1 <= 3);
    }
}
