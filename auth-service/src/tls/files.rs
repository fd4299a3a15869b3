//! The two files, and what can be wrong with them.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use zeroize::Zeroizing;

use kernel::clock::Instant;
use kernel::config::{Mode, Tls};

/// Why a certificate can't be used, and the mend.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read.
    #[error("`{setting}`: {} can't be read: {why}; see that it is there, and that the user who runs the service may read it", file.display())]
    Unreadable {
        /// The setting that names it.
        setting: &'static str,
        /// Its path.
        file: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// Others than the service can read the key.
    #[error("`tls.key`: {} can be read by others (mode {mode:03o}): `chmod 600` it, or 440 where the service reads it by its group", .file.display())]
    Exposed {
        /// Its path.
        file: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// There is no certificate in its file.
    #[error(
        "`tls.certificate`: the file holds no certificate: it must be PEM, the service's own certificate first and those of its issuers after it"
    )]
    NoCertificate,
    /// There is no key in its file.
    #[error(
        "`tls.key`: the file holds no private key that can be used: it must be PEM (PKCS #8, PKCS #1 or SEC 1), RSA, P-256, P-384 or Ed25519, without a passphrase"
    )]
    NoKey,
    /// Key and certificate are not a pair.
    #[error(
        "`tls.key`: it does not belong to the first certificate of `tls.certificate`: put both files of the same order there, the service's own certificate first"
    )]
    Mismatch,
    /// It is not valid any more.
    #[error(
        "`tls.certificate`: it expired at {0}: renew it, the new files are taken up by themselves"
    )]
    Expired(Instant),
    /// It is not valid yet.
    #[error(
        "`tls.certificate`: it is not valid before {0}: see whether this machine's clock is right"
    )]
    NotYet(Instant),
}

/// Where certificate and key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// What tells whether the files have changed.
pub(super) type Digest = [u8; 32];

/// What the files hold.
pub(super) struct Contents {
    pub certificate: Vec<u8>,
    pub key: Zeroizing<Vec<u8>>,
}

impl Files {
    /// Those of the settings, if TLS is ours to do.
    pub fn of(tls: &Tls) -> Option<Self> {
        Some(Self {
            certificate: tls.certificate.clone()?,
            key: tls.key.clone()?,
        })
    }

    pub(super) fn read(&self, mode: Mode) -> Result<Contents, TlsError> {
        let unreadable = |setting, file: &Path| {
            let file = file.to_owned();
            move |why| TlsError::Unreadable { setting, file, why }
        };
        let certificate = fs::read(&self.certificate)
            .map_err(unreadable("tls.certificate", &self.certificate))?;
        let (key, permissions) = read_key(&self.key).map_err(unreadable("tls.key", &self.key))?;
        if mode == Mode::Production && permissions.exposed() {
            return Err(TlsError::Exposed {
                file: self.key.clone(),
                mode: permissions.mode,
            });
        }
        Ok(Contents { certificate, key })
    }
}

struct Permissions {
    mode: u32,
    ours: bool,
}

impl Permissions {
    /// Whether others can read it. A file of somebody else's is read by its group, as Kubernetes
    /// hands out secrets.
    fn exposed(&self) -> bool {
        let others = if self.ours { 0o077 } else { 0o007 };
        self.mode & others != 0
    }
}

fn read_key(path: &Path) -> io::Result<(Zeroizing<Vec<u8>>, Permissions)> {
    let mut file = File::open(path)?;
    let about = file.metadata()?;
    // So large from the start that no part of a key is left behind where it grew out of its room.
    let mut key = Zeroizing::new(Vec::with_capacity(64 * 1024));
    file.by_ref().take(64 * 1024).read_to_end(&mut key)?;
    let permissions = Permissions {
        mode: about.mode() & 0o777,
        ours: about.uid() == rustix::process::geteuid().as_raw(),
    };
    Ok((key, permissions))
}

impl Contents {
    pub(super) fn digest(&self) -> Digest {
        let mut context = Context::new(&SHA256);
        context.update(&(self.certificate.len() as u64).to_be_bytes());
        context.update(&self.certificate);
        context.update(&self.key);
        let digest = context.finish();
        digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
    }
}
