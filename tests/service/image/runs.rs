//! The pods of both overlays, with the environment that the manifests give them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reqwest::Method;

use super::jail::{Image, Inside, Volume};
use crate::deployment::overlay::{Overlay, bytes, dev, number, production};
use crate::support::database::Database;
use crate::support::redis::Redis;
use crate::support::{Process, secrets};

/// Free ports of loopback in place of the pod's own address, and a short grace.
pub(super) fn here(overlay: &Overlay) -> BTreeMap<String, String> {
    let mut environment = overlay.environment(&overlay.server());
    let listen = ["AUTH__LISTEN", "AUTH__INTERNAL_LISTEN"]
        .map(|name| (name.to_owned(), "127.0.0.1:0".to_owned()));
    environment.extend(listen);
    environment.insert("AUTH__HTTP__SHUTDOWN_GRACE".into(), "300ms".into());
    environment
}

/// Names are looked up as in a pod, in the hosts file that the engine mounts.
fn by_name(url: &str) -> String {
    url.replace("127.0.0.1", "localhost")
}

/// Bytes that the pods of production may have.
fn limit_of_memory() -> u64 {
    bytes(&production().server()["spec"]["containers"][0]["resources"]["limits"]["memory"])
}

pub(super) async fn end(mut process: Process, overlay: &Overlay) {
    let limit = number(&overlay.server()["spec"]["terminationGracePeriodSeconds"]);
    let began = Instant::now();
    Inside::of(&process).terminate();
    assert!(process.wait(Duration::from_secs(limit)).await.success());
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "nothing was in flight"
    );
}

// L9
#[tokio::test(flavor = "multi_thread")]
async fn the_pods_of_production_run_from_it() {
    let (image, redis, database) = (Image::make(), Redis::start().await, Database::empty().await);
    let files = image.files();
    let mut environment = here(production());
    environment.insert("DATABASE_URL".into(), by_name(&database.url));
    environment.insert("REDIS_URL".into(), by_name(&redis.url()));
    secrets::note(&environment["AUTH__KEYS__ENCRYPTION_KEYS"]);

    // The Deployment may be quicker than the Job: its pods end and say what they wait for.
    let early = image
        .command(&environment, None, &["serve"])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&early.stderr);
    assert!(
        !early.status.success() && said.contains("run `auth-service migrate`"),
        "{said}"
    );
    let only = BTreeMap::from([(
        "DATABASE_URL".to_owned(),
        environment["DATABASE_URL"].clone(),
    )]);
    let job = image
        .command(&only, None, &["migrate"])
        .output()
        .expect("it runs");
    assert!(job.status.success(), "{job:?}");

    let process = Process::spawn(image.command(&environment, None, &["serve"]))
        .await
        .expect("it starts");
    let inside = Inside::of(&process);
    let mut given = inside.environment();
    assert_eq!(
        given.remove("PWD").as_deref(),
        Some("/"),
        "bubblewrap's own"
    );
    assert_eq!(given, environment);
    assert!(
        !inside
            .status("Uid")
            .split_whitespace()
            .any(|user| user == "0")
    );
    assert_eq!(
        inside.status("NSpid").split_whitespace().next_back(),
        Some("1")
    );
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(inside.status(set), "0000000000000000", "{set}");
    }
    assert_eq!(inside.status("NoNewPrivs"), "1");
    assert_eq!(inside.mounts(), BTreeMap::from([("/".to_owned(), true)]));

    assert_eq!(process.get_internal("/readyz").await.status, 200);
    let mut beside = environment.clone();
    let internal = process.internal.trim_start_matches("http://").to_owned();
    beside.insert("AUTH__INTERNAL_LISTEN".into(), internal);
    let healthy = image.command(&beside, None, &["healthcheck"]).output();
    let healthy = healthy.expect("it runs");
    assert!(healthy.status.success(), "{healthy:?}");
    process.signup("ada@example.org").await;
    let tokens = process.login("ada@example.org").await;
    let tokens = process.refresh(&tokens.refresh).await.tokens();
    let hashing = (0..8).map(|_| process.login("ada@example.org"));
    futures_util::future::join_all(hashing).await;
    assert!(inside.own_memory() < limit_of_memory() / 2);
    let signed_in = process.bearer(&tokens.access);
    assert_eq!(signed_in.get("/v1/me").await.status, 200);
    assert_eq!(
        signed_in
            .send(Method::POST, "/v1/logout", None)
            .await
            .status,
        204
    );
    signed_in.get("/v1/me").await.expect(401, "token_revoked");
    assert!(!redis.keys("deny:*").await.is_empty(), "Redis was told");

    end(process, production()).await;
    assert_eq!(image.files(), files, "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pod_of_dev_keeps_its_data_on_the_volume() {
    let (image, volume) = (Image::make(), Volume::new());
    let mut environment = here(dev());
    environment.insert("AUTH__LOG__FORMAT".into(), "json".into());
    let start = async || {
        let command = image.command(&environment, Some(&volume), &["serve"]);
        Process::spawn(command).await.expect("it starts")
    };
    let process = start().await;
    let mounts = Inside::of(&process).mounts();
    assert_eq!(
        mounts,
        BTreeMap::from([("/".to_owned(), true), ("/data".to_owned(), false)])
    );
    let tokens = process.signup("ada@example.org").await;
    end(process, dev()).await;
    assert!(volume.files().contains("auth.db"), "{:?}", volume.files());

    let process = start().await;
    process.login("ada@example.org").await;
    process.refresh(&tokens.refresh).await.tokens();
    end(process, dev()).await;
}

/// No shell and nothing else that runs: the binary, what it loads, and four files that it reads.
#[test]
fn nothing_else_is_in_it() {
    let mut files = Image::make().files();
    let libraries: Vec<_> = files
        .extract_if(.., |path| {
            path.starts_with("lib") || path.starts_with("usr/lib")
        })
        .collect();
    assert!(
        libraries.iter().all(|path| path.contains(".so")),
        "{libraries:?}"
    );
    assert!(libraries.len() <= 5, "{libraries:?}");
    let expected = [
        "auth-service",
        "etc/group",
        "etc/hosts",
        "etc/nsswitch.conf",
        "etc/passwd",
        "etc/ssl/certs/ca-certificates.crt",
    ];
    assert_eq!(
        files.iter().map(String::as_str).collect::<Vec<_>>(),
        expected
    );
}
