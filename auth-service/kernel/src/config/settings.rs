//! Every setting, its default and what it means. `config/default.toml` is made from this file.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::durations as duration;
use super::housekeeping::Housekeeping;
use super::networks;
use super::rates::Rates;
use super::tls::Tls;

/// All settings of the service.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `dev` runs with no set-up at all; `production` refuses to start on an unsafe configuration.
    pub mode: Mode,
    /// The public address of this service: the `iss` of every token, and the only source of every
    /// link. Never taken from a request. In dev mode, where it is not set: `http://localhost` with
    /// the port of `listen`.
    pub issuer: String,
    /// Where the public API listens. Port 0 picks a free one.
    #[schema(value_type = String)]
    pub listen: SocketAddr,
    /// Where probes, metrics and the revocation feed listen. Never behind the ingress.
    #[schema(value_type = String)]
    pub internal_listen: SocketAddr,
    /// Folder of the SQLite file and of the keys that the dev mode makes.
    #[schema(value_type = String)]
    pub data_dir: PathBuf,
    /// The database.
    #[schema(inline)]
    pub database: Database,
    /// Redis, for revocations and limits that replicas share.
    #[schema(inline)]
    pub redis: Redis,
    /// Access tokens.
    #[schema(inline)]
    pub tokens: Tokens,
    /// Refresh tokens.
    #[schema(inline)]
    pub refresh: Refresh,
    /// Signing keys and the keys that seal them.
    #[schema(inline)]
    pub keys: Keys,
    /// Revocation of access tokens.
    #[schema(inline)]
    pub revocation: Revocation,
    /// Passwords.
    #[schema(inline)]
    pub passwords: Passwords,
    /// Making accounts.
    #[schema(inline)]
    pub signup: Signup,
    /// Which calls need a recent sign-in.
    #[schema(inline)]
    pub step_up: StepUp,
    /// `/v1/verify`, which gateways ask.
    #[schema(inline)]
    pub forward_auth: ForwardAuth,
    /// The brake on guessing passwords.
    #[schema(inline)]
    pub throttle: Throttle,
    /// How often what may be asked: `60/1m` is 60 at once, and as many more come back evenly over
    /// each minute; `none` is no limit. What is counted in each replica, and all while Redis is
    /// away, is divided by `database.replicas`.
    #[schema(inline)]
    pub limits: Rates,
    /// What is pruned, and when.
    #[schema(inline)]
    pub housekeeping: Housekeeping,
    /// The HTTP server.
    #[schema(inline)]
    pub http: Http,
    /// TLS on the listeners, where no ingress does it.
    #[schema(inline)]
    pub tls: Tls,
    /// Logs.
    #[schema(inline)]
    pub log: Log,
    /// Traces, by OpenTelemetry.
    #[schema(inline)]
    pub telemetry: Telemetry,
}

/// How the service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// On a developer's machine: keys are made when they are missing.
    Dev,
    /// For real users: nothing is guessed.
    Production,
}

/// `database`
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite://path` or `postgres://user:password@host/name`. `{data_dir}` stands for the
    /// folder above. The environment's `DATABASE_URL` counts too.
    pub url: String,
    /// Whether production may talk to a Postgres on another machine without TLS: where the network
    /// itself encrypts, as a service mesh does.
    pub allow_plaintext: bool,
    /// Connections a replica opens at most. On Postgres each HTTP worker has its share, and two are
    /// for what runs beside them; with fewer than two for each worker they share all, which costs
    /// more processor time. SQLite has one writer: more than 4 gain nothing there.
    pub max_connections: u32,
    /// How long a request waits for a connection before it is answered 503.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub acquire_timeout: Duration,
    /// How long one statement may take before the database ends it.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub statement_timeout: Duration,
    /// Replicas that share this database. SQLite serves one.
    pub replicas: u32,
    /// Whether Postgres keeps each statement prepared. `false` behind a pooler that gives every
    /// transaction another connection and does not know prepared statements, such as pgbouncer
    /// before 1.21: then each statement is a transaction of its own, of four round trips.
    pub prepared_statements: bool,
}

/// `redis`
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Redis {
    /// `redis://host:port`, `redis-sentinel://host:port,host:port/primary` or
    /// `redis-cluster://host:port,host:port`; `rediss…` with TLS. None: revocations and limits live
    /// in this process and in the database. The environment's `REDIS_URL` counts too.
    #[schema(example = "redis://127.0.0.1:6379")]
    pub url: Option<String>,
    /// Whether production may talk to a Redis on another machine without TLS: where the network
    /// itself encrypts, as a service mesh does.
    pub allow_plaintext: bool,
}

