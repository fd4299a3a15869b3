//! Attacks on `verify`: the tables, and what takes more than one key.

use serde_json::{Map, Value};
use shared_claims::{Algorithm, verify};

use crate::attack_table::{Forger, OK, Row, claim_rows, header_rows, with};
use crate::forgery_table::{form_rows, json_rows};
use crate::support::{KEYS, NOW, good_claims, policy};

fn rule(token: &str) -> &'static str {
    match verify::<Map<String, Value>>(token, &KEYS.set, &policy(), NOW) {
        Ok(_) => OK,
        Err(rejection) => rejection.rule(),
    }
}

fn assert_rules(rows: Vec<Row>) {
    let wrong: Vec<_> = rows
        .into_iter()
        .map(|(name, token, expected)| (name, rule(&token), expected))
        .filter(|(_, actual, expected)| actual != expected)
        .collect();
    assert!(wrong.is_empty(), "(attack, actual, expected): {wrong:#?}");
}

fn forger() -> Forger<'static> {
    Forger {
        header: KEYS.header(Algorithm::ES256),
        claims: good_claims(),
        public: serde_json::to_string(&KEYS.jwk(Algorithm::ES256)).unwrap(),
        sign: Box::new(|message| KEYS.sign(Algorithm::ES256, message)),
    }
}

/// Every row of the tables.
pub(crate) fn rows() -> Vec<Row> {
    let forger = forger();
    [
        header_rows(&forger),
        claim_rows(&forger),
        json_rows(&forger),
        form_rows(&forger),
        key_rows(),
    ]
    .concat()
}

// R1 to R5, R7, I24
#[test]
fn every_row() {
    assert!(rows().len() >= 130);
    assert_rules(rows());
}

// R1: one algorithm a key
#[rustfmt::skip]
fn key_rows() -> Vec<Row> {
    let other_alg = |signer, named| {
        let kid = format!(r#"{{"kid":"{}"}}"#, KEYS.kid(named));
        let header = with(KEYS.header(signer), &kid);
        KEYS.token(signer, &header, &good_claims().to_string())
    };
    let rows = [
        ("RS256", KEYS.good(Algorithm::RS256), OK),
        ("EdDSA", KEYS.good(Algorithm::EdDSA), OK),
        ("key of another algorithm", other_alg(Algorithm::ES256, Algorithm::RS256), "algorithm_mismatch"),
        ("and the other way", other_alg(Algorithm::EdDSA, Algorithm::ES256), "algorithm_mismatch"),
        ("RS256 with a byte more", KEYS.good(Algorithm::RS256) + "AA", "signature_length"),
    ];
    rows.into_iter().map(|(name, token, expected)| (name.into(), token, expected)).collect()
}
