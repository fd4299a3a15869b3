//! Told to stop: not ready first, then nothing more is taken in, and what is in flight ends. // L9

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::database::Database;
use crate::support::{Backend, Client, PASSWORD, Process, both, secrets};

const LIMIT: Duration = Duration::from_secs(30);

/// Answers and failures of clients that go on until they are told to turn away.
#[derive(Default)]
struct Load {
    turned_away: AtomicBool,
    answered: AtomicUsize,
    closing: AtomicUsize,
}

impl Load {
    /// Sends one request after the other on kept connections, as a load balancer does.
    async fn run(self: Arc<Self>, client: Client, token: String, n: usize) {
        let login = json!({ "email": "ada@example.org", "password": PASSWORD });
        while !self.turned_away.load(Ordering::SeqCst) {
            let answer = match n % 3 {
                0 => client.refresh(&token).await,
                1 => client.post("/v1/login", login.clone()).await,
                _ => client.get("/.well-known/jwks.json").await,
            };
            assert_eq!(answer.status, 200, "{}", answer.text);
            for token in ["access_token", "refresh_token"] {
                secrets::note(answer.body[token].as_str().unwrap_or_default());
            }
            self.answered.fetch_add(1, Ordering::SeqCst);
            let closes = answer.header("connection").eq_ignore_ascii_case("close");
            self.closing
                .fetch_add(usize::from(closes), Ordering::SeqCst);
        }
    }
}

