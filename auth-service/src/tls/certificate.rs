//! A certificate with its key, and how long it is valid.

use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use x509_cert::der::Decode;

use kernel::clock::Instant;

use super::files::{Contents, TlsError};

/// A certificate with its issuers and its key.
#[derive(Debug)]
pub struct Certificate {
    certified: Arc<CertifiedKey>,
    not_before: Instant,
    not_after: Instant,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long before its end a certificate should have been renewed, at most.
const AHEAD: Duration = Duration::from_secs(14 * 24 * 60 * 60);

impl Certificate {
    pub(super) fn new(contents: &Contents) -> Result<Self, TlsError> {
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(&contents.certificate)
                .collect::<Result<_, _>>()
                .map_err(|_| TlsError::NoCertificate)?;
        let own = chain.first().ok_or(TlsError::NoCertificate)?;
        let parsed = x509_cert::Certificate::from_der(own).map_err(|_| TlsError::NoCertificate)?;
        let validity = parsed.tbs_certificate.validity;
        let at =
            |time: x509_cert::time::Time| Instant::from_micros(0).plus(time.to_unix_duration());
        let (not_before, not_after) = (at(validity.not_before), at(validity.not_after));
        let key = PrivateKeyDer::from_pem_slice(&contents.key).map_err(|_| TlsError::NoKey)?;
        let certified = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider());
        let certified = certified.map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::Mismatch,
            Error::InvalidCertificate(_) => TlsError::NoCertificate,
            _ => TlsError::NoKey,
        })?;
        Ok(Self {
            certified: Arc::new(certified),
            not_before,
            not_after,
        })
    }

    /// Whether clients take it at `now`.
    ///
    /// # Errors
    /// [`TlsError::Expired`] · [`TlsError::NotYet`]
    pub fn valid_at(&self, now: Instant) -> Result<(), TlsError> {
        if now >= self.not_after {
            Err(TlsError::Expired(self.not_after))
        } else if now < self.not_before {
            Err(TlsError::NotYet(self.not_before))
        } else {
            Ok(())
        }
    }

    /// The end of its validity.
    pub fn not_after(&self) -> Instant {
        self.not_after
    }

    /// Whether it should have been renewed by now: with less than a quarter of its life left, 14
    /// days at most. Issuers' tools renew at a third.
    pub fn is_due(&self, now: Instant) -> bool {
        let life = self.not_after.since(self.not_before);
        self.not_after.since(now) < (life / 4).min(AHEAD)
    }

    /// Whole days until its end.
    pub fn days_left(&self, now: Instant) -> u64 {
        self.not_after.since(now).as_secs() / DAY.as_secs()
    }

    pub(super) fn chain(&self) -> &[CertificateDer<'static>] {
        &self.certified.cert
    }

    pub(super) fn certified(&self) -> Arc<CertifiedKey> {
        self.certified.clone()
    }
}
