//! The HTTP client under the exporter. It blocks: the exporter has a thread to itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

/// Sends batches, and says once when they do not arrive.
#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    endpoint: String,
    is_away: AtomicBool,
}

/// How long one batch may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The longest answer that is read: a collector says next to nothing.
const MAX_ANSWER: u64 = 64 * 1024;

impl Client {
    /// For TLS it trusts whom the system trusts, or the roots of `SSL_CERT_FILE`.
    pub(super) fn new(endpoint: &str) -> Self {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(provider))
            .build();
        let config = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .max_redirects(0)
            .tls_config(tls)
            .build();
        Self {
            agent: config.into(),
            endpoint: endpoint.to_owned(),
            is_away: AtomicBool::new(false),
        }
    }

    fn post(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ureq::Error> {
        let (head, body) = request.into_parts();
        let request = Request::from_parts(head, body.as_ref());
        let (head, mut body) = self.agent.run(request)?.into_parts();
        let body = body.with_config().limit(MAX_ANSWER).read_to_vec()?;
        Ok(Response::from_parts(head, body.into()))
    }

    fn note(&self, sent: &Result<Response<Bytes>, ureq::Error>) {
        let endpoint = &self.endpoint;
        let failure = match sent {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(answer.status().to_string()),
            Err(error) => Some(error.to_string()),
        };
        let was_away = self.is_away.swap(failure.is_some(), Ordering::Relaxed);
        match failure {
            Some(error) if !was_away => tracing::warn!(
                endpoint,
                error,
                "traces do not arrive; they are dropped until they do (OTLP over HTTP is asked \
                 for, which mostly has port 4318)"
            ),
            None if was_away => tracing::info!(endpoint, "traces arrive again"),
            _ => {}
        }
    }
}

impl HttpClient for Client {
    fn send_bytes<'a, 'async_trait>(
        &'a self,
        request: Request<Bytes>,
    ) -> BoxFuture<'async_trait, Result<Response<Bytes>, HttpError>>
    where
        'a: 'async_trait,
        Self: 'async_trait,
    {
        let send = async move {
            let sent = self.post(request);
            self.note(&sent);
            Ok(sent?)
        };
        send.boxed()
    }
}
