//! Which RSA keys are too weak to be trusted.

use super::JwkError;

/// Checks a modulus and an exponent, big-endian without leading zeros.
pub(super) fn check(n: &[u8], e: &[u8]) -> Result<(), JwkError> {
    if !(2048..=8192).contains(&bits(n)) {
        return Err(JwkError::RsaSize);
    }
    if !exponent_is_sound(e) {
        return Err(JwkError::RsaExponent);
    }
    if remainder(n, 2) == 0 || has_small_factor(n) || is_roca(n) {
        return Err(JwkError::RsaWeak);
    }
    Ok(())
}

fn bits(n: &[u8]) -> usize {
    n.first()
        .map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize)
}

fn exponent_is_sound(e: &[u8]) -> bool {
    match e {
        [] | [1] => false,
        [.., last] => e.len() <= 4 && last % 2 == 1,
    }
}

const ODD_PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

fn has_small_factor(n: &[u8]) -> bool {
    ODD_PRIMES.iter().any(|prime| remainder(n, *prime) == 0)
}

/// CVE-2017-15361: the primes of a flawed generator are powers of 65537 modulo each small prime,
/// and so is their product. A sound modulus is so by chance once in more than 2^27.
fn is_roca(n: &[u8]) -> bool {
    ODD_PRIMES
        .iter()
        .all(|prime| is_power_of_65537(remainder(n, *prime), *prime))
}

fn is_power_of_65537(residue: u32, prime: u32) -> bool {
    let powers = std::iter::successors(Some(1), |power| Some(power * 65537 % prime));
    powers.take(prime as usize).any(|power| power == residue)
}

fn remainder(n: &[u8], divisor: u32) -> u32 {
    n.iter()
        .fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % divisor)
}

#[cfg(test)]
mod tests {
    use super::{JwkError, check};

    // R5
    #[test]
    fn size_exponent_and_small_factors_are_checked() {
        // 2^(bits - 1) + addend.
        let modulus = |bits: usize, addend: u8| {
            let mut n = vec![0; bits.div_ceil(8)];
            n[0] = 1 << ((bits - 1) % 8);
            *n.last_mut().unwrap() = addend;
            n
        };
        let sound = |n: &[u8]| check(n, &[1, 0, 1]);
        assert_eq!(sound(&modulus(2047, 1)), Err(JwkError::RsaSize));
        assert_eq!(sound(&modulus(8193, 1)), Err(JwkError::RsaSize));
        assert_eq!(sound(&modulus(2048, 2)), Err(JwkError::RsaWeak));
        // 2^2047 = 2 modulo 3.
        assert_eq!(sound(&modulus(2048, 1)), Err(JwkError::RsaWeak));
        let unfactored = (1..=255)
            .step_by(2)
            .map(|addend| modulus(2048, addend))
            .find(|n| sound(n).is_ok())
            .unwrap();
        for e in [&[1u8][..], &[], &[2], &[4], &[1, 0, 0], &[1, 0, 0, 0, 1]] {
            assert_eq!(check(&unfactored, e), Err(JwkError::RsaExponent), "{e:?}");
        }
        assert_eq!(check(&unfactored, &[3]), Ok(()));
    }
}
