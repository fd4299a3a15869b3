mod check;
mod durations;
mod generated;
mod load;
mod production;
mod reference;
mod secrets;

use std::fs;
use std::path::{Path, PathBuf};

use super::Settings;
use crate::entropy::Entropy;

/// A folder of its own for one test, gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("config-{}", Entropy::system().uuid()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self, text: &str) -> PathBuf {
        let path = self.0.join("auth.toml");
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn load(file: Option<&Path>, env: &[(&str, &str)]) -> Result<Settings, String> {
    let env = env
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    Settings::load(file, env).map_err(|error| error.to_string())
}

/// Two settings are the same when they are written the same.
fn written(settings: &Settings) -> String {
    serde_json::to_string(settings).unwrap()
}
