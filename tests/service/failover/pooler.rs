//! pgbouncer in transaction mode: each transaction may run on another connection.

use std::process::Output;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;

use crate::support::database::Database;
use crate::support::pgbouncer::Pgbouncer;
use crate::support::process::command;
use crate::support::redis::Redis;
use crate::support::{Client, Process, Sql};

const UNPREPARED: (&str, &str) = ("AUTH__DATABASE__PREPARED_STATEMENTS", "false");

fn run(database: &Database, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    let mut command = command(database, arguments);
    let output = command.envs(settings.iter().copied()).output();
    output.expect("the binary runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What each connection behind the pooler is asked.
const NOTHING_LEFT: &str = "DO $$ BEGIN
    ASSERT (SELECT count(*) FROM pg_prepared_statements) = 0, 'a statement is left';
    ASSERT current_setting('statement_timeout') = '0', 'a limit is left';
END $$";

/// What a person does; every answer must be the right one.
async fn a_life(client: Client, n: usize) {
    let email = format!("ada-{n}@example.org");
    let mut tokens = client.signup(&email).await;
    for _ in 0..5 {
        tokens = client.refresh(&tokens.refresh).await.tokens();
        assert_eq!(client.me(&tokens.access).await.status, 200);
        let signed_in = client.bearer(&tokens.access);
        assert_eq!(signed_in.get("/v1/verify").await.status, 200);
        assert_eq!(signed_in.get("/v1/me/sessions").await.status, 200);
    }
    let other = client.login(&email).await;
    let signed_in = client.bearer(&other.access);
    let out = signed_in.send(Method::POST, "/v1/logout", None).await;
    assert_eq!(out.status, 204, "{}", out.text);
    client.me(&other.access).await.expect(401, "token_revoked");
    let gone = client.refresh(&other.refresh).await;
    gone.expect(401, "refresh_token_revoked");
    assert_eq!(client.me(&tokens.access).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_share_three_connections() {
    let (direct, redis) = (Database::empty().await, Redis::start().await);
    let bouncer = Pgbouncer::before(&direct.url, 3).await;
    let through = Database::at(&bouncer.url);
    let migrated = run(&through, &["migrate"], &[UNPREPARED]);
    assert!(said(&migrated).starts_with("applied: "), "{migrated:?}");
    let url = redis.url();
    let settings = [UNPREPARED, ("AUTH__REDIS__URL", url.as_str())];
    let replicas = [
        Process::start(&through, &settings).await,
        Process::start(&through, &settings).await,
    ];
    let lives = (0..16).map(|n| a_life((*replicas[n % 2]).clone(), n));
    join_all(lives).await;
    let checked = run(&through, &["check"], &settings);
    assert!(checked.status.success(), "{}", said(&checked));
    // Nothing was left with a connection that is somebody else's next.
    for _ in 0..6 {
        bouncer.ask(NOTHING_LEFT);
    }
}

// L7: the limits of the settings hold through it.
#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_waits_too_long_is_ended_by_the_database() {
    let direct = Database::empty().await;
    let bouncer = Pgbouncer::before(&direct.url, 3).await;
    let through = Database::at(&bouncer.url);
    let settings = [UNPREPARED, ("AUTH__DATABASE__STATEMENT_TIMEOUT", "400ms")];
    let service = Process::start(&through, &settings).await;
    let tokens = service.signup("ada@example.org").await;
    let mut holder = Sql::of(&direct).await;
    holder
        .run("BEGIN; LOCK TABLE sessions IN EXCLUSIVE MODE")
        .await;
    let began = Instant::now();
    assert_eq!(service.refresh(&tokens.refresh).await.status, 503);
    let took = began.elapsed();
    assert!(
        took < Duration::from_millis(1300),
        "{took:?}: the service gave up first"
    );
    holder.run("ROLLBACK").await;
    service.refresh(&tokens.refresh).await.tokens();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_names_the_setting_that_is_missing() {
    let direct = Database::empty().await;
    let bouncer = Pgbouncer::before(&direct.url, 3).await;
    let through = Database::at(&bouncer.url);
    let migrated = run(&through, &["migrate"], &[]);
    assert!(migrated.status.success(), "{migrated:?}");
    let checked = run(&through, &["check"], &[]);
    let text = said(&checked);
    assert!(!checked.status.success(), "{text}");
    assert!(
        text.contains("`database.prepared_statements = false`"),
        "{text}"
    );
}
