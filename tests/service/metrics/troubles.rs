//! Everything that can go wrong, at once: a service for each trouble.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use kernel::config::Settings;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::{scrape, value};
use crate::support::database::Database;
use crate::support::events::Events;
use crate::support::outside::free_port;
use crate::support::process::command;
use crate::support::proxy::{Flow, Proxy};
use crate::support::redis::Redis;
use crate::support::{Backend, Client, PASSWORD, Process, Service, Sql};

/// Services in trouble, until it is dropped.
#[derive(Default)]
pub struct Troubles {
    /// The internal listeners, for Prometheus.
    pub targets: Vec<String>,
    going_on: JoinSet<()>,
}

impl Troubles {
    /// Begins all of them.
    pub async fn begin() -> Self {
        let mut this = Self::default();
        // Nobody listens there: AuthServiceDown.
        this.targets.push(format!("127.0.0.1:{}", free_port()));
        this.restarts().await;
        this.guessing().await;
        this.database_away().await;
        this.writers_wait().await;
        this.connections_are_scarce().await;
        this.stolen_tokens().await;
        this.redis_away().await;
        this.verifier_leaves().await;
        this.no_next_key().await;
        this.few_files().await;
        this.full_output().await;
        this
    }

    fn watch(&mut self, client: &Client) {
        self.targets.push(client.internal.replace("http://", ""));
    }

    /// A service on SQLite with these settings, which is watched.
    async fn service(&mut self, change: impl FnOnce(&mut Settings)) -> Service {
        let service = Service::with(Backend::Sqlite, change).await;
        self.watch(&service);
        service
    }

    /// AuthServiceRestarts
    async fn restarts(&mut self) {
        let database = Database::new(Backend::Sqlite).await;
        let address = format!("127.0.0.1:{}", free_port());
        self.targets.push(address.clone());
        self.going_on.spawn(async move {
            loop {
                let at = [("AUTH__INTERNAL_LISTEN", address.as_str())];
                let process = Process::start(&database, &at).await;
                sleep(Duration::from_millis(1200)).await;
                drop(process);
            }
        });
    }

    /// AuthServicePasswordsGuessed, AuthServiceHashingSheds: one thread hashes, one may wait.
    async fn guessing(&mut self) {
        let service = self.service(|settings| {
            settings.passwords.hash_workers = 1;
            settings.passwords.queue_length = 1;
            settings.passwords.argon2_memory_kib = 8192;
            settings.throttle.address_failures = u32::MAX;
        });
        let service = service.await;
        self.going_on.spawn(async move {
            for number in 0.. {
                let email = format!("nobody-{number}@example.org");
                let body = json!({ "email": email, "password": PASSWORD });
                let attempts = (0..3).map(|_| service.post("/v1/login", body.clone()));
                futures_util::future::join_all(attempts).await;
                sleep(Duration::from_millis(50)).await;
            }
        });
    }

    /// AuthServiceErrors, AuthServiceConnectionsRefused, AuthServiceRevocationsLate: Postgres says
    /// nothing any more.
    async fn database_away(&mut self) {
        let database = Database::new(Backend::Postgres).await;
        let proxy = Proxy::before(&database.url).await;
        let away = Arc::new(Database::at(&proxy.url));
        let clock = kernel::clock::Clock::manual(crate::support::service::START);
        let service = Service::on(away, clock, |settings| {
            settings.database.max_connections = 2;
            settings.database.acquire_timeout = Duration::from_millis(200);
        });
        let service = service.await;
        self.watch(&service);
        self.going_on.spawn(async move {
            let ada = service.signup("ada@example.org").await;
            proxy.set(Flow::Frozen);
            loop {
                let asked = (0..4).map(|_| service.refresh(&ada.refresh));
                futures_util::future::join_all(asked).await;
                sleep(Duration::from_millis(100)).await;
            }
        });
        self.keep(database);
    }

    /// AuthServiceConnectionsScarce: thirty wait while somebody keeps the one connection, so many
    /// that they count among those of the other troubles.
    async fn connections_are_scarce(&mut self) {
        let service = self.service(|settings| settings.database.max_connections = 1);
        let service = service.await;
        self.going_on.spawn(async move {
            loop {
                let kept = service.ctx.db.conn().await;
                let keep = async {
                    sleep(Duration::from_millis(300)).await;
                    drop(kept);
                };
                let waiting = (0..30).map(async |_| drop(service.ctx.db.conn().await));
                tokio::join!(keep, futures_util::future::join_all(waiting));
            }
        });
    }

