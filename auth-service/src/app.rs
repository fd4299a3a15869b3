//! Putting the service together: one `build` for the binary and for tests.

use actix_web::web::Data;
use shared_claims::{Policy, TokenCache};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

use kernel::audit::Audit;
use kernel::change::Changes;
use kernel::clock::Clock;
use kernel::config::{ConfigError, EncryptionKey, Mode, Problem, Settings, dev_encryption_key};
use kernel::db::migrate::{self, MigrateError};
use kernel::db::{Db, DbError};
use kernel::entropy::Entropy;
use kernel::keyring::seal::Sealer;
use kernel::keyring::{Keyring, KeysError};
use kernel::kv::Kv;
use kernel::limits::Limits;
use kernel::metrics::Metrics;
use kernel::passwords::{Hasher, StartError as HasherError};
use kernel::revocation::{LinkError, Revocations};

use crate::ctx::Ctx;
use crate::housekeeping;
use crate::http::{self, Bound};
use crate::tls::{self, Endpoint};

/// Why the service did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is wrong or unsafe; each problem says what to set.
    #[error("the configuration can't be used:\n{}", .0.iter().map(|problem| format!("  {problem}")).collect::<Vec<_>>().join("\n"))]
    Settings(Vec<Problem>),
    /// The key-encryption key of the dev mode can't be had.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The tables are not up to date.
    #[error("the database is not up to date: run `auth-service migrate`")]
    NotMigrated,
    /// A migration failed.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The database can't be used.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The keys can't be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The hashing threads did not start.
    #[error(transparent)]
    Hasher(#[from] HasherError),
    /// The Redis URL is not one.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// A listener could not be bound.
    #[error(transparent)]
    Listen(#[from] std::io::Error),
}

/// The service, bound and ready to serve.
pub struct App {
    ctx: Arc<Ctx>,
    bound: Bound,
    tasks: JoinSet<()>,
}

/// How many bytes of verified access tokens are kept: some 3,000 tokens.
const VERIFIED_BYTES: usize = 8 * 1024 * 1024;

/// Opens everything that the rooms need, without serving. Needs a multi-threaded runtime.
///
/// # Errors
/// [`StartError`]
pub async fn open(
    settings: Settings,
    clock: Clock,
    entropy: Entropy,
) -> Result<Arc<Ctx>, StartError> {
    settings.validate().map_err(StartError::Settings)?;
    if settings.tokens.accepts_typ_jwt() {
        tracing::warn!(
            "tokens.typ: access tokens of the type `JWT` count; nothing but `aud` tells them from other JWTs of this issuer"
        );
    }
    let sealer = Sealer::new(&encryption_keys(&settings, &entropy)?);
    prepare_database(&settings).await?;
    let metrics = Metrics::default();
    let workers = settings.http.workers();
    let db = Db::open(&settings.database, workers, metrics.connections.clone())?;
    follow_database(&db, &clock).await?;
    let audit = Audit::new(db.clone(), clock.clone(), entropy.clone());
    let revocations = Revocations::new(&settings, db.clone(), clock.clone(), entropy.clone())?;
    let revocations = Arc::new(revocations);
    let changes = Changes::new(db.clone(), audit.clone(), revocations.clone());
    let ctx = Arc::new(Ctx {
        policy: policy(&settings),
        started_at: clock.now(),
        keyring: Keyring::new(
            &settings,
            sealer,
            db.clone(),
            changes.clone(),
            clock.clone(),
            entropy.clone(),
        ),
        hasher: Hasher::start(
            &settings.passwords,
            entropy.clone(),
            metrics.hashing.clone(),
        )?,
        limits: limits(&settings, &clock)?,
        verified: TokenCache::new(VERIFIED_BYTES),
        revocations,
        changes,
        audit,
        metrics,
        db,
        clock,
        entropy,
        settings,
    });
    ctx.keyring.tick().await?;
    ctx.revocations.load().await?;
    Ok(ctx)
}

/// The least that this service demands of any access token, and by default what its own are for: the
/// services of `tokens.audience`, and itself.
fn policy(settings: &Settings) -> Policy {
    let mut audience = settings.tokens.audience.clone();
    if !audience.contains(&settings.issuer) {
        audience.push(settings.issuer.clone());
    }
    Policy {
        leeway: settings.tokens.leeway,
        accept_typ_jwt: settings.tokens.accepts_typ_jwt(),
        ..Policy::new(&settings.issuer, audience)
    }
}

/// Opens everything, starts what runs in the background, and binds the listeners.
///
/// # Errors
/// [`StartError`]
pub async fn build(settings: Settings, clock: Clock, entropy: Entropy) -> Result<App, StartError> {
    let ctx = open(settings, clock, entropy).await?;
    let bound = http::bind(Data::from(ctx.clone()))?;
    let mut tasks = background(&ctx);
    if let Some(endpoint) = bound.tls.clone() {
        let clock = ctx.clock.clone();
        tasks.spawn(async move { tls::watch(&endpoint, &clock).await });
    }
    Ok(App { ctx, bound, tasks })
}

/// What goes on beside requests, until the set is dropped.
fn background(ctx: &Arc<Ctx>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    macro_rules! keep {
        ($(|$ctx:ident| $task:expr),+ $(,)?) => {$({
            let $ctx = ctx.clone();
            tasks.spawn(async move { $task.await });
        })+};
    }
    keep![
        |ctx| ctx.revocations.follow(),
        |ctx| ctx.revocations.run_link(),
        |ctx| ctx.revocations.forget(),
        |ctx| ctx
            .keyring
            .keep(ctx.settings.keys.jwks_max_age, &ctx.revocations),
        |ctx| housekeeping::run(&ctx),
        |ctx| keep_time(&ctx),
    ];
    tasks
}

impl App {
    /// Where the public listener listens.
    pub fn public_addr(&self) -> SocketAddr {
        self.bound.public_addr
    }

    /// Where the internal listener listens.
    pub fn internal_addr(&self) -> SocketAddr {
        self.bound.internal_addr
    }

    /// TLS, if it is ours to do.
    pub fn tls(&self) -> Option<Arc<Endpoint>> {
        self.bound.tls.clone()
    }

    /// What the rooms are given.
    pub fn ctx(&self) -> Arc<Ctx> {
        self.ctx.clone()
    }

    /// Serves until `stop` comes, then drains and returns.
    ///
    /// # Errors
    /// When a listener breaks.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> std::io::Result<()> {
        let grace = self.ctx.settings.http.shutdown_grace;
        let served = self.bound.serve(stop, grace).await;
        self.tasks.shutdown().await;
        served
    }
}

