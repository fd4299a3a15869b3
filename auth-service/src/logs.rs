//! Logs: one JSON object a line in production, readable lines in dev.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat, Mode};

/// At `debug` the driver would log the parameters of each statement, password hashes among them.
const NO_PARAMETERS: &str = "tokio_postgres::query=info";

/// Whether programs read the log, rather than people.
pub fn is_json(settings: &Log, mode: Mode) -> bool {
    match settings.format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => mode == Mode::Production,
    }
}

/// Starts logging to standard output.
///
/// # Errors
/// The filter in words, if it is none.
pub fn start(settings: &Log, mode: Mode) -> Result<(), String> {
    let filter = EnvFilter::try_new(&settings.filter)
        .map_err(|error| format!("`log.filter` can't be used: {error}"))?
        .add_directive(NO_PARAMETERS.parse().expect("a directive"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter);
    let started = match is_json(settings, mode) {
        true => lines
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .try_init(),
        false => lines
            .with_target(false)
            .with_ansi(std::io::stdout().is_terminal())
            .try_init(),
    };
    started.map_err(|error| error.to_string())
}
