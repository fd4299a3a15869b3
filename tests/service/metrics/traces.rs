//! Traces arrive in a real collector, beneath the caller's span; and nobody waits for one that is
//! away.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::net::TcpListener;

use super::collector::{Collector, Span};
use crate::support::database::Database;
use crate::support::outside::free_port;
use crate::support::{Backend, PASSWORD, Process, both};

/// The header of a caller whose trace and span these are, and whether it keeps them.
fn traceparent(trace: &str, span: &str, sampled: bool) -> String {
    format!("00-{trace}-{span}-{:02x}", u8::from(sampled))
}

async fn traced(database: &Database, collector: &str, more: &[(&str, &str)]) -> Process {
    // The names that people know from elsewhere, and spans that leave at once.
    let mut environment = vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
    ];
    environment.extend_from_slice(more);
    Process::start(database, &environment).await
}

fn named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

const CALLER: &str = "00f067aa0ba902b7";

both! {
    async fn a_request_is_part_of_its_callers_trace(backend: Backend) {
        let collector = Collector::start().await;
        let database = Database::new(backend).await;
        let service = traced(&database, &collector.url, &[]).await;
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let caller = service.with("traceparent", &traceparent(trace, CALLER, true));
        let ada = caller.signup("ada@example.org").await;
        let ada = caller.refresh(&ada.refresh).await.tokens();
        let body = json!({ "email": ada.email, "password": "not the right one" });
        let refused = caller.post("/v1/login", body).await.expect(401, "invalid_credentials");

        let all = |spans: &[Span]| !named(spans, "POST /v1/login").is_empty();
        let spans = collector.trace(trace, all).await;
        let [login] = named(&spans, "POST /v1/login")[..] else {
            panic!("one request, one span: {spans:#?}");
        };
        assert_eq!((&*login.parent, &*login.kind), (CALLER, "SPAN_KIND_SERVER"));
        assert_eq!(refused.header("traceresponse"), format!("00-{trace}-{}-01", login.id));
        for (attribute, expected) in [
            ("http.request.method", "Str(POST)"),
            ("http.route", "Str(/v1/login)"),
            ("http.response.status_code", "Int(401)"),
            ("service.name", "Str(auth-service)"),
            ("service.version", concat!("Str(", env!("CARGO_PKG_VERSION"), ")")),
        ] {
            assert_eq!(login.attributes.get(attribute).map(String::as_str), Some(expected));
        }

        // What it waited for lies beneath it.
        let beneath: Vec<Span> = spans.iter().filter(|s| s.parent == login.id).cloned().collect();
        assert_eq!(named(&beneath, "password.verify").len(), 1, "{beneath:#?}");
        let statements = named(&beneath, "db.statement");
        let system = match backend {
            Backend::Sqlite => "Str(sqlite)",
            Backend::Postgres => "Str(postgresql)",
        };
        assert!(!statements.is_empty(), "{beneath:#?}");
        for statement in statements {
            assert_eq!(statement.attributes["db.system.name"], system);
            assert_eq!(statement.kind, "SPAN_KIND_CLIENT");
        }
        let places: String = spans.iter().map(|span| format!("{:?}", span.attributes)).collect();
        assert!(places.contains("rotate/store.rs"), "statements name their place: {places}");
        assert_eq!(named(&spans, "token.sign").len(), 2);

        let said = collector.text();
        for secret in [PASSWORD, &ada.access, &ada.refresh, "not the right one", "ada@example.org"] {
            assert!(!said.contains(secret), "{secret} is in a span");
        }
        let log = std::fs::read_to_string(&service.log).expect("the log");
        assert!(log.contains(&format!(r#""trace_id":"{trace}""#)), "the log names the trace");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_caller_says_what_is_kept_and_chance_says_the_rest() {
    let collector = Collector::start().await;
    let database = Database::new(Backend::Sqlite).await;
    let none = [("AUTH__TELEMETRY__SAMPLE_RATIO", "0.0")];
    let service = traced(&database, &collector.url, &none).await;
    let jwks = "/.well-known/jwks.json";
    service.get(jwks).await;
    service
        .with("traceparent", "00-junk-junk-01")
        .get(jwks)
        .await;
    // Not a letter again and again: that would hold a password of another test, and the logs are searched for it.
    let kept = "4bf92f3577b34da6a3ce929d0e0e4736".to_owned();
    let left = "0af7651916cd43dd8448eb211c80319c".to_owned();
    for (trace, sampled) in [(&left, false), (&kept, true)] {
        let header = traceparent(trace, CALLER, sampled);
        service.with("traceparent", &header).get(jwks).await;
    }
    collector.trace(&kept, |spans| !spans.is_empty()).await;
    let traces: Vec<String> = collector
        .spans()
        .into_iter()
        .map(|span| span.trace)
        .collect();
    assert!(traces.iter().all(|trace| *trace == kept), "{traces:?}");

    let service = traced(&database, &collector.url, &[]).await;
    service
        .with("traceparent", "00-junk-junk-01")
        .get(jwks)
        .await;
    let began = Instant::now();
    while collector.spans().iter().all(|span| span.trace == kept) {
        assert!(
            began.elapsed() < Duration::from_secs(15),
            "a trace of its own"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // What the service does by itself begins none.
    let is_of_a_request = |s: &Span| !s.parent.is_empty() || s.kind == "SPAN_KIND_SERVER";
    let spans = collector.spans();
    assert!(spans.iter().all(is_of_a_request), "{spans:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_waits_for_a_collector_that_is_away() {
    let port = free_port();
    // It takes what comes and never answers.
    let silent = TcpListener::bind(("127.0.0.1", port))
        .await
        .expect("a free port");
    let database = Database::new(Backend::Sqlite).await;
    let url = format!("http://127.0.0.1:{port}");
    let mut service = traced(&database, &url, &[]).await;
    let ada = service.signup("ada@example.org").await;
    let began = Instant::now();
    // More spans than the queue before the exporter holds.
    for _ in 0..2500 {
        assert_eq!(service.get("/.well-known/jwks.json").await.status, 200);
    }
    let each = began.elapsed() / 2500;
    assert!(each < Duration::from_millis(20), "{each:?} a request");
    assert_eq!(service.me(&ada.access).await.status, 200);
    let log = || std::fs::read_to_string(&service.log).expect("the log");
    let warned = |log: String| log.matches("traces do not arrive").count();
    let began = Instant::now();
    while warned(log()) == 0 {
        assert!(
            began.elapsed() < Duration::from_secs(15),
            "nobody is warned"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    drop(silent);

    let collector = Collector::on(port).await;
    let began = Instant::now();
    while collector.spans().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(30), "no span comes");
        service.get("/.well-known/jwks.json").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(log().contains("traces arrive again"));
    assert_eq!(warned(log()), 1, "one warning");

    drop(collector);
    let began = Instant::now();
    service.signal("TERM");
    assert!(service.wait(Duration::from_secs(10)).await.success());
    assert!(
        began.elapsed() < Duration::from_secs(6),
        "its end waits for nobody"
    );
}
