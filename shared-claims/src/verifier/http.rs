//! Fetching from the issuer: bounded in size and time, and from nowhere else.

use std::time::Duration;

use reqwest::header::{ACCEPT, CACHE_CONTROL, ETAG, HeaderMap, HeaderName, IF_NONE_MATCH};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};

/// How long the issuer may take to be connected to.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Why something could not be fetched. The text is for the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    #[error("the answer's status was {0}")]
    Status(u16),
    #[error("the answer is over {0} bytes")]
    TooLarge(usize),
    #[error("the answer's content is not what it should be: {0}")]
    Content(String),
}

/// An HTTP client that follows no redirect, whoever sends one.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    client: Client,
    allow_http: bool,
}

/// What an answer said.
pub(crate) struct Fetched {
    pub(crate) body: Vec<u8>,
    pub(crate) etag: Option<String>,
    pub(crate) cache_control: Option<String>,
}

impl Http {
    pub(crate) fn new(allow_http: bool) -> reqwest::Result<Self> {
        let client = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .user_agent(concat!("shared-claims/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, allow_http })
    }

    /// Parses a URL that may be fetched: over TLS, or from this machine, or as it was allowed.
    pub(crate) fn url(&self, url: &str) -> Option<Url> {
        let url = Url::parse(url).ok()?;
        let allowed = match url.scheme() {
            "https" => true,
            "http" => self.allow_http || is_loopback(&url),
            _ => false,
        };
        (allowed && url.has_host()).then_some(url)
    }

    /// An answer of at most `limit` bytes, within `span` in all; none if it is still what `etag` names (RFC 9110 §13.1.2).
    pub(crate) async fn get(
        &self,
        url: Url,
        etag: Option<&str>,
        limit: usize,
        span: Duration,
    ) -> Result<Option<Fetched>, FetchError> {
        let mut request = self.client.get(url).timeout(span);
        if let Some(etag) = etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let response = request.send().await?;
        if response.status() == StatusCode::NOT_MODIFIED && etag.is_some() {
            return Ok(None);
        }
        let response = successful(response)?;
        let (etag, cache_control) = (
            text(response.headers(), ETAG),
            text(response.headers(), CACHE_CONTROL),
        );
        Ok(Some(Fetched {
            body: bounded(response, limit).await?,
            etag,
            cache_control,
        }))
    }

    /// The head of an answer that goes on for as long as it likes.
    pub(crate) async fn stream(
        &self,
        url: Url,
        last_event_id: i64,
    ) -> Result<Response, FetchError> {
        let request = self.client.get(url).header(ACCEPT, "text/event-stream");
        let request = request.header("last-event-id", last_event_id);
        successful(request.send().await?)
    }
}

fn successful(response: Response) -> Result<Response, FetchError> {
    match response.status() {
        StatusCode::OK => Ok(response),
        other => Err(FetchError::Status(other.as_u16())),
    }
}

async fn bounded(mut response: Response, limit: usize) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > limit {
            return Err(FetchError::TooLarge(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}
