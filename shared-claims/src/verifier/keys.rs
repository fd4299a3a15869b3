//! The issuer's keys, kept fresh by one task, which alone fetches: single flight by construction.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::clock::{Clock, Moment};
use super::issuer::Issuer;
use super::jitter::jitter;
use crate::jwk::KeySet;

/// How long to wait before a fetch that failed is tried again: at first, and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// How long a request waits for keys that are being fetched.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(crate) struct Keys {
    clock: Clock,
    kept: Duration,
    cool_down: Duration,
    current: ArcSwapOption<Generation>,
    fetches: watch::Sender<Fetches>,
    wanted: Notify,
}

/// A key set, and a number by which what was verified under it is told from what was not.
#[derive(Debug)]
pub(super) struct Generation {
    pub(super) number: u64,
    pub(super) set: Arc<KeySet>,
    confirmed: Moment,
}

#[derive(Clone, Copy, Debug, Default)]
struct Fetches {
    begun: u64,
    ended: u64,
    last_begun: Option<Moment>,
    last_failed: bool,
}

/// What came of asking for a key that the set lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Search {
    /// The set is what the issuer publishes, as of now or of less than a cool-down ago.
    Current,
    /// The issuer could not be asked.
    Failed,
}

impl Keys {
    pub(super) fn new(clock: Clock, kept: Duration, cool_down: Duration) -> Self {
        Self {
            clock,
            kept,
            cool_down,
            current: ArcSwapOption::default(),
            fetches: watch::Sender::default(),
            wanted: Notify::new(),
        }
    }

    /// The keys; none if there never were any, or the issuer has been away for too long.
    pub(super) fn current(&self, now: Moment) -> Option<Arc<Generation>> {
        self.current
            .load_full()
            .filter(|keys| now.since(keys.confirmed) <= self.kept)
    }

    /// Has the keys fetched, unless they were within a cool-down, and waits for it.
    pub(super) async fn search(&self) -> Search {
        let mut fetches = self.fetches.subscribe();
        let seen = *fetches.borrow_and_update();
        if seen.in_flight() || self.is_due(&seen) {
            self.wanted.notify_one();
            let ended = fetches.wait_for(|now| now.ended > seen.ended);
            // Out of patience: judged by the fetch before.
            let _ = timeout(PATIENCE, ended).await;
        }
        match self.fetches.borrow().last_failed {
            true => Search::Failed,
            false => Search::Current,
        }
    }

    /// A key was removed, and its heir signs now: whoever names a key that is not known may have
    /// the keys fetched, however short a time ago they were.
    pub(crate) fn expect_another(&self) {
        self.fetches
            .send_modify(|fetches| fetches.last_begun = None);
    }

    /// Waits for the first fetch to end, well or not.
    pub(super) async fn first(&self) {
        let _ = self.fetches.subscribe().wait_for(|now| now.ended > 0).await;
    }

    /// Fetches when the keys grow old and when somebody asks, for as long as it is let.
    pub(super) async fn keep(&self, mut issuer: Issuer) {
        let mut retry = RETRY.0;
        loop {
            let pause = match self.fetch(&mut issuer).await {
                Some(max_age) => {
                    retry = RETRY.0;
                    max_age
                }
                None => {
                    retry = (retry * 2).min(RETRY.1);
                    retry / 2
                }
            };
            self.rest(jitter(pause)).await;
        }
    }

    async fn rest(&self, pause: Duration) {
        let elapsed = self.clock.sleep(pause);
        tokio::pin!(elapsed);
        loop {
            tokio::select! {
                () = &mut elapsed => return,
                () = self.wanted.notified() => if self.is_due(&self.fetches.borrow()) { return },
            }
        }
    }

    async fn fetch(&self, issuer: &mut Issuer) -> Option<Duration> {
        let began = self.clock.now();
        self.fetches.send_modify(|fetches| {
            fetches.begun += 1;
            fetches.last_begun = Some(began);
        });
        let max_age = match issuer.keys().await {
            Ok(answer) => {
                self.confirm(answer.keys, began);
                Some(answer.max_age)
            }
            Err(error) => {
                tracing::warn!(%error, "the issuer's keys could not be fetched");
                None
            }
        };
        self.fetches.send_modify(|fetches| {
            fetches.ended += 1;
            fetches.last_failed = max_age.is_none();
        });
        max_age
    }

    /// New keys, or those that we have, as the issuer published them at `confirmed`.
    fn confirm(&self, new: Option<KeySet>, confirmed: Moment) {
        let old = self.current.load_full();
        let number = old.as_ref().map_or(0, |old| old.number);
        let (number, set) = match (new, old) {
            (Some(set), _) => (number + 1, Arc::new(set)),
            (None, Some(old)) => (number, old.set.clone()),
            (None, None) => return,
        };
        self.current.store(Some(Arc::new(Generation {
            number,
            set,
            confirmed,
        })));
    }

    fn is_due(&self, fetches: &Fetches) -> bool {
        let now = self.clock.now();
        fetches
            .last_begun
            .is_none_or(|began| now.since(began) >= self.cool_down)
    }
}

impl Fetches {
    fn in_flight(&self) -> bool {
        self.begun > self.ended
    }
}
