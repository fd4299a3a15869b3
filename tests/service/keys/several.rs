//! Keys of several algorithms, side by side.

use kernel::audit::Actor;
use kernel::config::KeyAlgorithm;
use kernel::keyring::Purpose;
use serde_json::Value;

use super::{kid_of, tick};
use crate::support::{Service, both};

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

/// Each signing key's algorithm and state, oldest first.
async fn keys(service: &Service) -> Vec<(String, String)> {
    let keys = service.ctx.keyring.list(Purpose::Signing).await;
    let keys = keys.expect("the keys can be read");
    keys.into_iter()
        .map(|key| (key.alg, format!("{:?}", key.state)))
        .collect()
}

/// The algorithms of the published key set.
async fn published(service: &Service) -> Vec<String> {
    let set = service.get("/.well-known/jwks.json").await.body;
    let keys = set["keys"].as_array().cloned().expect("keys");
    let alg = |key: &Value| key["alg"].as_str().expect("an algorithm").to_owned();
    keys.iter().map(alg).collect()
}

fn pairs(keys: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(alg, state): &(&str, &str)| ((*alg).to_owned(), (*state).to_owned());
    keys.iter().map(owned).collect()
}

both! {
    async fn a_further_algorithm_has_a_succession_of_its_own(backend: Backend) {
        let service = Service::with(backend, |settings| {
            settings.keys.further_algorithms = vec![KeyAlgorithm::RS256, KeyAlgorithm::ES256];
            settings.keys.rsa_bits = 2048;
        }).await;
        // The first start has nobody who would know another key: the preferred one signs at once.
        assert_eq!(keys(&service).await, pairs(&[("ES256", "Active"), ("RS256", "Next")]));
        assert_eq!(published(&service).await, ["ES256", "RS256"]);
        let ring = || service.ctx.keyring.ring().expect("keys");
        let now = || service.ctx.clock.now();
        assert!(ring().signing("RS256", now()).is_none(), "nobody knows it yet");

        service.advance(20 * MINUTE);
        tick(&service).await;
        assert_eq!(keys(&service).await, pairs(&[("ES256", "Active"), ("RS256", "Active")]));
        let rs256 = ring().signing("RS256", now()).expect("it signs").kid.clone();
        let ada = service.signup("ada@example.org").await;
        let es256 = kid_of(&ada.access);
        assert_ne!(es256, rs256, "access tokens are signed by the preferred one");
        assert_eq!(ring().signing("ES256", now()).expect("it signs").kid, es256);
        assert!(ring().signing("EdDSA", now()).is_none());

        // Each is rotated by its own time, and by hand.
        let (rs, caller) = (Some(KeyAlgorithm::RS256), Default::default());
        let next = service.ctx.keyring.rotate(rs, Actor::Operator, &caller).await;
        assert_eq!(next.expect("a key").alg, "RS256");
        service.advance(20 * MINUTE);
        tick(&service).await;
        assert_eq!(keys(&service).await, pairs(&[("ES256", "Active"), ("RS256", "Retiring"), ("RS256", "Active")]));
        service.advance(30 * DAY - 60 * MINUTE);
        tick(&service).await;
        let all = keys(&service).await;
        assert_eq!(all[3], ("ES256".into(), "Next".into()), "{all:?}");
        assert_eq!(all.len(), 4, "{all:?}");
        service.advance(20 * MINUTE);
        tick(&service).await;
        let all = keys(&service).await;
        assert_eq!((all[0].1.as_str(), all[2].1.as_str(), all[3].1.as_str()), ("Retiring", "Active", "Active"));

        // One that is removed has an heir of its own algorithm, at once.
        let removed = ring().signing("RS256", now()).expect("it signs").kid.clone();
        service.ctx.keyring.remove(&removed, Actor::Operator, &caller).await.expect("it is there");
        let heir = ring().signing("RS256", now()).expect("it signs").kid.clone();
        assert_ne!(heir, removed);
        let fresh = service.login("ada@example.org").await;
        assert_ne!(kid_of(&fresh.access), heir);
    }

    async fn replicas_of_other_settings_agree_and_a_dropped_algorithm_ends_by_itself(backend: Backend) {
        let service = Service::start(backend).await;
        let old = kid_of(&service.signup("ada@example.org").await.access);
        let other = {
            let settings = service.ctx.settings.clone();
            Service::on(service.database.clone(), service.clock.clone(), move |own| {
                own.data_dir = settings.data_dir.clone();
                own.keys.algorithm = KeyAlgorithm::EdDSA;
            }).await
        };
        assert_eq!(keys(&other).await, pairs(&[("ES256", "Active"), ("EdDSA", "Next")]));
        let ada = other.login("ada@example.org").await;
        assert_eq!(kid_of(&ada.access), old, "verifiers know no other yet");
        service.advance(20 * MINUTE);
        // However long replicas of both settings serve, each takes what the other signs.
        for _ in 0..3 {
            tick(&service).await;
            tick(&other).await;
            let (by_old, by_new) = (service.login("ada@example.org").await, other.login("ada@example.org").await);
            assert_eq!(kid_of(&by_old.access), old);
            assert_ne!(kid_of(&by_new.access), old);
            assert_eq!(other.me(&by_old.access).await.status, 200);
            assert_eq!(service.me(&by_new.access).await.status, 200);
            for replica in [&service, &other] {
                assert_eq!(keys(replica).await, pairs(&[("ES256", "Active"), ("EdDSA", "Active")]));
            }
            service.advance(60 * MINUTE);
        }
        // From now on nobody keeps the dropped one.
        service.advance(30 * DAY - 200 * MINUTE);
        tick(&other).await;
        assert_eq!(keys(&other).await, pairs(&[("ES256", "Active"), ("EdDSA", "Active"), ("EdDSA", "Next")]));
        service.advance(20 * MINUTE);
        tick(&other).await;
        assert_eq!(keys(&other).await, pairs(&[("ES256", "Retiring"), ("EdDSA", "Retiring"), ("EdDSA", "Active")]));
        service.advance(21 * MINUTE);
        tick(&other).await;
        assert_eq!(published(&other).await, ["EdDSA"]);
        // The settings go back: no key that was gone signs again, a new one waits.
        tick(&service).await;
        let by_old = service.login("ada@example.org").await;
        assert_eq!(other.me(&by_old.access).await.status, 200);
        assert_eq!(published(&service).await, ["EdDSA", "ES256"]);
        service.advance(20 * MINUTE);
        let by_old = service.login("ada@example.org").await;
        assert_ne!(kid_of(&by_old.access), old);
        assert_eq!(other.me(&by_old.access).await.status, 200);
    }

    async fn a_key_that_signs_stays_published_when_its_algorithm_is_dropped(backend: Backend) {
        // The key of the further algorithm has signed for weeks when it becomes the only one kept.
        let service = Service::with(backend, |settings| {
            settings.keys.further_algorithms = vec![KeyAlgorithm::EdDSA];
        }).await;
        service.advance(14 * DAY);
        tick(&service).await;
        let ada = service.signup("ada@example.org").await;
        let settings = service.ctx.settings.clone();
        let next = Service::on(service.database.clone(), service.clock.clone(), move |own| {
            own.data_dir = settings.data_dir.clone();
            own.keys.algorithm = KeyAlgorithm::EdDSA;
        }).await;
        assert_eq!(next.me(&ada.access).await.status, 200);
        assert_eq!(published(&next).await, ["ES256", "EdDSA"]);
        let fresh = next.login("ada@example.org").await;
        assert_ne!(kid_of(&fresh.access), kid_of(&ada.access));
    }
}
