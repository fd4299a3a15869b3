//! The SQLite file: how it is opened, and who may read it.

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use diesel::connection::{Connection, SimpleConnection};
use diesel::sqlite::SqliteConnection;

/// What every connection is told first. Sorting beyond the cache, and the journal of a statement
/// that changes much, need temporary files: the image has no folder that they could lie in.
pub(super) fn first(busy: Duration) -> String {
    format!(
        "PRAGMA busy_timeout = {}; PRAGMA temp_store = MEMORY;",
        busy.as_millis()
    )
}

/// The file of a `sqlite://` URL, or nothing for a Postgres URL.
pub(super) fn path_of(url: &str) -> Option<&str> {
    url.strip_prefix("sqlite://")
}

/// Opens the file, and tells the connection `first`. The error names the file.
pub(super) fn open(path: &str, first: &str) -> Result<SqliteConnection, String> {
    let mut conn = SqliteConnection::establish(path).map_err(|error| at(path, &error))?;
    conn.batch_execute(first)
        .map_err(|error| at(path, &error))?;
    Ok(conn)
}

/// What the file is called in errors.
pub(super) fn place(path: &str) -> String {
    format!("the SQLite file {path}")
}

/// An error of this file.
pub(super) fn at(path: &str, error: &impl std::fmt::Display) -> String {
    format!("{}: {error}", place(path))
}

/// Makes the file, if it is not there, so that only its owner can read it: it holds addresses and
/// password hashes. SQLite gives the files that it puts beside it the same mode.
pub(super) fn make(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    options.open(path).map(drop)
}

/// Takes the right to read the file, and those that SQLite puts beside it, from everybody but their
/// owner: another program may have made them, or put them back from a backup.
pub(super) fn keep_private(path: &str) {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let file = format!("{path}{suffix}");
        let Ok(found) = fs::metadata(&file) else {
            continue;
        };
        let mode = found.permissions().mode();
        if !found.is_file() || mode & 0o077 == 0 {
            continue;
        }
        match fs::set_permissions(&file, Permissions::from_mode(mode & 0o700)) {
            Ok(()) => tracing::warn!(file, "others could read it; now its owner alone can"),
            Err(error) => tracing::warn!(
                file,
                %error,
                "others can read it: run `chmod 600` on it as its owner"
            ),
        }
    }
}
