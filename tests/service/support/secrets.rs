//! What must never show in a log. Every token and password that a test uses is noted here, every
//! log line of every service is kept, and the run ends with a search of the one for the other
//! (`tests/tools/scan-logs`).

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Where the run keeps its logs: `TEST_LOG_DIR`, or a folder of its own.
pub fn folder() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER
        .get_or_init(|| {
            let folder = std::env::var_os("TEST_LOG_DIR").map_or_else(
                || std::env::temp_dir().join(format!("auth-service-logs-{}", std::process::id())),
                PathBuf::from,
            );
            std::fs::create_dir_all(&folder).expect("the log folder can be made");
            folder
        })
        .clone()
}

fn append(name: &str) -> File {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder().join(name))
        .expect("the file can be written")
}

/// Notes a secret that a test uses.
pub fn note(secret: &str) {
    static NOTED: OnceLock<Mutex<File>> = OnceLock::new();
    // Short ones occur by chance; an identifier that is presented as a token is no secret.
    let is_secret = secret.len() >= 12 && secret.parse::<uuid::Uuid>().is_err();
    if is_secret && !secret.contains(['\n', '\r', '\0']) {
        let file = NOTED.get_or_init(|| Mutex::new(append("secrets.txt")));
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(file, "{secret}").expect("the file can be written");
    }
}

/// Keeps something else that a service said, which must not hold a secret either.
pub fn keep(name: &str, text: &str) {
    writeln!(append(name), "{text}").expect("the file can be written");
}

/// Sends the log of every service in this process to a file, one JSON object a line.
pub fn keep_logs() {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        let filter = "debug,auth_service=trace";
        tracing_subscriber::fmt()
            .json()
            .with_env_filter(filter)
            .with_writer(Mutex::new(append("in-process.log")))
            .init();
    });
}
