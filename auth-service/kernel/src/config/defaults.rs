//! The default of every setting.

use std::net::SocketAddr;
use std::time::Duration;

use super::housekeeping::Housekeeping;
use super::rates::Rates;
use super::settings::*;
use super::tls::Tls;

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::Dev,
            issuer: "http://localhost:8080".into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            internal_listen: SocketAddr::from(([127, 0, 0, 1], 9090)),
            data_dir: "./data".into(),
            database: Database::default(),
            redis: Redis::default(),
            tokens: Tokens::default(),
            refresh: Refresh::default(),
            keys: Keys::default(),
            revocation: Revocation::default(),
            passwords: Passwords::default(),
            signup: Signup::default(),
            step_up: StepUp::default(),
            forward_auth: ForwardAuth::default(),
            throttle: Throttle::default(),
            limits: Rates::default(),
            housekeeping: Housekeeping::default(),
            http: Http::default(),
            tls: Tls::default(),
            log: Log::default(),
            telemetry: Telemetry::default(),
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: "sqlite://{data_dir}/auth.db".into(),
            allow_plaintext: false,
            max_connections: 16,
            acquire_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(5),
            replicas: 1,
            prepared_statements: true,
        }
    }
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            access_ttl: Duration::from_secs(10 * MINUTE),
            audience: vec!["api".into()],
            client_id: "first-party".into(),
            scope: "account".into(),
            include_email: false,
            typ: TokenType::AccessToken,
            also_accepted_typ: Vec::new(),
            leeway: Duration::from_secs(10),
        }
    }
}

impl Default for StepUp {
    fn default() -> Self {
        Self {
            max_age: Duration::from_secs(5 * MINUTE),
        }
    }
}

impl Default for Refresh {
    fn default() -> Self {
        Self {
            reuse_window: Duration::from_secs(30),
            idle_ttl: Duration::from_secs(14 * DAY),
            absolute_ttl: Duration::from_secs(90 * DAY),
        }
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            algorithm: KeyAlgorithm::ES256,
            further_algorithms: Vec::new(),
            rsa_bits: 2048,
            rotation_interval: Duration::from_secs(30 * DAY),
            publish_ahead: Duration::from_secs(20 * MINUTE),
            jwks_max_age: Duration::from_secs(10 * MINUTE),
            encryption_keys: Vec::new(),
        }
    }
}

impl Default for Revocation {
    fn default() -> Self {
        Self {
            max_lag: Duration::from_secs(1),
            lookup_timeout: Duration::from_millis(500),
            max_leeway: Duration::from_secs(MINUTE),
        }
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            min_length: 15,
            allow_short: false,
            hash_workers: 0,
            queue_length: 64,
            queue_deadline: Duration::from_secs(2),
            argon2_memory_kib: 19_456,
            argon2_iterations: 2,
            argon2_parallelism: 1,
            max_hash_memory_kib: 65_536,
        }
    }
}

impl Default for Signup {
    fn default() -> Self {
        Self { enabled: true }
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            front_end_hashes: Vec::new(),
            account_failures: 5,
            address_failures: 30,
            base_delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(15 * MINUTE),
            memory: Duration::from_secs(DAY),
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            workers: 0,
            keep_alive: Duration::from_secs(75),
            shutdown_timeout: Duration::from_secs(20),
            shutdown_grace: Duration::from_secs(0),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            filter: "info,actix_server=warn".into(),
            format: LogFormat::Auto,
        }
    }
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            otlp_endpoint: None,
            sample_ratio: 1.0,
        }
    }
}
