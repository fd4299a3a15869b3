//! Traces: one span a request and one for each thing that it waited for, sent away by OTLP where
//! `telemetry.otlp_endpoint` says where to. Off by default, and then a span costs a look at one
//! number.
//!
//! These spans are apart from those of the log: they bear [`TARGET`], which the log leaves out,
//! and hold names, places and codes, never what a client or the database said.

mod away;
mod client;
mod parent;

pub use away::Traces;
pub use parent::{adopt, response, trace_id};

/// The target of spans that are for traces alone.
pub const TARGET: &str = "otel";

/// A span for traces alone. Its place in the source goes with it.
#[macro_export]
macro_rules! span {
    ($name:literal $($fields:tt)*) => {
        tracing::trace_span!(target: $crate::telemetry::TARGET, $name $($fields)*)
    };
}
pub use span;
