//! Requests whose client hangs up: the statement, or the transaction, that they were in the
//! middle of leaves nothing behind, neither a lock nor a broken connection. // L2

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::support::{Client, PASSWORD, Service, Sql, both, secrets};

/// Sends a request, and resets the connection after a while.
async fn hang_up(client: &Client, path: &str, body: serde_json::Value, after: Duration) {
    let address = client.base.trim_start_matches("http://");
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len(),
    );
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.set_zero_linger().unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    sleep(after).await;
}

fn credentials(email: &str) -> serde_json::Value {
    json!({ "email": email, "password": PASSWORD })
}

both! {
    async fn a_hundred_clients_that_hang_up_while_they_wait_for_a_lock(backend: Backend) {
        let service = Service::with(backend, |settings| {
            settings.database.statement_timeout = Duration::from_secs(60);
            settings.database.acquire_timeout = Duration::from_secs(20);
            // A login that was dropped counts as an attempt.
            settings.throttle.account_failures = 1000;
            settings.throttle.address_failures = 1000;
        })
        .await;
        let ada = service.signup("ada@example.org").await;
        let mut outside = Sql::of(&service.database).await;
        for round in 0..10 {
            outside.hold().await;
            let waiting = (0..10).map(|n| {
                let refresh = json!({ "refresh_token": ada.refresh });
                let (path, body) = match n % 2 {
                    0 => ("/v1/refresh", refresh),
                    _ => ("/v1/login", credentials("ada@example.org")),
                };
                hang_up(&service, path, body, Duration::from_millis(20 + round * 7))
            });
            futures_util::future::join_all(waiting).await;
            outside.release().await;
        }
        let again = service.refresh(&ada.refresh).await.tokens();
        assert_eq!(again.session, ada.session);
        let logins = (0..8).map(|_| service.login("ada@example.org"));
        futures_util::future::join_all(logins).await;
        settled(&service).await;
    }

    async fn a_hundred_clients_that_hang_up_at_any_moment(backend: Backend) {
        let service = Service::start(backend).await;
        secrets::note(PASSWORD);
        let before = service.signup("ada@example.org").await;
        for n in 0_u64..100 {
            let body = credentials(&format!("user-{n}@example.org"));
            hang_up(&service, "/v1/signup", body, Duration::from_micros(n * 150)).await;
        }
        service.refresh(&before.refresh).await.tokens();
        service.signup("grace@example.org").await;
        settled(&service).await;
        let mut outside = Sql::of(&service.database).await;
        let users = outside.count("users").await;
        assert_eq!(users, outside.count("sessions").await, "an account without its session");
        let created = "SELECT count(*) AS n FROM audit_events WHERE event = 'account.created'";
        assert_eq!(users, outside.number(created).await, "an account without its audit row");
    }
}

/// Every connection comes back, and none of them holds a lock.
async fn settled(service: &Service) {
    for _ in 0..200 {
        if service.ctx.db.usage().0 == 0 {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(
        service.ctx.db.usage().0,
        0,
        "connections that never come back"
    );
    let mut outside = Sql::of(&service.database).await;
    outside.hold().await;
    outside.release().await;
}
