//! Logs: one JSON object a line in production, readable lines in dev.

use std::io::IsTerminal;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt, registry, reload};

use kernel::config::{Log, LogFormat, Mode};
use kernel::telemetry::{TARGET, Traces};

/// What is never logged, whatever the filter says. At `debug` the driver would log the parameters
/// of each statement, password hashes among them, and the client of the traces its headers.
const SILENT: [&str; 3] = ["tokio_postgres::query=info", "ureq=info", "ureq_proto=info"];

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

    fn of<S: 'static>(handle: reload::Handle<EnvFilter, S>) -> Self {
        Self(Box::new(move |filter| handle.reload(filter)))
    }
}

/// Starts logging to standard output, and handing spans to `traces`.
///
/// # Errors
/// The filter in words, if it is none.
pub fn start(settings: &Log, mode: Mode, traces: Option<&Traces>) -> Result<Filter, String> {
    let filter = parse(settings)?;
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
    let (started, filter) = match traces {
        // A filter before everything costs less than one for each layer.
        None => {
            let (layer, handle) = reload::Layer::new(filter);
            let started = registry().with(lines).with(layer).try_init();
            (started, Filter::of(handle))
        }
        Some(traces) => {
            let (layer, handle) = reload::Layer::new(filter);
            let started = registry()
                .with(lines.with_filter(layer))
                .with(traces.layer())
                .try_init();
            (started, Filter::of(handle))
        }
    };
    started.map_err(|error| error.to_string())?;
    Ok(filter)
}

/// The filter of these settings.
///
/// # Errors
/// In words, if it is none.
pub fn parse(settings: &Log) -> Result<EnvFilter, String> {
    let mut filter = EnvFilter::try_new(&settings.filter)
        .map_err(|error| format!("`log.filter` can't be used: {error}"))?;
    for directive in SILENT {
        filter = filter.add_directive(directive.parse().expect("a directive"));
    }
    let no_spans_of_traces = format!("{TARGET}=off").parse().expect("a directive");
    Ok(filter.add_directive(no_spans_of_traces))
}