/// `tokens`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tokens {
    /// Life of an access token; up to 5 % less by chance, so that a fleet does not refresh at once.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub access_ttl: Duration,
    /// The `aud` of access tokens: the services that may accept them. This service adds its issuer,
    /// so that the token works at `/v1/me` too. A client can ask for fewer of them at sign-in.
    pub audience: Vec<String>,
    /// The `client_id` of tokens that this API hands out itself (RFC 9068 §2.2).
    pub client_id: String,
    /// The `scope` of access tokens if a client asks for none at sign-in. It can ask for these words,
    /// for `account` (to call `/v1/me`) and for `admin` (to call `/v1/admin`, with the role
    /// `auth:admin`).
    pub scope: String,
    /// Whether access tokens carry `email`, with `email_verified`: true, for an address that was not
    /// proved is left out.
    pub include_email: bool,
    /// The `typ` of access tokens: `at+jwt` (RFC 9068), or `JWT` for libraries that take no other.
    /// With `JWT` nothing in a token says that it is an access token, and a verifier that takes it
    /// may take other JWTs of this issuer for one (RFC 8725 §3.11): change the library if you can.
    pub typ: TokenType,
    /// Types that this service takes at its own routes beside `typ` and `at+jwt`. `JWT` where several
    /// replicas change from one `typ` to the other, until the last has changed and the last token
    /// before it has expired.
    pub also_accepted_typ: Vec<TokenType>,
    /// Clock difference that is forgiven when a token's times are checked.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub leeway: Duration,
}

/// What a token says that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum TokenType {
    /// An access token (RFC 9068 §2.1).
    #[serde(rename = "at+jwt")]
    AccessToken,
    /// Any JWT (RFC 7519 §5.1).
    #[serde(rename = "JWT")]
    Jwt,
}

impl TokenType {
    /// The value of `typ`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessToken => "at+jwt",
            Self::Jwt => "JWT",
        }
    }
}

impl Tokens {
    /// Whether this service takes tokens of the type `JWT`.
    pub fn accepts_typ_jwt(&self) -> bool {
        self.typ == TokenType::Jwt || self.also_accepted_typ.contains(&TokenType::Jwt)
    }
}

/// `refresh`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Refresh {
    /// How long the token before the current one is still answered, with the same successor.
    /// 0 is strict: every replay ends the session.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub reuse_window: Duration,
    /// A session ends when it was not refreshed for this long.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub idle_ttl: Duration,
    /// A session ends this long after its sign-in, however busy it is.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub absolute_ttl: Duration,
}

/// The algorithm that new signing keys are for (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum KeyAlgorithm {
    /// ECDSA with P-256 and SHA-256.
    ES256,
    /// RSA PKCS#1 v1.5 with SHA-256.
    RS256,
    /// Ed25519.
    EdDSA,
}

/// `keys`
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Keys {
    /// The algorithm that signs access tokens: `ES256`, `RS256` or `EdDSA`.
    pub algorithm: KeyAlgorithm,
    /// Further algorithms: keys of each are made, published and rotated too.
    pub further_algorithms: Vec<KeyAlgorithm>,
    /// Size of new RSA keys: 2048 or 3072 bits.
    pub rsa_bits: u32,
    /// How long a key signs before the next one takes over.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub rotation_interval: Duration,
    /// How long a key is published before it signs; at least `jwks_max_age`, and in production a
    /// minute more and 16 minutes, for some verifiers fetch keys no sooner than after 15.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub publish_ahead: Duration,
    /// How long verifiers may keep the key set.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub jwks_max_age: Duration,
    /// Key-encryption keys, base64 of 32 bytes each: the first seals, all open. The dev mode makes
    /// one; production refuses to start without.
    pub encryption_keys: Vec<String>,
}

/// `revocation`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Revocation {
    /// The oldest that a replica's own knowledge may be before it asks the database instead.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub max_lag: Duration,
    /// How long a question to the database may take before the answer is 503.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub lookup_timeout: Duration,
    /// The largest leeway of any verifier: how long past its expiry a token is still remembered.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub max_leeway: Duration,
}

