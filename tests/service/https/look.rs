//! What strangers' clients are shown: versions, protocol, headers, and both listeners.

use std::process::{Command, Output, Stdio};

use super::{KEYS, Secured, until_logged};
use crate::migrations::production;
use crate::support::database::Database;
use crate::support::{Backend, Process};

fn s_client(service: &Secured, arguments: &[&str]) -> Output {
    let place = service.process.base.replace("http://", "");
    let mut openssl = Command::new("openssl");
    openssl
        .args([
            "s_client",
            "-connect",
            &place,
            "-verify_return_error",
            "-CAfile",
        ])
        .arg(service.authority.path("ca.crt"))
        .args(arguments)
        .stdin(Stdio::null());
    openssl.output().expect("openssl runs")
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_from_1_2_on_and_http_1_1_are_spoken() {
    let service = Secured::start(|_| {}).await;
    for (version, shown) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        let output = s_client(&service, &[version, "-alpn", "h2,http/1.1"]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{output:?}");
        for part in [
            shown,
            "Verify return code: 0 (ok)",
            "ALPN protocol: http/1.1",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
    let old = s_client(&service, &["-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"]);
    let said = String::from_utf8_lossy(&old.stderr).into_owned();
    assert!(!old.status.success(), "{old:?}");
    // The alert that says so, whichever of the two that fit (RFC 8446 §6.2).
    assert!(
        said.contains("alert protocol version") || said.contains("alert handshake failure"),
        "the service refuses it: {said}"
    );
}

/// Status and headers by the real curl.
fn curl(service: &Secured, url: &str) -> String {
    let mut curl = Command::new("curl");
    curl.args([
        "--silent",
        "--show-error",
        "--max-time",
        "20",
        "--dump-header",
        "-",
    ]);
    curl.arg("--cacert").arg(service.authority.path("ca.crt"));
    let output = curl.args(["--output", "/dev/null", url]).output();
    let output = output.expect("curl runs");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).to_lowercase()
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_are_told_to_stay_on_https_only_over_it() {
    let service = Secured::start(|command| {
        command.env("AUTH__TLS__INTERNAL", "true");
    })
    .await;
    for path in [KEYS, "/v1/me", "/nothing"] {
        let said = curl(&service, &service.url(path));
        let told = said.contains("strict-transport-security: max-age=31536000\r\n");
        assert!(told, "{said}");
    }
    let internal = service.process.internal.replace("http://", "https://") + "/readyz";
    let said = curl(&service, &internal);
    assert!(said.starts_with("http/1.1 200"), "{said}");
    assert!(!said.contains("strict-transport"), "{said}");
    for plain in [&service.process.base, &service.process.internal] {
        let said = curl(&service, &format!("{plain}{KEYS}"));
        assert!(!said.starts_with("http/1.1 200"), "no plain HTTP: {said}");
    }

    let database = Database::new(Backend::Sqlite).await;
    let plain = Process::spawn(production(&database, &["serve"])).await;
    let plain = plain.expect("the service starts");
    let said = curl(&service, &format!("{}{KEYS}", plain.base));
    assert!(said.starts_with("http/1.1 200"), "{said}");
    assert!(!said.contains("strict-transport"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_comes_near_is_told_ahead() {
    let service = Secured::start(|_| {}).await;
    service.authority.issue("short", 2);
    service.authority.put_pair("short", "short");
    service.until_shown("short").await;
    assert!(!service.log().contains("ends soon"));

    // A quarter of two days is left when this one begins.
    let database = Database::new(Backend::Sqlite).await;
    let mut serve = production(&database, &["serve"]);
    let library = std::env::var("TEST_FAKETIME").expect("run the tests by `make test`");
    serve
        .env(
            "AUTH__TLS__CERTIFICATE",
            service.authority.path("short.crt"),
        )
        .env("AUTH__TLS__KEY", service.authority.path("short.key"))
        .env("LD_PRELOAD", library)
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("FAKETIME", "+40h");
    let late = Process::spawn(serve).await.expect("the service starts");
    let line = until_logged(&late, 1, "ends soon").await;
    assert!(line.contains("\"days_left\":0"), "{line}");
}
