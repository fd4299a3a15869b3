//! Attacks on the form of a token: its JSON, its serialisation and its signature.

use shared_claims::Algorithm;

use crate::attacks::{OK, Row, assert_rules, rule};
use crate::support::{KEYS, encode, good_claims, with};

// R3: JSON that two parsers may read in two ways
#[test]
fn ambiguous_json() {
    assert_rules(json_rows());
}

#[rustfmt::skip]
pub(crate) fn json_rows() -> impl Iterator<Item = Row> {
    let header = KEYS.header(Algorithm::ES256).to_string();
    let claims = good_claims().to_string();
    let twice = |json: &str, member: &str| format!("{{{member},{}", &json[1..]);
    let rows = [
        ("alg twice", twice(&header, r#""alg":"none""#), claims.clone(), "duplicate_member"),
        ("kid twice, escaped", twice(&header, r#""k\u0069d":"x""#), claims.clone(), "duplicate_member"),
        ("header nested", twice(&header, r#""x":{"a":1,"a":2}"#), claims.clone(), "duplicate_member"),
        ("header array", format!("[{header}]"), claims.clone(), "header_malformed"),
        ("header and more", format!("{header}{header}"), claims.clone(), "header_malformed"),
        ("header string", r#""at+jwt""#.into(), claims.clone(), "header_malformed"),
        ("sub twice", header.clone(), twice(&claims, r#""sub":"admin""#), "duplicate_member"),
        ("roles twice, escaped", header.clone(), twice(&claims, r#""role\u0073":[]"#), "duplicate_member"),
        ("claims nested", header.clone(), twice(&claims, r#""x":[{"a":1,"a":1}]"#), "duplicate_member"),
        ("claims array", header.clone(), format!("[{claims}]"), "claims_malformed"),
        ("claims NaN", header.clone(), twice(&claims, r#""x":NaN"#), "claims_malformed"),
        ("claims overflow", header.clone(), twice(&claims, r#""x":1e999"#), "claims_malformed"),
        ("claims cut off", header.clone(), claims[..claims.len() - 1].into(), "claims_malformed"),
        ("claims empty", header.clone(), String::new(), "claims_malformed"),
        ("claims too deep", header.clone(), "[".repeat(2000), "claims_malformed"),
    ];
    rows.into_iter().map(|(name, header, claims, expected)| {
        let token = KEYS.token(Algorithm::ES256, &header, &claims);
        (name.into(), token, expected)
    })
}

// R3, R5, I24: the serialisation and the signature
#[test]
fn serialisation_and_signature() {
    assert_rules(form_rows());
}

#[rustfmt::skip]
pub(crate) fn form_rows() -> impl Iterator<Item = Row> {
    let good = KEYS.good(Algorithm::ES256);
    let (input, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = input.split_once('.').unwrap();
    let raw = KEYS.sign(Algorithm::ES256, input.as_bytes());
    let signed = |signature: &[u8]| format!("{input}.{}", encode(signature));
    let admin = encode(with(good_claims(), r#"{"roles":["admin"]}"#));
    let other_alg = |signer, named| {
        let header = with(
            KEYS.header(signer),
            &format!(r#"{{"kid":"{}"}}"#, KEYS.kid(named)),
        );
        KEYS.token(signer, &header, &good_claims().to_string())
    };
    // The last of 86 characters carries two bits that must be zero.
    let loose = format!(
        "{}B",
        &signed(&[raw[..63].to_vec(), vec![0]].concat())[..good.len() - 1]
    );
    let rows = [
        ("ES256", good.clone(), OK),
        ("RS256", KEYS.good(Algorithm::RS256), OK),
        ("EdDSA", KEYS.good(Algorithm::EdDSA), OK),
        ("key of another algorithm", other_alg(Algorithm::ES256, Algorithm::RS256), "algorithm_mismatch"),
        ("and the other way", other_alg(Algorithm::EdDSA, Algorithm::ES256), "algorithm_mismatch"),
        ("r = s = 0", signed(&[0; 64]), "signature"),
        ("empty signature", format!("{input}."), "parts"),
        ("63 bytes", signed(&raw[..63]), "signature_length"),
        ("65 bytes", signed(&[&raw[..], &[0]].concat()), "signature_length"),
        ("DER", signed(&der(&raw)), "signature_length"),
        ("RS256 with a byte more", KEYS.good(Algorithm::RS256) + "AA", "signature_length"),
        ("one bit", signed(&[&[raw[0] ^ 1], &raw[1..]].concat()), "signature"),
        ("swapped payload", format!("{header}.{admin}.{signature}"), "signature"),
        ("loose bits", loose, "encoding"),
        ("one character over", format!("{good}AAA"), "encoding"),
        ("padding", format!("{good}=="), "alphabet"),
        ("standard base64", format!("{}+/", &good[..good.len() - 2]), "alphabet"),
        ("leading space", format!(" {good}"), "alphabet"),
        ("trailing line feed", format!("{good}\n"), "alphabet"),
        ("NUL", format!("{good}\0"), "alphabet"),
        ("percent", good.replace('.', "%2E"), "parts"),
        ("not ASCII", format!("{good}é"), "alphabet"),
        ("trailing dot", format!("{good}."), "parts"),
        ("leading dot", format!(".{good}"), "parts"),
        ("empty header", format!(".{payload}.{signature}"), "parts"),
        ("two parts", input.to_owned(), "parts"),
        ("five parts, JWE", format!("{header}.AA.AA.{payload}.{signature}"), "parts"),
        ("nothing", String::new(), "parts"),
        ("JSON serialisation", format!(r#"{{"protected":"{header}","payload":"{payload}","signature":"{signature}"}}"#), "parts"),
        ("1 MB", format!("{header}.{}.{signature}", "A".repeat(1 << 20)), "too_long"),
        ("one byte too long", "A".repeat(8 * 1024 + 1), "too_long"),
        ("just not too long", "A".repeat(8 * 1024), "parts"),
    ];
    rows.into_iter().map(|(name, token, expected)| (name.into(), token, expected))
}

/// `ECDSA-Sig-Value` (RFC 3279 §2.2.3) of a fixed-length signature.
fn der(fixed: &[u8]) -> Vec<u8> {
    let integer = |half: &[u8]| {
        let padding = vec![0; usize::from(half[0] >= 0x80)];
        let length = (half.len() + padding.len()) as u8;
        [vec![2, length], padding, half.to_vec()].concat()
    };
    let (r, s) = fixed.split_at(32);
    let body = [integer(r), integer(s)].concat();
    [vec![0x30, body.len() as u8], body].concat()
}

// I24: the public key's text as an HMAC secret
#[test]
fn a_public_key_is_no_secret() {
    use aws_lc_rs::hmac;
    for algorithm in [Algorithm::RS256, Algorithm::ES256] {
        let secret = serde_json::to_vec(&KEYS.jwk(algorithm)).unwrap();
        let header = with(KEYS.header(algorithm), r#"{"alg":"HS256"}"#);
        let input = format!("{}.{}", encode(header), encode(good_claims().to_string()));
        let mac = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, &secret),
            input.as_bytes(),
        );
        assert_eq!(
            rule(&format!("{input}.{}", encode(mac))),
            "algorithm_not_allowed"
        );
    }
}