fn encryption_keys(
    settings: &Settings,
    entropy: &Entropy,
) -> Result<Vec<EncryptionKey>, StartError> {
    let keys = settings
        .encryption_keys()
        .map_err(|problem| StartError::Settings(vec![problem]))?;
    match (keys.is_empty(), settings.mode) {
        (true, Mode::Dev) => Ok(vec![dev_encryption_key(&settings.data_dir, entropy)?]),
        _ => Ok(keys),
    }
}

/// The dev mode migrates by itself; in production that is a step of its own.
async fn prepare_database(settings: &Settings) -> Result<(), StartError> {
    let url = &settings.database.url;
    if settings.mode == Mode::Dev {
        migrate::run(url).await?;
    } else if migrate::pending(url).await? {
        return Err(StartError::NotMigrated);
    }
    Ok(())
}

fn limits(settings: &Settings, clock: &Clock) -> Result<Limits, StartError> {
    let clock = clock.clone();
    Ok(match &settings.redis.url {
        None => Limits::in_memory(settings, clock),
        Some(url) => {
            let kv = Kv::open(url).map_err(LinkError::from)?;
            Limits::shared(settings, clock, kv).map_err(LinkError::from)?
        }
    })
}

/// How often the database is asked for the time.
const TIME_INTERVAL: Duration = Duration::from_secs(30);

async fn keep_time(ctx: &Ctx) {
    loop {
        tokio::time::sleep(TIME_INTERVAL).await;
        if let Err(error) = follow_database(&ctx.db, &ctx.clock).await {
            tracing::warn!(%error, "the database did not tell the time");
        }
    }
}

/// Replicas agree on what has expired because their time is the database's. The answer is a
/// little old when it comes: better behind than ahead, where tokens would come from the future.
async fn follow_database(db: &Db, clock: &Clock) -> Result<(), DbError> {
    clock.follow(db.now().await?);
    Ok(())
}
