//! One attempt at a password, from before it is hashed until it is known how it ended.

use std::net::IpAddr;
use std::time::Duration;

use super::bucket::Bucket;
use super::key::Key;
use super::pace::refused;
use super::{Backend, Limits, Settled, Told, Who, network};
use crate::clock::Instant;
use crate::config::Limit;

/// What an attempt at an account's password is counted by.
#[derive(Clone, Debug)]
pub struct LoginKeys {
    pub(super) account: Bucket,
    pub(super) address: Bucket,
    pub(super) device: Bucket,
    /// What of the account's failures is the device's.
    pub(super) share: Bucket,
    /// The first is the one that the answer is told of: whoever asks may know how they stand
    /// themselves, but not how often others tried.
    rates: Vec<Key>,
    device_rate: Key,
}

impl LoginKeys {
    /// An attempt at the account with this canonical email, whether it exists or not, from the
    /// client's address (see [`client_address`](super::client_address)) and user agent.
    pub fn new(email: &str, address: IpAddr, user_agent: &str) -> Self {
        let network = network(address);
        let device = Bucket::device(email, &network, user_agent);
        let account = Key::new(Limit::SignInAccount, Who::email(email));
        Self {
            account: Bucket::account(email),
            device_rate: Key::new(Limit::SignInAccount, device.who()),
            rates: vec![
                Key::new(Limit::SignInAddress, Who::address(address)),
                account,
            ],
            share: device.share(),
            device,
            address: Bucket::Address(network),
        }
    }

    /// The same attempt by somebody who is signed in, and asked for the password again.
    pub fn again(mut self) -> Self {
        let limit = Limit::PasswordAccount;
        self.rates.remove(0);
        for key in self.rates.iter_mut().chain([&mut self.device_rate]) {
            key.limit = limit;
        }
        self
    }
}

/// Too many: nothing was counted, and a password must not be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts; the next may come in {retry_after:?}")]
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
    /// the device's own failures and rate alone decide, so that nobody else's lock the owner out.
    /// It is asked only then, and must take as long for an account that does not exist.
    ///
    /// # Errors
    /// [`Blocked`] with the time until the first of these ways is open.
    pub async fn begin(
        &self,
        keys: LoginKeys,
        told: &Told,
        known_device: impl AsyncFnOnce() -> bool,
    ) -> Result<Ticket, Blocked> {
        let at = self.clock.now();
        let both = [
            keys.account.clone(),
            keys.address.clone(),
            keys.share.clone(),
        ];
        let both = self.attempt(&keys.rates, &both, at).await;
        if let Some(standing) = both.first {
            told.tell(standing);
        }
        let (by, backend) = match both.wait {
            None => (Judge::AccountAndAddress, both.backend),
            Some(wait) if known_device().await => {
                let (rate, bucket) = ([keys.device_rate], [keys.device.clone()]);
                let own = self.attempt(&rate, &bucket, at).await;
                if let Some(own) = own.wait {
                    return Err(refused(Blocked::after(own.min(wait)), &keys.rates));
                }
                (Judge::Device, own.backend)
            }
            Some(wait) => return Err(refused(Blocked::after(wait), &keys.rates)),
        };
        Ok(Ticket {
            keys,
            by,
            backend,
            at,
        })
    }

    /// The password was right: the device starts afresh, and its failures are taken from the
    /// account's. Those that others made there stay: an owner who signs in must not pay for a
    /// guesser's next tries, nor let the guesser see that they signed in. The address only gets this
    /// one back, or signing in to an account of one's own would pay for guessing at others.
    pub async fn succeeded(&self, ticket: Ticket) {
        let LoginKeys {
            account,
            address,
            device,
            share,
            ..
        } = ticket.keys;
        let counted = match ticket.by {
            Judge::AccountAndAddress => vec![account.clone(), address, share.clone()],
            Judge::Device => Vec::new(),
        };
        let settled = Settled {
            forgotten: &[device],
            given_back: &counted,
            repaid: Some((account, share)),
        };
        self.settle(ticket.backend, &settled, ticket.at).await;
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
            share,
            ..
        } = ticket.keys;
        let counted = match ticket.by {
            Judge::AccountAndAddress => vec![account, address, share],
            Judge::Device => vec![device],
        };
        let settled = Settled {
            given_back: &counted,
            ..Settled::default()
        };
        self.settle(ticket.backend, &settled, ticket.at).await;
    }
}

impl Blocked {
    pub(super) fn after(retry_after: Duration) -> Self {
        Self { retry_after }
    }
}
