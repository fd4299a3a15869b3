//! L1 with a real Redis: killed, paused, flushed, restarted, evicting. All the while one replica
//! revokes and the other is asked for revoked and for valid tokens.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep;

use super::{Pair, claim, eventually, logout, sessions};
use crate::support::redis::Redis;
use crate::support::{Client, Tokens};

/// What a replica answered while something was wrong.
#[derive(Default)]
struct Seen {
    /// Tokens whose revocation was acknowledged.
    revoked: Mutex<Vec<String>>,
    /// A revoked token that was accepted, or a valid one that was refused.
    wrong: Mutex<Vec<String>>,
    answers: Mutex<Vec<(u16, Duration)>>,
    is_over: AtomicBool,
}

impl Seen {
    fn wrong(&self, what: String) {
        self.wrong.lock().expect("no panic").push(what);
    }

    async fn ask(&self, client: &Client, access: &str, expected: u16) {
        let began = Instant::now();
        let answer = client.me(access).await;
        let took = began.elapsed();
        self.answers
            .lock()
            .expect("no panic")
            .push((answer.status, took));
        let is_right = answer.status == expected
            || (answer.status == 503 && !answer.header("retry-after").is_empty());
        if !is_right {
            self.wrong(format!(
                "{} instead of {expected}: {}",
                answer.status, answer.text
            ));
        }
    }

    /// Asks for every revoked token again and again.
    async fn watch_revoked(self: Arc<Self>, client: Client) {
        while !self.is_over.load(Ordering::SeqCst) {
            let revoked = self.revoked.lock().expect("no panic").clone();
            for access in revoked.iter().rev() {
                self.ask(&client, access, 401).await;
            }
            sleep(Duration::from_millis(2)).await;
        }
    }

