//! The verifier's time, which a test can move.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// A moment on both of the machine's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Since the Unix epoch.
    pub(crate) unix: Duration,
    steady: Duration,
}

/// The time. Clones share it.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System { started: Instant },
    Manual(Arc<watch::Sender<Moment>>),
}

impl Clock {
    /// The machine's.
    pub fn system() -> Self {
        Self(Source::System {
            started: Instant::now(),
        })
    }

    /// A clock that stands at `unix`, in seconds since the Unix epoch, until it is advanced.
    pub fn manual(unix: u64) -> Self {
        let moment = Moment {
            unix: Duration::from_secs(unix),
            steady: Duration::ZERO,
        };
        Self(Source::Manual(Arc::new(watch::Sender::new(moment))))
    }

    /// Moves a manual clock on. The machine's clock is not ours to move.
    pub fn advance(&self, span: Duration) {
        if let Source::Manual(at) = &self.0 {
            at.send_modify(|at| *at = at.plus(span));
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    pub(crate) fn now(&self) -> Moment {
        match &self.0 {
            Source::System { started } => Moment {
                unix: SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default(),
                steady: started.elapsed(),
            },
            Source::Manual(at) => *at.borrow(),
        }
    }

    pub(crate) async fn sleep(&self, span: Duration) {
        match &self.0 {
            Source::System { .. } => tokio::time::sleep(span).await,
            Source::Manual(at) => {
                let until = self.now().plus(span).steady;
                // It only fails once the sender is gone, which we hold.
                let _ = at.subscribe().wait_for(|at| at.steady >= until).await;
            }
        }
    }
}

impl Moment {
    /// Whole seconds since the Unix epoch (RFC 7519 §2, `NumericDate`).
    pub(crate) fn seconds(self) -> i64 {
        i64::try_from(self.unix.as_secs()).unwrap_or(i64::MAX)
    }

    pub(crate) fn plus(self, span: Duration) -> Self {
        Self {
            unix: self.unix.saturating_add(span),
            steady: self.steady.saturating_add(span),
        }
    }

    /// How long ago `earlier` was, by whichever clock says longer: one of them stands still while
    /// a machine sleeps, and the other can be set back.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        let steady = self.steady.saturating_sub(earlier.steady);
        self.unix.saturating_sub(earlier.unix).max(steady)
    }

    /// The earlier of two, on each clock.
    pub(crate) fn min(self, other: Self) -> Self {
        Self {
            unix: self.unix.min(other.unix),
            steady: self.steady.min(other.steady),
        }
    }
}
