//! What a pass asks of the database, and that nobody waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use auth_service::housekeeping::pass;

use super::{old_sessions, plant_old_rows, small_batches};
use crate::support::database::Database;
use crate::support::heard::Heard;
use crate::support::{Client, Service, Sql, Tokens, both};

/// Longer than a batch holds anything, shorter than whoever waits for a whole pass.
const SOON: Duration = Duration::from_secs(2);

/// Refreshes again and again; how often, and how long the slowest took.
async fn refreshes(client: Client, mut tokens: Tokens, stop: Arc<AtomicBool>) -> (u32, Duration) {
    let (mut count, mut slowest) = (0, Duration::ZERO);
    while !stop.load(Ordering::SeqCst) {
        let began = Instant::now();
        tokens = client.refresh(&tokens.refresh).await.tokens();
        (count, slowest) = (count + 1, slowest.max(began.elapsed()));
    }
    (count, slowest)
}

both! {
    async fn a_pass_deletes_a_small_batch_a_statement_and_each_by_itself(backend: Backend) {
        let database = Arc::new(Database::new(backend).await);
        let heard = Heard::by(&database).await;
        let url = heard.url(&database);
        let service = Service::alone(database.clone(), |settings| {
            small_batches(settings);
            settings.database.url = url;
        }).await;
        service.signup("old@example.org").await;
        plant_old_rows(&database, "old@example.org", 60).await;
        let before = heard.statements().len();
        let pruned = pass(&service.ctx).await.expect("it runs").expect("nobody else prunes");
        assert_eq!((pruned.sessions, pruned.audit_events), (60, 60));

        let statements = heard.statements().split_off(before);
        let number = |words: &str| {
            let plain = statements.iter().map(|one| one.replace(['"', '`'], ""));
            plain.filter(|one| one.starts_with(words)).count()
        };
        for table in ["sessions", "audit_events"] {
            // Twenty batches of three, and what is left behind the last: nothing.
            assert_eq!(number(&format!("DELETE FROM {table}")), 21, "{statements:#?}");
        }
        // On Postgres none stands in a transaction with another: its locks end with it.
        if service.ctx.db.is_sqlite() {
            assert_eq!(number("DELETE") + number("INSERT") + number("UPDATE"), number("COMMIT"));
        } else {
            assert_eq!(number("BEGIN"), 0);
        }
    }

    async fn refreshes_and_sign_ins_go_on_while_a_pass_runs(backend: Backend) {
        const ROWS: u32 = 20_000;
        let service = Service::with(backend, |settings| {
            settings.refresh.reuse_window = Duration::ZERO;
        }).await;
        service.signup("old@example.org").await;
        let stop = Arc::new(AtomicBool::new(false));
        let mut people = Vec::new();
        for n in 0..4 {
            let tokens = service.signup(&format!("busy-{n}@example.org")).await;
            people.push((service.client(), tokens, stop.clone()));
        }
        plant_old_rows(&service.database, "old@example.org", ROWS).await;
        let ctx = service.ctx.clone();
        let passing = tokio::spawn(async move { pass(&ctx).await });
        let people: Vec<_> = people
            .into_iter()
            .map(|(client, tokens, stop)| tokio::spawn(refreshes(client, tokens, stop)))
            .collect();
        while !passing.is_finished() {
            let began = Instant::now();
            service.login("busy-0@example.org").await;
            assert!(began.elapsed() < SOON, "a sign-in waited {:?}", began.elapsed());
        }
        let pruned = passing.await.expect("it ends").expect("it runs").expect("nobody else prunes");
        stop.store(true, Ordering::SeqCst);
        assert_eq!((pruned.sessions, pruned.audit_events), (ROWS as usize, ROWS as usize));
        for one in people {
            let (count, slowest) = one.await.expect("nobody was refused");
            assert!(count > 0 && slowest < SOON, "{count} refreshes, the slowest {slowest:?}");
        }
    }
}

/// A row that lives is not locked.
#[tokio::test(flavor = "multi_thread")]
async fn a_pass_waits_for_nobody_whose_session_lives() {
    let backend = crate::support::Backend::Postgres;
    let service = super::with_old_rows(backend, 30).await;
    service.signup("busy@example.org").await;
    let mut holder = Sql::of(&service.database).await;
    holder
        .run("BEGIN; SELECT 1 FROM sessions WHERE user_agent <> 'Old/1.0' FOR UPDATE")
        .await;
    // Waiting for it would end in a time-out of the statement.
    let pruned = pass(&service.ctx).await.expect("it waits for nobody");
    assert_eq!(pruned.expect("nobody else prunes").sessions, 30);
    holder.run("ROLLBACK").await;
    assert_eq!(old_sessions(&mut holder).await, 0);
}
