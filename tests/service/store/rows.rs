//! Rows that are added, changed, returned and deleted.

use std::collections::HashSet;

use serde_json::json;

use crate::revocation::eventually;
use crate::support::{PASSWORD, Service, Sql, both};

both! {
    async fn a_unique_address_is_taken_once_however_many_ask_at_once(backend: Backend) {
        let service = Service::start(backend).await;
        let body = json!({ "email": "ada@example.org", "password": PASSWORD });
        let signups = (0..20).map(|_| service.post("/v1/signup", body.clone()));
        let answers = futures_util::future::join_all(signups).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        let taken = answers.iter().filter(|answer| answer.code() == "email_taken").count();
        assert_eq!((made, taken), (1, 19));
        let mut sql = Sql::of(&service.database).await;
        assert_eq!(sql.count("users").await, 1);
        assert_eq!(sql.count("sessions").await, 1, "a refused sign-up leaves nothing");
    }

    async fn an_update_returns_the_row_as_it_is_now(backend: Backend) {
        let service = Service::start(backend).await;
        let ada = service.signup("ada@example.org").await;
        service.advance(5);
        let changed = service.bearer(&ada.access).patch("/v1/me", json!({ "name": "Ada" })).await;
        assert_eq!(changed.body["name"], "Ada");
        assert_eq!(changed.body["created_at"], "2026-01-01T00:00:00.000000Z");
        assert_eq!(changed.body["updated_at"], "2026-01-01T00:00:05.000000Z");
        assert_eq!(changed.body, service.me(&ada.access).await.body);
    }

    async fn an_account_that_is_deleted_takes_its_sessions_along_and_nobody_elses(backend: Backend) {
        let service = Service::start(backend).await;
        let ada = service.signup("ada@example.org").await;
        let again = service.login("ada@example.org").await;
        let grace = service.signup("grace@example.org").await;
        let body = Some(json!({ "password": PASSWORD }));
        let gone = service.bearer(&ada.access).send("DELETE".parse().unwrap(), "/v1/me", body).await;
        assert_eq!(gone.status, 204, "{}", gone.text);
        let mut sql = Sql::of(&service.database).await;
        assert_eq!((sql.count("users").await, sql.count("sessions").await), (1, 1));
        service.refresh(&again.refresh).await.expect(401, "refresh_token_revoked");
        assert_eq!(service.refresh(&grace.refresh).await.status, 200);
        assert!(service.audit().await.iter().any(|row| row.subject_id.is_some()), "its trail stays");
    }

    async fn a_transaction_that_is_dropped_lets_go_of_its_locks(backend: Backend) {
        let service = Service::start(backend).await;
        let ada = service.signup("ada@example.org").await;
        for _ in 0..20 {
            let tx = service.ctx.db.begin().await.expect("the lock is free");
            drop(tx);
        }
        assert_eq!(service.refresh(&ada.refresh).await.status, 200);
        let tx = service.ctx.db.begin().await.expect("the lock is free");
        tx.rollback().await.expect("it ends");
        let tx = service.ctx.db.begin().await.expect("the lock is free");
        tx.commit().await.expect("it ends");
        // What runs in the background borrows one now and then; one that leaked would stay out.
        eventually("none is out", async || service.ctx.db.usage().0 == 0).await;
    }

    async fn identifiers_sort_by_the_time_they_were_made(backend: Backend) {
        let service = Service::start(backend).await;
        let mut made = Vec::new();
        for n in 0..40 {
            service.clock.advance(std::time::Duration::from_millis(n % 3));
            made.push(service.ctx.entropy.id(service.ctx.clock.now()));
        }
        let distinct: HashSet<_> = made.iter().collect();
        assert_eq!(distinct.len(), made.len());
        for n in 0..6 {
            service.advance(1);
            service.signup(&format!("user-{n}@example.org")).await;
        }
        let order = "SELECT email AS line FROM users ORDER BY id";
        let emails = Sql::of(&service.database).await.lines(order).await;
        let expected: Vec<_> = (0..6).map(|n| format!("user-{n}@example.org")).collect();
        assert_eq!(emails, expected);
    }
}
