//! The feed: nothing that was revoked is accepted because a connection broke.

use std::time::Duration;

use shared_claims::{Algorithm, Clock, Entry, Freshness, Kind, Verifier};

use crate::issuer::{Issuer, clock, eventually, heartbeat, revoked};
use crate::support::{KEYS, NOW};

const SECOND: Duration = Duration::from_secs(1);
const RESET: &str = "event: reset\ndata: {}\n\n";

fn entry(kind: Kind, value: &str) -> Entry {
    Entry {
        kind,
        value: value.into(),
        ver: None,
        expires_at: NOW + 700,
    }
}

/// Whoever is asked: strictly, then as well as can be.
async fn rules(verifier: &Verifier) -> [&'static str; 2] {
    let token = KEYS.good(Algorithm::EdDSA);
    let mut rules = ["ok"; 2];
    for (rule, freshness) in rules
        .iter_mut()
        .zip([Freshness::Strict, Freshness::BestEffort])
    {
        if let Err(refusal) = verifier.verify(&token, freshness).await {
            *rule = refusal.rule();
        }
    }
    rules
}

/// Waits for an answer that another task brings about.
#[track_caller]
fn becomes(verifier: &Verifier, expected: [&'static str; 2]) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let mut seen = [""; 2];
        for _ in 0..2_000 {
            seen = rules(verifier).await;
            if seen == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{seen:?} did not become {expected:?}: {caller}");
    }
}

/// An issuer whose snapshot ends at 5, and a verifier that follows it.
async fn followed() -> (Issuer, Clock, Verifier) {
    let (issuer, clock) = (Issuer::start().await, clock());
    issuer.state().snapshot.position = 5;
    let builder = issuer.builder(&clock).feed(issuer.feed());
    let verifier = builder.build().await.unwrap();
    opened(&issuer, &["5"]).await;
    assert_eq!(rules(&verifier).await, ["ok"; 2]);
    (issuer, clock, verifier)
}

#[track_caller]
fn opened(issuer: &Issuer, positions: &[&str]) -> impl Future<Output = ()> {
    eventually(move || issuer.state().opened == positions)
}

#[tokio::test]
async fn each_kind_refuses_a_token_that_is_kept() {
    let kid = KEYS.kid(Algorithm::EdDSA);
    for (kind, value, expected) in [
        (Kind::Jti, "token-1", "revoked"),
        (Kind::Sid, "session-1", "revoked"),
        (Kind::Sub, "user-1", "revoked"),
        (Kind::Kid, &kid, "revoked"),
        (Kind::Stale, "user-1", "stale"),
    ] {
        let (issuer, _, verifier) = followed().await;
        issuer.say(revoked(6, &entry(kind, "another")));
        eventually(|| verifier.revocations() == 1).await;
        assert_eq!(rules(&verifier).await, ["ok"; 2]);
        issuer.say(revoked(7, &entry(kind, value)));
        eventually(|| verifier.revocations() == 2).await;
        assert_eq!(rules(&verifier).await, [expected; 2]);
    }
}

#[tokio::test]
async fn what_is_revoked_while_it_is_away_is_known_when_it_is_back() {
    let (issuer, clock, verifier) = followed().await;
    issuer.say(revoked(6, &entry(Kind::Jti, "another")) + &heartbeat(NOW));
    eventually(|| verifier.revocations() == 1).await;
    issuer.state().feed_up = false;
    issuer.cut();
    clock.advance(9 * SECOND);
    assert_eq!(rules(&verifier).await, ["ok"; 2]);
    clock.advance(2 * SECOND);
    assert_eq!(rules(&verifier).await, ["blind", "ok"]);
    assert!(verifier.ready(), "the other routes serve");

    issuer.state().greeting = revoked(7, &entry(Kind::Sid, "session-1")) + &heartbeat(NOW);
    issuer.state().feed_up = true;
    opened(&issuer, &["5", "6"]).await;
    becomes(&verifier, ["revoked"; 2]).await;
    eventually(|| verifier.lag() == Some(Duration::ZERO)).await;
    assert_eq!(issuer.state().snapshots, 1);
}

#[tokio::test]
async fn it_resumes_before_what_a_heartbeat_has_not_closed() {
    let (issuer, _, verifier) = followed().await;
    issuer.say(revoked(9, &entry(Kind::Jti, "another")));
    eventually(|| verifier.revocations() == 1).await;
    issuer.cut();
    opened(&issuer, &["5", "5"]).await;
    issuer.say(revoked(9, &entry(Kind::Jti, "another")));
    issuer.say(revoked(8, &entry(Kind::Jti, "token-1")));
    becomes(&verifier, ["revoked"; 2]).await;
}

#[tokio::test]
async fn a_reset_leaves_it_blind_until_there_is_a_new_snapshot() {
    let (issuer, _, verifier) = followed().await;
    issuer.say(revoked(6, &entry(Kind::Jti, "another")));
    eventually(|| verifier.revocations() == 1).await;
    issuer.state().feed_up = false;
    issuer.say(RESET);
    becomes(&verifier, ["blind", "ok"]).await;
    assert!(!verifier.ready() && verifier.lag().is_none());
    issuer.state().snapshot.entries = vec![entry(Kind::Sub, "user-1")];
    issuer.state().snapshot.position = 3;
    issuer.state().feed_up = true;
    becomes(&verifier, ["revoked"; 2]).await;
    opened(&issuer, &["5", "3"]).await;
    assert_eq!(verifier.revocations(), 1, "the old ones are gone");
    assert!(verifier.ready());
}

#[tokio::test]
async fn without_a_snapshot_nobody_is_let_in_strictly() {
    let (issuer, clock) = (Issuer::start().await, clock());
    issuer.state().feed_up = false;
    let builder = issuer.builder(&clock).feed(issuer.feed());
    let verifier = builder.build().await.unwrap();
    assert_eq!(rules(&verifier).await, ["blind", "ok"]);
    assert!(!verifier.ready());
    issuer.state().feed_up = true;
    becomes(&verifier, ["ok"; 2]).await;
    assert!(verifier.ready());
}

#[tokio::test]
async fn an_event_that_was_cut_off_was_never_said() {
    let (issuer, _, verifier) = followed().await;
    let whole = revoked(6, &entry(Kind::Jti, "token-1"));
    issuer.say(&whole[..whole.len() - 1]);
    issuer.cut();
    opened(&issuer, &["5", "5"]).await;
    assert_eq!(rules(&verifier).await, ["ok"; 2]);
    for byte in whole.as_bytes() {
        issuer.say([*byte]);
    }
    becomes(&verifier, ["revoked"; 2]).await;
}

#[tokio::test]
async fn what_it_cannot_read_it_does_not_pass_over() {
    for (garbage, positions) in [
        ("event: revoked\ndata: {}\n\n".to_owned(), ["5", "6"]),
        ("event: heartbeat\ndata: soon\n\n".into(), ["5", "6"]),
        (
            revoked(6, &entry(Kind::Jti, "x")).replace("id: 6", "id: six"),
            ["5", "6"],
        ),
        ("x".repeat(70_000), ["5", "5"]),
        ("data: x\n".repeat(40_000), ["5", "5"]),
    ] {
        let (issuer, _, verifier) = followed().await;
        issuer.state().snapshot.position = 6;
        issuer.say(garbage);
        opened(&issuer, &positions).await;
        assert_eq!(rules(&verifier).await, ["ok"; 2]);
    }
    // An event of a kind that is not ours, a comment, bytes that are not UTF-8: all legal.
    let (issuer, _, verifier) = followed().await;
    issuer.say(b": hello\n\nevent: news\ndata: \xff\xfe\n\nretry: 1\n\n");
    issuer.say(revoked(6, &entry(Kind::Jti, "token-1")));
    becomes(&verifier, ["revoked"; 2]).await;
    assert_eq!(issuer.state().opened.len(), 1);
}

#[tokio::test]
async fn a_feed_that_comes_late_is_as_old_as_it_was_sent() {
    let (issuer, clock, verifier) = followed().await;
    // Its clock may differ from ours by whatever it likes.
    let at = NOW - 3_000;
    issuer.beat(at);
    issuer.say(revoked(6, &entry(Kind::Jti, "another")));
    eventually(|| verifier.revocations() == 1).await;
    clock.advance(5 * SECOND);
    issuer.beat(at + 5);
    eventually(|| verifier.lag() == Some(SECOND)).await;
    // Sent at once, and seven seconds on the way.
    clock.advance(7 * SECOND);
    issuer.beat(at + 6);
    opened(&issuer, &["5", "6"]).await;
    assert_eq!(
        verifier.lag(),
        Some(7 * SECOND),
        "what we heard then vouches for then"
    );
    clock.advance(4 * SECOND);
    assert_eq!(rules(&verifier).await, ["blind", "ok"]);
    issuer.beat(at + 25);
    becomes(&verifier, ["ok"; 2]).await;
}

#[tokio::test]
async fn a_stream_without_a_heartbeat_is_blind_and_opened_anew_whatever_trickles_in() {
    let (issuer, clock, verifier) = followed().await;
    let trickles = [
        "",
        ": here\n\n",
        "event: news\ndata: x\n\n",
        "event: revoked\ndata: {",
    ];
    for (opened, trickle) in (1..).zip(trickles) {
        let mut seconds = 0;
        while issuer.state().opened.len() == opened {
            assert!(seconds < 100, "it was never opened anew");
            seconds += 1;
            issuer.say(trickle);
            clock.advance(SECOND);
            // It opens anew a tenth of a second after it has noticed.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(seconds >= 8, "after {seconds} s");
    }
    assert!(verifier.lag() >= Some(32 * SECOND));
    assert_eq!(rules(&verifier).await, ["blind", "ok"]);
    assert_eq!(
        issuer.state().opened,
        ["5"; 5],
        "and nothing was passed over"
    );

    // Entries keep it open, and vouch for nothing.
    for position in 6..9 {
        issuer.say(revoked(position, &entry(Kind::Jti, &position.to_string())));
        eventually(|| verifier.revocations() == usize::try_from(position - 5).unwrap()).await;
        clock.advance(5 * SECOND);
    }
    assert_eq!(issuer.state().opened.len(), 5);
    assert_eq!(rules(&verifier).await, ["blind", "ok"]);
    // Opened fifteen seconds ago, a first heartbeat says little; on a new stream it does.
    issuer.beat(NOW);
    eventually(|| issuer.state().opened.len() == 6).await;
    issuer.beat(NOW);
    becomes(&verifier, ["ok"; 2]).await;
}
