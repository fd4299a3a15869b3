//! `tests/vectors/tokens.json`: the attack tables as finished tokens, which the TypeScript verifier
//! reads too. Its keys are thrown away; `WRITE_COMMITTED=1` writes it anew from the tables.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use shared_claims::{JwkSet, KeySet, Policy, verify};

use crate::attack_table::OK;
use crate::support::{ISSUER, KEYS, NOW, policy};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/tokens.json");
const ABOUT: &str = "Access tokens, and the rule by which a verifier refuses each, or `ok`. It is `now`, `issuer` is the one that is trusted, the verifier is each of `audience`, and `jwks` are the keys.";
/// Longer ones say the same as shorter ones, at length.
const LONGEST: usize = 10_000;

fn rows() -> Vec<(String, String, &'static str)> {
    let mut rows = crate::attacks::rows();
    rows.retain(|(_, token, _)| token.len() <= LONGEST);
    rows
}

/// One row a line.
fn written() -> String {
    let algorithms = ["ES256", "RS256", "EdDSA"].map(|name| name.parse().unwrap());
    let keys = algorithms.map(|algorithm| KEYS.jwk(algorithm)).into();
    let head = [
        ("about", json!(ABOUT)),
        ("now", json!(NOW)),
        ("issuer", json!(ISSUER)),
        ("audience", json!(policy().audience)),
        ("jwks", json!(JwkSet { keys })),
    ];
    let head = head.map(|(name, value)| format!("  \"{name}\": {value},\n"));
    let rows = rows().into_iter().map(|(name, token, rule)| {
        format!(
            "    {}",
            json!({ "name": name, "rule": rule, "token": token })
        )
    });
    let rows: Vec<_> = rows.collect();
    format!(
        "{{\n{}  \"rows\": [\n{}\n  ]\n}}\n",
        head.concat(),
        rows.join(",\n")
    )
}

fn read() -> Value {
    serde_json::from_slice(&std::fs::read(PATH).unwrap()).unwrap()
}

// R1 to R5, R7, I24
#[test]
fn the_file_is_the_tables() {
    if std::env::var_os("WRITE_COMMITTED").is_some() {
        std::fs::write(PATH, written()).unwrap();
    }
    let file = read();
    let committed = file["rows"].as_array().unwrap().iter();
    let committed: BTreeMap<_, _> = committed
        .map(|row| (row["name"].as_str().unwrap(), row["rule"].as_str().unwrap()))
        .collect();
    let rows = rows();
    let tables: BTreeMap<_, _> = rows
        .iter()
        .map(|(name, _, rule)| (&**name, *rule))
        .collect();
    assert_eq!(committed, tables, "WRITE_COMMITTED=1 writes it anew");
}

#[test]
fn every_row_of_the_file() {
    let file = read();
    let keys = KeySet::from_json(file["jwks"].to_string().as_bytes()).unwrap();
    let audience = file["audience"].as_array().unwrap().iter();
    let audience = audience.map(|name| name.as_str().unwrap());
    let policy = Policy::new(file["issuer"].as_str().unwrap(), audience);
    let now = file["now"].as_i64().unwrap();
    for row in file["rows"].as_array().unwrap() {
        let token = row["token"].as_str().unwrap();
        let rule = match verify::<Map<String, Value>>(token, &keys, &policy, now) {
            Ok(_) => OK,
            Err(rejection) => rejection.rule(),
        };
        assert_eq!(rule, row["rule"], "{}", row["name"]);
    }
}
