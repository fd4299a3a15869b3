//! Two hundred requests a second, whether or not the ones before were answered.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tokio::sync::Mutex as Turn;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval};

use crate::support::{Answer, Client, PASSWORD, Tokens, secrets};

const EMAIL: &str = "ada@example.org";

pub struct Load {
    doors: [Client; 2],
    /// Each family is refreshed by one request at a time, with what the last one brought.
    families: Vec<Turn<Tokens>>,
    to_end: Mutex<Vec<Tokens>>,
    ended: RwLock<Vec<Tokens>>,
    answers: Mutex<BTreeMap<String, usize>>,
    wrong: Mutex<Vec<String>>,
    slowest: Mutex<Duration>,
    began: Instant,
}

/// The requests that are under way.
pub struct Running {
    over: Arc<AtomicBool>,
    sending: JoinHandle<usize>,
}

impl Running {
    /// Sends no more, and waits for the last answer; how many there were.
    pub async fn stop(self) -> usize {
        self.over.store(true, Ordering::SeqCst);
        self.sending.await.expect("every request was sent")
    }
}

impl Load {
    pub async fn sign_in(doors: [Client; 2], families: usize, ended: usize) -> Self {
        doors[0].signup(EMAIL).await;
        let mut tokens = Vec::new();
        for n in 0..families + ended {
            tokens.push(doors[n % 2].login(EMAIL).await);
        }
        let to_end = tokens.split_off(families);
        Self {
            doors,
            families: tokens.into_iter().map(Turn::new).collect(),
            to_end: Mutex::new(to_end),
            ended: RwLock::default(),
            answers: Mutex::default(),
            wrong: Mutex::default(),
            slowest: Mutex::default(),
            began: Instant::now(),
        }
    }

    pub fn run(self: Arc<Self>, rate: u32) -> Running {
        let over = Arc::<AtomicBool>::default();
        let is_over = over.clone();
        let sending = tokio::spawn(async move {
            let mut tick = interval(Duration::from_secs(1) / rate);
            tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
            let mut requests = JoinSet::new();
            let sent = AtomicUsize::new(0);
            while !is_over.load(Ordering::SeqCst) {
                tick.tick().await;
                let n = sent.fetch_add(1, Ordering::Relaxed);
                requests.spawn(self.clone().one(n));
                while requests.try_join_next().is_some() {}
            }
            requests.join_all().await;
            sent.into_inner()
        });
        Running { over, sending }
    }

    /// Of twenty: eight refreshes, five of `/v1/me`, five of `/v1/verify`, one of the keys, and one
    /// sign-in or, nine times of ten, somebody whose session has ended.
    async fn one(self: Arc<Self>, n: usize) {
        let door = &self.doors[n % 2];
        match n / 2 % 20 {
            0..8 => self.refresh(door, n).await,
            8..13 => self.see(door, n, "/v1/me").await,
            13..18 => self.see(door, n, "/v1/verify").await,
            18 => {
                let answer = door.try_send(Method::GET, "/.well-known/jwks.json", None);
                self.expect("jwks", answer, 200, "").await;
            }
            _ if (n / 40).is_multiple_of(10) => {
                let body = json!({ "email": EMAIL, "password": PASSWORD });
                let answer = door.try_send(Method::POST, "/v1/login", Some(body));
                if let Some(answer) = self.expect("login", answer, 200, "").await {
                    answer.tokens();
                }
            }
            _ => self.knock(door, n).await,
        }
    }

    async fn refresh(&self, door: &Client, n: usize) {
        let mut tokens = self.families[n % self.families.len()].lock().await;
        let body = json!({ "refresh_token": tokens.refresh });
        let answer = door.try_send(Method::POST, "/v1/refresh", Some(body));
        if let Some(answer) = self.expect("refresh", answer, 200, "").await {
            *tokens = answer.tokens();
        }
    }

