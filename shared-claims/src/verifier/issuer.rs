//! Where the issuer keeps its keys, and fetching them from there.

use std::time::Duration;

use reqwest::Url;
use serde::Deserialize;

use super::http::{FetchError, Http};
use crate::jwk::KeySet;

/// The largest metadata document or key set.
const LIMIT: usize = 64 * 1024;
/// How long either may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long keys are good for where the issuer does not say.
const DEFAULT_MAX_AGE: Duration = Duration::from_secs(600);
/// What we make of `max-age`: never so short that the issuer is pestered, never so long that a
/// key that left the set is trusted through a working day.
const SHORTEST: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_secs(3600);

/// The issuer, and how far it is known.
#[derive(Debug)]
pub(super) struct Issuer {
    http: Http,
    name: String,
    metadata: Url,
    given: Option<Url>,
    discovered: Option<Url>,
    etag: Option<String>,
    max_age: Duration,
}

/// What the issuer said of its keys.
pub(super) struct Answer {
    /// None: they are as they were.
    pub(super) keys: Option<KeySet>,
    /// For how long that is good.
    pub(super) max_age: Duration,
}

/// RFC 8414 §2, as much of it as we need.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

impl Issuer {
    /// None if one of the URLs may not be fetched.
    pub(super) fn new(http: Http, name: &str, jwks_uri: Option<&str>) -> Option<Self> {
        let given = match jwks_uri {
            Some(uri) => Some(http.url(uri)?),
            None => None,
        };
        Some(Self {
            metadata: metadata_url(http.url(name)?)?,
            name: name.to_owned(),
            http,
            given,
            discovered: None,
            etag: None,
            max_age: DEFAULT_MAX_AGE,
        })
    }

    pub(super) async fn keys(&mut self) -> Result<Answer, FetchError> {
        // Discovered anew after each failure: the keys may have moved.
        let url = match self.given.clone().or(self.discovered.take()) {
            Some(url) => url,
            None => self.discover().await?,
        };
        let fetched = (self.http).get(url.clone(), self.etag.as_deref(), LIMIT, TIMEOUT);
        let keys = match fetched.await? {
            None => None,
            Some(fetched) => {
                let keys = KeySet::from_json(&fetched.body).map_err(content)?;
                self.max_age = max_age(fetched.cache_control.as_deref());
                self.etag = fetched.etag;
                Some(keys)
            }
        };
        self.discovered = Some(url);
        Ok(Answer {
            keys,
            max_age: self.max_age,
        })
    }

    /// RFC 8414 §3: the document at its well-known place must name this very issuer (§3.3).
    async fn discover(&self) -> Result<Url, FetchError> {
        let metadata = self.metadata.clone();
        let fetched = self.http.get(metadata, None, LIMIT, TIMEOUT).await?;
        let body = fetched.map(|fetched| fetched.body).unwrap_or_default();
        let metadata: Metadata = serde_json::from_slice(&body).map_err(content)?;
        if metadata.issuer != self.name {
            return Err(content("the metadata is of another issuer"));
        }
        self.http
            .url(&metadata.jwks_uri)
            .ok_or_else(|| content("`jwks_uri` is no https URL"))
    }
}

/// RFC 8414 §3.1: between the host and the path of the issuer.
fn metadata_url(mut issuer: Url) -> Option<Url> {
    if issuer.query().is_some() || issuer.fragment().is_some() {
        return None;
    }
    let path = issuer.path().trim_end_matches('/');
    let path = format!("/.well-known/oauth-authorization-server{path}");
    issuer.set_path(&path);
    Some(issuer)
}

/// RFC 9111 §5.2.2.1, within our bounds.
fn max_age(cache_control: Option<&str>) -> Duration {
    cache_control
        .into_iter()
        .flat_map(|value| value.split(','))
        .find_map(|directive| directive.trim().strip_prefix("max-age="))
        .and_then(|seconds| seconds.trim_matches('"').parse().ok())
        .map_or(DEFAULT_MAX_AGE, Duration::from_secs)
        .clamp(SHORTEST, LONGEST)
}

fn content(why: impl std::fmt::Display) -> FetchError {
    FetchError::Content(why.to_string())
}
