//! A real OpenTelemetry collector (rotel), which writes down each span that reaches it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::process::Child;

use crate::support::outside::{free_port, stranger};
use crate::support::secrets;

/// A running collector. Killed when it is dropped.
pub struct Collector {
    /// Where it takes OTLP over HTTP.
    pub url: String,
    written: PathBuf,
    _child: Child,
}

/// A span as it arrived.
#[derive(Clone, Debug, Default)]
pub struct Span {
    pub trace: String,
    pub id: String,
    pub parent: String,
    pub name: String,
    pub kind: String,
    /// Its own and its resource's, such as `Str(auth-service)`.
    pub attributes: BTreeMap<String, String>,
}

impl Collector {
    /// One on a free port.
    pub async fn start() -> Self {
        Self::on(free_port()).await
    }

    /// One on this port.
    pub async fn on(port: u16) -> Self {
        let (http, grpc) = (
            format!("127.0.0.1:{port}"),
            format!("127.0.0.1:{}", free_port()),
        );
        // Among the logs: they are searched for secrets when the run ends.
        let written = secrets::folder().join(format!("spans-{}-{port}.log", std::process::id()));
        let output = std::fs::File::create(&written).expect("a file");
        let nowhere = secrets::folder().join(format!("collector-{}-{port}", std::process::id()));
        let nowhere = nowhere.display().to_string();
        let child = stranger(
            "rotel",
            &[
                "start",
                "--otlp-http-endpoint",
                &http,
                "--otlp-grpc-endpoint",
                &grpc,
                "--exporter",
                "blackhole",
                "--debug-log",
                "traces",
                "--debug-log-verbosity",
                "detailed",
                "--pid-file",
                &nowhere,
                "--log-file",
                &nowhere,
            ],
        )
        .stdin(Stdio::null())
        .stdout(output.try_clone().expect("a handle"))
        .stderr(output)
        .spawn()
        .expect("tests/strangers/run runs");
        let began = Instant::now();
        while TcpStream::connect(&http).await.is_err() {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "it does not start"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Self {
            url: format!("http://{http}"),
            written,
            _child: child,
        }
    }

    /// Everything that it wrote down.
    pub fn text(&self) -> String {
        std::fs::read_to_string(&self.written).expect("what it wrote")
    }

    /// The spans that have come.
    pub fn spans(&self) -> Vec<Span> {
        read(&self.text())
    }

    /// The spans of a trace, once `enough` of them have come.
    pub async fn trace(&self, trace: &str, enough: impl Fn(&[Span]) -> bool) -> Vec<Span> {
        let began = Instant::now();
        loop {
            let mut spans = self.spans();
            spans.retain(|span| span.trace == trace);
            if enough(&spans) {
                return spans;
            }
            assert!(
                began.elapsed() < Duration::from_secs(15),
                "{trace}: {spans:#?}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Reads the collector's words: `Name : value`, and ` -> key: value` for attributes.
fn read(text: &str) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut resource = BTreeMap::new();
    let mut of_resource = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("ResourceSpans #") {
            (resource, of_resource) = (BTreeMap::new(), true);
        } else if line.starts_with("Span #") {
            of_resource = false;
            spans.push(Span {
                attributes: resource.clone(),
                ..Span::default()
            });
        } else if let Some((key, value)) = line.strip_prefix("-> ").and_then(|l| l.split_once(": "))
        {
            let attributes = match spans.last_mut() {
                Some(span) if !of_resource => &mut span.attributes,
                _ => &mut resource,
            };
            attributes.insert(key.to_owned(), value.to_owned());
        } else if let (Some((name, value)), Some(span)) = (line.split_once(" : "), spans.last_mut())
        {
            let field = match name.trim() {
                "Trace ID" => &mut span.trace,
                "Parent ID" => &mut span.parent,
                "ID" => &mut span.id,
                "Name" => &mut span.name,
                "Kind" => &mut span.kind,
                _ => continue,
            };
            *field = value.trim().to_owned();
        }
    }
    spans
}
