//! Logs: one JSON object a line in production, readable lines in dev.

use std::io::IsTerminal;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt, registry, reload};

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

/// What is logged, to be changed while it is.
pub struct Filter(Box<dyn Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync>);

impl Filter {
    /// Logs by this filter from now on.
    ///
    /// # Errors
    /// In words, when nothing is logged any more.
    pub fn set(&self, filter: EnvFilter) -> Result<(), String> {
        (self.0)(filter).map_err(|error| error.to_string())
    }
}

/// The filter of these settings.
///
/// # Errors
/// In words, if it is none.
pub fn parse(settings: &Log) -> Result<EnvFilter, String> {
    let filter = EnvFilter::try_new(&settings.filter)
        .map_err(|error| format!("`log.filter` can't be used: {error}"))?;
    Ok(filter.add_directive(NO_PARAMETERS.parse().expect("a directive")))
}

/// Starts logging to standard output.
///
/// # Errors
/// The filter in words, if it is none.
pub fn start(settings: &Log, mode: Mode) -> Result<Filter, String> {
    let (filter, handle) = reload::Layer::new(parse(settings)?);
    let lines = match is_json(settings, mode) {
        true => fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .boxed(),
        false => fmt::layer()
            .with_target(false)
            .with_ansi(std::io::stdout().is_terminal())
            .boxed(),
    };
    let started = registry().with(lines).with(filter).try_init();
    started.map_err(|error| error.to_string())?;
    Ok(Filter(Box::new(move |filter| handle.reload(filter))))
}
