//! What only Redis can do: be shared, expire, and fail.

use std::io::{self, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, Once};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use redis::{Client, ConnectionAddr, IntoConnectionInfo};

use super::Bench;
use crate::limits::Limits;
use crate::limits::shared::Shared;

impl Bench {
    /// None, and loudly so, without `TEST_REDIS_URL`. In CI that is a failure.
    pub(super) fn in_redis() -> Option<Self> {
        test_redis().map(Self::patient)
    }

    /// With the deadline of the service.
    fn shared(client: Client) -> Self {
        Self::new(|settings, clock| Limits::shared(settings, clock, client).unwrap())
    }

    /// With a deadline that a busy machine does not miss.
    fn patient(client: Client) -> Self {
        Self::in_memory().counting_in(client)
    }

    pub(super) fn counting_in(mut self, client: Client) -> Self {
        let bench = &mut self;
        bench.limits.shared = Some(Shared::new(client.into(), Duration::from_secs(20)).unwrap());
        self
    }

    /// Or the suite would pass on the fallback alone.
    pub(super) fn assert_counted_in_redis(&self) {
        let here = self.limits.memory.len() + self.limits.cells.size().0;
        assert_eq!(here, 0, "Redis failed in between");
    }
}

static LOUD: Once = Once::new();

pub(super) fn test_redis() -> Option<Client> {
    match std::env::var("TEST_REDIS_URL") {
        Ok(url) => Some(Client::open(url).expect("TEST_REDIS_URL is a Redis URL")),
        Err(_) if std::env::var("CI").is_ok_and(|ci| ci == "true") => {
            panic!("CI must set TEST_REDIS_URL")
        }
        Err(_) => {
            // Not `eprintln!`: the test harness would swallow it.
            let shout = "\n!!!! NOT TESTED AGAINST REDIS: TEST_REDIS_URL is not set !!!!\n";
            LOUD.call_once(|| io::stderr().write_all(shout.as_bytes()).unwrap());
            None
        }
    }
}

#[tokio::test]
async fn replicas_share_a_burst() {
    let Some(client) = test_redis() else { return };
    let one = Bench::patient(client.clone());
    let two = Bench::patient(client);
    let burst = (0..50).map(|n| if n % 2 == 0 { &one } else { &two });
    let burst = burst.map(|replica| replica.begin(one.elsewhere()));
    let allowed = join_all(burst).await.into_iter().flatten().count();
    assert_eq!(allowed, 6);
}

#[tokio::test]
async fn keys_expire_and_hold_no_email() {
    let Some(client) = test_redis() else { return };
    let bench = Bench::patient(client.clone());
    let keys = bench.keys();
    let names = [&keys.account, &keys.address, &keys.share, &keys.device].map(ToString::to_string);
    bench.fail(7, || keys.clone()).await;
    let _ = bench.begin_known(keys.clone()).await.unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    for name in names {
        assert!(name.starts_with("{limits}:throttle:") && !name.contains(&bench.email));
        let ttl: i64 = redis::cmd("PTTL")
            .arg(&name)
            .query_async(&mut redis)
            .await
            .unwrap();
        assert!((80_000_000..=86_400_000).contains(&ttl), "{name}: {ttl} ms");
    }
}

#[tokio::test]
async fn redis_killed_in_the_middle() {
    let Some(client) = test_redis() else { return };
    let proxy = Proxy::to(&client);
    let bench = Bench::shared(Client::open(proxy.url.as_str()).unwrap());
    let in_flight = bench.begin(bench.other_account()).await.unwrap();
    bench.assert_counted_in_redis();

    proxy.kill();
    let before = Instant::now();
    bench.limits.succeeded(in_flight).await;
    assert!(before.elapsed() < Duration::from_secs(5));
    assert_bounded_by_memory(&bench).await;

    proxy.revive();
    let shared = bench.limits.shared.as_ref().unwrap();
    // Each try takes up to the deadline of 250 ms; a busy machine may need some.
    for _ in 0..1000 {
        let _ = bench.begin(bench.other_account()).await;
        if shared.is_up() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("Redis is back and not used");
}

#[tokio::test]
async fn redis_refuses_from_the_start() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let bench = Bench::shared(Client::open(format!("redis://{port}")).unwrap());
    assert_bounded_by_memory(&bench).await;
}

#[tokio::test]
async fn redis_accepts_and_says_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let bench = Bench::shared(Client::open(format!("redis://{address}")).unwrap());
    assert_bounded_by_memory(&bench).await;
}

/// A burst is answered in time (250 ms, and some for a busy machine) and let through no further
/// than the free allowance.
async fn assert_bounded_by_memory(bench: &Bench) {
    let before = Instant::now();
    let burst = (0..50).map(|_| bench.begin(bench.elsewhere()));
    let allowed = join_all(burst).await.into_iter().flatten().count();
    assert_eq!(allowed, 6);
    assert!(before.elapsed() < Duration::from_secs(5));
}

/// A way to Redis that can be cut without harm to the tests beside it.
struct Proxy {
    /// As `TEST_REDIS_URL`, password and all, but for the place.
    url: String,
    open: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl Proxy {
    fn to(client: &Client) -> Self {
        let info = client.get_connection_info().clone().into_connection_info();
        let ConnectionAddr::Tcp(host, port) = info.unwrap().addr().clone() else {
            panic!("TEST_REDIS_URL is redis://host:port")
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let url = std::env::var("TEST_REDIS_URL").unwrap();
        let url = url.replace(&format!("{host}:{port}"), &address);
        let open = Arc::new(Mutex::new(Some(Vec::new())));
        let streams = open.clone();
        thread::spawn(move || {
            for near in listener.incoming() {
                let near = near.unwrap();
                let far = TcpStream::connect((host.as_str(), port)).unwrap();
                let Some(open) = &mut *streams.lock().unwrap() else {
                    continue;
                };
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    thread::spawn(move || io::copy(&mut from, &mut to));
                }
                open.extend([near, far]);
            }
        });
        Self { url, open }
    }

    fn revive(&self) {
        *self.open.lock().unwrap() = Some(Vec::new());
    }

    /// Ends every connection; a new one is closed as soon as it is made.
    fn kill(&self) {
        for stream in self.open.lock().unwrap().take().into_iter().flatten() {
            stream.shutdown(Shutdown::Both).unwrap();
        }
    }
}