both! {
    async fn under_load_with_a_grace_every_request_is_answered(backend: Backend) {
        let database = Database::new(backend).await;
        let mut process = Process::start(&database, &[("AUTH__HTTP__SHUTDOWN_GRACE", "1500ms")]).await;
        let tokens = process.signup("ada@example.org").await;
        let load = Arc::new(Load::default());
        let clients: Vec<_> = (0..9)
            .map(|n| {
                let client = Client::new(process.base.clone(), process.internal.clone());
                tokio::spawn(load.clone().run(client, tokens.refresh.clone(), n))
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(500)).await;
        process.signal("TERM");
        let began = Instant::now();
        while process.get_internal("/readyz").await.status == 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let (noticed, before) = (began.elapsed(), load.answered.load(Ordering::SeqCst));
        assert_eq!(process.get_internal("/livez").await.status, 200);
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert!(load.answered.load(Ordering::SeqCst) > before, "it serves on");
        load.turned_away.store(true, Ordering::SeqCst);
        for client in clients {
            client.await.expect("no request was lost");
        }
        assert!(load.closing.load(Ordering::SeqCst) > 0, "clients are told to turn away");
        assert!(process.wait(LIMIT).await.success());
        assert!(began.elapsed() < Duration::from_secs(12), "{noticed:?} {:?}", began.elapsed());
    }

    async fn logins_that_hash_when_the_signal_comes_are_answered(backend: Backend) {
        for signal in ["TERM", "INT"] {
            let database = Database::new(backend).await;
            let slow = [
                ("AUTH__PASSWORDS__ARGON2_ITERATIONS", "20"),
                ("AUTH__PASSWORDS__ARGON2_MEMORY_KIB", "19456"),
                ("AUTH__PASSWORDS__QUEUE_DEADLINE", "60s"),
            ];
            let mut process = Process::start(&database, &slow).await;
            process.signup("ada@example.org").await;
            let logins: Vec<_> = (0..4)
                .map(|_| {
                    let client = Client::new(process.base.clone(), process.internal.clone());
                    tokio::spawn(async move { client.login("ada@example.org").await })
                })
                .collect();
            tokio::time::sleep(Duration::from_millis(200)).await;
            let waiting = logins.iter().filter(|login| !login.is_finished()).count();
            assert!(waiting > 0, "the logins were too quick to tell");
            process.signal(signal);
            for login in logins {
                login.await.expect("no login was lost");
            }
            assert!(process.wait(LIMIT).await.success(), "{signal}");
        }
    }
}

/// A request in two halves, on a connection of its own.
async fn half_a_login(process: &Process) -> (TcpStream, String) {
    let address = process.base.trim_start_matches("http://");
    secrets::note(PASSWORD);
    let body = json!({ "email": "ada@example.org", "password": PASSWORD }).to_string();
    let head = format!(
        "POST /v1/login HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len(),
    );
    let (sent, rest) = body.split_at(10);
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all((head + sent).as_bytes()).await.unwrap();
    (socket, rest.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_has_begun_is_answered_and_no_new_one_is_taken() {
    let database = Database::new(Backend::Sqlite).await;
    let mut process = Process::start(&database, &[]).await;
    process.signup("ada@example.org").await;
    let (mut socket, rest) = half_a_login(&process).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    process.signal("TERM");
    let address = process.base.trim_start_matches("http://").to_owned();
    let began = Instant::now();
    while TcpStream::connect(&address).await.is_ok() {
        assert!(began.elapsed() < LIMIT, "new connections are still taken");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    socket.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let body = answer.split("\r\n\r\n").nth(1).unwrap();
    let body: serde_json::Value = serde_json::from_str(body).expect("a whole answer");
    for token in ["access_token", "refresh_token"] {
        secrets::note(body[token].as_str().unwrap());
    }
    assert!(process.wait(LIMIT).await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_ends_its_request_does_not_keep_the_service_from_ending() {
    let database = Database::new(Backend::Sqlite).await;
    let mut process = Process::start(&database, &[("AUTH__HTTP__SHUTDOWN_TIMEOUT", "1s")]).await;
    process.signup("ada@example.org").await;
    let _socket = half_a_login(&process).await;
    let _idle = TcpStream::connect(process.base.trim_start_matches("http://"))
        .await
        .unwrap();
    let stream = Client::new(process.base.clone(), process.internal.clone());
    let feed = tokio::spawn(async move { stream.get_internal("/v1/revocations/stream").await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    process.signal("TERM");
    assert!(process.wait(Duration::from_secs(15)).await.success());
    feed.abort();
}

/// A client of whichever replica is ready.
async fn of_any(ready: Arc<RwLock<Vec<Client>>>, stop: Arc<AtomicBool>, token: String) -> usize {
    let mut answered = 0;
    while !stop.load(Ordering::SeqCst) {
        let replicas = ready.read().unwrap().clone();
        let answer = replicas[answered % replicas.len()].refresh(&token).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answered += 1;
    }
    answered
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_under_load_is_not_noticed() {
    let database = Database::new(Backend::Postgres).await;
    let start =
        async || Process::start(&database, &[("AUTH__HTTP__SHUTDOWN_GRACE", "600ms")]).await;
    let mut replicas = vec![start().await, start().await];
    let token = replicas[0].signup("ada@example.org").await.refresh;
    let ready = |replicas: &[Process]| replicas.iter().map(|it| (**it).clone()).collect::<Vec<_>>();
    let serving = Arc::new(RwLock::new(ready(&replicas)));
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..4)
        .map(|_| tokio::spawn(of_any(serving.clone(), stop.clone(), token.clone())))
        .collect();
    for _ in 0..2 {
        let mut old = replicas.remove(0);
        old.signal("TERM");
        while old.get_internal("/readyz").await.status == 200 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        *serving.write().unwrap() = ready(&replicas);
        assert!(old.wait(LIMIT).await.success());
        replicas.push(start().await);
        *serving.write().unwrap() = ready(&replicas);
    }
    stop.store(true, Ordering::SeqCst);
    for client in clients {
        assert!(client.await.expect("no request was lost") > 0);
    }
}

/// Sends a whole request on a kept connection and reads its answer.
async fn ask(socket: &mut TcpStream) -> String {
    let request = "GET /.well-known/jwks.json HTTP/1.1\r\nhost: a\r\n\r\n";
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let length = socket.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

// Load balancers keep connections for up to 60 s; the server's usual 5 s would cut their requests.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_rests_is_kept_and_does_not_hold_up_the_end() {
    let default = kernel::config::Settings::default().http.keep_alive;
    assert!(default >= Duration::from_secs(65), "{default:?}");
    let database = Database::new(Backend::Sqlite).await;
    let mut process = Process::start(&database, &[]).await;
    let address = process.base.trim_start_matches("http://").to_owned();
    let mut socket = TcpStream::connect(address).await.unwrap();
    assert!(ask(&mut socket).await.starts_with("HTTP/1.1 200 "));
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert!(ask(&mut socket).await.starts_with("HTTP/1.1 200 "));
    process.signal("TERM");
    let began = Instant::now();
    assert!(process.wait(LIMIT).await.success());
    let took = began.elapsed();
    assert!(took < Duration::from_secs(3), "{took:?}");
}
