//! A standby takes over, and nobody restarts the service. // L7

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::support::database::Database;
use crate::support::postgres::Postgres;
use crate::support::{Client, Process, Sql, Tokens};

/// What a server needs that another shall follow, and commits that wait for the standby, so that
/// what was answered is there after a fail-over.
const PRIMARY: [&str; 2] = ["wal_level=replica", "max_wal_senders=4"];

struct Scene {
    primary: Postgres,
    standby: Postgres,
    replicas: [Process; 2],
    people: Vec<Tokens>,
    _database: Database,
}

impl Scene {
    async fn start() -> Self {
        let primary = Postgres::with(&PRIMARY).await;
        let standby = primary.standby().await;
        let wait = "ALTER SYSTEM SET synchronous_standby_names = '*'";
        let mut sql = Sql::open(&primary.url).await;
        sql.run(wait).await;
        sql.run("SELECT pg_reload_conf()").await;
        let hosts = format!("{},{}", primary.place(), standby.place());
        let database = Database::at(&primary.url.replace(&primary.place(), &hosts));
        let replicas = [
            Process::start(&database, &[]).await,
            Process::start(&database, &[]).await,
        ];
        let mut people = vec![replicas[0].signup("ada@example.org").await];
        for n in 1..6 {
            people.push(replicas[n % 2].login("ada@example.org").await);
        }
        // Every connection of the pools is there before.
        for replica in &replicas {
            let access = &people[0].access;
            let asked = (0..8).map(|_| replica.me(access));
            futures_util::future::join_all(asked).await;
        }
        Self {
            primary,
            standby,
            replicas,
            people,
            _database: database,
        }
    }

    async fn promote(&self) {
        let mut sql = Sql::open(&self.standby.url).await;
        // A server that waits for a standby of its own would wait for ever.
        sql.run("SELECT pg_promote()").await;
        let mut sql = Sql::open(&self.standby.url).await;
        sql.run("ALTER SYSTEM SET synchronous_standby_names = ''")
            .await;
        sql.run("SELECT pg_reload_conf()").await;
    }

    /// Fails the test unless both replicas write again by themselves, soon.
    async fn recovers(&mut self) {
        let began = Instant::now();
        for (n, replica) in self.replicas.iter().enumerate() {
            let mut answers = Vec::new();
            loop {
                let answer = replica.refresh(&self.people[n].refresh).await;
                answers.push(answer.status);
                if answer.status == 200 {
                    self.people[n] = answer.tokens();
                    break;
                }
                assert_eq!(answer.status, 503, "{}", answer.text);
                assert!(began.elapsed() < Duration::from_secs(20), "{answers:?}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            println!(
                "replica {n}: {} refused, {:?}",
                answers.len() - 1,
                began.elapsed()
            );
        }
        // Side by side, so that every worker of a replica has its turn: what one of them found out
        // about the server, the others know.
        let all = self.people.iter().enumerate().map(async |(n, tokens)| {
            let replica = &self.replicas[n % 2];
            let after = replica.refresh(&tokens.refresh).await.tokens();
            assert_eq!(replica.me(&after.access).await.status, 200);
        });
        futures_util::future::join_all(all).await;
    }
}

async fn logout(client: &Client, tokens: &Tokens) {
    let client = client.bearer(&tokens.access);
    let answer = client.send(Method::POST, "/v1/logout", None).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_primary_dies_and_the_standby_is_promoted() {
    let mut scene = Scene::start().await;
    let ended = scene.people.pop().unwrap();
    logout(&scene.replicas[0], &ended).await;
    scene.primary.kill();
    let away = scene.replicas[0].refresh(&scene.people[0].refresh).await;
    assert_eq!(away.status, 503);
    scene.promote().await;
    scene.recovers().await;
    // A replica that had not heard of it believes what it knows for `revocation.max_lag` at most.
    tokio::time::sleep(Duration::from_secs(1)).await;
    for replica in &scene.replicas {
        replica.me(&ended.access).await.expect(401, "token_revoked");
        let body = json!({ "refresh_token": ended.refresh });
        let answer = replica.post("/v1/refresh", body).await;
        answer.expect(401, "refresh_token_revoked");
    }
}

/// The old primary keeps every connection and takes no writes any more. A replica that only reads
/// hears of what is revoked at the new one within `revocation.max_lag` all the same. // R1
#[tokio::test(flavor = "multi_thread")]
async fn the_primary_is_demoted_and_cuts_no_connection() {
    let mut scene = Scene::start().await;
    let mut old = Sql::open(&scene.primary.url).await;
    old.run("ALTER SYSTEM SET default_transaction_read_only = on")
        .await;
    old.run("SELECT pg_reload_conf()").await;
    scene.promote().await;

    let ended = scene.people.pop().unwrap();
    let [a, b] = &scene.replicas;
    let began = Instant::now();
    loop {
        let out = a
            .bearer(&ended.access)
            .send(Method::POST, "/v1/logout", None)
            .await;
        if out.status == 204 {
            break;
        }
        assert_eq!(out.status, 503, "{}", out.text);
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "it never writes again"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let revoked = Instant::now();
    while b.bearer(&ended.access).get("/v1/verify").await.status == 200 {
        assert!(
            revoked.elapsed() < Duration::from_secs(1),
            "it is still accepted"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!("heard of after {:?}", revoked.elapsed());
    scene.recovers().await;
    for replica in &scene.replicas {
        replica.me(&ended.access).await.expect(401, "token_revoked");
    }
    let counted = "SELECT count(*) AS n FROM revocations";
    assert_eq!(Sql::open(&scene.standby.url).await.number(counted).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_alone_is_no_database() {
    let primary = Postgres::with(&PRIMARY).await;
    let standby = primary.standby().await;
    let database = Database::at(&standby.url);
    let mut check = crate::support::process::command(&database, &["check"]);
    let said = check.output().expect("the binary runs");
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(
        !said.status.success() && text.contains("does not allow writes"),
        "{text}"
    );
}
