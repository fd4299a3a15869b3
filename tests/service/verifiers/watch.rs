//! Verifying again and again while a test breaks things, and keeping the books.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use shared_claims::{Freshness, Verifier};
use tokio::task::JoinHandle;

use super::rule;
use crate::revocation::eventually;
use crate::support::Tokens;

/// How old what a replica knows may be when it says that it is sure (`revocation.max_lag`).
const OF_THE_SERVICE: Duration = Duration::from_secs(1);

/// The time of the verifiers, in which lags are measured.
pub type Now = Box<dyn Fn() -> Duration + Send + Sync>;

/// Verifies until it is [`ended`](Self::end).
pub struct Watch {
    seen: Arc<Seen>,
    task: JoinHandle<()>,
}

/// What was asked, and what was answered.
pub struct Seen {
    verifiers: Vec<Verifier>,
    now: Now,
    max_lag: Duration,
    /// Never revoked.
    valid: String,
    /// Revoked, and when that was answered.
    revoked: Mutex<Vec<(String, Duration)>>,
    wrong: Mutex<Vec<String>>,
    is_over: AtomicBool,
    /// Verifications.
    pub all: AtomicUsize,
    /// `Strict` refusals because what was revoked can't be told.
    pub blind: AtomicUsize,
    /// `BestEffort` let in what was revoked, for it had not been heard of.
    pub unheard: AtomicUsize,
}

impl Watch {
    /// Begins, with a token that will stay valid.
    pub fn start(verifiers: &[Verifier], max_lag: Duration, now: Now, valid: &Tokens) -> Self {
        let seen = Arc::new(Seen {
            verifiers: verifiers.to_vec(),
            now,
            max_lag,
            valid: valid.access.clone(),
            revoked: Mutex::default(),
            wrong: Mutex::default(),
            is_over: AtomicBool::default(),
            all: AtomicUsize::default(),
            blind: AtomicUsize::default(),
            unheard: AtomicUsize::default(),
        });
        let task = tokio::spawn(seen.clone().verify());
        Self { seen, task }
    }

    /// From now on, since its revocation was answered, the token counts as revoked.
    pub fn revoked(&self, tokens: &Tokens) {
        let entry = (tokens.access.clone(), (self.seen.now)());
        lock(&self.seen.revoked).push(entry);
    }

    /// Waits until every verifier refuses every token that counts as revoked.
    pub async fn all_refused(&self) {
        let revoked = lock(&self.seen.revoked).clone();
        eventually("all are refused", async || {
            for verifier in &self.seen.verifiers {
                for (token, _) in &revoked {
                    if rule(verifier, token, Freshness::BestEffort).await != "revoked" {
                        return false;
                    }
                }
            }
            true
        })
        .await;
    }

    /// Waits until each verifier has been able to tell again, with a lag of no more than this.
    pub async fn all_see(&self, lag: Duration) {
        for verifier in &self.seen.verifiers {
            let can_tell = async || verifier.lag().is_some_and(|seen| seen <= lag);
            eventually("it can tell", can_tell).await;
        }
    }

    /// How often something was seen so far.
    pub fn count(&self, what: impl Fn(&Seen) -> &AtomicUsize) -> usize {
        what(&self.seen).load(Ordering::SeqCst)
    }

    /// Goes on for a while, and fails the test if anything was wrong, or nobody looked.
    pub async fn end(self, name: &str) {
        let before = self.count(|seen| &seen.all);
        eventually("it goes on", async || {
            self.count(|seen| &seen.all) > before + 1_000
        })
        .await;
        self.seen.is_over.store(true, Ordering::SeqCst);
        self.task.await.expect("no panic");
        let [all, blind, unheard] = [&self.seen.all, &self.seen.blind, &self.seen.unheard]
            .map(|count| count.load(Ordering::SeqCst));
        println!("{name}: {all} verifications, {blind} × blind, {unheard} × not heard of yet");
        let wrong = lock(&self.seen.wrong).clone();
        assert!(
            wrong.is_empty(),
            "{name}: {} wrong: {wrong:#?}",
            wrong.len()
        );
        let revoked = lock(&self.seen.revoked).clone();
        for (token, _) in revoked {
            for verifier in &self.seen.verifiers {
                assert_eq!(
                    rule(verifier, &token, Freshness::BestEffort).await,
                    "revoked"
                );
            }
        }
        for verifier in &self.seen.verifiers {
            assert_eq!(
                rule(verifier, &self.seen.valid, Freshness::Strict).await,
                "ok"
            );
        }
    }
}

impl Seen {
    async fn verify(self: Arc<Self>) {
        while !self.is_over.load(Ordering::SeqCst) {
            let revoked = lock(&self.revoked).clone();
            for verifier in &self.verifiers {
                for freshness in [Freshness::Strict, Freshness::BestEffort] {
                    self.ask_valid(verifier, freshness).await;
                    for (token, at) in &revoked {
                        self.ask_revoked(verifier, freshness, token, *at).await;
                    }
                }
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn ask_valid(&self, verifier: &Verifier, freshness: Freshness) {
        let answer = rule(verifier, &self.valid, freshness).await;
        self.note(answer);
        if answer != "ok" && (answer != "blind" || freshness == Freshness::BestEffort) {
            self.wrong(format!("valid, and {answer} ({freshness:?})"));
        }
    }

    async fn ask_revoked(
        &self,
        verifier: &Verifier,
        freshness: Freshness,
        token: &str,
        at: Duration,
    ) {
        // In this order: what it says it knew then, it knows when it is asked.
        let revoked_for = (self.now)().saturating_sub(at);
        let lag = verifier.lag();
        let answer = rule(verifier, token, freshness).await;
        self.note(answer);
        let should_know = lag.is_some_and(|lag| revoked_for > lag + OF_THE_SERVICE);
        let may_not_know =
            freshness == Freshness::BestEffort || revoked_for <= self.max_lag + OF_THE_SERVICE;
        let is_right = match answer {
            "revoked" => true,
            "blind" => freshness == Freshness::Strict,
            "ok" => may_not_know && !should_know,
            _ => false,
        };
        if !is_right {
            self.wrong(format!(
                "{answer} ({freshness:?}), revoked {revoked_for:?} before, lag {lag:?}"
            ));
        }
        if answer == "ok" && freshness == Freshness::BestEffort {
            self.unheard.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn note(&self, answer: &str) {
        self.all.fetch_add(1, Ordering::SeqCst);
        self.blind
            .fetch_add(usize::from(answer == "blind"), Ordering::SeqCst);
    }

    fn wrong(&self, what: String) {
        lock(&self.wrong).push(what);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
