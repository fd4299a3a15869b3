//! A service, an upstream, and a gateway between.

use serde_json::Value;

use super::gateway::{Gateway, Kind};
use super::tap::Tap;
use super::upstream::Upstream;
use crate::support::database::Database;
use crate::support::outside::free_port;
use crate::support::{Answer, Backend, Client, Process, Tokens, outside, raw};

/// What a recipe stands among.
pub struct Scene {
    /// The service, as its own clients see it.
    pub service: Process,
    /// Its database.
    pub database: Database,
    /// Its port.
    pub port: u16,
    /// What the gateway protects.
    pub upstream: Upstream,
    /// The gateway.
    pub gateway: Gateway,
    /// Whoever comes by the gateway.
    pub client: Client,
}

/// Who administers the service itself.
pub const ADMINISTRATOR: &str = "administrator@example.org";

impl Scene {
    /// One whose tokens have the scope that the recipes demand for `/orders/`.
    pub async fn start(kind: Kind) -> Self {
        Self::with(kind, &[]).await
    }

    /// One with more settings of the service.
    pub async fn with(kind: Kind, settings: &[(&str, &str)]) -> Self {
        let upstream = Upstream::start();
        let leads_to = upstream.port;
        Self::before(kind, settings, upstream, leads_to).await
    }

    /// One that hears every byte which the gateway sends to the upstream.
    pub async fn tapped(kind: Kind) -> (Self, Tap) {
        let upstream = Upstream::start();
        let tap = Tap::before(upstream.port).await;
        (Self::before(kind, &[], upstream, tap.port).await, tap)
    }

    async fn before(
        kind: Kind,
        settings: &[(&str, &str)],
        upstream: Upstream,
        leads_to: u16,
    ) -> Self {
        let database = Database::new(Backend::Sqlite).await;
        let port = free_port();
        let service = Self::replica(&database, port, port, settings).await;
        let gateway = Gateway::start(kind, port, leads_to).await;
        let client = Client::new(gateway.base.clone(), service.internal.clone());
        Self {
            service,
            database,
            port,
            upstream,
            gateway,
            client,
        }
    }

    async fn replica(
        database: &Database,
        port: u16,
        issuer: u16,
        settings: &[(&str, &str)],
    ) -> Process {
        let issuer = format!("http://127.0.0.1:{issuer}");
        let mut all = vec![
            ("AUTH__TOKENS__SCOPE", "account orders:write"),
            ("AUTH__TOKENS__LEEWAY", "1s"),
        ];
        all.extend_from_slice(settings);
        all.push(("AUTH__ISSUER", &issuer));
        outside::start(database, port, &all).await
    }

    /// A replica of the service with other settings: same keys, same issuer.
    pub async fn other(&self, settings: &[(&str, &str)]) -> Process {
        Self::replica(&self.database, free_port(), self.port, settings).await
    }

    /// Starts the service again where it was.
    pub async fn restart(&mut self) {
        self.service = Self::replica(&self.database, self.port, self.port, &[]).await;
    }

    /// Somebody who is signed in, and a client of the gateway with their access token.
    pub async fn ada(&self) -> (Tokens, Client) {
        let ada = self.service.signup("ada@example.org").await;
        let client = self.client.bearer(&ada.access);
        (ada, client)
    }

    /// Somebody with the role that the recipes demand for `/admin/`.
    pub async fn root(&self) -> Tokens {
        outside::create_account(&self.database, "root@example.org", outside::APP_ADMIN).await;
        self.service.login("root@example.org").await
    }

    /// Somebody who administers the service itself.
    pub async fn administrator(&self) -> Tokens {
        outside::create_account(&self.database, ADMINISTRATOR, outside::ADMIN).await;
        self.service.login_as_admin(ADMINISTRATOR).await
    }

    /// Fails the test unless the gateway refuses, and the upstream hears nothing of it.
    #[track_caller]
    pub fn stops(&self, before: usize, answer: &Answer, statuses: &[u16], what: &str) {
        assert!(
            statuses.contains(&answer.status),
            "{what}: {} {}",
            answer.status,
            answer.text
        );
        assert_eq!(
            self.upstream.reached(),
            before,
            "{what} reached the upstream"
        );
    }

    /// Sends bytes to the gateway: the status, and what the upstream told where it was reached.
    pub async fn talk(&self, request: &str) -> (u16, Value) {
        let said = raw::talk(&self.client, request.as_bytes()).await;
        let status = said.split(' ').nth(1).and_then(|text| text.parse().ok());
        let json = said.find('{').zip(said.rfind('}'));
        let told = json.and_then(|(from, to)| serde_json::from_str(&said[from..=to]).ok());
        (
            status.unwrap_or_else(|| panic!("no answer but {said:?}")),
            told.unwrap_or(Value::Null),
        )
    }
}
