//! Ed25519 keys under which anybody can sign.

use aws_lc_rs::signature::{ED25519, ParsedPublicKey};
use serde_json::json;
use shared_claims::{Jwk, JwkError, KeySet, VerifyingKey};

use crate::support::{encode, good_claims};

/// Little-endian, as in a key.
fn y(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut y = [middle; 32];
    (y[0], y[31]) = (first, last);
    y
}

/// Of order 8: a root of d y^4 + 2 y^2 = 1. The other is its negative.
#[rustfmt::skip]
const ORDER_8: [u8; 32] = [
    0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
    0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
];

/// p - y.
fn negative(y: [u8; 32]) -> [u8; 32] {
    let p = self::y(0xed, 0xff, 0x7f);
    let mut borrow = 0;
    std::array::from_fn(|at| {
        let difference = i16::from(p[at]) - i16::from(y[at]) - borrow;
        borrow = i16::from(difference < 0);
        (difference & 0xff) as u8
    })
}

/// Each of the fourteen encodings of the eight points: five `y` with either sign, and two of them
/// unreduced too. With the reason for which it is refused.
fn encodings() -> Vec<([u8; 32], JwkError)> {
    let small = JwkError::Ed25519SmallOrder;
    let unreduced = JwkError::Encoding("x");
    let rows = [
        (y(1, 0, 0), small),
        (y(0xec, 0xff, 0x7f), small),
        (y(0, 0, 0), small),
        (ORDER_8, small),
        (negative(ORDER_8), small),
        (y(0xed, 0xff, 0x7f), unreduced),
        (y(0xee, 0xff, 0x7f), unreduced),
    ];
    let signs = |(y, why): ([u8; 32], JwkError)| {
        let mut signed = y;
        signed[31] |= 0x80;
        [(y, why), (signed, why)]
    };
    rows.into_iter().flat_map(signs).collect()
}

/// R is the neutral element and S is 0: valid wherever the hash takes the key to that element,
/// which is one message in the key's order.
fn forgery() -> [u8; 64] {
    let mut signature = [0; 64];
    signature[0] = 1;
    signature
}

fn named(x: &[u8; 32]) -> String {
    json!({"kty": "OKP", "crv": "Ed25519", "x": encode(x), "alg": "EdDSA", "kid": "small"})
        .to_string()
}

/// An access token as its bearer likes it, signed by nobody.
fn forged(number: u32) -> String {
    let header = json!({"typ": "at+jwt", "alg": "EdDSA", "kid": "small"});
    let mut claims = good_claims();
    claims["roles"] = json!(["admin"]);
    claims["jti"] = number.to_string().into();
    format!(
        "{}.{}",
        encode(header.to_string()),
        encode(claims.to_string())
    )
}

// R1, R6: a key that anybody can sign for is not loaded, alone or in a set
#[test]
fn a_key_of_small_order_is_refused() {
    for (x, why) in encodings() {
        let json = named(&x);
        assert_eq!(
            VerifyingKey::from_jwk_json(json.as_bytes()).err(),
            Some(why),
            "{x:02x?}"
        );
        assert_eq!(
            VerifyingKey::new(&Jwk::eddsa(x)).err(),
            Some(why),
            "{x:02x?}"
        );
        let set = KeySet::from_json(format!(r#"{{"keys":[{json}]}}"#).as_bytes());
        assert_eq!(set.err(), Some(why), "{x:02x?}");
    }
}

/// The attack is real: were the keys loaded, tokens that nobody signed would verify.
#[test]
fn the_library_below_verifies_what_nobody_signed() {
    let mut forgeable = 0;
    for (x, _) in encodings() {
        let Ok(key) = ParsedPublicKey::new(&ED25519, x) else {
            continue;
        };
        let verified = (0..64)
            .filter(|number| {
                key.verify_sig(forged(*number).as_bytes(), &forgery())
                    .is_ok()
            })
            .count();
        // All of them under the neutral element, one in eight under a point of order 8.
        forgeable += usize::from(verified > 0);
    }
    assert!(forgeable >= 8, "{forgeable} of {}", encodings().len());
}
