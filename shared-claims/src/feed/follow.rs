//! Following the feed: a snapshot, then the stream of what comes after it, again and again.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Response, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use super::Feed;
use super::link::Link;
use super::sse::{Event, Parser, TooLong};
use crate::revocation::{Kind, Snapshot, Told};
use crate::verifier::http::{FetchError, Http};
use crate::verifier::jitter::jitter;
use crate::verifier::keys::Keys;

/// The largest snapshot: about two million revocations.
const SNAPSHOT_LIMIT: usize = 256 * 1024 * 1024;
/// A stream that says nothing for a heartbeat and a half is opened anew: soon enough that one
/// connection that has died in silence does not leave a verifier with the usual lag blind.
const SILENCE: Duration = Duration::from_secs(8);
/// How long the head of a stream may take.
const OPENING: Duration = Duration::from_secs(5);
/// How long a snapshot may take.
const SNAPSHOT_TIMEOUT: Duration = Duration::from_secs(60);
/// How long to wait before connecting again: at first, and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// How often what has expired is forgotten.
const PRUNE: Duration = Duration::from_secs(60);

/// Where the feed is.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    http: Http,
    snapshot: Url,
    stream: Url,
}

#[derive(Debug, thiserror::Error)]
enum FeedError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    TooLong(#[from] TooLong),
    #[error("an event can't be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("the stream ended")]
    Ended,
    #[error("the stream was silent for too long")]
    Silent,
    #[error("the stream comes too late")]
    Late,
    #[error("the snapshot is to be taken again")]
    Reset,
}

impl Source {
    /// None if the URL may not be fetched.
    pub(crate) fn new(http: Http, url: &str) -> Option<Self> {
        let snapshot = http.url(url.trim_end_matches('/'))?;
        let mut stream = snapshot.clone();
        stream.path_segments_mut().ok()?.push("stream");
        Some(Self {
            http,
            snapshot,
            stream,
        })
    }
}

/// Follows the feed for as long as it is let. This one task alone writes to the mirror, so that
/// what was revoked after a snapshot is taken in after it.
pub(crate) async fn follow(feed: Arc<Feed>, source: Source, max_lag: Duration, keys: Arc<Keys>) {
    let mut follower = Follower {
        feed: feed.clone(),
        keys,
        source,
        max_lag,
        position: None,
        retry: RETRY.0,
    };
    loop {
        let Err(error) = follower.connect().await;
        let lag = feed.lag(feed.clock.now());
        tracing::warn!(%error, ?lag, "the revocation feed broke off");
        if matches!(error, FeedError::Reset | FeedError::Unreadable(_)) {
            feed.unknown();
            follower.position = None;
        }
        sleep(jitter(follower.retry)).await;
        follower.retry = (follower.retry * 2).min(RETRY.1);
    }
}

struct Follower {
    feed: Arc<Feed>,
    /// Told when one of them was removed.
    keys: Arc<Keys>,
    source: Source,
    max_lag: Duration,
    /// Where to resume.
    position: Option<i64>,
    retry: Duration,
}

impl Follower {
    async fn connect(&mut self) -> Result<Infallible, FeedError> {
        let position = match self.position {
            Some(position) => position,
            None => *self.position.insert(self.take_snapshot().await?),
        };
        let link = Link::new(self.feed.clock.now());
        let opening = self
            .source
            .http
            .stream(self.source.stream.clone(), position);
        let stream = timeout(OPENING, opening).await;
        self.read(stream.map_err(|_| FeedError::Silent)??, link, position)
            .await
    }

    async fn take_snapshot(&self) -> Result<i64, FeedError> {
        let asked = self.feed.clock.now();
        let url = self.source.snapshot.clone();
        let http = &self.source.http;
        let fetched = http
            .get(url, None, SNAPSHOT_LIMIT, SNAPSHOT_TIMEOUT)
            .await?;
        let body = fetched.map(|fetched| fetched.body).unwrap_or_default();
        let (feed, keys) = (self.feed.clone(), self.keys.clone());
        // A million entries take a second, which is not the host's runtime's to lose.
        let replace = move || {
            let snapshot: Snapshot<Told> = serde_json::from_slice(&body)?;
            if feed.take(&snapshot) {
                keys.expect_another();
            }
            feed.known_up_to(asked);
            Ok(snapshot.position)
        };
        spawn_blocking(replace)
            .await
            .map_err(|_| FeedError::Ended)?
    }

    async fn read(
        &mut self,
        mut stream: Response,
        mut link: Link,
        mut latest: i64,
    ) -> Result<Infallible, FeedError> {
        let mut parser = Parser::default();
        let clock = self.feed.clock.clone();
        let mut silence = pin!(clock.sleep(SILENCE));
        let mut pruned = clock.now();
        loop {
            let chunk = tokio::select! {
                chunk = stream.chunk() => chunk.map_err(FetchError::from)?,
                () = &mut silence => return Err(FeedError::Silent),
            };
            for event in parser.push(&chunk.ok_or(FeedError::Ended)?)? {
                match event.name.as_str() {
                    "revoked" => latest = self.revoke(&event)?.unwrap_or(latest),
                    "reset" => return Err(FeedError::Reset),
                    "heartbeat" => {
                        self.hear(&event, &mut link)?;
                        // Not sooner, for an entry may come after one of a higher number; and not
                        // the heartbeat's own id, for to be told twice costs nothing.
                        self.position = Some(latest);
                    }
                    // Not ours, and no sign that ours are still sent.
                    _ => continue,
                }
                silence.set(clock.sleep(SILENCE));
            }
            let now = clock.now();
            if now.since(pruned) >= PRUNE {
                self.feed.mirror.prune(now.seconds());
                pruned = now;
            }
        }
    }

    /// Takes an entry in, and tells its position.
    fn revoke(&self, event: &Event) -> Result<Option<i64>, FeedError> {
        match json::<Told>(&event.data)? {
            Told::Entry(entry) => {
                if self.feed.mirror.apply(&entry) && entry.kind == Kind::Kid {
                    self.keys.expect_another();
                }
            }
            Told::Unknown(unknown) => self.feed.pass_over(&unknown),
        }
        Ok(event.id.as_deref().map(json).transpose()?)
    }

    /// A link that delivers late is opened anew: it is slow, or the clocks have drifted apart.
    fn hear(&mut self, event: &Event, link: &mut Link) -> Result<(), FeedError> {
        #[derive(Deserialize)]
        struct Heartbeat {
            at: i64,
        }
        let now = self.feed.clock.now();
        let heard = link.heard(json::<Heartbeat>(&event.data)?.at, now);
        self.feed.known_up_to(heard);
        if now.since(heard) > self.max_lag / 2 {
            return Err(FeedError::Late);
        }
        self.retry = RETRY.0;
        Ok(())
    }
}

impl Feed {
    /// A snapshot takes the place of all that was known. True if it removes a key that was not
    /// removed before.
    fn take(&self, snapshot: &Snapshot<Told>) -> bool {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for told in &snapshot.entries {
            match told {
                Told::Entry(entry) => known.push(entry),
                Told::Unknown(entry) => unknown.push(entry),
            }
        }
        self.unknown_kinds.replace(unknown.iter().copied());
        unknown.into_iter().for_each(|entry| self.pass_over(entry));
        let mut kids = known.iter().filter(|entry| entry.kind == Kind::Kid);
        let removes = kids.any(|entry| !self.mirror.is_key_removed(&entry.value));
        self.mirror.replace(known);
        removes
    }
}

fn json<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(text)
}
