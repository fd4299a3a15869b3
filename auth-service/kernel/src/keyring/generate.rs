//! Making key pairs. `p256` and `rsa` make keys and encode them; they never sign
//! (RUSTSEC-2023-0071), that is aws-lc's.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use p256::elliptic_curve::sec1::ToEncodedPoint;
use rsa::pkcs8::EncodePrivateKey;
use rsa::traits::PublicKeyParts;
use shared_claims::Jwk;
use zeroize::Zeroizing;

use crate::config::KeyAlgorithm;
use crate::entropy::Entropy;

/// A new key pair: the public half as it is published, the private half as PKCS#8 (RFC 5208).
pub struct Generated {
    /// The public key; its `kid` is its RFC 7638 thumbprint.
    pub jwk: Jwk,
    /// The private key, PKCS#8 DER.
    pub pkcs8: Zeroizing<Vec<u8>>,
}

/// Makes a key pair. RSA takes a second or more: call this where blocking is allowed.
///
/// Its `kid` does not begin with a hyphen, as one of 64 would: `auth-service keys remove KID`, typed
/// in an emergency, would be told of an option.
pub fn generate(algorithm: KeyAlgorithm, rsa_bits: u32, entropy: &Entropy) -> Generated {
    loop {
        let generated = match algorithm {
            KeyAlgorithm::ES256 => es256(entropy),
            KeyAlgorithm::RS256 => rs256(rsa_bits, entropy),
            KeyAlgorithm::EdDSA => eddsa(entropy),
        };
        if !generated.jwk.kid().starts_with('-') {
            return generated;
        }
    }
}

const ENCODES: &str = "a key that was just made can be encoded";

fn es256(entropy: &Entropy) -> Generated {
    let secret = p256::SecretKey::random(&mut entropy.clone());
    let point = secret.public_key().to_encoded_point(false);
    let (x, y) = (point.x().expect(ENCODES), point.y().expect(ENCODES));
    Generated {
        jwk: Jwk::es256((*x).into(), (*y).into()),
        pkcs8: Zeroizing::new(secret.to_pkcs8_der().expect(ENCODES).as_bytes().to_vec()),
    }
}

fn rs256(bits: u32, entropy: &Entropy) -> Generated {
    let secret = rsa::RsaPrivateKey::new(&mut entropy.clone(), bits as usize).expect(ENCODES);
    Generated {
        jwk: Jwk::rs256(&secret.n().to_bytes_be(), &secret.e().to_bytes_be()),
        pkcs8: Zeroizing::new(secret.to_pkcs8_der().expect(ENCODES).as_bytes().to_vec()),
    }
}

fn eddsa(entropy: &Entropy) -> Generated {
    let seed = Zeroizing::new(entropy.bytes::<32>());
    let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).expect(ENCODES);
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().expect(ENCODES);
    Generated {
        jwk: Jwk::eddsa(pair.public_key().as_ref().try_into().expect(ENCODES)),
        pkcs8: Zeroizing::new(pkcs8.as_ref().to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_kid_reads_as_an_option() {
        let entropy = Entropy::system();
        for _ in 0..500 {
            let kid = generate(KeyAlgorithm::EdDSA, 0, &entropy)
                .jwk
                .kid()
                .to_owned();
            assert!(!kid.starts_with('-'), "{kid}");
        }
    }
}