    async fn see(&self, door: &Client, n: usize, path: &str) {
        let access = self.families[n % self.families.len()]
            .lock()
            .await
            .access
            .clone();
        let door = door.bearer(&access);
        let answer = door.try_send(Method::GET, path, None);
        self.expect(path, answer, 200, "").await;
    }

    /// Somebody whose session has ended.
    async fn knock(&self, door: &Client, n: usize) {
        let gone = {
            let ended = self.ended.read().unwrap();
            match ended.len() {
                0 => return,
                count => ended[n / 40 % count].clone(),
            }
        };
        self.is_refused(door, &gone).await;
    }

    async fn is_refused(&self, door: &Client, gone: &Tokens) {
        let body = json!({ "refresh_token": gone.refresh });
        let answer = door.try_send(Method::POST, "/v1/refresh", Some(body));
        self.expect("ended: refresh", answer, 401, "refresh_token_revoked")
            .await;
        let door = door.bearer(&gone.access);
        let answer = door.try_send(Method::GET, "/v1/me", None);
        self.expect("ended: me", answer, 401, "token_revoked").await;
    }

    /// Notes what came, and keeps an answer that was to be expected.
    async fn expect(
        &self,
        what: &str,
        answer: impl Future<Output = reqwest::Result<Answer>>,
        status: u16,
        code: &str,
    ) -> Option<Answer> {
        let sent = Instant::now();
        let answer = answer.await;
        let took = sent.elapsed();
        let mut slowest = self.slowest.lock().unwrap();
        *slowest = took.max(*slowest);
        drop(slowest);
        let said = match &answer {
            Ok(answer) => format!("{what} {} {}", answer.status, answer.code()),
            Err(error) => format!("{what}: {error:?}"),
        };
        let good = answer
            .ok()
            .filter(|it| (it.status, it.code()) == (status, code));
        if good.is_none() {
            let at = self.began.elapsed();
            self.wrong
                .lock()
                .unwrap()
                .push(format!("{at:.3?} after {took:.3?}: {said}"));
        }
        *self.answers.lock().unwrap().entry(said).or_default() += 1;
        good
    }

    /// Signs out, one session after another; from the answer on nobody may take it for one.
    pub fn end_sessions(self: Arc<Self>, pause: Duration) -> JoinHandle<()> {
        let mut to_end = std::mem::take(&mut *self.to_end.lock().unwrap());
        tokio::spawn(async move {
            while let Some(tokens) = to_end.pop() {
                let door = self.doors[to_end.len() % 2].bearer(&tokens.access);
                let answer = door.try_send(Method::POST, "/v1/logout", None);
                if self.expect("logout", answer, 204, "").await.is_some() {
                    self.ended.write().unwrap().push(tokens);
                }
                tokio::time::sleep(pause).await;
            }
        })
    }

    /// Fails the test unless every answer was the right one.
    pub fn verdict(&self, sent: usize, rate: u32) {
        let (took, slowest) = (self.began.elapsed(), *self.slowest.lock().unwrap());
        let answers = self.answers.lock().unwrap();
        println!("{sent} requests in {took:.1?}, the slowest {slowest:.0?}: {answers:#?}");
        let wrong = self.wrong.lock().unwrap();
        assert!(wrong.is_empty(), "{wrong:#?}");
        let due = took.as_secs_f64() * f64::from(rate);
        assert!(sent as f64 > due * 0.9, "{sent} of {due:.0} were sent");
    }

    pub async fn every_session_goes_on(&self) {
        for (n, family) in self.families.iter().enumerate() {
            let door = &self.doors[n % 2];
            let tokens = door.refresh(&family.lock().await.refresh).await.tokens();
            assert_eq!(door.me(&tokens.access).await.status, 200);
        }
    }

    pub async fn none_comes_back(&self, replica: &Client) {
        let ended = self.ended.read().unwrap().clone();
        assert!(!ended.is_empty());
        for gone in &ended {
            secrets::note(&gone.refresh);
            self.is_refused(replica, gone).await;
        }
        let wrong = self.wrong.lock().unwrap();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
