//! What is made from the code and committed all the same: it is what the code says. `make openapi`
//! and `make config` run these with `WRITE_COMMITTED=1`, which writes it instead.

use std::path::Path;

use auth_service::http;
use kernel::config;

/// Whether this file of the repository says so; or has it say so.
fn committed(file: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    if std::env::var_os("WRITE_COMMITTED").is_some() {
        std::fs::write(&path, made).expect("the file can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "{file} is not what the code says: run `make openapi config`"
    );
}

#[test]
fn openapi() {
    let document = http::openapi::document();
    let json = document.to_pretty_json().expect("it is plain JSON");
    committed("docs/openapi.json", &(json + "\n"));
    committed("docs/API.md", &http::markdown(&document));
}

#[test]
fn config() {
    committed("config/default.toml", &config::default_toml());
}
