//! How often what may be asked: rates, beside the brake on failures.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::gcra::{Arrival, Quota, Standing};
use super::key::Key;
use super::{Blocked, Limits, Who};
use crate::config::{Limit, Rates};

/// What an answer is to say of limits: how the request stands with the last that was told here.
/// Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Told(Arc<Mutex<Option<Standing>>>);

impl Told {
    /// The last.
    pub fn last(&self) -> Option<Standing> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tell(&self, standing: Standing) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(standing);
    }
}

/// The quotas of each limit, by the settings.
#[derive(Debug)]
pub(super) struct Quotas {
    /// Where all replicas count together.
    whole: Box<[Option<Quota>]>,
    /// Where each counts by itself.
    share: Box<[Option<Quota>]>,
}

impl Quotas {
    pub(super) fn new(rates: &Rates, replicas: u32) -> Self {
        let each = |replicas| {
            let quota = |limit: &Limit| Quota::of(rates.of(*limit), replicas);
            Limit::ALL.iter().map(quota).collect()
        };
        Self {
            whole: each(1),
            share: each(replicas.max(1)),
        }
    }

    pub(super) fn whole(&self, limit: Limit) -> Option<Quota> {
        self.whole[limit as usize]
    }

    pub(super) fn share(&self, limit: Limit) -> Option<Quota> {
        self.share[limit as usize]
    }
}

impl Limits {
    /// Counts one more in this process alone: for what is asked often and guesses at nothing. It
    /// costs a look into a map, and this replica lets its share through.
    ///
    /// # Errors
    /// [`Blocked`]
    pub fn pace(&self, limit: Limit, who: Who, told: &Told) -> Result<(), Blocked> {
        let Some(quota) = self.quotas.share(limit) else {
            return Ok(());
        };
        let now = self.clock.now().as_micros();
        let arrival = self.cells.arrive(Key::new(limit, who), quota, now);
        told.tell(Standing::new(limit.name(), quota, arrival.ahead(now)));
        match arrival.wait() {
            None => Ok(()),
            Some(wait) => Err(refused(Blocked::after(wait), &[Key::new(limit, who)])),
        }
    }

    /// Counts one more for each, unless that is too many for one of them: together with the other
    /// replicas, where there is a Redis. The answer is told of the first.
    ///
    /// # Errors
    /// [`Blocked`] with the longest of their times.
    pub async fn admit(&self, asked: &[(Limit, Who)], told: &Told) -> Result<(), Blocked> {
        let keys: Vec<_> = asked
            .iter()
            .map(|(limit, who)| Key::new(*limit, *who))
            .collect();
        let verdict = self.attempt(&keys, &[], self.clock.now()).await;
        if let Some(standing) = verdict.first {
            told.tell(standing);
        }
        match verdict.wait {
            None => Ok(()),
            Some(wait) => Err(refused(Blocked::after(wait), &keys)),
        }
    }

    /// All or nothing, in this process: how long to wait, if nothing was counted.
    pub(super) fn arrive_here(&self, keys: &[Key], now: i64) -> Option<Duration> {
        let share = |key: &Key| self.quotas.share(key.limit).map(|quota| (*key, quota));
        let counted: Vec<_> = keys.iter().filter_map(share).collect();
        let arrive = |(key, quota): &(Key, Quota)| self.cells.arrive(*key, *quota, now);
        let arrivals: Vec<_> = counted.iter().map(arrive).collect();
        let wait = arrivals.iter().filter_map(Arrival::wait).max()?;
        for ((key, quota), arrival) in counted.iter().zip(&arrivals) {
            if arrival.wait().is_none() {
                self.cells.give_back(key, *quota);
            }
        }
        Some(wait)
    }

    /// How it stands in this process with the first of them that is limited.
    pub(super) fn standing_here(&self, keys: &[Key], now: i64) -> Option<Standing> {
        keys.iter().find_map(|key| {
            let quota = self.quotas.share(key.limit)?;
            let ahead = self.cells.ahead(key, now);
            Some(Standing::new(key.limit.name(), quota, ahead))
        })
    }

    /// Takes back what [`arrive_here`](Self::arrive_here) counted.
    pub(super) fn give_back_here(&self, keys: &[Key]) {
        for key in keys {
            if let Some(quota) = self.quotas.share(key.limit) {
                self.cells.give_back(key, quota);
            }
        }
    }
}

impl Arrival {
    /// Microseconds until the key is as new.
    fn ahead(&self, now: i64) -> i64 {
        let (Self::Conforming { due } | Self::TooEarly { due, .. }) = self;
        due.saturating_sub(now)
    }

    fn wait(&self) -> Option<Duration> {
        match self {
            Self::Conforming { .. } => None,
            Self::TooEarly { wait, .. } => Some(Duration::from_micros(wait.unsigned_abs())),
        }
    }
}

/// Every refusal passes here: the place to count them.
pub(super) fn refused(blocked: Blocked, keys: &[Key]) -> Blocked {
    let limits: Vec<_> = keys.iter().map(|key| key.limit.name()).collect();
    tracing::debug!(?limits, wait = ?blocked.retry_after, "asked too often");
    blocked
}