    /// AuthServiceRefreshSlow: somebody else holds SQLite's one lock, again and again.
    async fn writers_wait(&mut self) {
        let service = self.service(|_| {}).await;
        let mut sql = Sql::of(&service.database).await;
        self.going_on.spawn(async move {
            loop {
                sql.run("BEGIN IMMEDIATE").await;
                sleep(Duration::from_millis(400)).await;
                sql.run("COMMIT").await;
                sleep(Duration::from_millis(20)).await;
            }
        });
        self.going_on.spawn(async move {
            let ada = service.signup("ada@example.org").await;
            loop {
                let asked = (0..3).map(|_| service.refresh(&ada.refresh));
                futures_util::future::join_all(asked).await;
            }
        });
    }

    /// AuthServiceTokensReused
    async fn stolen_tokens(&mut self) {
        let service = self.service(|_| {}).await;
        self.going_on.spawn(async move {
            for number in 0.. {
                let old = service.signup(&format!("ada-{number}@example.org")).await;
                service.refresh(&old.refresh).await.tokens();
                service.advance(60);
                service
                    .refresh(&old.refresh)
                    .await
                    .expect(401, "refresh_token_reused");
                sleep(Duration::from_millis(100)).await;
            }
        });
    }

    /// AuthServiceRedisAway
    async fn redis_away(&mut self) {
        let redis = Redis::start().await;
        let url = redis.url();
        let service = self
            .service(|settings| settings.redis.url = Some(url))
            .await;
        redis.kill();
        self.keep(service);
    }

    /// AuthServiceVerifiersGone: again and again, for Prometheus must have seen it there.
    async fn verifier_leaves(&mut self) {
        let service = self.service(|_| {}).await;
        self.going_on.spawn(async move {
            loop {
                let events = Events::open(&service.internal, None).await;
                sleep(Duration::from_secs(6)).await;
                drop(events);
                sleep(Duration::from_secs(6)).await;
            }
        });
    }

    /// AuthServiceKeyOverdue: it can't be written.
    async fn no_next_key(&mut self) {
        let service = self.service(|_| {}).await;
        let full =
            "CREATE TRIGGER full BEFORE INSERT ON keys BEGIN SELECT RAISE(ABORT, 'full'); END";
        service.execute(full).await;
        service.advance(31 * 24 * 60 * 60);
        self.keep(service);
    }

    /// AuthServiceFileDescriptors: it may open hardly more than it has.
    async fn few_files(&mut self) {
        let database = Database::new(Backend::Sqlite).await;
        let process = Process::start(&database, &[]).await;
        self.watch(&process);
        let open = value(&scrape(&process).await, "process_open_fds").expect("how many are open");
        let most = (open * 1.1) as u64 + 2;
        let limited = Command::new("prlimit")
            .args([
                "--pid",
                &process.pid().to_string(),
                &format!("--nofile={most}:{most}"),
            ])
            .status();
        assert!(limited.is_ok_and(|status| status.success()), "prlimit");
        self.keep((database, process));
    }

    /// AuthServiceLogLost: standard output takes nothing.
    async fn full_output(&mut self) {
        let database = Database::new(Backend::Sqlite).await;
        let [public, internal] = [(); 2].map(|()| format!("127.0.0.1:{}", free_port()));
        let full = std::fs::File::options().write(true).open("/dev/full");
        let mut command = command(&database, &["serve"]);
        command
            .env("AUTH__LISTEN", &public)
            .env("AUTH__INTERNAL_LISTEN", &internal)
            .stdout(full.expect("Linux has it"))
            .stderr(Stdio::null());
        let mut command = tokio::process::Command::from(command);
        let process = command.kill_on_drop(true).spawn();
        self.targets.push(internal);
        self.going_on.spawn(async move {
            let _kept = (database, process.expect("the binary runs"));
            loop {
                let _ = reqwest::get(format!("http://{public}/v1/me")).await;
                sleep(Duration::from_millis(100)).await;
            }
        });
    }

    /// Lets something live as long as the troubles.
    fn keep<T: Send + 'static>(&mut self, kept: T) {
        self.going_on.spawn(async move {
            std::future::pending::<()>().await;
            drop(kept);
        });
    }
}
