//! The examples: services of other people, which trust this one by `shared-claims`. Each is a
//! process of its own beside the service's, started as the README says.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::Method;

use crate::readme::{commands, keep_promises};
use crate::support::database::Database;
use crate::support::outside::{APP_ADMIN, create_account, free_port, start};
use crate::support::{Answer, Backend, Client, Process, process, secrets};

/// A running example. Killed when it is dropped.
struct Example {
    child: Child,
    client: Client,
}

impl Example {
    async fn start(name: &str, service: &Process) -> Self {
        let port = free_port();
        let log = secrets::folder().join(format!("{name}-{port}.log"));
        let output = std::fs::File::create(log).expect("the log can be made");
        let child = Command::new(process::beside(name))
            .env_clear()
            .env("ISSUER", &service.base)
            .env("FEED", format!("{}/v1/revocations", service.internal))
            .env("LISTEN", format!("127.0.0.1:{port}"))
            .env("RUST_LOG", "debug")
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a handle"))
            .stderr(output)
            .spawn()
            .expect("the example runs");
        let base = format!("http://127.0.0.1:{port}");
        let client = Client::new(base, String::new());
        let example = Self { child, client };
        example
            .until("/readyz", "", |answer| answer.status == 200)
            .await;
        example
    }

    async fn get(&self, path: &str, token: &str) -> Answer {
        let url = format!("{}{path}", self.client.base);
        self.client.bearer(token).get(&url).await
    }

    async fn write(&self, token: &str) -> Answer {
        let url = format!("{}/notes", self.client.base);
        self.client
            .bearer(token)
            .send(Method::POST, &url, None)
            .await
    }

    /// Asks until the answer is as it should be, and returns it.
    async fn until(&self, path: &str, token: &str, good: impl Fn(&Answer) -> bool) -> Answer {
        let url = format!("{}{path}", self.client.base);
        let client = self.client.bearer(token);
        let mut last = None;
        for _ in 0..600 {
            match client.try_send(Method::GET, &url, None).await {
                Ok(answer) if good(&answer) => return answer,
                told => last = Some(told),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{url} within 30 s: {last:?}");
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn log_out(service: &Process, access: &str) {
    let signed_in = service.bearer(access);
    let answer = signed_in.send(Method::POST, "/v1/logout", None).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}

/// A service that grants this scope, on the same two ports each time.
async fn service(database: &Database, ports: (u16, u16), scope: &str) -> Process {
    let internal = format!("127.0.0.1:{}", ports.1);
    let settings = [
        ("AUTH__INTERNAL_LISTEN", &*internal),
        ("AUTH__TOKENS__SCOPE", scope),
    ];
    start(database, ports.0, &settings).await
}

/// The commands of the README, as they stand.
async fn does_what_the_readme_says(name: &str) {
    let database = Database::new(Backend::Sqlite).await;
    let service = start(&database, free_port(), &[]).await;
    let example = Example::start(name, &service).await;
    let script = commands("shared-claims/README.md", "Run the examples")
        .replace("http://localhost:8080", &service.base)
        .replace("http://127.0.0.1:8081", &example.client.base);
    assert_eq!(keep_promises(&script).await, 5);
}

/// Scopes, roles and revocations, over a restart of the service.
async fn lets_in_whom_it_should(name: &str) {
    let database = Database::new(Backend::Sqlite).await;
    let ports = (free_port(), free_port());
    let service = self::service(&database, ports, "account").await;
    let example = Example::start(name, &service).await;

    let ada = service.signup("ada@example.org").await;
    let notes = example.get("/notes", &ada.access).await;
    assert_eq!(
        (notes.status, notes.body["user"].as_str()),
        (200, Some(&*ada.user))
    );
    let refused = example.write(&ada.access).await.expect(403, "forbidden");
    assert_eq!(
        refused.header("www-authenticate"),
        r#"Bearer error="insufficient_scope", scope="notes:write""#
    );
    example
        .get("/audit", &ada.access)
        .await
        .expect(403, "forbidden");
    example
        .get("/notes", "not.a.token")
        .await
        .expect(401, "token_invalid");
    let url = format!("{}/notes", example.client.base);
    example.client.get(&url).await.expect(401, "token_missing");

    create_account(&database, "root@example.org", APP_ADMIN).await;
    let root = service.login("root@example.org").await;
    assert_eq!(example.get("/audit", &root.access).await.status, 200);

    // A session that ends takes its access token with it, there too.
    log_out(&service, &ada.access).await;
    let revoked = |answer: &Answer| answer.code() == "token_revoked";
    let told = example.until("/notes", &ada.access, revoked).await;
    assert_eq!(told.status, 401);

    // The service restarts and grants more. What was revoked stays so, and is heard of again.
    drop(service);
    let service = self::service(&database, ports, "account notes:write").await;
    let wide = service.login("ada@example.org").await;
    let answer = example.write(&wide.access).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    example
        .get("/notes", &ada.access)
        .await
        .expect(401, "token_revoked");
    log_out(&service, &wide.access).await;
    example.until("/notes", &wide.access, revoked).await;
}

macro_rules! for_each_example {
    ($($module:ident = $name:literal),+) => {
        $(mod $module {
            #[tokio::test(flavor = "multi_thread")]
            async fn does_what_the_readme_says() {
                super::does_what_the_readme_says($name).await;
            }

            // R4, L1
            #[tokio::test(flavor = "multi_thread")]
            async fn lets_in_whom_it_should() {
                super::lets_in_whom_it_should($name).await;
            }
        })+
    };
}
for_each_example!(actix = "actix-api", axum = "axum-api");
