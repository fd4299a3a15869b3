//! TLS on the service's own listeners, as programs of other people see it.

mod authority;
mod hangup;
mod look;
mod refused;
mod replaced;

use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::tls::TlsInfo;
use tokio::time::sleep;

use crate::migrations::production;
use crate::support::database::Database;
use crate::support::{Backend, Process};
pub(crate) use authority::Authority;

/// A service in production that shows a certificate, and who issued it.
struct Secured {
    authority: Authority,
    process: Process,
    #[expect(dead_code, reason = "its files go when it does")]
    database: Database,
}

impl Secured {
    async fn start(change: impl FnOnce(&mut Command)) -> Self {
        let (authority, database) = (Authority::new(), Database::new(Backend::Sqlite).await);
        authority.put("first");
        let mut serve = production(&database, &["serve"]);
        serve
            .env("AUTH__TLS__CERTIFICATE", authority.path("tls.crt"))
            .env("AUTH__TLS__KEY", authority.path("tls.key"));
        change(&mut serve);
        let process = Process::spawn(serve).await.expect("the service starts");
        Self {
            authority,
            process,
            database,
        }
    }

    /// Where the public listener is.
    fn url(&self, path: &str) -> String {
        self.process.base.replace("http://", "https://") + path
    }

    /// A client with connections of its own, that trusts the authority alone.
    fn client(&self) -> reqwest::Client {
        let root = std::fs::read(self.authority.path("ca.crt")).expect("a certificate");
        let root = reqwest::Certificate::from_pem(&root).expect("PEM");
        reqwest::Client::builder()
            .tls_certs_only([root])
            .tls_info(true)
            .timeout(Duration::from_secs(20))
            .build()
            .expect("a client")
    }

    /// The certificate that a client is shown, DER.
    async fn shown_to(&self, client: &reqwest::Client) -> Vec<u8> {
        let asked = client.get(self.url(KEYS)).send().await;
        shown(asked.expect("an answer")).await
    }

    /// Waits until a new connection is shown this certificate.
    async fn until_shown(&self, name: &str) {
        let (began, wanted) = (Instant::now(), self.authority.der(name));
        while self.shown_to(&self.client()).await != wanted {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "{name} is never shown"
            );
            sleep(Duration::from_millis(100)).await;
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.process.log).unwrap_or_default()
    }

    /// Waits for the `count`th line of the log that says this.
    async fn until_logged(&self, count: usize, text: &str) -> String {
        until_logged(&self.process, count, text).await
    }
}

const KEYS: &str = "/.well-known/jwks.json";

async fn shown(answer: reqwest::Response) -> Vec<u8> {
    assert_eq!(answer.status(), 200);
    let info = answer.extensions().get::<TlsInfo>().expect("TLS");
    let certificate = info.peer_certificate().expect("a certificate").to_vec();
    answer.bytes().await.expect("the body");
    certificate
}

async fn until_logged(process: &Process, count: usize, text: &str) -> String {
    let began = Instant::now();
    loop {
        let log = std::fs::read_to_string(&process.log).unwrap_or_default();
        let mut lines = log.lines().filter(|line| line.contains(text));
        if let Some(line) = lines.nth(count - 1) {
            return line.to_owned();
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{text}: {log}");
        sleep(Duration::from_millis(50)).await;
    }
}
