//! The service inside the test's own process: its clock and its randomness are the test's.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use auth_service::app;
use auth_service::ctx::Ctx;
use kernel::clock::{Clock, Instant};
use kernel::config::{Rates, Settings};
use kernel::entropy::Entropy;
use serde_json::json;
use tokio::sync::oneshot;

use super::client::{Client, Tokens};
use super::database::{Backend, Database};
use super::secrets;

/// A service that runs until it is dropped. Dereferences to its [`Client`].
pub struct Service {
    client: Client,
    /// What its rooms are given.
    pub ctx: Arc<Ctx>,
    /// Its clock; stands still until it is advanced.
    pub clock: Clock,
    stop: Option<oneshot::Sender<()>>,
    /// Its database; several services can share one.
    pub database: Arc<Database>,
}

impl Deref for Service {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.client
    }
}

/// When every test begins: 2026-01-01T00:00:00Z.
pub const START: Instant = Instant::from_secs(1_767_225_600);

/// Settings that are quick, and otherwise the default ones. The clock stands still, so that no limit
/// would ever let another request in: they count here as everywhere, and are out of reach.
pub fn settings(database: &Database) -> Settings {
    let mut settings = Settings::default();
    settings.database.url = database.url.clone();
    settings.database.max_connections = 8;
    settings.data_dir = database.folder.path().join("data");
    settings.listen = ([127, 0, 0, 1], 0).into();
    settings.internal_listen = ([127, 0, 0, 1], 0).into();
    settings.passwords.argon2_memory_kib = 64;
    settings.passwords.argon2_iterations = 1;
    settings.limits = Rates::all(super::OUT_OF_REACH.parse().expect("a rate"));
    settings.http.workers = 2;
    settings.http.shutdown_timeout = Duration::from_secs(1);
    settings
}

impl Service {
    /// A service on a fresh database.
    pub async fn start(backend: Backend) -> Self {
        Self::with(backend, |_| {}).await
    }

    /// A service on a fresh database, with other settings.
    pub async fn with(backend: Backend, change: impl FnOnce(&mut Settings)) -> Self {
        let database = Arc::new(Database::new(backend).await);
        Self::on(database, Clock::manual(START), change).await
    }

    /// A service on this database, by this clock.
    pub async fn on(
        database: Arc<Database>,
        clock: Clock,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        secrets::keep_logs();
        let mut settings = settings(&database);
        change(&mut settings);
        let app = app::build(settings, clock.clone(), Entropy::system())
            .await
            .expect("the service starts");
        let (stop, stopped) = oneshot::channel();
        let service = Self {
            client: Client::at(app.public_addr(), app.internal_addr()),
            ctx: app.ctx(),
            clock,
            stop: Some(stop),
            database,
        };
        tokio::spawn(app.run(async {
            let _ = stopped.await;
        }));
        service
    }

    /// A service with nothing in the background: what its database hears is for a request. It
    /// learns of no revocation but its own.
    pub async fn alone(database: Arc<Database>, change: impl FnOnce(&mut Settings)) -> Self {
        secrets::keep_logs();
        let clock = Clock::manual(START);
        let mut settings = settings(&database);
        change(&mut settings);
        let ctx = app::open(settings, clock.clone(), Entropy::system())
            .await
            .expect("the service starts");
        let bound = auth_service::http::bind(ctx.clone().into()).expect("free ports");
        let (stop, stopped) = oneshot::channel();
        let service = Self {
            client: Client::at(bound.public_addr, bound.internal_addr),
            ctx,
            clock,
            stop: Some(stop),
            database,
        };
        let stopped = async {
            let _ = stopped.await;
        };
        tokio::spawn(bound.serve(stopped, Duration::ZERO));
        service
    }

    /// A second replica: the same database, key-encryption key and clock.
    pub async fn replica(&self) -> Self {
        let settings = self.ctx.settings.clone();
        Self::on(self.database.clone(), self.clock.clone(), |other| {
            *other = Settings {
                listen: other.listen,
                internal_listen: other.internal_listen,
                ..settings
            };
        })
        .await
    }

    /// Moves the clock on.
    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// The client, for a task of its own.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// An administrator, signed in to administer.
    pub async fn admin(&self) -> Tokens {
        let email = format!(
            "admin-{}@example.org",
            uuid::Uuid::from_bytes(self.ctx.entropy.bytes())
        );
        let admin = self.signup(&email).await;
        let patch = auth_service::accounts::Patch {
            roles: Some(vec!["auth:admin".into()]),
            ..Default::default()
        };
        let id = admin.user.parse().expect("an identifier");
        let (actor, origin) = (kernel::audit::Actor::Operator, Default::default());
        auth_service::accounts::update(&self.ctx, id, patch, actor, &origin)
            .await
            .expect("the account is there");
        self.login_as_admin(&email).await
    }

    /// What the audit trail says, newest first.
    pub async fn audit(&self) -> Vec<kernel::audit::AuditEvent> {
        self.ctx
            .audit
            .list(&Default::default(), None, 1000)
            .await
            .expect("the audit trail can be read")
    }

    /// Revokes a session, a token or an account through the admin API.
    pub async fn revoke(&self, admin: &Tokens, kind: &str, value: &str) {
        let answer = self
            .bearer(&admin.access)
            .post("/v1/admin/revocations", json!({ kind: value }))
            .await;
        assert_eq!(answer.status, 204, "{}", answer.text);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

impl Service {
    /// Runs a statement on the service's database, past the service.
    pub async fn execute(&self, sql: &str) {
        super::Sql::of(&self.database).await.run(sql).await;
    }
}
