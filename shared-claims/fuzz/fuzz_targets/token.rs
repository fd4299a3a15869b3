//! A token of arbitrary bytes, whole; or, where the bytes hold a NUL, a header and a payload that
//! are encoded and truly signed first, so that the fuzzer gets past base64url and the signature.
//! An empty header stands for a good one.

#![no_main]

use std::sync::LazyLock;

use aws_lc_rs::signature::Ed25519KeyPair;
use jsonwebtoken::{DecodingKey, Validation, decode};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};
use shared_claims::{
    Claims, Entry, KeySet, Kind, Mirror, Policy, Rejection, Verdict, verify_jws, verify_with_key,
};

const NOW: i64 = 1_700_000_000;
const ISSUER: &str = "https://auth.example.com";
/// The key pair of RFC 8037 A.1.
const KID: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

/// The keys of RFC 7515 A.3, of RFC 7515 A.2 and of RFC 8037 A.2.
static KEYS: LazyLock<KeySet> =
    LazyLock::new(|| KeySet::from_json(include_bytes!("keys.json")).expect("these are sound keys"));
static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy::new(ISSUER, ["api"]));
static SIGNER: LazyLock<Ed25519KeyPair> = LazyLock::new(|| {
    let (seed, public) = (from_hex(SEED), from_hex(PUBLIC));
    Ed25519KeyPair::from_seed_and_public_key(&seed, &public).expect("a pair of keys")
});
static GOOD_HEADER: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let header = json!({"typ": "at+jwt", "alg": "EdDSA", "kid": KID});
    header.to_string().into_bytes()
});

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let head = parts.next().unwrap_or_default();
    let Some(payload) = parts.next() else {
        judge(&String::from_utf8_lossy(bytes));
        let _ = verify_jws(&String::from_utf8_lossy(bytes), &KEYS);
        return;
    };
    let is_good = head.is_empty();
    let header = if is_good { &GOOD_HEADER } else { head };
    let input = format!("{}.{}", encoded(header), encoded(payload));
    let signature = SIGNER.sign(input.as_bytes());
    let rejection = judge(&format!("{input}.{}", encoded(signature.as_ref())));
    if let (true, Some(rejection)) = (is_good, rejection) {
        of_the_claims(&rejection);
    }
});

/// Verifies a token, and looks at one that is accepted from every other side.
fn judge(token: &str) -> Option<Rejection> {
    match verify_with_key::<Map<String, Value>>(token, &KEYS, &POLICY, NOW) {
        Ok((claims, key)) => {
            assert_eq!(key.kid(), KID, "signed with another's key");
            accepted(token, &claims);
            None
        }
        Err(rejection) => {
            assert!(!rejection.rule().is_empty());
            let told = rejection.to_string();
            assert!(["the token is not valid", "the token has expired"].contains(&&*told));
            Some(rejection)
        }
    }
}

fn accepted(token: &str, claims: &Claims) {
    let (header, payload) = verify_jws(token, &KEYS).expect("an access token is a JWS");
    let typ = header["typ"].as_str().expect("a type").to_lowercase();
    assert!(["at+jwt", "application/at+jwt"].contains(&&*typ));
    assert!(["crit", "jwk", "jku", "b64"].iter().all(|name| !header.contains_key(*name)));

    let raw: Value = serde_json::from_slice(&payload).expect("claims are JSON");
    assert_eq!(colons(&payload), members(&raw), "a member is repeated");
    assert_eq!(raw["iss"], ISSUER);
    assert!(raw["aud"] == "api" || raw["aud"].as_array().expect("a list").contains(&"api".into()));
    assert!(raw["exp"].as_i64().expect("a time") > NOW - 10);
    assert!(raw["iat"].as_i64().expect("a time") <= NOW + 10);
    assert!(raw["nbf"].as_i64().unwrap_or(0) <= NOW + 10);
    for name in ["sub", "jti", "client_id"] {
        assert!(!raw[name].as_str().expect("a name").is_empty());
    }

    let key = DecodingKey::from_ed_der(&from_hex(PUBLIC));
    let mut validation = Validation::new(jsonwebtoken::Algorithm::EdDSA);
    validation.validate_exp = false; // By the machine's clock.
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&["api"]);
    let theirs = decode::<Value>(token, &key, &validation).expect("another library accepts it");
    assert_eq!(theirs.claims, raw);

    let written = serde_json::to_value(claims).expect("claims are plain JSON");
    assert_eq!(serde_json::from_value::<Claims>(written).expect("and read again"), *claims);

    let mirror = Mirror::default();
    assert_eq!(mirror.check_claims(claims, KID), Verdict::Accepted);
    mirror.apply(&Entry {
        kind: Kind::Jti,
        value: claims.jti.clone(),
        ver: None,
        expires_at: claims.exp,
    });
    assert_eq!(mirror.check_claims(claims, KID), Verdict::Revoked);
}

/// How many members the text names, by the one colon that each has outside of strings.
fn colons(json: &[u8]) -> usize {
    let (mut colons, mut in_string, mut escaped) = (0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            b':' if !in_string => colons += 1,
            _ => {}
        }
    }
    colons
}

/// How many members are left of them, at any depth.
fn members(value: &Value) -> usize {
    match value {
        Value::Object(object) => object.len() + object.values().map(members).sum::<usize>(),
        Value::Array(list) => list.iter().map(members).sum(),
        _ => 0,
    }
}

/// Where the header and the signature are good, nothing but the claims is refused.
fn of_the_claims(rejection: &Rejection) {
    use Rejection::*;
    assert!(
        matches!(
            rejection,
            ClaimsMalformed | DuplicateMember | Missing(_) | Issuer | Audience | Expired
                | NotYetValid | IssuedInFuture | TooLong
        ),
        "{rejection:?}"
    );
}

fn encoded(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut word = [0; 4];
        word[1..=chunk.len()].copy_from_slice(chunk);
        let word = u32::from_be_bytes(word);
        for place in 0..=chunk.len() {
            let index = word >> (18 - 6 * place) & 63;
            text.push(char::from(ALPHABET[index as usize]));
        }
    }
    text
}

fn from_hex(text: &str) -> Vec<u8> {
    let pair = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("two digits");
    (0..text.len()).step_by(2).map(pair).collect()
}
