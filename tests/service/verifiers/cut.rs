//! The network between the verifiers and the service is cut for twenty seconds, in real time,
//! while the service goes on and revokes. By proxies that fall silent; and, where
//! `tests/tools/cut-network` has laid one, by a link between two network namespaces.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::verifier;
use super::watch::Watch;
use crate::revocation::{logout, sessions};
use crate::support::database::Database;
use crate::support::proxy::{Flow, Proxy};
use crate::support::{Backend, Client, Process, outside, process};

const CUT: Duration = Duration::from_secs(20);
const MAX_LAG: Duration = Duration::from_secs(10);

/// The service as the test reaches it, whatever is cut, and a way to it that can be.
struct Reached {
    _process: Process,
    /// Kept for as long as the service runs.
    _database: Database,
    service: Client,
    issuer: String,
}

impl Reached {
    /// Cuts the way for twenty seconds.
    async fn suffers(&self, name: &str, way: &Client, cut: impl Fn(), mend: impl Fn()) {
        let email = format!("{name}@example.org");
        let mut all = sessions(&self.service, &email, 9).await;
        let valid = all.pop().expect("a session");
        let mut verifiers = Vec::new();
        for _ in 0..4 {
            let builder = verifier(&self.issuer, &way.base, &way.internal).allow_http();
            verifiers.push(builder.max_lag(MAX_LAG).build().await.expect("a verifier"));
        }
        let began = Instant::now();
        let now = Box::new(move || began.elapsed());
        let watch = Watch::start(&verifiers, MAX_LAG, now, &valid);
        watch.all_see(MAX_LAG).await;
        let revoke = async |which: usize| {
            logout(&self.service, &all[which]).await;
            watch.revoked(&all[which]);
        };
        revoke(0).await;
        watch.all_refused().await;

        cut();
        for which in 1..5 {
            revoke(which).await;
            tokio::time::sleep(CUT / 4).await;
        }
        assert!(watch.count(|seen| &seen.unheard) > 0, "{name}: it was cut");
        assert!(
            watch.count(|seen| &seen.blind) > 0,
            "{name}: and long enough"
        );
        revoke(5).await;
        mend();
        let mended = Instant::now();
        watch.all_see(Duration::from_secs(3)).await;
        println!(
            "{name}: all can tell again {:?} after the cut",
            mended.elapsed()
        );
        watch.all_refused().await;
        revoke(6).await;
        revoke(7).await;
        watch.all_refused().await;
        watch.end(name).await;
    }
}

/// Two ways at once: one that loses what it is given, and one that delivers it later.
async fn by_proxies() {
    let database = Database::new(Backend::Sqlite).await;
    let process = outside::start(&database, outside::free_port(), &[]).await;
    let reached = Reached {
        service: (*process).clone(),
        issuer: process.base.clone(),
        _process: process,
        _database: database,
    };
    let by = async |flow: Flow| {
        let public = Proxy::before(&reached.service.base).await;
        let internal = Proxy::before(&reached.service.internal).await;
        let way = Client::new(public.url.clone(), internal.url.clone());
        let set = |flow| {
            public.set(flow);
            internal.set(flow);
        };
        let (cut, mend) = (|| set(flow), || set(Flow::Open));
        let name = format!("{flow:?}").to_lowercase();
        reached.suffers(&name, &way, cut, mend).await;
    };
    tokio::join!(by(Flow::Lossy), by(Flow::Frozen));
}

/// The service lives in the namespace of the process `holder`; two links lead there.
async fn by_namespace(holder: &str) {
    let inside = |program: &str| {
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--net=/proc/{holder}/ns/net"))
            .arg(program);
        command
    };
    let port = outside::free_port();
    let address = |host: &str, port: u16| format!("http://{host}:{port}");
    let (cut_off, kept) = ("10.213.1.2", "10.213.2.2");
    let database = Database::new(Backend::Sqlite).await;
    let serve = process::command(&database, &["serve"]);
    let mut command = inside(&serve.get_program().to_string_lossy());
    command
        .args(serve.get_args())
        .env_clear()
        .stdin(Stdio::null());
    for (name, value) in serve.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    let issuer = address(cut_off, port);
    command
        .env("AUTH__LISTEN", format!("0.0.0.0:{port}"))
        .env("AUTH__INTERNAL_LISTEN", format!("0.0.0.0:{}", port + 1))
        .env("AUTH__ISSUER", &issuer);
    let reached = Reached {
        _process: Process::spawn(command).await.expect("the service starts"),
        _database: database,
        service: Client::new(address(kept, port), address(kept, port + 1)),
        issuer,
    };
    let way = Client::new(address(cut_off, port), address(cut_off, port + 1));
    let set = |state: &str| {
        let status = inside("ip").args(["link", "set", "cut1", state]).status();
        assert!(status.is_ok_and(|status| status.success()), "ip link set");
    };
    let (cut, mend) = (|| set("down"), || set("up"));
    reached.suffers("namespace", &way, cut, mend).await;
}

// L1
#[tokio::test(flavor = "multi_thread")]
async fn nothing_revoked_is_let_in_when_the_network_was_cut_and_is_back() {
    match std::env::var("TEST_CUT_NAMESPACE") {
        Ok(holder) => by_namespace(&holder).await,
        Err(_) => by_proxies().await,
    }
}
