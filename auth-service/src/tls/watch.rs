//! Looking after the files: a new certificate is shown without anybody's doing.

use std::time::Duration;
use tokio::time::{Instant as Moment, sleep};

use kernel::clock::Clock;

use super::Endpoint;
use super::files::Digest;

/// How often the files are looked at: by what they hold, for a mounted secret is swapped as a
/// whole folder, and a copied file may keep its time.
const LOOK: Duration = Duration::from_secs(2);

/// How often the log is told that a certificate comes to its end.
const TELL: Duration = Duration::from_secs(12 * 60 * 60);

/// Shows what the files hold, whenever that changes, until it is dropped.
pub async fn watch(endpoint: &Endpoint, clock: &Clock) {
    let mut seen = None;
    let mut told: Option<Moment> = None;
    loop {
        if told.is_none_or(|told| told.elapsed() >= TELL) && tell_its_end(endpoint, clock) {
            told = Some(Moment::now());
        }
        sleep(LOOK).await;
        // Both files can't be replaced at once: they must look the same twice.
        let digest = endpoint.look();
        let settled = seen == Some(digest);
        seen = Some(digest);
        if settled && digest != endpoint.shown().judged {
            take_up(endpoint, clock, digest);
            told = None;
        }
    }
}

impl Endpoint {
    /// What the files hold now; nothing if they can't be read.
    fn look(&self) -> Option<Digest> {
        let contents = self.shown().files.read(self.mode).ok()?;
        Some(contents.digest())
    }
}

fn take_up(endpoint: &Endpoint, clock: &Clock, digest: Option<Digest>) {
    match endpoint.prepare(None, clock.now()) {
        Ok(next) => {
            if endpoint.show(next) {
                let not_after = endpoint.certificate().not_after();
                tracing::info!(%not_after, "the certificate was replaced");
            }
        }
        Err(error) => {
            endpoint.judged(digest);
            tracing::warn!(%error, "the new certificate can't be used: the one before stays");
        }
    }
}

/// Whether there was something to tell.
fn tell_its_end(endpoint: &Endpoint, clock: &Clock) -> bool {
    let (certificate, now) = (endpoint.certificate(), clock.now());
    if let Err(error) = certificate.valid_at(now) {
        tracing::error!(%error, "clients refuse the certificate");
        return true;
    }
    if certificate.is_due(now) {
        tracing::warn!(
            not_after = %certificate.not_after(),
            days_left = certificate.days_left(now),
            "the certificate ends soon: see that it is renewed"
        );
        return true;
    }
    false
}
