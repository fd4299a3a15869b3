//! What most suites measure on: the service in production mode on Postgres and Redis, with a table
//! full of other people's sessions.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kernel::passwords::Password;
use tokio::runtime::Runtime;

use crate::database::{Commit, Database, variable};
use crate::deployment::{Deployment, Service};
use crate::families::Families;
use crate::load::{Answer, once, write_post};
use crate::subject::Result;

/// The password of every account.
pub const PASSWORD: &str = "a lovelace of engines";

/// The service, its database and who is in it.
pub struct World {
    /// Its database.
    pub database: Database,
    /// Where it is started from.
    pub deployment: Deployment,
    /// It, running, with `synchronous_commit=off`.
    pub service: Service,
    /// Families that stand in the database.
    pub families: Arc<Families>,
    /// How many sessions the database holds.
    pub sessions: u64,
    began: Instant,
}

impl World {
    /// Makes a database, fills it with `sessions`, a tenth as many accounts, and starts the
    /// service. `number` tells its database and its part of Redis from those of other worlds.
    ///
    /// # Errors
    /// When any of it fails.
    pub fn new(number: u8, sessions: u64) -> Result<Self> {
        Self::with(number, sessions, &[])
    }

    /// As [`new`](Self::new), with these settings.
    ///
    /// # Errors
    /// When any of it fails.
    pub fn with(number: u8, sessions: u64, settings: &[(&'static str, String)]) -> Result<Self> {
        let database = Database::create(&format!("bench_{number}"))?;
        let redis = format!("{}/{number}", variable("TEST_REDIS_URL")?);
        let deployment = Deployment::on_postgres(database.url(Commit::GoesOn), redis)?;
        let deployment = deployment.with(settings);
        let runtime = Runtime::new()?;
        let service = deployment.start()?;
        let ctx = deployment.open(&runtime)?;
        let password = Password::parse(PASSWORD)?;
        let hash = runtime.block_on(ctx.hasher.hash(password))?;
        let variables = [("sessions", sessions.to_string()), ("hash", hash)];
        database.sql(include_str!("../sql/fill.sql"), &variables)?;
        Ok(Self {
            database,
            deployment,
            service,
            families: Arc::new(Families::new(ctx.keyring.ring()?, sessions)),
            sessions,
            began: Instant::now(),
        })
    }

    /// Another service on the same database, whose commits wait for the disk.
    ///
    /// # Errors
    /// When it does not start.
    pub fn waiting(&mut self) -> Result<Service> {
        self.deployment.at(self.database.url(Commit::Waits));
        let service = self.deployment.start();
        self.deployment.at(self.database.url(Commit::GoesOn));
        service
    }

    /// How long the service has been running.
    pub fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// How many accounts there are.
    pub fn accounts(&self) -> u64 {
        self.sessions / 10
    }

    /// Access tokens of so many sessions.
    ///
    /// # Errors
    /// When the service refuses.
    pub fn access_tokens(&self, count: usize) -> Result<Vec<String>> {
        (0..count).map(|_| self.access_token()).collect()
    }

    fn access_token(&self) -> Result<String> {
        let token = self.families.take().ok_or("no family is left")?;
        let (mut request, body) = (Vec::new(), format!(r#"{{"refresh_token":"{token}"}}"#));
        write_post(&mut request, "/v1/refresh", &[], &body);
        let read = |answer: &Answer<'_>| answer.member("access_token").map(str::to_owned);
        let token = once(self.service.address, &request, read)?;
        Ok(token.ok_or("a refresh was not answered with a token")?)
    }
}
