//! Logs: one JSON object a line in production, readable lines in dev. How they leave the process is
//! in `out.rs`.

mod out;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::ffi::OsStr;
use std::io::IsTerminal;
use std::panic::{self, PanicHookInfo};
use std::time::Duration;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt, registry, reload};

use kernel::config::{Log, LogFormat, Mode};
use kernel::telemetry::{TARGET, Traces};
use out::{Line, STANDARD_OUTPUT};

/// What is never logged, whatever the filter says. At `debug` the driver would log the parameters
/// of each statement, password hashes among them, and the client of the traces its headers.
const SILENT: [&str; 3] = ["tokio_postgres::query=info", "ureq=info", "ureq_proto=info"];

/// Where actix tells at ERROR what a stranger sent that is no HTTP: everybody could fill the log and
/// set off alarms. A filter that names `actix_http` sees it.
const STRANGERS: [&str; 2] = [
    "actix_http::h1::dispatcher=off",
    "actix_http::h1::decoder=off",
];

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

/// How long the last lines may take to leave when the service ends.
const LAST_LINES: Duration = Duration::from_secs(1);

/// The log that was started. When it is dropped, the last lines have left, or nobody reads them.
pub struct Started {
    /// What is logged.
    pub filter: Filter,
    _last_lines: LastLines,
}

struct LastLines;

impl Drop for LastLines {
    fn drop(&mut self) {
        STANDARD_OUTPUT.drain(LAST_LINES);
    }
}

/// Says something to people, between the lines of the log.
pub fn say(text: &str) {
    STANDARD_OUTPUT.push(text.as_bytes());
}

/// Lines that were lost since the start, because nobody read them in time or they could not be
/// written.
pub fn lost() -> u64 {
    STANDARD_OUTPUT.lost()
}

/// Whether lines are coloured: on a terminal, unless <https://no-color.org> says no.
fn are_coloured(is_terminal: bool, no_color: Option<&OsStr>) -> bool {
    is_terminal && no_color.is_none_or(OsStr::is_empty)
}

/// Starts logging to standard output, and handing spans to `traces`.
///
/// # Errors
/// The filter in words, if it is none.
pub fn start(settings: &Log, mode: Mode, traces: Option<&Traces>) -> Result<Started, String> {
    let filter = parse(settings)?;
    out::start().map_err(|error| format!("nothing can be logged: {error}"))?;
    let no_color = std::env::var_os("NO_COLOR");
    let coloured = are_coloured(std::io::stdout().is_terminal(), no_color.as_deref());
    let lines = match is_json(settings, mode) {
        true => fmt::layer()
            .with_writer(|| Line)
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .boxed(),
        false => fmt::layer()
            .with_writer(|| Line)
            .with_target(false)
            .with_ansi(coloured)
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
    panic::set_hook(Box::new(tell_of_panic));
    Ok(Started {
        filter,
        _last_lines: LastLines,
    })
}

/// A panic is a line of the log like all others. The standard hook writes to standard error, and
/// waits if nobody reads that.
fn tell_of_panic(panic: &PanicHookInfo<'_>) {
    let backtrace = Backtrace::capture();
    let is_wanted = backtrace.status() == BacktraceStatus::Captured;
    tracing::error!(
        place = panic.location().map(tracing::field::display),
        cause = panic.payload_as_str(),
        backtrace = is_wanted.then(|| tracing::field::display(&backtrace)),
        "a thread panicked"
    );
}

/// The filter of these settings.
///
/// # Errors
/// In words, if it is none.
pub fn parse(settings: &Log) -> Result<EnvFilter, String> {
    let mut filter = EnvFilter::try_new(&settings.filter)
        .map_err(|error| format!("`log.filter` can't be used: {error}"))?;
    let of_strangers = match settings.filter.contains("actix_http") {
        true => &[][..],
        false => &STRANGERS,
    };
    for directive in SILENT.iter().chain(of_strangers) {
        filter = filter.add_directive(directive.parse().expect("a directive"));
    }
    let no_spans_of_traces = format!("{TARGET}=off").parse().expect("a directive");
    Ok(filter.add_directive(no_spans_of_traces))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_whose_owner_wants_them() {
        for (is_terminal, no_color, coloured) in [
            (true, None, true),
            (true, Some(""), true),
            (true, Some("1"), false),
            (true, Some("0"), false),
            (false, None, false),
            (false, Some("1"), false),
        ] {
            let found = are_coloured(is_terminal, no_color.map(OsStr::new));
            assert_eq!(found, coloured, "{is_terminal} {no_color:?}");
        }
    }
}
