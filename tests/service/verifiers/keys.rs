//! Keys in the hands of verifiers: while the issuer is away, when they change, when one is taken
//! out, and when somebody makes names up.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use shared_claims::{Clock, Freshness, Verifier};
use tokio::task::JoinSet;

use super::{becomes, clock_at_start, rule, rules, verifier};
use crate::support::proxy::{Flow, Proxy};
use crate::support::{Backend, Service, Tokens};

const MINUTE: Duration = Duration::from_secs(60);
const JWKS: &[u8] = b"GET /.well-known/jwks.json ";

/// A service whose tokens live for two hours, and a verifier that reaches it through proxies.
struct Apart {
    service: Service,
    public: Proxy,
    internal: Proxy,
    /// The verifier's.
    clock: Clock,
    verifier: Verifier,
}

impl Apart {
    async fn start() -> Self {
        let two_hours = |settings: &mut kernel::config::Settings| {
            settings.tokens.access_ttl = 120 * MINUTE;
        };
        let service = Service::with(Backend::Sqlite, two_hours).await;
        let public = Proxy::before(&service.base).await;
        let internal = Proxy::before(&service.internal).await;
        let clock = clock_at_start();
        let builder = verifier(&service.ctx.settings.issuer, &public.url, &internal.url);
        let builder = builder.clock(clock.clone()).keys_kept(60 * MINUTE);
        let verifier = builder.build().await.expect("a verifier");
        Self {
            service,
            public,
            internal,
            clock,
            verifier,
        }
    }

    fn set(&self, flow: Flow) {
        self.public.set(flow);
        self.internal.set(flow);
    }

    /// Moves both sides' clocks.
    fn advance(&self, span: Duration) {
        self.service.advance(span.as_secs());
        self.clock.advance(span);
    }

    async fn settles(&self, tokens: &Tokens) {
        becomes(&self.verifier, &tokens.access, ["ok"; 2]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_is_down_for_ten_minutes_is_missed_by_none_but_the_strict() {
    let apart = Apart::start().await;
    let [seen, unseen] = [1, 2].map(|n| format!("user-{n}@example.org"));
    let (seen, unseen) = (
        apart.service.signup(&seen).await,
        apart.service.signup(&unseen).await,
    );
    apart.settles(&seen).await;
    apart.set(Flow::Cut);
    apart.advance(10 * MINUTE);
    for tokens in [&seen, &unseen] {
        assert_eq!(
            rules(&apart.verifier, &tokens.access).await,
            ["blind", "ok"]
        );
    }
    assert!(apart.verifier.ready());
    // Past the bound that it was built with, not even its own keys count.
    apart.advance(51 * MINUTE);
    for tokens in [&seen, &unseen] {
        assert_eq!(rules(&apart.verifier, &tokens.access).await, ["no_keys"; 2]);
    }
    assert!(!apart.verifier.ready());
    apart.set(Flow::Open);
    apart.advance(MINUTE);
    apart.settles(&seen).await;
    apart.settles(&unseen).await;
}

// L5
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_came_while_the_issuer_could_not_be_reached_is_found() {
    let apart = Apart::start().await;
    let old = apart.service.signup("old@example.org").await;
    apart.settles(&old).await;
    apart.set(Flow::Cut);
    let keyring = &apart.service.ctx.keyring;
    let operator = kernel::audit::Actor::Operator;
    keyring
        .rotate(None, operator, &Default::default())
        .await
        .expect("a next key");
    apart.advance(21 * MINUTE);
    let new = apart.service.signup("new@example.org").await;
    // That it is unknown may be our fault, so the token is not called invalid.
    assert_eq!(rules(&apart.verifier, &new.access).await, ["no_keys"; 2]);
    assert_eq!(rules(&apart.verifier, &old.access).await, ["blind", "ok"]);
    apart.set(Flow::Open);
    apart.clock.advance(MINUTE);
    apart.settles(&new).await;
    apart.settles(&old).await;
}

// R6: told by the feed; the key set that is cached still has the key.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_removed_is_refused_at_once_and_its_heir_accepted_at_once() {
    let apart = Apart::start().await;
    let admin = apart.service.admin().await;
    let ada = apart.service.signup("ada@example.org").await;
    let grace = apart.service.signup("grace@example.org").await;
    apart.settles(&ada).await;
    assert_eq!(apart.public.count(JWKS), 1);
    let client = apart.service.bearer(&admin.access);
    let [key] = apart
        .service
        .ctx
        .keyring
        .list(kernel::keyring::Purpose::Signing)
        .await
        .expect("keys")
        .try_into()
        .expect("one");
    let removed = client.delete(&format!("/v1/admin/keys/{}", key.kid)).await;
    assert_eq!(removed.status, 204, "{}", removed.text);
    for tokens in [&ada, &grace] {
        becomes(&apart.verifier, &tokens.access, ["revoked"; 2]).await;
    }
    assert_eq!(apart.public.count(JWKS), 1, "nobody has asked for keys");
    // Though a fetch was less than a cool-down ago.
    let fresh = apart.service.refresh(&ada.refresh).await.tokens();
    assert_eq!(rules(&apart.verifier, &fresh.access).await, ["ok"; 2]);
    assert_eq!(apart.public.count(JWKS), 2);
    // The key has left the set, and is unknown now.
    assert_eq!(
        rules(&apart.verifier, &ada.access).await,
        ["unknown_key"; 2]
    );
}

/// The token as if a key of this name had signed it.
fn renamed(token: &str, kid: &str) -> String {
    let (header, rest) = token.split_once('.').expect("a JWT");
    let header = URL_SAFE_NO_PAD.decode(header).expect("base64url");
    let mut header: Value = serde_json::from_slice(&header).expect("JSON");
    header["kid"] = json!(kid);
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()))
}

// L7
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_made_up_names_ask_the_service_once_a_cool_down() {
    let apart = Apart::start().await;
    let ada = apart.service.signup("ada@example.org").await;
    apart.settles(&ada).await;
    for cool_down in 1..=4 {
        apart.clock.advance(MINUTE);
        let mut askers = JoinSet::new();
        for asker in 0..50 {
            let (verifier, token) = (apart.verifier.clone(), ada.access.clone());
            let names = (0..50).map(move |n| format!("{cool_down}-{asker}-{n}"));
            askers.spawn(async move {
                for name in names {
                    let made_up = renamed(&token, &name);
                    let said = rule(&verifier, &made_up, Freshness::BestEffort).await;
                    assert_eq!(said, "unknown_key");
                    assert_eq!(rule(&verifier, &token, Freshness::BestEffort).await, "ok");
                }
            });
        }
        askers.join_all().await;
        assert_eq!(apart.public.count(JWKS), 1 + cool_down);
    }
    apart.settles(&ada).await;
}