/// `passwords`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Passwords {
    /// The shortest password, in characters. NIST SP 800-63B-4: 15 where it is the only factor.
    pub min_length: usize,
    /// Whether production takes a `min_length` below 15.
    pub allow_short: bool,
    /// Threads that hash. 0: one a core.
    pub hash_workers: usize,
    /// Hashes that may wait for a thread; more are answered 503 at once.
    pub queue_length: usize,
    /// How long a hash may wait for a thread before it is answered 503.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub queue_deadline: Duration,
    /// argon2id memory in KiB. Raising any of these rehashes each password at its next login.
    pub argon2_memory_kib: u32,
    /// argon2id passes.
    pub argon2_iterations: u32,
    /// argon2id lanes.
    pub argon2_parallelism: u32,
    /// The most memory in KiB that one hash may take, whatever its format: of the settings above,
    /// and of imported and stored hashes. Each hashing thread may take as much. Lower it only once
    /// no stored hash needs more: its account could not sign in.
    pub max_hash_memory_kib: u32,
}

/// `signup`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Signup {
    /// Whether anybody may make an account.
    pub enabled: bool,
}

/// `step_up`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StepUp {
    /// How long after signing in an administrator may change something. Later the answer is 401
    /// `insufficient_user_authentication` (RFC 9470): they sign in again.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub max_age: Duration,
}

/// `forward_auth`
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ForwardAuth {
    /// The cookie in which `/v1/verify` takes an access token too. None: it takes a bearer alone.
    #[schema(example = "__Host-access")]
    pub cookie: Option<String>,
    /// Origins, such as `https://app.example.com`, that may send unsafe requests with the cookie,
    /// beside the one that is asked itself.
    pub origins: Vec<String>,
}

/// `throttle`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Throttle {
    /// Networks whose `X-Forwarded-For` counts, such as `10.0.0.0/8`.
    #[serde(deserialize_with = "networks::deserialize")]
    #[schema(value_type = Vec<String>)]
    pub trusted_proxies: Vec<IpNet>,
    /// Base64 of the SHA-256 of each secret by which a front-end server proves itself: with one in
    /// `X-Auth-Client-Proof`, the address in `X-Auth-Client-Address` counts. Two while it changes.
    pub front_end_hashes: Vec<String>,
    /// Failed logins in a row that an account has for free.
    pub account_failures: u32,
    /// Failed logins that an address (IPv6: its /64) has for free.
    pub address_failures: u32,
    /// The delay after the first failure beyond those; it doubles with each further one.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub base_delay: Duration,
    /// The longest delay.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub max_delay: Duration,
    /// Failures are forgotten after this long without one.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub memory: Duration,
}

/// `http`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Threads that answer requests. 0: one a core.
    pub workers: usize,
    /// How long a connection may rest between two requests. Longer than load balancers keep theirs
    /// (60 s is usual), so that it is they who close it: one that the service closes while a
    /// request is on its way is answered 502.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub keep_alive: Duration,
    /// How long requests in flight may take to end after SIGTERM.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub shutdown_timeout: Duration,
    /// How long the service goes on serving after SIGTERM while it says that it is not ready, so
    /// that load balancers turn away first.
    #[serde(with = "duration")]
    #[schema(value_type = String)]
    pub shutdown_grace: Duration,
}

impl Http {
    /// Threads that answer requests: as set, or one a core.
    pub fn workers(&self) -> usize {
        match self.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            workers => workers,
        }
    }
}

/// `log`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// Least level, or directives such as `info,auth_service=debug`. What gateways and verifiers
    /// ask again and again (`/v1/verify`, the key set) is told at `debug` where it went well.
    pub filter: String,
    /// `json` (one line an event), `text` for people, or `auto`: by mode.
    pub format: LogFormat,
}

/// `telemetry`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Telemetry {
    /// Where traces are sent by OTLP over HTTP; `/v1/traces` is added to it. None: there are none.
    /// The environment's `OTEL_EXPORTER_OTLP_ENDPOINT` counts too, and its
    /// `OTEL_EXPORTER_OTLP_HEADERS` go with each request.
    #[schema(example = "http://127.0.0.1:4318")]
    pub otlp_endpoint: Option<String>,
    /// The part of requests that are traced, from 0 to 1, where the caller's `traceparent` does not
    /// say.
    pub sample_ratio: f64,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// `json` in production, `text` in dev.
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}