    async fn watch_valid(self: Arc<Self>, client: Client, access: String) {
        while !self.is_over.load(Ordering::SeqCst) {
            self.ask(&client, &access, 200).await;
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Revokes, and asks at once.
    async fn revoke(&self, pair: &Pair, tokens: &Tokens) {
        let began = Instant::now();
        logout(&pair.a, tokens).await;
        self.answers
            .lock()
            .expect("no panic")
            .push((204, began.elapsed()));
        self.ask(&pair.b, &tokens.access, 401).await;
        self.revoked
            .lock()
            .expect("no panic")
            .push(tokens.access.clone());
    }
}

/// Runs one fault: `begin` brings it about, `end` takes it back.
async fn suffer(name: &str, pair: Pair, begin: impl AsyncFn(&Redis), end: impl AsyncFn(&Redis)) {
    let mut tokens = sessions(&pair.a, "ada@example.org", 10).await;
    let valid = tokens.pop().expect("a session");
    let seen = Arc::new(Seen::default());
    let mut watching = JoinSet::new();
    for replica in [&pair.a, &pair.b] {
        watching.spawn(
            seen.clone()
                .watch_valid(replica.client(), valid.access.clone()),
        );
        watching.spawn(seen.clone().watch_revoked(replica.client()));
    }
    let mut tokens = tokens.iter();
    let (before, during) = (tokens.by_ref().take(2), 5);
    for tokens in before {
        seen.revoke(&pair, tokens).await;
    }
    begin(&pair.redis).await;
    for at in 0..during {
        seen.revoke(&pair, tokens.next().expect("a session")).await;
        sleep(Duration::from_millis(at * 40)).await;
    }
    end(&pair.redis).await;
    for tokens in tokens {
        seen.revoke(&pair, tokens).await;
    }
    pair.is_settled().await;
    is_filled(&pair, &seen).await;
    sleep(Duration::from_millis(300)).await;
    seen.is_over.store(true, Ordering::SeqCst);
    watching.join_all().await;

    let answers = seen.answers.lock().expect("no panic");
    let count = |status| answers.iter().filter(|(seen, _)| *seen == status).count();
    let slowest = |revoking: bool| {
        let of_kind = answers
            .iter()
            .filter(|(status, _)| (*status == 204) == revoking);
        of_kind
            .map(|(_, took)| *took)
            .max()
            .expect("some were asked")
    };
    println!(
        "{name}: {} × 200, {} × 401, {} × 503; slowest check {:?}, slowest logout {:?}",
        count(200),
        count(401),
        count(503),
        slowest(false),
        slowest(true),
    );
    let wrong = seen.wrong.lock().expect("no panic");
    assert!(
        wrong.is_empty(),
        "{name}: {} wrong answers: {wrong:#?}",
        wrong.len()
    );
    assert!(slowest(false) < Duration::from_secs(3), "{name}: bounded");
    assert!(slowest(true) < Duration::from_secs(4), "{name}: bounded");
}

/// Every revoked session stands in Redis again.
async fn is_filled(pair: &Pair, seen: &Seen) {
    let revoked = seen.revoked.lock().expect("no panic").clone();
    eventually("every deny key is there", async || {
        let keys = pair.redis.keys("deny:sid:*").await;
        let has = |access: &String| keys.contains(&format!("deny:sid:{}", claim(access, "sid")));
        revoked.iter().all(has)
    })
    .await;
}

// L1
#[tokio::test(flavor = "multi_thread")]
async fn nothing_revoked_is_accepted_while_redis_is_killed_and_comes_back_empty() {
    let pair = Pair::start().await;
    suffer("killed", pair, async |redis| redis.kill(), Redis::restart).await;
}

// L1
#[tokio::test(flavor = "multi_thread")]
async fn nothing_revoked_is_accepted_while_redis_is_paused() {
    let pair = Pair::start().await;
    suffer(
        "paused",
        pair,
        async |redis| redis.pause(),
        async |redis| redis.resume(),
    )
    .await;
}

// L1
#[tokio::test(flavor = "multi_thread")]
async fn nothing_revoked_is_accepted_while_redis_stutters() {
    let pair = Pair::start().await;
    let stutter = async |redis: &Redis| {
        for _ in 0..8 {
            redis.pause();
            sleep(Duration::from_millis(120)).await;
            redis.resume();
            sleep(Duration::from_millis(30)).await;
        }
        redis.pause();
    };
    suffer("stuttering", pair, stutter, async |redis| redis.resume()).await;
}

// L1
#[tokio::test(flavor = "multi_thread")]
async fn nothing_revoked_is_accepted_when_redis_is_flushed_again_and_again() {
    let pair = Pair::start().await;
    suffer("flushed", pair, Redis::flush, Redis::flush).await;
}

// L1
#[tokio::test(flavor = "multi_thread")]
async fn nothing_revoked_is_accepted_when_redis_comes_back_with_an_old_snapshot() {
    let redis = Redis::start().await;
    let pair = Pair::on(redis).await;
    pair.redis.save().await;
    suffer("old snapshot", pair, Redis::restart, Redis::restart).await;
}

// L1
#[tokio::test(flavor = "multi_thread")]
async fn nothing_revoked_is_accepted_while_redis_evicts() {
    let redis = Redis::with(&["--maxmemory", "2mb", "--maxmemory-policy", "allkeys-lru"]).await;
    let pair = Pair::on(redis).await;
    let fill = async |redis: &Redis| {
        let script = "for i = 1, 4000 do redis.call('SET', 'junk:' .. ARGV[1] .. i, string.rep('x', 1000)) end";
        for round in 0..3 {
            let mut eval = redis::cmd("EVAL");
            let _: redis::Value = redis
                .command(eval.arg(script).arg(0).arg(round).to_owned())
                .await;
        }
        let info: String = redis
            .command(redis::cmd("INFO").arg("stats").to_owned())
            .await;
        assert!(!info.contains("evicted_keys:0\r"), "it evicted");
    };
    let grow = async |redis: &Redis| {
        fill(redis).await;
        let mut config = redis::cmd("CONFIG");
        let _: String = redis
            .command(config.arg(&["SET", "maxmemory", "64mb"]).to_owned())
            .await;
    };
    suffer("evicting", pair, fill, grow).await;
}
