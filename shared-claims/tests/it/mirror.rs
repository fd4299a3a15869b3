//! The mirror of revocations.

use serde_json::json;
use shared_claims::{Entry, Kind, Mirror, Snapshot, Verdict};

use crate::support::good_claims;

fn entry(kind: Kind, value: &str, ver: Option<i64>, expires_at: i64) -> Entry {
    Entry {
        kind,
        value: value.into(),
        ver,
        expires_at,
    }
}

fn mirror(entries: &[Entry]) -> Mirror {
    let mirror = Mirror::default();
    for entry in entries {
        mirror.apply(entry);
    }
    mirror
}

fn check_ver(mirror: &Mirror, ver: Option<i64>) -> Verdict {
    mirror.check("j", Some("s"), "u", ver, "k")
}

#[test]
fn each_kind_matches_its_own_claim_alone() {
    for (kind, value, expected) in [
        (Kind::Jti, "j", Verdict::Revoked),
        (Kind::Sid, "s", Verdict::Revoked),
        (Kind::Kid, "k", Verdict::Revoked),
        (Kind::Sub, "u", Verdict::Revoked),
        (Kind::Stale, "u", Verdict::Stale),
    ] {
        for other in ["j", "s", "k", "u", "J", ""] {
            let seen = check_ver(&mirror(&[entry(kind, other, None, 9)]), Some(5));
            let wanted = if other == value {
                expected
            } else {
                Verdict::Accepted
            };
            assert_eq!(seen, wanted, "{kind:?} {other}");
        }
    }
    let sid = mirror(&[entry(Kind::Sid, "", None, 9)]);
    assert_eq!(sid.check("j", None, "u", None, "k"), Verdict::Accepted);
}

// I28: whatever the order and the repetition, the greater cut-off of each kind stands, and
// neither kind hides the other.
#[test]
fn every_pair_of_cut_offs() {
    let cut_offs: Vec<Entry> = [Kind::Sub, Kind::Stale]
        .into_iter()
        .flat_map(|kind| (0..5).map(move |ver| entry(kind, "u", Some(ver), 100 - ver)))
        .collect();
    let greatest = |pair: [&Entry; 2], kind| {
        let of_kind = pair.into_iter().filter(|entry| entry.kind == kind);
        of_kind
            .filter_map(|entry| entry.ver)
            .max()
            .unwrap_or(i64::MIN)
    };
    for first in &cut_offs {
        for second in &cut_offs {
            let mirror = mirror(&[first.clone(), second.clone(), first.clone()]);
            let valid = greatest([first, second], Kind::Sub);
            let fresh = greatest([first, second], Kind::Stale);
            for ver in -1..6 {
                let expected = match ver {
                    _ if ver < valid => Verdict::Revoked,
                    _ if ver < fresh => Verdict::Stale,
                    _ => Verdict::Accepted,
                };
                let seen = check_ver(&mirror, Some(ver));
                assert_eq!(seen, expected, "{first:?} {second:?} ver {ver}");
            }
            let without = if valid > i64::MIN {
                Verdict::Revoked
            } else {
                Verdict::Stale
            };
            assert_eq!(check_ver(&mirror, None), without);

            // The greater expiry stands too.
            mirror.prune(first.expires_at.max(second.expires_at) - 1);
            let kept = if first.kind == second.kind {
                1
            } else {
                mirror.len()
            };
            assert_eq!(mirror.len(), kept.max(1));
            mirror.prune(first.expires_at.max(second.expires_at));
            assert!(mirror.is_empty());
        }
    }
}

// L8
#[test]
fn pruning_forgets_only_what_has_expired() {
    let mirror = mirror(&[
        entry(Kind::Jti, "j", None, 20),
        entry(Kind::Jti, "j", None, 10),
        entry(Kind::Stale, "u", Some(9), 30),
        entry(Kind::Sub, "u", Some(2), 30),
        entry(Kind::Sub, "u", Some(4), 15),
    ]);
    assert_eq!(mirror.len(), 3);
    mirror.prune(19);
    assert_eq!(check_ver(&mirror, Some(9)), Verdict::Revoked);
    mirror.prune(20);
    assert_eq!(check_ver(&mirror, Some(9)), Verdict::Accepted);
    assert_eq!(check_ver(&mirror, Some(4)), Verdict::Stale);
    assert_eq!(check_ver(&mirror, Some(3)), Verdict::Revoked);
    mirror.prune(30);
    assert!(mirror.is_empty());
}

#[test]
fn replacing_forgets_the_rest() {
    let mirror = mirror(&[
        entry(Kind::Jti, "j", None, 20),
        entry(Kind::Sub, "u", None, 20),
    ]);
    mirror.replace(&[entry(Kind::Stale, "u", Some(6), 20)]);
    assert_eq!(mirror.len(), 1);
    assert_eq!(check_ver(&mirror, Some(5)), Verdict::Stale);
    assert_eq!(check_ver(&mirror, Some(6)), Verdict::Accepted);
}

#[test]
fn claims_are_checked_by_every_kind() {
    let claims: shared_claims::Claims = serde_json::from_value(good_claims()).unwrap();
    for (kind, value, ver, expected) in [
        (Kind::Jti, "token-1", None, Verdict::Revoked),
        (Kind::Sid, "session-1", None, Verdict::Revoked),
        (Kind::Kid, "key-1", None, Verdict::Revoked),
        (Kind::Sub, "user-1", Some(4), Verdict::Revoked),
        (Kind::Sub, "user-1", Some(3), Verdict::Accepted),
        (Kind::Stale, "user-1", Some(4), Verdict::Stale),
    ] {
        let mirror = mirror(&[entry(kind, value, ver, 9)]);
        assert_eq!(
            mirror.check_claims(&claims, "key-1"),
            expected,
            "{kind:?} {ver:?}"
        );
    }
}

#[test]
fn a_panic_beside_the_mirror_does_not_disable_it() {
    let mirror = mirror(&[entry(Kind::Jti, "j", None, 20)]);
    let entries = std::iter::once_with(|| panic!("while replacing"));
    let replace = std::panic::AssertUnwindSafe(|| mirror.replace(entries));
    assert!(std::panic::catch_unwind(replace).is_err());
    assert_eq!(check_ver(&mirror, None), Verdict::Revoked);
    mirror.apply(&entry(Kind::Jti, "j2", None, 20));
    assert_eq!(mirror.len(), 2);
}

#[test]
fn the_wire_format_is_fixed() {
    let snapshot = Snapshot {
        position: 7,
        entries: vec![
            entry(Kind::Jti, "a", None, 1),
            entry(Kind::Sid, "b", None, 2),
            entry(Kind::Sub, "c", Some(3), 3),
            entry(Kind::Stale, "d", Some(4), 4),
            entry(Kind::Kid, "e", None, 5),
        ],
    };
    let wire = json!({"position": 7, "entries": [
        {"kind": "jti", "value": "a", "expires_at": 1},
        {"kind": "sid", "value": "b", "expires_at": 2},
        {"kind": "sub", "value": "c", "ver": 3, "expires_at": 3},
        {"kind": "stale", "value": "d", "ver": 4, "expires_at": 4},
        {"kind": "kid", "value": "e", "expires_at": 5},
    ]});
    assert_eq!(serde_json::to_value(&snapshot).unwrap(), wire);
    assert_eq!(serde_json::from_value::<Snapshot>(wire).unwrap(), snapshot);
}
