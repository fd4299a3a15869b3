//! Tokens minted without a pause, each verified by every client at once and again while its key
//! may have been replaced.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::verifier::Verifier;
use crate::support::Client;

/// How old a token is when it is verified again; it lives for more than twice as long.
const AGAIN_AFTER: Duration = Duration::from_secs(4);
const PAUSE: Duration = Duration::from_millis(25);
const SESSIONS: usize = 2;

pub struct Load {
    minters: Vec<JoinHandle<()>>,
    verifiers: Vec<JoinHandle<Value>>,
    go: watch::Sender<bool>,
    kid: watch::Receiver<String>,
    feed: Vec<mpsc::Sender<String>>,
    sent: watch::Receiver<usize>,
    seen: String,
}

impl Load {
    /// Signs up, and refreshes from then on.
    pub async fn start(service: &Client, clients: Vec<Verifier>) -> Self {
        let (go, _) = watch::channel(true);
        let (latest, kid) = watch::channel(String::new());
        let (count, sent) = watch::channel(0);
        let (mut feed, mut verifiers) = (Vec::new(), Vec::new());
        for client in clients {
            // A short queue: nothing is verified long after it was minted.
            let (to, tokens) = mpsc::channel(4);
            feed.push(to);
            verifiers.push(tokio::spawn(verify(client, tokens)));
        }
        let mut minters = Vec::new();
        for number in 0..SESSIONS {
            let tokens = service.signup(&format!("load-{number}@example.org")).await;
            let (service, go, feed) = (service.clone(), go.subscribe(), feed.clone());
            let (latest, count) = (latest.clone(), count.clone());
            minters.push(tokio::spawn(async move {
                mint(service, tokens.refresh, go, feed, latest, count).await;
            }));
        }
        Self {
            minters,
            verifiers,
            go,
            kid,
            feed,
            sent,
            seen: String::new(),
        }
    }

    /// Waits until a key that has not signed before does.
    pub async fn until_another_key_signs(&mut self) {
        let another = async {
            if self.seen.is_empty() {
                let first = self.kid.wait_for(|kid| !kid.is_empty()).await;
                self.seen = first.expect("the load runs").clone();
            }
            let before = self.seen.clone();
            let changed = self.kid.wait_for(|kid| *kid != before).await;
            self.seen = changed.expect("the load runs").clone();
        };
        let limit = Duration::from_secs(60);
        tokio::time::timeout(limit, another)
            .await
            .expect("another key signs");
    }

    /// Mints no more, and lets every token that was minted be verified.
    pub async fn pause(&mut self) {
        self.go.send_replace(false);
        for to in &self.feed {
            while to.capacity() < to.max_capacity() {
                tokio::time::sleep(PAUSE).await;
            }
        }
        // What the clients have in hand, and a refresh that is on its way.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }

    /// Goes on.
    pub fn resume(&mut self) {
        self.go.send_replace(true);
    }

    /// Ends it; the clients' summaries, and how many tokens each was sent.
    pub async fn finish(self) -> (Vec<Value>, usize) {
        let Self {
            minters,
            verifiers,
            go,
            kid,
            feed,
            sent,
            ..
        } = self;
        go.send_replace(false);
        drop(go);
        for minter in minters {
            minter.await.expect("every refresh succeeds");
        }
        drop((feed, kid));
        let mut summaries = Vec::new();
        for verifier in verifiers {
            summaries.push(verifier.await.expect("a client verifies every token"));
        }
        (summaries, *sent.borrow())
    }
}

async fn verify(mut client: Verifier, mut tokens: mpsc::Receiver<String>) -> Value {
    while let Some(token) = tokens.recv().await {
        client.accepts(&token).await;
    }
    client.finish().await
}

async fn mint(
    service: Client,
    mut refresh: String,
    mut go: watch::Receiver<bool>,
    feed: Vec<mpsc::Sender<String>>,
    latest: watch::Sender<String>,
    count: watch::Sender<usize>,
) {
    let mut again: VecDeque<(Instant, String)> = VecDeque::new();
    while go.wait_for(|go| *go).await.is_ok() {
        let tokens = service.refresh(&refresh).await.tokens();
        refresh = tokens.refresh;
        latest.send_if_modified(|kid| {
            let now = kid_of(&tokens.access);
            std::mem::replace(kid, now.clone()) != now
        });
        again.push_back((Instant::now(), tokens.access.clone()));
        let mut due = vec![tokens.access];
        let is_due = |(minted, _): &mut (Instant, String)| minted.elapsed() >= AGAIN_AFTER;
        while let Some((minted, token)) = again.pop_front_if(is_due) {
            // One that waited through a restart may expire too soon.
            if minted.elapsed() < AGAIN_AFTER + Duration::from_secs(2) {
                due.push(token);
            }
        }
        for token in due {
            count.send_modify(|count| *count += 1);
            for to in &feed {
                to.send(token.clone())
                    .await
                    .expect("the client verifies on");
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn kid_of(token: &str) -> String {
    let header = token.split('.').next().unwrap_or_default();
    let header = URL_SAFE_NO_PAD.decode(header).expect("a JWT");
    let header: Value = serde_json::from_slice(&header).expect("a JWT");
    header["kid"].as_str().expect("a kid").to_owned()
}
