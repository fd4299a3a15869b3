//! What both benchmarks measure: verifiers, and mirrors of any size.

use std::time::Duration;

use shared_claims::{
    Algorithm, Clock, Entry, Freshness, Kind, Mirror, Revocations, Snapshot, Verifier,
};

use crate::issuer::{self, Issuer};
use crate::support::{self, KEYS};

pub(crate) const SIZES: [usize; 3] = [0, 10_000, 1_000_000];
pub(crate) const ALGORITHMS: [Algorithm; 3] =
    [Algorithm::ES256, Algorithm::RS256, Algorithm::EdDSA];

/// A verifier that keeps no token, and asks nobody about revocations.
pub(crate) async fn forgetful() -> Verifier {
    let issuer = Issuer::start().await;
    let builder = issuer.builder(&issuer::clock()).cache_bytes(0);
    let builder = builder.revocations(Revocations::None);
    builder.build().await.unwrap()
}

/// A verifier by the machine's clock that knows so many revocations, and a token that it has
/// verified before.
pub(crate) async fn informed(revocations: usize) -> (Verifier, String) {
    let issuer = Issuer::start().await;
    issuer.state().snapshot = Snapshot {
        position: 1,
        entries: entries(revocations).collect(),
    };
    let builder = issuer.builder(&Clock::system()).feed(issuer.feed());
    let verifier = builder.max_lag(Duration::MAX).build().await.unwrap();
    issuer::eventually(|| verifier.ready()).await;
    assert_eq!(verifier.revocations(), revocations);
    let header = KEYS.header(Algorithm::ES256).to_string();
    let claims = support::with(support::good_claims(), r#"{"exp":4000000000}"#);
    let token = KEYS.token(Algorithm::ES256, &header, &claims);
    verifier.verify(&token, Freshness::Strict).await.unwrap();
    assert_eq!(verifier.cached().0, 1);
    (verifier, token)
}

/// A mirror of so many revocations, and the memory that it took.
pub(crate) fn mirror(revocations: usize) -> (Mirror, usize) {
    let before = resident();
    let mirror = Mirror::default();
    for entry in entries(revocations) {
        mirror.apply(&entry);
    }
    (mirror, resident().saturating_sub(before))
}

fn entries(revocations: usize) -> impl Iterator<Item = Entry> {
    (0..revocations).map(|number| Entry {
        kind: Kind::Jti,
        value: format!("00000000-0000-7000-8000-{number:012}"),
        ver: None,
        expires_at: 4_000_000_000,
    })
}

/// The resident set in bytes, as Linux tells it; elsewhere nothing.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or(0) * 4096
}
