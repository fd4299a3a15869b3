//! What both benchmarks measure: a service in this process, on a SQLite file of its own, by a
//! clock and with randomness that are given, so that each run does the same.

use std::sync::Arc;
use std::time::Duration;

use auth_service::app;
use auth_service::ctx::Ctx;
use auth_service::sessions::Session;
use auth_service::signin::{self, Asked, Issued, NewAccount};
use auth_service::users::User;
use kernel::clock::{Clock, Instant};
use kernel::config::{Rates, Settings};
use kernel::db::types::Json;
use kernel::entropy::Entropy;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

pub const EMAIL: &str = "ada@example.org";
pub const PASSWORD: &str = "a lovelace of engines";
/// Longer than the reuse window, so that the next refresh rotates.
pub const PAUSE: Duration = Duration::from_secs(31);

/// 2026-01-01T00:00:00Z
const START: Instant = Instant::from_secs(1_767_225_600);

/// The rooms of a service, with nothing in the background.
pub struct Rooms {
    pub ctx: Arc<Ctx>,
    pub clock: Clock,
    pub runtime: Runtime,
    /// An account that has just signed up.
    pub ada: Issued,
    _folder: TempDir,
}

impl Rooms {
    /// With the default settings but for the address, and these.
    pub fn open(change: impl FnOnce(&mut Settings)) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::default();
        settings.database.url = format!("sqlite://{}/auth.db", folder.path().display());
        settings.database.max_connections = 1;
        settings.data_dir = folder.path().to_owned();
        settings.listen = ([127, 0, 0, 1], 0).into();
        settings.internal_listen = ([127, 0, 0, 1], 0).into();
        settings.http.workers = 1;
        settings.passwords.hash_workers = 1;
        // Counted and never reached.
        settings.limits = Rates::all("1000000/1s".parse().unwrap());
        // Nothing but `believe` keeps the mirror up to date.
        settings.revocation.max_lag = Duration::from_secs(60);
        change(&mut settings);
        let clock = Clock::manual(START);
        let ctx = app::open(settings, clock.clone(), Entropy::seeded(1));
        let ctx = runtime.block_on(ctx).unwrap();
        let ada = NewAccount {
            email: EMAIL.into(),
            password: PASSWORD.into(),
            name: Some("Ada".into()),
        };
        let (asked, caller) = (Asked::default(), Default::default());
        let ada = signin::signup(&ctx, ada, &asked, &caller);
        let ada = runtime.block_on(ada).unwrap();
        Self {
            ctx,
            clock,
            runtime,
            ada,
            _folder: folder,
        }
    }

    /// Brings the mirror of revocations up to date: it is believed for less than a minute.
    pub fn believe(&self) {
        let load = self.ctx.revocations.load();
        self.runtime.block_on(load).unwrap();
    }

    /// Ada's account and session as their rows say, with a role.
    pub fn rows(&self) -> (Session, User) {
        let user = User {
            roles: Json(vec!["editor".into()]),
            ..self.ada.user.clone()
        };
        (self.ada.session.clone(), user)
    }
}
