//! `tests/vectors/credentials.json`, which the TypeScript package reads too: which token a request
//! presents.

use serde_json::Value;
use shared_claims::Credential;

/// A header's bytes stand in the file as characters of ISO 8859-1.
fn lines(row: &Value, name: &str) -> Vec<Vec<u8>> {
    let lines = row[name].as_array().into_iter().flatten();
    let bytes = |line: &Value| {
        let characters = line.as_str().unwrap().chars();
        characters
            .map(|c| u8::try_from(u32::from(c)).unwrap())
            .collect()
    };
    lines.map(bytes).collect()
}

// I19
#[test]
fn every_row() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/vectors/credentials.json"
    );
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let rows = file["rows"].as_array().unwrap();
    assert!(rows.len() >= 30);
    for row in rows {
        let (authorization, cookie) = (lines(row, "authorization"), lines(row, "cookie"));
        let credential = Credential::of(
            authorization.iter().map(Vec::as_slice),
            cookie.iter().map(Vec::as_slice),
            file["name"].as_str(),
        );
        let (by, token) = match &credential {
            Some(Credential::Header(token)) => (Some("authorization"), Some(&**token)),
            Some(Credential::Cookie(token)) => (Some("cookie"), Some(&**token)),
            None => (None, None),
        };
        let expected = (row["by"].as_str(), row["token"].as_str());
        assert_eq!((by, token), expected, "{}", row["case"]);
    }
}
