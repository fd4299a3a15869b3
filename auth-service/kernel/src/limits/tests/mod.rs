//! One suite, run in memory and against the Redis of `TEST_REDIS_URL`. // R16, I15, I16

mod cells;
mod client;
mod conformance;
mod gcra;
mod memory;
mod pace;
mod redis;

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use super::{Blocked, Limits, LoginKeys, Ticket, Told};
use crate::clock::{Clock, Instant};
use crate::config::{Rate, Rates, Settings};
use crate::entropy::Entropy;

const START: Instant = Instant::from_secs(1_800_000_000);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Limits with the default brake and no rates, a clock that the test moves, and names that no other
/// test has.
pub(super) struct Bench {
    limits: Limits,
    clock: Clock,
    email: String,
    address: IpAddr,
}

impl Bench {
    fn new(limits: impl FnOnce(&Settings, Clock) -> Limits) -> Self {
        let settings = Settings {
            limits: Rates::all(Rate::Unlimited),
            ..Settings::default()
        };
        Self::with(&settings, limits)
    }

    fn with(settings: &Settings, limits: impl FnOnce(&Settings, Clock) -> Limits) -> Self {
        let clock = Clock::manual(START);
        let random = Entropy::system();
        Self {
            limits: limits(settings, clock.clone()),
            clock,
            email: format!("{}@example.com", random.uuid()),
            address: Ipv6Addr::from(random.bytes::<16>()).into(),
        }
    }

    fn in_memory() -> Self {
        Self::new(Limits::in_memory)
    }

    /// The account, from the address, with the user agent `owner`.
    fn keys(&self) -> LoginKeys {
        LoginKeys::new(&self.email, self.address, "owner")
    }

    /// The account, from elsewhere: another address each time.
    fn elsewhere(&self) -> LoginKeys {
        let address = Ipv6Addr::from(Entropy::system().bytes::<16>());
        LoginKeys::new(&self.email, address.into(), "attacker")
    }

    /// Another account each time, from the address.
    fn other_account(&self) -> LoginKeys {
        let email = format!("{}@example.com", Entropy::system().uuid());
        LoginKeys::new(&email, self.address, "owner")
    }

    async fn begin(&self, keys: LoginKeys) -> Result<Ticket, Blocked> {
        self.limits
            .begin(keys, &Told::default(), async || false)
            .await
    }

    async fn begin_known(&self, keys: LoginKeys) -> Result<Ticket, Blocked> {
        self.limits
            .begin(keys, &Told::default(), async || true)
            .await
    }

    /// How long `keys` must wait; fails when they need not.
    async fn wait(&self, keys: LoginKeys) -> Duration {
        let blocked = self.begin(keys).await.expect_err("it is in its delay");
        blocked.retry_after
    }

    /// `count` wrong passwords, waiting out each delay.
    async fn fail(&self, count: usize, keys: impl Fn() -> LoginKeys) {
        for _ in 0..count {
            if let Err(blocked) = self.begin(keys()).await {
                self.clock.advance(blocked.retry_after);
                let ticket = self.begin(keys()).await.expect("the delay is over");
                self.limits.failed(ticket);
            }
        }
    }
}
