//! Why the settings could not be had.

use std::io;
use std::path::PathBuf;

/// Each message is for the operator, names the setting and holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The settings file cannot be opened or is not text.
    #[error("cannot read the settings file `{}`: {why}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the operating system says.
        #[source]
        why: io::Error,
    },
    /// The settings file is not TOML.
    #[error("`{file}`, line {line}, is not valid TOML: {why}")]
    Syntax {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What the parser says, without the line itself: it may hold a secret.
        why: String,
    },
    /// A setting that does not exist.
    #[error("unknown setting `{key}` in {place}: {hint}")]
    Unknown {
        /// Its dotted name as given.
        key: String,
        /// The file or the variable that gives it.
        place: String,
        /// What was meant, most likely.
        hint: String,
    },
    /// A value of the wrong type or form.
    #[error("`{key}` in {place} is not valid: {why}")]
    Invalid {
        /// The setting's dotted name.
        key: String,
        /// The file or the variable that gives it.
        place: String,
        /// What is expected.
        why: String,
    },
    /// The key-encryption key that the dev mode keeps in its data folder cannot be used.
    #[error("the key file `{}` {why}", file.display())]
    KeyFile {
        /// The file.
        file: PathBuf,
        /// What is wrong and the mend.
        why: String,
    },
}
