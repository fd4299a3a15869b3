//! No account and no settings make an access token that is refused for its size.

use kernel::config::{KeyAlgorithm, Settings};
use serde_json::json;

use crate::support::{Answer, Backend, Client, PASSWORD, Service, both};

/// What common servers and proxies take as one header line.
const HEADER_LINE: usize = 8 * 1024;

fn too_long(settings: &Settings) -> bool {
    let problems = settings.validate().err().unwrap_or_default();
    problems.iter().any(|it| it.advice.contains("header line"))
}

/// Settings that fill their share of a token to the last byte, with the longest signature.
fn fill(settings: &mut Settings) {
    settings.keys.algorithm = KeyAlgorithm::RS256;
    settings.keys.rsa_bits = 3072;
    settings.tokens.include_email = true;
    settings.tokens.client_id = "the-client-of-this-service".into();
    settings.tokens.scope = "account read:orders write:orders".into();
    let mut largest = 1;
    for length in 1.. {
        settings.tokens.audience = vec!["x".repeat(length)];
        if too_long(settings) {
            break;
        }
        largest = length;
    }
    assert!(largest > 800, "{largest}");
    settings.tokens.audience = vec!["x".repeat(largest)];
}

/// The longest address (RFC 5321 §4.5.3.1).
fn longest_address() -> String {
    let label = "d".repeat(60);
    let email = format!("{}@{label}.{label}.{label}.org", "l".repeat(64));
    assert!(email.len() > 245, "{}", email.len());
    email
}

fn roles(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{n:0>64}")).collect()
}

fn is_too_large(answer: &Answer) -> bool {
    let error = &answer.body["errors"][0];
    let about_tokens = error["message"]
        .as_str()
        .unwrap_or_default()
        .contains("access token");
    assert!(
        answer.status == 200 || (answer.status == 422 && about_tokens),
        "{}",
        answer.text
    );
    answer.status == 422
}

/// Gives an account as much as is taken.
async fn fill_account(client: &Client, path: &str) {
    let claims = json!({ "x": "c".repeat(2_040) });
    assert!(!is_too_large(
        &client.patch(path, json!({ "claims": claims })).await
    ));
    let mut most = 0;
    for count in 1..=50 {
        if is_too_large(&client.patch(path, json!({ "roles": roles(count) })).await) {
            break;
        }
        most = count;
    }
    assert!((10..50).contains(&most), "{most}");
    let refused = client
        .patch(path, json!({ "roles": roles(most + 1) }))
        .await;
    assert_eq!(refused.body["errors"][0]["field"], "roles");
    // Both at once are judged as one, and what is refused changes nothing.
    let both = json!({ "roles": roles(50), "claims": claims });
    let refused = client.patch(path, both).await;
    assert!(is_too_large(&refused) && refused.body["errors"][0]["field"] == "claims");
    assert_eq!(
        client.get(path).await.body["roles"]
            .as_array()
            .map(Vec::len),
        Some(most)
    );
}

both! {
    // I40
    async fn the_largest_account_of_the_largest_settings_gets_tokens_that_are_accepted(backend: Backend) {
        let service = Service::with(backend, fill).await;
        let admin = service.admin().await;
        let client = service.bearer(&admin.access);
        let email = longest_address();
        let made = client.post("/v1/admin/users", json!({ "email": email, "password": PASSWORD, "email_verified": true })).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let path = format!("/v1/admin/users/{}", made.body["id"].as_str().expect("an id"));
        fill_account(&client, &path).await;
        let scope = "account admin read:orders write:orders";
        let signed_in = [
            json!({ "email": email, "password": PASSWORD }),
            json!({ "email": email, "password": PASSWORD, "scope": scope }),
        ];
        let mut longest = 0;
        for body in signed_in {
            let tokens = service.post("/v1/login", body).await.tokens();
            let line = format!("authorization: Bearer {}\r\n", tokens.access);
            assert!(line.len() <= HEADER_LINE, "{}", line.len());
            longest = longest.max(line.len());
            assert_eq!(service.me(&tokens.access).await.status, 200);
            let fresh = service.refresh(&tokens.refresh).await.tokens();
            assert_eq!(service.me(&fresh.access).await.status, 200);
        }
        assert!(longest > HEADER_LINE - 500, "the shares could be larger: {longest}");
    }
}

// I40
#[tokio::test(flavor = "multi_thread")]
async fn settings_that_leave_no_room_for_an_account_are_refused_by_name() {
    let long = |count: usize| (0..count).map(|n| format!("https://service-{n}.example.org"));
    let with = |change: &dyn Fn(&mut Settings)| {
        let mut settings = Settings::default();
        change(&mut settings);
        let problems = settings.validate().err().unwrap_or_default();
        problems.iter().map(|it| it.key).collect::<Vec<_>>()
    };
    assert_eq!(with(&|it| it.tokens.audience = long(20).collect()), [""; 0]);
    assert_eq!(
        with(&|it| it.tokens.audience = long(60).collect()),
        ["tokens.audience"]
    );
    assert_eq!(
        with(&|it| it.issuer = format!("https://example.org/{}", "x".repeat(800))),
        ["issuer"]
    );
    assert_eq!(
        with(&|it| it.tokens.client_id = "c".repeat(1_200)),
        ["tokens.client_id"]
    );
    assert_eq!(
        with(&|it| it.tokens.scope = format!("account {}", "s".repeat(1_200))),
        ["tokens.scope"]
    );
    let cookie = |length| with(&|it| it.forward_auth.cookie = Some("c".repeat(length)));
    assert_eq!(
        (cookie(128), cookie(129)),
        (vec![], vec!["forward_auth.cookie"])
    );
}

// I40
#[tokio::test(flavor = "multi_thread")]
async fn an_account_cannot_be_made_or_imported_too_large() {
    let service = Service::start(Backend::Sqlite).await;
    let admin = service.admin().await;
    let client = service.bearer(&admin.access);
    let most = json!({ "email": longest_address(), "password": PASSWORD, "roles": roles(50) });
    let made = client.post("/v1/admin/users", most).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let tokens = service
        .post(
            "/v1/login",
            json!({ "email": longest_address(), "password": PASSWORD }),
        )
        .await;
    assert_eq!(service.me(&tokens.tokens().access).await.status, 200);
    let more = json!({ "email": "more@example.org", "roles": roles(51) });
    client
        .post("/v1/admin/users", more.clone())
        .await
        .expect(422, "validation_failed");
    let lines = format!(
        "{more}\n{}",
        json!({ "email": "fits@example.org", "roles": roles(50) })
    );
    let done = super::imported::import(&service, &lines).await;
    assert_eq!((done.created, done.bad.len()), (1, 1), "{:?}", done.bad);
}
