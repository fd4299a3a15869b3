//! Without Redis: replicas, and commands, that share the database alone.

use std::time::{Duration, Instant};

use super::{eventually, logout, sessions};
use crate::support::database::Database;
use crate::support::process::{Process, command};
use crate::support::{Client, Service, both};

/// Far longer than `revocation.max_lag`, for a busy machine.
const GENEROUS: Duration = Duration::from_secs(10);

async fn is_refused_soon(client: &Client, access: &str, what: &str) {
    let began = Instant::now();
    eventually("the token is refused", async || {
        client.me(access).await.code() == "token_revoked"
    })
    .await;
    println!("{what}: refused {:?} after the answer", began.elapsed());
    assert!(began.elapsed() < GENEROUS);
}

both! {
    // L1: another replica knows within max_lag
    async fn the_other_replica_knows_within_max_lag(backend: Backend) {
        let a = Service::start(backend).await;
        let b = a.replica().await;
        for tokens in sessions(&a, "ada@example.org", 3).await {
            assert_eq!(b.me(&tokens.access).await.status, 200);
            logout(&a, &tokens).await;
            a.me(&tokens.access).await.expect(401, "token_revoked");
            is_refused_soon(&b, &tokens.access, "another replica").await;
        }
    }

    // I2, L1
    async fn a_restart_forgets_no_revocation(backend: Backend) {
        let a = Service::start(backend).await;
        let [revoked, valid] = sessions(&a, "ada@example.org", 2).await.try_into().expect("two");
        logout(&a, &revoked).await;
        let again = a.replica().await;
        drop(a);
        again.me(&revoked.access).await.expect(401, "token_revoked");
        again.refresh(&revoked.refresh).await.expect(401, "refresh_token_revoked");
        assert_eq!(again.me(&valid.access).await.status, 200);
        assert_eq!(again.ctx.revocations.size(), 1);
    }
}

// L1: an operator's command and a running server share one SQLite file.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_disables_an_account_reaches_a_running_server() {
    let database = Database::new(crate::support::Backend::Sqlite).await;
    let server = Process::start(&database, &[]).await;
    let tokens = server.signup("ada@example.org").await;
    let disabled = command(&database, &["users", "disable", "ada@example.org"]).output();
    let disabled = disabled.expect("the command runs");
    assert!(disabled.status.success(), "{disabled:?}");
    is_refused_soon(&server, &tokens.access, "a command").await;
    server
        .refresh(&tokens.refresh)
        .await
        .expect(401, "refresh_token_revoked");
}
