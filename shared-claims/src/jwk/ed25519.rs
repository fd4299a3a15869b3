//! Which Ed25519 keys are none that anybody made.

use super::JwkError;

/// Checks an encoded point (RFC 8032 §5.1.2): `y` in 255 bits, little-endian, and the sign of `x`.
///
/// A library that verifies takes any bytes that decode. Under a point of small order, anybody can
/// forge a signature of any message; and one that is not in its one canonical form is a second
/// name of a key. No key generator ever makes either.
pub(super) fn check(point: &[u8; 32]) -> Result<(), JwkError> {
    let mut y = *point;
    y[31] &= 0x7f;
    if !is_reduced(&y) {
        return Err(JwkError::Encoding("x"));
    }
    // Whichever sign: for y = 1 and y = -1 the set bit is no canonical form either (§5.1.3).
    if SMALL_ORDER.contains(&y) {
        return Err(JwkError::Ed25519SmallOrder);
    }
    Ok(())
}

/// Whether `y` is less than p = 2^255 - 19 (RFC 8032 §5.1.3).
fn is_reduced(y: &[u8; 32]) -> bool {
    let [first, middle @ .., last] = y;
    *first < 0xed || *last < 0x7f || middle.iter().any(|byte| *byte < 0xff)
}

/// The `y` of each of the eight points whose order divides the cofactor 8 (RFC 8032 §5.1): the
/// neutral element, (0, -1), two of order 4, and four of order 8, where d y^4 + 2 y^2 = 1. A test
/// computes them from the curve's equation.
#[rustfmt::skip]
const SMALL_ORDER: [[u8; 32]; 5] = [
    [
        0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
    [0; 32],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
        0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
        0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

#[cfg(test)]
mod tests {
    use super::{JwkError, SMALL_ORDER, check};

    /// A residue modulo p, in 64-bit limbs, the least first.
    type Field = [u64; 4];

    const P: Field = [u64::MAX - 18, u64::MAX, u64::MAX, u64::MAX >> 1];
    const ONE: Field = [1, 0, 0, 0];

    fn limbs(bytes: &[u8; 32]) -> Field {
        std::array::from_fn(|at| u64::from_le_bytes(bytes[8 * at..][..8].try_into().unwrap()))
    }

    fn subtracted(a: Field, b: Field) -> (Field, bool) {
        let mut borrow = false;
        let limbs = std::array::from_fn(|at| {
            let (limb, one) = a[at].overflowing_sub(b[at]);
            let (limb, two) = limb.overflowing_sub(borrow.into());
            borrow = one || two;
            limb
        });
        (limbs, borrow)
    }

    fn negated(a: Field) -> Field {
        reduced(subtracted(P, a).0)
    }

    fn reduced(a: Field) -> Field {
        match subtracted(a, P) {
            (_, true) => a,
            (rest, false) => rest,
        }
    }

    /// Both are below 2^255, and so is their sum below 2^256.
    fn sum(a: Field, b: Field) -> Field {
        let mut carry = 0;
        reduced(std::array::from_fn(|at| {
            let sum = u128::from(a[at]) + u128::from(b[at]) + carry;
            carry = sum >> 64;
            sum as u64
        }))
    }

    fn bits(number: Field) -> impl Iterator<Item = bool> {
        (0..256)
            .rev()
            .map(move |bit| number[bit / 64] >> (bit % 64) & 1 == 1)
    }

    fn product(a: Field, b: Field) -> Field {
        bits(b).fold([0; 4], |double, bit| match bit {
            true => sum(sum(double, double), a),
            false => sum(double, double),
        })
    }

    fn power(a: Field, exponent: Field) -> Field {
        bits(exponent).fold(ONE, |square, bit| match bit {
            true => product(product(square, square), a),
            false => product(square, square),
        })
    }

    fn quotient(a: Field, b: Field) -> Field {
        product(a, power(b, subtracted(P, [2, 0, 0, 0]).0))
    }

    /// -121665 / 121666 (RFC 8032 §5.1).
    fn d() -> Field {
        quotient(negated([121_665, 0, 0, 0]), [121_666, 0, 0, 0])
    }

    /// x^2 where -x^2 + y^2 = 1 + d x^2 y^2.
    fn x_squared(y: Field, d: Field) -> Field {
        let y2 = product(y, y);
        quotient(sum(y2, negated(ONE)), sum(product(d, y2), ONE))
    }

    /// The `y` of twice the point: (y^2 + x^2) / (1 - d x^2 y^2).
    fn doubled(y: Field, d: Field) -> Field {
        let (x2, y2) = (x_squared(y, d), product(y, y));
        let below = sum(ONE, negated(product(d, product(x2, y2))));
        quotient(sum(y2, x2), below)
    }

    #[test]
    fn the_table_holds_every_point_that_three_doublings_take_to_the_neutral_one() {
        let d = d();
        let mut points = 0;
        for y in SMALL_ORDER.iter().map(limbs) {
            // Euler: x^2 is a square, or x is 0, and then there is one point rather than two.
            let half = subtracted(P, ONE).0;
            let half: Field = std::array::from_fn(|at| {
                half[at] >> 1 | half.get(at + 1).map_or(0, |next| next << 63)
            });
            let x2 = x_squared(y, d);
            points += match power(x2, half) {
                ONE => 2,
                euler => {
                    assert_eq!((x2, euler), ([0; 4], [0; 4]), "not on the curve: {y:x?}");
                    1
                }
            };
            let eightfold = (0..3).fold(y, |y, _| doubled(y, d));
            assert_eq!(eightfold, ONE, "{y:x?}");
        }
        let mut distinct = SMALL_ORDER.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        // The group has 8 L points, L an odd prime: no more than eight are killed by 8.
        assert_eq!((distinct.len(), points), (5, 8));
        // And the arithmetic tells another point apart: the base point, y = 4/5.
        let base = quotient([4, 0, 0, 0], [5, 0, 0, 0]);
        assert_ne!((0..3).fold(base, |y, _| doubled(y, d)), ONE);
    }

    #[test]
    fn a_point_is_encoded_in_its_one_way() {
        for excess in 0..19 {
            let mut point = [0xff; 32];
            point[0] = 0xed + excess;
            for sign in [0x7f, 0xff] {
                point[31] = sign;
                assert_eq!(check(&point), Err(JwkError::Encoding("x")), "p + {excess}");
            }
        }
        // p - 2, and 2: the neighbours of what is refused.
        let mut below = [0xff; 32];
        (below[0], below[31]) = (0xeb, 0x7f);
        assert_eq!(check(&below), Ok(()));
        let mut small = [0; 32];
        small[0] = 2;
        assert_eq!(check(&small), Ok(()));
    }
}
