//! Sending traces away, by a thread of its own behind a bounded queue: where the collector is
//! slow or away, spans are dropped and no request waits.

use std::time::Duration;

use opentelemetry::trace::{Link, SpanKind, TraceId, TracerProvider};
use opentelemetry::{Context, Key, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SamplingResult, SdkTracerProvider, ShouldSample};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use super::TARGET;
use super::client::Client;
use crate::config::Telemetry;

/// Where spans go until the service ends.
pub struct Traces(SdkTracerProvider);

/// How long the last spans may take to leave when the service ends.
const LAST_WORDS: Duration = Duration::from_secs(2);

impl Traces {
    /// Begins to send traces, where the settings say where to.
    ///
    /// # Errors
    /// In words, when the address is none.
    pub fn start(settings: &Telemetry) -> Result<Option<Self>, String> {
        let Some(endpoint) = &settings.otlp_endpoint else {
            return Ok(None);
        };
        let endpoint = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client::new(&endpoint))
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(endpoint)
            .build()
            .map_err(|error| format!("`telemetry.otlp_endpoint` can't be used: {error}"))?;
        let ratio = Sampler::TraceIdRatioBased(settings.sample_ratio);
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::ParentBased(Box::new(Requests(ratio))))
            .with_resource(resource())
            .build();
        Ok(Some(Self(provider)))
    }

    /// What gathers the spans.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let ours = |about: &Metadata<'_>| about.is_span() && about.target() == TARGET;
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("auth-service"))
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(ours))
    }

    /// Sends what is left, for a moment.
    pub fn stop(self) {
        // A collector that is away has been warned about.
        let _ = self.0.shutdown_with_timeout(LAST_WORDS);
    }
}

/// Begins traces at requests alone: what the service does by itself would make one each second.
#[derive(Clone, Debug)]
struct Requests(Sampler);

impl ShouldSample for Requests {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let sampler = match kind {
            SpanKind::Server => &self.0,
            _ => &Sampler::AlwaysOff,
        };
        sampler.should_sample(parent, trace, name, kind, attributes, links)
    }
}

/// Who sends: `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`, or else the name of the service.
fn resource() -> Resource {
    let said = Resource::builder().build();
    let name = said.get(&Key::from_static_str("service.name"));
    let is_named = name.is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_attribute(version);
    match is_named {
        true => resource.build(),
        false => resource.with_service_name("auth-service").build(),
    }
}
