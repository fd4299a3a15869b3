//! `kill -9` of the service itself on SQLite, whose writers share their commits: what was answered
//! is there, and what was not is there whole or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kernel::entropy::Entropy;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::database::Database;
use crate::support::{Backend, Client, PASSWORD, Process, Sql, Tokens};

const KILLS: usize = 30;
/// On a busy machine fewer of them fall in mid-refresh: then there are more.
const MOST_KILLS: usize = 90;
const FAMILIES: usize = 24;
const LONGEST: Duration = Duration::from_millis(50);

/// What a request that may never be answered was answered with.
async fn ask(client: Client, path: &str, body: Value) -> Option<Tokens> {
    let answer = client.try_send(Method::POST, path, Some(body)).await.ok();
    answer.map(|answer| answer.tokens())
}

// L2, L3
#[tokio::test(flavor = "multi_thread")]
async fn thirty_kills_in_mid_refresh_lose_nothing_that_was_answered() {
    let (database, entropy) = (Database::new(Backend::Sqlite).await, Entropy::system());
    let mut process = Process::start(&database, &[]).await;
    process.signup("ada@example.org").await;
    let answered = Arc::new(AtomicUsize::new(0));
    // About as long as this machine takes to answer them all, which is learnt as it goes.
    let mut longest = Duration::from_millis(5);
    let mut mid_refresh = 0;
    for round in 0.. {
        if round >= KILLS && mid_refresh > KILLS / 4 {
            break;
        }
        assert!(
            round < MOST_KILLS,
            "{mid_refresh} kills fell in mid-refresh"
        );
        let mut families = Vec::new();
        for _ in 0..FAMILIES {
            families.push(process.login("ada@example.org").await.refresh);
        }
        answered.store(0, Ordering::SeqCst);
        let mut refreshing = JoinSet::new();
        for (at, token) in families.iter().cloned().enumerate() {
            let (client, answered) = ((*process).clone(), answered.clone());
            let body = json!({ "refresh_token": token });
            refreshing.spawn(async move {
                let tokens = ask(client, "/v1/refresh", body).await;
                answered.fetch_add(usize::from(tokens.is_some()), Ordering::SeqCst);
                (at, tokens)
            });
        }
        let mut signing_in = JoinSet::new();
        for _ in 0..4 {
            let client = (*process).clone();
            let body = json!({ "email": "ada@example.org", "password": PASSWORD });
            signing_in.spawn(async move { ask(client, "/v1/login", body).await });
        }
        let delay = longest.mul_f64(entropy.fraction());
        tokio::task::block_in_place(|| std::thread::sleep(delay));
        process.signal("KILL");
        process.wait(Duration::from_secs(10)).await;
        let refreshed = refreshing.join_all().await;
        let signed_in = signing_in.join_all().await;
        longest = match answered.load(Ordering::SeqCst) < FAMILIES {
            true => {
                mid_refresh += 1;
                (longest * 3 / 2).min(LONGEST)
            }
            false => longest / 2,
        };

        process = Process::start(&database, &[]).await;
        for (at, was_told) in refreshed {
            let successor = process.refresh(&families[at]).await.tokens().refresh;
            assert_ne!(successor, families[at]);
            if let Some(told) = was_told {
                assert_eq!(successor, told.refresh, "an answered rotation was lost");
            }
            let again = process.refresh(&families[at]).await.tokens().refresh;
            assert_eq!(again, successor, "the family was doubled");
        }
        for tokens in signed_in.into_iter().flatten() {
            assert_eq!(process.refresh(&tokens.refresh).await.status, 200);
        }
    }
    println!("{mid_refresh} kills fell in mid-refresh");
    let mut sql = Sql::of(&database).await;
    let sessions = sql.count("sessions").await;
    assert!(sessions > (KILLS * FAMILIES) as i64);
    assert_eq!(
        sql.count("audit_events WHERE event = 'login'").await,
        sessions,
        "a session and its audit row are one transaction"
    );
    assert_eq!(sql.count("sessions WHERE generation > 2").await, 0);
    assert_eq!(sql.count("sessions WHERE revoked_at IS NOT NULL").await, 0);
}
