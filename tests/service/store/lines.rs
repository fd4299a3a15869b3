//! Lines to Postgres that die without a word, as behind a firewall that has forgotten them. // I34

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::database::Database;
use crate::support::proxy::{Flow, Proxy};
use crate::support::{Backend, Service};

const TIMEOUT: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_died_cost_one_deadline_and_not_one_each() {
    let database = Arc::new(Database::new(Backend::Postgres).await);
    let proxy = Proxy::before(&database.url).await;
    let url = proxy.url.clone();
    let service = Service::alone(database, |settings| {
        settings.database.url = url;
        settings.database.statement_timeout = TIMEOUT;
        settings.database.acquire_timeout = Duration::from_secs(20);
        settings.revocation.max_lag = Duration::from_secs(60);
        settings.http.workers = 1;
    })
    .await;
    let ada = service.signup("ada@example.org").await;
    // So late that each of these opens a connection of its own.
    proxy.set(Flow::Late);
    let asked = (0..12).map(|_| service.me(&ada.access));
    let answers = futures_util::future::join_all(asked).await;
    proxy.set(Flow::Open);
    assert!(answers.iter().any(|answer| answer.status == 200));
    let open = service.ctx.db.usage().1;
    assert!(open >= 5, "only {open} connections are there to die");

    proxy.strand();
    let began = Instant::now();
    let mut refused = 0;
    for _ in 0..12 {
        match service.me(&ada.access).await.status {
            200 => {}
            status => {
                assert_eq!(status, 503);
                refused += 1;
            }
        }
    }
    let took = began.elapsed();
    println!("{open} lines died: {refused} refused, {took:?}");
    assert!(refused <= 1, "{refused} refused, one after the other");
    // The statement's own time, a second more for the answer, and as much again for luck.
    assert!(took < (TIMEOUT + Duration::from_secs(1)) * 2, "{took:?}");
    service.refresh(&ada.refresh).await.tokens();
}
