//! One attempt at a password, from before it is hashed until it is known how it ended.

use std::net::IpAddr;
use std::time::Duration;

use super::bucket::Bucket;
use super::{Backend, Limits, network};
use crate::clock::Instant;

/// What an attempt at an account's password is counted by.
#[derive(Clone, Debug)]
pub struct LoginKeys {
    pub(super) account: Bucket,
    pub(super) address: Bucket,
    pub(super) device: Bucket,
}

impl LoginKeys {
    /// An attempt at the account with this canonical email, whether it exists or not, from the
    /// client's address (see [`client_address`](super::client_address)) and user agent.
    pub fn new(email: &str, address: IpAddr, user_agent: &str) -> Self {
        let network = network(address);
        Self {
            account: Bucket::account(email),
            device: Bucket::device(email, &network, user_agent),
            address: Bucket::Address(network),
        }
    }
}

/// Too many failures: the attempt was not counted, and its password must not be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many failed attempts; the next may come in {retry_after:?}")]
pub struct Blocked {
    /// When an attempt may come again; more than nothing. `Retry-After` (RFC 9110 §10.2.3) is in
    /// whole seconds: round up.
    pub retry_after: Duration,
}

/// An attempt that may go on. It is already counted as a failure, and stays so if it is dropped.
#[must_use = "say how the attempt ended"]
#[derive(Debug)]
pub struct Ticket {
    keys: LoginKeys,
    by: Judge,
    backend: Backend,
    at: Instant,
}

/// Which buckets let the attempt through, and counted it.
#[derive(Clone, Copy, Debug)]
enum Judge {
    AccountAndAddress,
    Device,
}

impl Limits {
    /// Begins an attempt: call it before the password is hashed.
    ///
    /// The account and the address decide. Where they say no, `known_device` is asked whether this
    /// account was signed in to before with the same [`network`] and the same user agent; if so,
    /// the device's own failures alone decide, so that nobody else's lock the owner out. It is
    /// asked only then, and must take as long for an account that does not exist.
    ///
    /// # Errors
    /// [`Blocked`] with the time until the first of these ways is open.
    pub async fn begin(
        &self,
        keys: LoginKeys,
        known_device: impl AsyncFnOnce() -> bool,
    ) -> Result<Ticket, Blocked> {
        let at = self.clock.now();
        let both = [keys.account.clone(), keys.address.clone()];
        let (by, backend) = match self.attempt(&both, at).await {
            Ok(backend) => (Judge::AccountAndAddress, backend),
            Err(wait) if known_device().await => {
                let device = std::slice::from_ref(&keys.device);
                let own = self.attempt(device, at).await;
                let retry_after = |own: Duration| own.min(wait);
                (
                    Judge::Device,
                    own.map_err(retry_after).map_err(Blocked::after)?,
                )
            }
            Err(wait) => return Err(Blocked::after(wait)),
        };
        Ok(Ticket {
            keys,
            by,
            backend,
            at,
        })
    }

    /// The password was right: the account and the device start afresh. The address only gets this
    /// one back, or signing in to an account of one's own would pay for guessing at others.
    pub async fn succeeded(&self, ticket: Ticket) {
        let LoginKeys {
            account,
            address,
            device,
        } = ticket.keys;
        let address = [address];
        let give_back = match ticket.by {
            Judge::AccountAndAddress => &address[..],
            Judge::Device => &[],
        };
        self.settle(ticket.backend, &[account, device], give_back, ticket.at)
            .await;
    }

    /// The password was wrong: the attempt stays counted.
    pub fn failed(&self, ticket: Ticket) {
        drop(ticket);
    }

    /// The password was never judged (the service was busy or broken): as if it had not been.
    pub async fn release(&self, ticket: Ticket) {
        let LoginKeys {
            account,
            address,
            device,
        } = ticket.keys;
        let counted = match ticket.by {
            Judge::AccountAndAddress => vec![account, address],
            Judge::Device => vec![device],
        };
        self.settle(ticket.backend, &[], &counted, ticket.at).await;
    }
}

impl Blocked {
    fn after(retry_after: Duration) -> Self {
        Self { retry_after }
    }
}
