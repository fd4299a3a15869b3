//! Logs: one JSON object a line in production, readable lines in dev.

use std::io::IsTerminal;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt, registry};

use crate::config::{Log, LogFormat, Mode};
use crate::telemetry::{TARGET, Traces};

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

/// Starts logging to standard output, and handing spans to `traces`.
///
/// # Errors
/// The filter in words, if it is none.
pub fn start(settings: &Log, mode: Mode, traces: Option<&Traces>) -> Result<(), String> {
    let filter = filter(settings)?;
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
    let started = match traces {
        // A filter before everything costs less than one for each layer.
        None => registry().with(lines).with(filter).try_init(),
        Some(traces) => registry()
            .with(lines.with_filter(filter))
            .with(traces.layer())
            .try_init(),
    };
    started.map_err(|error| error.to_string())
}

fn filter(settings: &Log) -> Result<EnvFilter, String> {
    let mut filter = EnvFilter::try_new(&settings.filter)
        .map_err(|error| format!("`log.filter` can't be used: {error}"))?;
    for directive in SILENT {
        filter = filter.add_directive(directive.parse().expect("a directive"));
    }
    let no_spans_of_traces = format!("{TARGET}=off").parse().expect("a directive");
    Ok(filter.add_directive(no_spans_of_traces))
}
