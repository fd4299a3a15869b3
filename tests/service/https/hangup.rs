//! SIGHUP: what can change in a running service changes, or nothing does.

use std::path::PathBuf;

use super::{KEYS, Secured, until_logged};
use crate::migrations::production;
use crate::support::database::Database;
use crate::support::{Backend, Process};

/// A service with a file of settings.
struct Configured {
    process: Process,
    file: PathBuf,
    database: Database,
}

impl Configured {
    async fn start(settings: &str) -> Self {
        let database = Database::new(Backend::Sqlite).await;
        let file = database.folder.path().join("auth.toml");
        std::fs::write(&file, settings).expect("a file");
        let mut serve = production(&database, &["serve"]);
        serve.env("AUTH_CONFIG", &file);
        serve.env_remove("AUTH__LOG__FILTER");
        let process = Process::spawn(serve).await.expect("the service starts");
        Self {
            process,
            file,
            database,
        }
    }

    fn hang_up_with(&self, settings: &str) {
        std::fs::write(&self.file, settings).expect("a file");
        self.process.signal("HUP");
    }

    async fn serves(&self) {
        let answer = reqwest::get(format!("{}{KEYS}", self.process.base)).await;
        assert_eq!(answer.expect("an answer").status(), 200);
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.process.log).expect("a log")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_filter_of_the_log_changes_both_ways() {
    let service = Configured::start("log.filter = \"info\"\n").await;
    service.serves().await;
    assert!(!service.log().contains("\"DEBUG\""));

    service.hang_up_with("log.filter = \"debug\"\n");
    let line = until_logged(&service.process, 1, "settings read anew").await;
    assert!(line.contains("log.filter"), "{line}");
    service.serves().await;
    until_logged(&service.process, 1, "\"DEBUG\"").await;

    service.hang_up_with("log.filter = \"info\"\n");
    until_logged(&service.process, 2, "settings read anew").await;
    let debug = |log: &str| log.matches("\"DEBUG\"").count();
    let before = debug(&service.log());
    for _ in 0..5 {
        service.serves().await;
    }
    assert_eq!(debug(&service.log()), before);
    assert!(!service.log().contains("tokio_postgres::query"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_used_changes_nothing_and_the_service_serves_on() {
    let service = Configured::start("log.filter = \"info\"\n").await;
    let debug = "log.filter = \"debug\"\n";
    let faults = [
        ("tokens.access_ttl = \"1s\"\n", "tokens.access_ttl"),
        ("tokens.acces_ttl = \"10m\"\n", "did you mean"),
        ("this is no TOML\n", "line 2"),
        ("tls.certificate = \"/nothing.crt\"\n", "tls.key"),
    ];
    for (count, (fault, said)) in faults.iter().enumerate() {
        service.hang_up_with(&format!("{debug}{fault}"));
        let line = until_logged(&service.process, count + 1, "those before stay").await;
        assert!(line.contains(said), "{said}: {line}");
        service.serves().await;
    }
    service.hang_up_with("log.filter = \"no=such=filter\"\n");
    let line = until_logged(&service.process, faults.len() + 1, "those before stay").await;
    assert!(line.contains("log.filter"), "{line}");
    std::fs::remove_file(&service.file).expect("it is there");
    service.process.signal("HUP");
    until_logged(&service.process, faults.len() + 2, "those before stay").await;
    service.serves().await;
    assert!(!service.log().contains("\"DEBUG\""), "all or nothing");
    assert!(!service.log().contains("settings read anew"));
    drop(service.database);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_the_next_start_is_named_with_its_reason() {
    let service = Configured::start("").await;
    for count in 1..=2 {
        service.hang_up_with("tokens.access_ttl = \"5m\"\nlog.filter = \"info\"\n");
        let line = until_logged(&service.process, count, "counts at the next start").await;
        assert!(line.contains("tokens.access_ttl"), "{line}");
        assert!(line.contains("roll it out"), "{line}");
        until_logged(&service.process, count, "settings read anew").await;
    }
    let tokens = service.process.signup("ada@example.org").await;
    let payload = tokens.access.split('.').nth(1).expect("a JWT");
    let claims = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, payload);
    let claims: serde_json::Value =
        serde_json::from_slice(&claims.expect("base64url")).expect("JSON");
    let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert!(life > 300, "it lives as before: {life}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_taken_up_at_once_also_from_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("auth.toml");
    std::fs::write(&file, "").expect("a file");
    let service = Secured::start(|command| {
        let settings: Vec<_> = ["AUTH__TLS__CERTIFICATE", "AUTH__TLS__KEY"]
            .map(|name| {
                let mut variables = command.get_envs();
                let found = variables.find(|(known, _)| *known == name);
                found.and_then(|(_, value)| value).expect("set").to_owned()
            })
            .into();
        let [certificate, key] =
            [&settings[0], &settings[1]].map(|path| path.display().to_string());
        let text = format!("tls.certificate = \"{certificate}\"\ntls.key = \"{key}\"\n");
        std::fs::write(&file, text).expect("a file");
        command.env_remove("AUTH__TLS__CERTIFICATE");
        command.env_remove("AUTH__TLS__KEY");
        command.env("AUTH_CONFIG", &file);
    })
    .await;
    service.authority.issue("elsewhere", 60);
    let path = |ending: &str| service.authority.path(&format!("elsewhere.{ending}"));
    let text = format!(
        "tls.certificate = \"{}\"\ntls.key = \"{}\"\n",
        path("crt").display(),
        path("key").display()
    );
    std::fs::write(&file, text).expect("a file");
    service.process.signal("HUP");
    let line = service.until_logged(1, "settings read anew").await;
    assert!(
        line.contains("tls.key") && line.contains("\"certificate\":true"),
        "{line}"
    );
    let shown = service.shown_to(&service.client()).await;
    assert_eq!(shown, service.authority.der("elsewhere"));

    // Without TLS in its settings the listener, which stands, keeps what it shows.
    std::fs::write(&file, "").expect("a file");
    service.process.signal("HUP");
    let line = service.until_logged(1, "counts at the next start").await;
    assert!(line.contains("tls."), "{line}");
    let shown = service.shown_to(&service.client()).await;
    assert_eq!(shown, service.authority.der("elsewhere"));
}
