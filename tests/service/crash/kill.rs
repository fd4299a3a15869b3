//! `kill -9` of a real Postgres, two hundred times.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kernel::clock::Clock;

use crate::support::database::Database;
use crate::support::postgres::Postgres;
use crate::support::service::START;
use crate::support::{Answer, Client, Service, Sql};

const KILLS: u64 = 200;
const FAMILIES: usize = 12;

/// How many refreshes wait for an answer, how many got 503.
#[derive(Default)]
struct Seen {
    in_flight: AtomicUsize,
    unavailable: AtomicUsize,
}

async fn present(client: &Client, token: &str, seen: &Seen) -> Answer {
    seen.in_flight.fetch_add(1, Ordering::SeqCst);
    let answer = client.refresh(token).await;
    seen.in_flight.fetch_sub(1, Ordering::SeqCst);
    match answer.status {
        200 => {}
        503 => drop(seen.unavailable.fetch_add(1, Ordering::SeqCst)),
        _ => panic!("{}", answer.text),
    }
    answer
}

/// Presents a token until it is honoured, and returns its successor.
async fn rotate(client: Client, token: String, seen: Arc<Seen>) -> String {
    loop {
        let answer = present(&client, &token, &seen).await;
        if answer.status == 200 {
            return answer.tokens().refresh;
        }
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
}

// L2, L3
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_kills_in_mid_refresh_lose_no_family_and_double_none() {
    let mut postgres = Postgres::start().await;
    let database = Arc::new(Database::at(&postgres.url));
    let service = Service::on(database, Clock::manual(START), |_| {}).await;
    let entropy = service.ctx.entropy.clone();
    let mut tokens = Vec::new();
    for n in 0..FAMILIES {
        tokens.push(
            service
                .signup(&format!("user-{n}@example.org"))
                .await
                .refresh,
        );
    }
    let (first, seen) = (tokens.clone(), Arc::new(Seen::default()));
    let (began, mut mid_refresh) = (Instant::now(), 0);
    for _ in 0..KILLS {
        // Each current token may rotate again.
        service.advance(31);
        let families: Vec<_> = tokens
            .iter()
            .map(|token| tokio::spawn(rotate(service.client(), token.clone(), seen.clone())))
            .collect();
        let [random] = entropy.bytes::<1>();
        tokio::time::sleep(Duration::from_micros(u64::from(random) * 80)).await;
        mid_refresh += usize::from(seen.in_flight.load(Ordering::SeqCst) > 0);
        postgres.kill();
        postgres.restart().await;
        for (token, family) in tokens.iter_mut().zip(families) {
            let successor = family.await.unwrap();
            assert_ne!(successor, *token);
            let retried = rotate(service.client(), token.clone(), seen.clone()).await;
            assert_eq!(retried, successor, "the family was doubled");
            *token = successor;
        }
    }
    println!(
        "{KILLS} kills in {:.0?}, {mid_refresh} of them in mid-refresh; {} answers were 503",
        began.elapsed(),
        seen.unavailable.load(Ordering::SeqCst),
    );
    let mut sql = Sql::of(&service.database).await;
    assert_eq!(
        sql.count("sessions WHERE revoked_at IS NULL").await,
        FAMILIES as i64
    );
    let exact = format!("sessions WHERE generation = {}", KILLS + 1);
    assert_eq!(
        sql.count(&exact).await,
        FAMILIES as i64,
        "one rotation a round"
    );
    assert!(
        mid_refresh as u64 > KILLS / 4,
        "too few kills fell in mid-refresh"
    );

    service.advance(31);
    for (old, current) in first.iter().zip(&tokens) {
        service
            .refresh(old)
            .await
            .expect(401, "refresh_token_reused");
        service
            .refresh(current)
            .await
            .expect(401, "refresh_token_revoked");
    }
}
