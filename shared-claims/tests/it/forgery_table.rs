//! Attacks on the form of a token: its JSON, its serialisation and its signature.

use aws_lc_rs::hmac;

use super::attack_table::{Forger, OK, Row, encode, with};

/// JSON that two parsers may read in two ways.
#[rustfmt::skip]
pub(crate) fn json_rows(forger: &Forger<'_>) -> Vec<Row> {
    let header = forger.header.to_string();
    let claims = forger.claims.to_string();
    let twice = |json: &str, member: &str| format!("{{{member},{}", &json[1..]);
    let rows = [
        ("alg twice", twice(&header, r#""alg":"none""#), claims.clone(), "duplicate_member"),
        ("kid twice, escaped", twice(&header, r#""k\u0069d":"x""#), claims.clone(), "duplicate_member"),
        ("header nested", twice(&header, r#""x":{"a":1,"a":2}"#), claims.clone(), "duplicate_member"),
        ("header array", format!("[{header}]"), claims.clone(), "header_malformed"),
        ("header and more", format!("{header}{header}"), claims.clone(), "header_malformed"),
        ("header string", r#""at+jwt""#.into(), claims.clone(), "header_malformed"),
        ("sub twice", header.clone(), twice(&claims, r#""sub":"admin""#), "duplicate_member"),
        ("client_id twice, escaped", header.clone(), twice(&claims, r#""client_i\u0064":"web""#), "duplicate_member"),
        ("claims nested", header.clone(), twice(&claims, r#""x":[{"a":1,"a":1}]"#), "duplicate_member"),
        ("claims array", header.clone(), format!("[{claims}]"), "claims_malformed"),
        ("claims NaN", header.clone(), twice(&claims, r#""x":NaN"#), "claims_malformed"),
        ("claims overflow", header.clone(), twice(&claims, r#""x":1e999"#), "claims_malformed"),
        ("claims cut off", header.clone(), claims[..claims.len() - 1].into(), "claims_malformed"),
        ("claims empty", header.clone(), String::new(), "claims_malformed"),
        ("claims too deep", header.clone(), "[".repeat(2000), "claims_malformed"),
        ("claims nested 127 deep", header.clone(), twice(&claims, &nested(126)), OK),
        ("claims nested 128 deep", header.clone(), twice(&claims, &nested(127)), "claims_malformed"),
        ("header nested 128 deep", twice(&header, &nested(127)), claims.clone(), "header_malformed"),
        ("half a character in the header", twice(&header, r#""x":"\ud800""#), claims.clone(), "header_malformed"),
        ("half a character in the claims", header.clone(), twice(&claims, r#""x":["\udc00\ud800"]"#), "claims_malformed"),
        ("half a character in a name", header.clone(), twice(&claims, r#""\ud800":1"#), "claims_malformed"),
        ("two halves of a character", header.clone(), twice(&claims, r#""x":"\ud83d\ude00""#), OK),
        ("header after a byte order mark", format!("\u{feff}{header}"), claims.clone(), "header_malformed"),
        ("claims after a byte order mark", header.clone(), format!("\u{feff}{claims}"), "claims_malformed"),
        ("white space around", format!(" \t{header}\r\n"), format!("\n{claims} "), OK),
    ];
    let rows = rows.into_iter().map(|(name, header, claims, expected)| {
        (name.into(), forger.token(header, claims), expected)
    });
    rows.chain(raw_rows(forger)).collect()
}

/// What a value of JSON can't hold: numbers as they are written, and bytes that are no text.
#[rustfmt::skip]
fn raw_rows(forger: &Forger<'_>) -> Vec<Row> {
    let header = forger.header.to_string();
    let said = |name: &str, raw: &str| {
        let others = with(forger.claims.clone(), &format!(r#"{{"{name}":null}}"#));
        format!(r#"{{"{name}":{raw},{}"#, &others[1..])
    };
    let not_text = |json: &str| [b"{\"x\":\"\xff\",", &json.as_bytes()[1..]].concat();
    let nulls = ["nbf", "sid", "scope", "roles", "amr", "acr", "auth_time", "ver", "email", "email_verified", "aud"];
    let nulls = nulls.map(|name| (name, "null", "claims_malformed"));
    let numbers = [
        ("exp", "1700000600.0", "claims_malformed"),
        ("exp", "1.7000006e9", "claims_malformed"),
        ("iat", "17e8", "claims_malformed"),
        ("nbf", "-0", "claims_malformed"),
        ("nbf", "0", OK),
        ("ver", "3.0", "claims_malformed"),
        ("x", "1e400", "claims_malformed"),
        ("x", "[1.5e-400,-1.0E+3,123456789012345678901234567890]", OK),
    ];
    let said = nulls.into_iter().chain(numbers).map(|(name, raw, expected)| {
        (format!("{name} is {raw}"), forger.token(&header, said(name, raw)), expected)
    });
    let bytes = [
        ("header that is no text".into(), forger.token(not_text(&header), forger.claims.to_string()), "header_malformed"),
        ("claims that are no text".into(), forger.token(&header, not_text(&forger.claims.to_string())), "claims_malformed"),
    ];
    said.chain(bytes).collect()
}

/// A member that is nested so deep.
fn nested(depth: usize) -> String {
    format!(r#""x":{}{}"#, "[".repeat(depth), "]".repeat(depth))
}

/// base64url whose last character carries bits that are none of the text's, as decoders pass over
/// that are not strict. The text is so long that there are such bits.
fn with_loose_bits(encoded: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = encoded.split_at(encoded.len() - 1);
    let at = ALPHABET
        .iter()
        .position(|letter| last.as_bytes() == [*letter]);
    format!("{rest}{}", char::from(ALPHABET[at.unwrap() + 1]))
}

/// The serialisation and the signature.
#[rustfmt::skip]
pub(crate) fn form_rows(forger: &Forger<'_>) -> Vec<Row> {
    let good = forger.good();
    let (input, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = input.split_once('.').unwrap();
    let raw = (forger.sign)(input.as_bytes());
    let signed = |signature: &[u8]| format!("{input}.{}", encode(signature));
    let admin = encode(with(forger.claims.clone(), r#"{"roles":["admin"]}"#));
    // The last of 86 characters carries two bits that must be zero.
    let loose = format!(
        "{}B",
        &signed(&[raw[..63].to_vec(), vec![0]].concat())[..good.len() - 1]
    );
    let rows = [
        ("ES256", good.clone(), OK),
        ("the public key as an HMAC secret", hs256(forger), "algorithm_not_allowed"),
        ("r = s = 0", signed(&[0; 64]), "signature"),
        ("empty signature", format!("{input}."), "parts"),
        ("63 bytes", signed(&raw[..63]), "signature_length"),
        ("65 bytes", signed(&[&raw[..], &[0]].concat()), "signature_length"),
        ("DER", signed(&der(&raw)), "signature_length"),
        ("one bit", signed(&[&[raw[0] ^ 1], &raw[1..]].concat()), "signature"),
        ("swapped payload", format!("{header}.{admin}.{signature}"), "signature"),
        ("loose bits", loose, "encoding"),
        ("loose bits of a true signature", format!("{input}.{}", with_loose_bits(signature)), "encoding"),
        ("loose bits of true claims", forger.signed(&format!("{header}.{}", loose_claims(forger))), "encoding"),
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
    rows.into_iter().map(|(name, token, expected)| (name.into(), token, expected)).collect()
}

fn loose_claims(forger: &Forger<'_>) -> String {
    let mut claims = forger.claims.to_string();
    while claims.len() % 3 != 1 {
        claims.push(' ');
    }
    with_loose_bits(&encode(claims))
}

fn hs256(forger: &Forger<'_>) -> String {
    let header = with(forger.header.clone(), r#"{"alg":"HS256"}"#);
    let input = format!("{}.{}", encode(header), encode(forger.claims.to_string()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, forger.public.as_bytes());
    format!("{input}.{}", encode(hmac::sign(&key, input.as_bytes())))
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
