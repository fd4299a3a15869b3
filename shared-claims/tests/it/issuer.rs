//! An issuer on a socket, which does as a test tells it: keys, a feed, and every fault of both.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::json;
use shared_claims::{Algorithm, Builder, Clock, Entry, Snapshot, Verifier};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;

use crate::support::{ISSUER, KEYS, NOW};

#[derive(Clone)]
pub(crate) struct Issuer {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    streams: broadcast::Sender<Said>,
}

/// What every open stream is to be told next.
#[derive(Clone)]
enum Said {
    Bytes(Vec<u8>),
    Cut,
}

pub(crate) struct State {
    /// Otherwise every connection is dropped.
    pub(crate) up: bool,
    pub(crate) feed_up: bool,
    pub(crate) delay: Duration,
    pub(crate) jwks: String,
    pub(crate) cache_control: String,
    pub(crate) metadata: Option<String>,
    pub(crate) redirect: Option<String>,
    pub(crate) snapshot: Snapshot,
    /// In its place, for what this version would not write.
    pub(crate) raw_snapshot: Option<String>,
    /// Sent as soon as a stream is opened, after the backlog.
    pub(crate) greeting: String,
    pub(crate) fetches: usize,
    pub(crate) not_modified: usize,
    pub(crate) snapshots: usize,
    /// The `Last-Event-ID` of each stream that was opened.
    pub(crate) opened: Vec<String>,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            state: Arc::new(Mutex::new(State {
                up: true,
                feed_up: true,
                delay: Duration::ZERO,
                jwks: jwks(&[Algorithm::ES256, Algorithm::RS256, Algorithm::EdDSA]),
                cache_control: "public, max-age=600".into(),
                metadata: None,
                redirect: None,
                snapshot: Snapshot::default(),
                raw_snapshot: None,
                greeting: String::new(),
                fetches: 0,
                not_modified: 0,
                snapshots: 0,
                opened: Vec::new(),
            })),
            streams: broadcast::Sender::new(1024),
        };
        let served = issuer.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let issuer = served.clone();
                // A client that has gone away is no fault of ours.
                tokio::spawn(async move { issuer.answer(connection).await.ok() });
            }
        });
        issuer
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn feed(&self) -> String {
        format!("{}/v1/revocations", self.url)
    }

    /// Tells every open stream.
    pub(crate) fn say(&self, text: impl AsRef<[u8]>) {
        let _ = self.streams.send(Said::Bytes(text.as_ref().to_vec()));
    }

    pub(crate) fn beat(&self, at: i64) {
        self.say(heartbeat(at));
    }

    /// Ends every open stream, in the middle of whatever it was saying.
    pub(crate) fn cut(&self) {
        let _ = self.streams.send(Said::Cut);
    }

    pub(crate) fn streams(&self) -> usize {
        self.streams.receiver_count()
    }

    /// A verifier of tokens of [`ISSUER`] with the keys of this one, at [`NOW`].
    pub(crate) fn builder(
        &self,
        clock: &Clock,
    ) -> Builder<serde_json::Map<String, serde_json::Value>> {
        Verifier::builder(ISSUER)
            .audience("api")
            .audience("api-2")
            .jwks_uri(format!("{}/jwks", self.url))
            .clock(clock.clone())
    }

    async fn answer(&self, mut connection: TcpStream) -> std::io::Result<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(connection.read_u8().await?);
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let path = head.split(' ').nth(1).unwrap().to_owned();
        let header = |name: &str| {
            head.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        };
        if path.ends_with("/stream") {
            return self
                .stream(connection, header("last-event-id").unwrap_or_default())
                .await;
        }
        let delay = self.state().delay;
        tokio::time::sleep(delay).await;
        let answer = self.document(&path, header("if-none-match"));
        connection
            .write_all(answer.unwrap_or_default().as_bytes())
            .await
    }

    /// None: the connection breaks.
    fn document(&self, path: &str, if_none_match: Option<&str>) -> Option<String> {
        let mut state = self.state();
        let feed = path == "/v1/revocations";
        if path == "/jwks" {
            state.fetches += 1;
        }
        if !(state.up && (state.feed_up || !feed)) {
            return None;
        }
        let body = match path {
            "/jwks" => {
                if let Some(to) = &state.redirect {
                    return Some(format!(
                        "HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n"
                    ));
                }
                let etag = format!("\"{}\"", state.jwks.len());
                if if_none_match == Some(&etag) {
                    state.not_modified += 1;
                    return Some(format!(
                        "HTTP/1.1 304 Not Modified\r\netag: {etag}\r\nconnection: close\r\n\r\n"
                    ));
                }
                state.jwks.clone()
            }
            "/v1/revocations" => {
                state.snapshots += 1;
                let written = || serde_json::to_string(&state.snapshot).unwrap();
                state.raw_snapshot.clone().unwrap_or_else(written)
            }
            _ => state.metadata.clone()?,
        };
        Some(format!(
            "HTTP/1.1 200 OK\r\ncache-control: {}\r\netag: \"{}\"\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            state.cache_control,
            body.len(),
            body.len()
        ))
    }

    async fn stream(&self, mut connection: TcpStream, last: &str) -> std::io::Result<()> {
        let mut said = self.streams.subscribe();
        let head =
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
        let greeting = {
            let mut state = self.state();
            if !(state.up && state.feed_up) {
                return Ok(());
            }
            state.opened.push(last.to_owned());
            format!("{head}{}", state.greeting)
        };
        connection.write_all(greeting.as_bytes()).await?;
        while let Ok(Said::Bytes(bytes)) = said.recv().await {
            connection.write_all(&bytes).await?;
        }
        Ok(())
    }
}

pub(crate) fn jwks(algorithms: &[Algorithm]) -> String {
    let keys: Vec<_> = algorithms
        .iter()
        .map(|algorithm| KEYS.jwk(*algorithm))
        .collect();
    json!({ "keys": keys }).to_string()
}

pub(crate) fn heartbeat(at: i64) -> String {
    format!("id: 999\nevent: heartbeat\ndata: {{\"position\":999,\"at\":{at}}}\n\n")
}

pub(crate) fn revoked(position: i64, entry: &Entry) -> String {
    let data = serde_json::to_string(entry).unwrap();
    format!("id: {position}\nevent: revoked\ndata: {data}\n\n")
}

pub(crate) fn clock() -> Clock {
    Clock::manual(NOW.unsigned_abs())
}

/// Waits for what happens in another task.
#[track_caller]
pub(crate) fn eventually(condition: impl Fn() -> bool) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        for _ in 0..2_000 {
            if condition() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("this did not come true within 10 s: {caller}");
    }
}
