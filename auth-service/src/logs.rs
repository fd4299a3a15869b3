//! Logs: one JSON object a line in production, readable lines in dev.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat, Mode};

/// Starts logging to standard output.
///
/// # Errors
/// The filter in words, if it is none.
pub fn start(settings: &Log, mode: Mode) -> Result<(), String> {
    let filter = EnvFilter::try_new(&settings.filter)
        .map_err(|error| format!("`log.filter` can't be used: {error}"))?;
    let json = match settings.format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => mode == Mode::Production,
    };
    let lines = tracing_subscriber::fmt().with_env_filter(filter);
    let started = match json {
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
