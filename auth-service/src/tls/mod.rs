//! TLS on our own listeners, where no ingress does it: the certificate, and its replacement while
//! connections live on.
//!
//! ```text
//! files ──read, judged──▶ Certificate ──swapped whole──▶ each new handshake
//!   ▲                          │
//!   └── looked at every 2 s and at SIGHUP: what can't be used is told, and changes nothing
//! ```

mod certificate;
mod files;
mod itself;
mod watch;

use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

pub use certificate::Certificate;
use files::Digest;
pub use files::{Files, TlsError};
pub use itself::trusting_itself;
use kernel::clock::Instant;
use kernel::config::{Mode, Settings};
pub use watch::watch;

/// What both listeners show to new connections.
#[derive(Debug)]
pub struct Endpoint {
    shown: RwLock<Shown>,
    mode: Mode,
}

#[derive(Clone, Debug)]
struct Shown {
    files: Files,
    /// What the files held when they were last judged, whether or not it could be used.
    judged: Option<Digest>,
    certificate: Arc<Certificate>,
}

/// A certificate that was judged, and may be shown.
#[derive(Debug)]
pub struct Next(Shown);

impl Endpoint {
    /// Reads the certificate of these settings; nothing if there is none. One that has expired is
    /// shown nevertheless: who must not be served without it refuses it.
    ///
    /// # Errors
    /// [`TlsError`]
    pub fn open(settings: &Settings) -> Result<Option<Arc<Self>>, TlsError> {
        let Some(files) = Files::of(&settings.tls) else {
            return Ok(None);
        };
        let shown = RwLock::new(judge(files, settings.mode)?);
        let mode = settings.mode;
        Ok(Some(Arc::new(Self { shown, mode })))
    }

    /// How a listener serves: TLS 1.2 and 1.3 as rustls chooses them.
    pub fn config(self: &Arc<Self>) -> ServerConfig {
        ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("aws-lc-rs has suites for TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_cert_resolver(self.clone())
    }

    /// What new connections are shown.
    pub fn certificate(&self) -> Arc<Certificate> {
        self.shown().certificate
    }

    /// Judges what these files hold, or those that it was read from before; shows nothing yet.
    ///
    /// # Errors
    /// [`TlsError`], also where it is another one and not valid at `now`
    pub fn prepare(&self, files: Option<Files>, now: Instant) -> Result<Next, TlsError> {
        let shown = self.shown();
        let next = judge(files.unwrap_or(shown.files), self.mode)?;
        if next.certificate.chain() != shown.certificate.chain() {
            next.certificate.valid_at(now)?;
        }
        Ok(Next(next))
    }

    /// Shows it from now on; false if it is what was shown before. Connections that stand go on.
    pub fn show(&self, Next(next): Next) -> bool {
        let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        let changed = shown.certificate.chain() != next.certificate.chain();
        *shown = next;
        changed
    }

    fn shown(&self) -> Shown {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        shown.clone()
    }

    /// Remembers that this was judged, so that the same is not judged, and told, again.
    fn judged(&self, digest: Option<Digest>) {
        let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        shown.judged = digest;
    }
}

fn judge(files: Files, mode: Mode) -> Result<Shown, TlsError> {
    let contents = files.read(mode)?;
    Ok(Shown {
        judged: Some(contents.digest()),
        certificate: Arc::new(Certificate::new(&contents)?),
        files,
    })
}

impl ResolvesServerCert for Endpoint {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        Some(shown.certificate.certified())
    }
}
