//! The key-encryption key that the dev mode makes for itself, kept beside its database.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Result, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::ConfigError;
use super::secrets::{EncryptionKey, decode_key};
use crate::entropy::Entropy;

/// Name of the key file in the data folder.
const NAME: &str = "key-encryption-key";

/// The key of the data folder, made at the first start. Of processes that start at once all get
/// the same key.
pub fn dev_encryption_key(
    data_dir: &Path,
    entropy: &Entropy,
) -> std::result::Result<EncryptionKey, ConfigError> {
    let path = data_dir.join(NAME);
    let refused = |why: String| ConfigError::KeyFile {
        file: path.clone(),
        why,
    };
    let file = match File::open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            make(data_dir, entropy).and_then(|()| File::open(&path))
        }
        opened => opened,
    };
    let file = file.map_err(|error| refused(format!("cannot be used: {error}")))?;
    let (mode, text) = read(file).map_err(|error| refused(format!("cannot be read: {error}")))?;
    if mode & !0o600 != 0 {
        return Err(refused(format!(
            "is open to others (mode {mode:03o}): run `chmod 600` on it, and make a new one if \
             somebody may have read it"
        )));
    }
    decode_key(text.trim_end()).ok_or_else(|| {
        refused(
            "is not base64 of 32 bytes: put back the one that was there, or remove it together \
             with the database that it belongs to"
                .into(),
        )
    })
}

/// Puts a whole key in place or leaves the one that is there: a hard link, unlike a rename, never
/// replaces, so that the first of several writers wins and no reader sees half a file.
fn make(data_dir: &Path, entropy: &Entropy) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data_dir)?;
    let draft = data_dir.join(format!(".{NAME}.{}", entropy.uuid()));
    let written =
        write(&draft, entropy).and_then(|()| match fs::hard_link(&draft, data_dir.join(NAME)) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        });
    fs::remove_file(&draft).and(written)?;
    File::open(data_dir)?.sync_all()
}

fn write(draft: &Path, entropy: &Entropy) -> Result<()> {
    let key = Zeroizing::new(entropy.bytes::<32>());
    let text = Zeroizing::new(STANDARD.encode(*key) + "\n");
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Permissions and content, both of the file that is open, whatever its name points to meanwhile.
fn read(file: File) -> Result<(u32, Zeroizing<String>)> {
    let mode = file.metadata()?.permissions().mode() & 0o7777;
    let mut text = Zeroizing::new(String::new());
    file.take(1024).read_to_string(&mut text)?;
    Ok((mode, text))
}
