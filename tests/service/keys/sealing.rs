//! Private keys rest sealed; who can read or write the database alone can do nothing with them.

use auth_service::app;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kernel::audit::Actor;
use kernel::clock::Clock;
use kernel::config::KeyAlgorithm;
use kernel::entropy::Entropy;
use serde_json::{Value, json};
use shared_claims::Jwk;

use super::{kid_of, tick};
use crate::support::database::Database;
use crate::support::service::{START, settings};
use crate::support::{Service, both, secrets, stored_keys};

/// How a PKCS#8 private key of each algorithm begins: the DER of its object identifier.
const PKCS8: [&[u8]; 3] = [
    &[0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01],
    &[0x06, 0x03, 0x2B, 0x65, 0x70],
    &[
        0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01,
    ],
];

fn holds_a_private_key(bytes: &[u8]) -> bool {
    PKCS8
        .iter()
        .any(|mark| bytes.windows(mark.len()).any(|window| window == *mark))
}

/// A key-encryption key as it stands in the configuration.
fn sealing_key(seed: u64) -> String {
    let key = STANDARD.encode(Entropy::seeded(seed).bytes::<32>());
    secrets::note(&key);
    key
}

/// Why a service with these key-encryption keys does not start on this database.
async fn refusal(database: &Database, encryption_keys: &[String]) -> String {
    let mut settings = settings(database);
    settings.keys.encryption_keys = encryption_keys.to_vec();
    let opened = app::open(settings, Clock::manual(START), Entropy::system()).await;
    opened.err().expect("it must not start").to_string()
}

/// A key pair from elsewhere: the public half as a JWK, the private half as PKCS#8.
fn key_of_theirs() -> (Value, Vec<u8>) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let point = pair.public_key().as_ref();
    let half = |from: usize| point[from..from + 32].try_into().expect("a coordinate");
    let jwk = Jwk::es256(half(1), half(33));
    let pkcs8 = pair.to_pkcs8v1().expect("it can be written");
    (json!(jwk), pkcs8.as_ref().to_vec())
}

async fn quote(database: &Database, sql: &str, bytes: &[u8]) {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let literal = match database.url.starts_with("sqlite") {
        true => format!("x'{hex}'"),
        false => format!("'\\x{hex}'"),
    };
    stored_keys::execute(database, &sql.replace('?', &literal)).await;
}

both! {
    async fn no_private_key_stands_in_the_database(backend: Backend) {
        for algorithm in [KeyAlgorithm::ES256, KeyAlgorithm::EdDSA, KeyAlgorithm::RS256] {
            let service = Service::with(backend, |settings| settings.keys.algorithm = algorithm).await;
            let rows = stored_keys::keys(&service.database).await;
            assert_eq!(rows.len(), 2, "one signs, one makes refresh tokens' MACs");
            for row in &rows {
                assert!(!holds_a_private_key(&row.sealed), "{algorithm:?}");
                assert!(!row.public_jwk.as_deref().unwrap_or_default().contains("\"d\""));
            }
            if backend == crate::support::Backend::Sqlite {
                for file in ["auth.db", "auth.db-wal"] {
                    let path = service.database.folder.path().join(file);
                    let bytes = std::fs::read(path).unwrap_or_default();
                    assert!(!holds_a_private_key(&bytes), "{file}");
                }
            }
        }
        let (_, pkcs8) = key_of_theirs();
        assert!(holds_a_private_key(&pkcs8), "this test would see one");
    }

    async fn an_old_sealing_key_opens_until_all_is_sealed_anew(backend: Backend) {
        let (old, new) = (sealing_key(1), sealing_key(2));
        let only = |keys: &[&String]| keys.iter().map(|key| (*key).clone()).collect::<Vec<_>>();
        let service = Service::with(backend, |settings| {
            settings.keys.encryption_keys = only(&[&old]);
        }).await;
        let ada = service.signup("ada@example.org").await;
        let database = service.database.clone();
        let why = refusal(&database, &only(&[&new])).await;
        let kid = kid_of(&ada.access);
        let expected = "it was sealed under a key-encryption key that is not in `keys.encryption_keys`";
        assert!(why.contains("can't be used") && why.contains(expected), "{why}");
        assert!(why.contains(&kid), "{why}");

        let both = Service::on(database.clone(), service.clock.clone(), |settings| {
            settings.keys.encryption_keys = only(&[&new, &old]);
        }).await;
        assert_eq!(both.me(&ada.access).await.status, 200);
        let again = both.refresh(&ada.refresh).await.tokens();
        assert_eq!(kid_of(&again.access), kid, "the same key signs");
        refusal(&database, &only(&[&new])).await;

        let origin = Default::default();
        let sealed = both.ctx.keyring.rewrap(Actor::Operator, &origin).await;
        assert_eq!(sealed.expect("all can be opened"), 2);
        let sealed = both.ctx.keyring.rewrap(Actor::Operator, &origin).await;
        assert_eq!(sealed.expect("all can be opened"), 0, "again does nothing");
        let events = both.audit().await;
        assert!(events.iter().any(|event| event.event == "keys.rewrapped"));
        refusal(&database, &only(&[&old])).await;
        let without_old = Service::on(database, service.clock.clone(), |settings| {
            settings.keys.encryption_keys = only(&[&new]);
        }).await;
        let last = without_old.refresh(&again.refresh).await.tokens();
        assert_eq!((last.session, kid_of(&last.access)), (ada.session, kid));
    }

    async fn a_changed_or_swapped_secret_is_refused_and_the_service_not_ready(backend: Backend) {
        let service = Service::start(backend).await;
        let rows = stored_keys::keys(&service.database).await;
        let (one, other) = (&rows[0], &rows[1]);
        let mut changed = one.sealed.clone();
        let last = changed.len() - 1;
        changed[last] ^= 1;
        for bytes in [&changed, &other.sealed] {
            let update = format!("UPDATE keys SET sealed = ? WHERE kid = '{}'", one.kid);
            quote(&service.database, &update, bytes).await;
            let why = service.ctx.keyring.load().await.err().expect("it must not load").to_string();
            assert!(why.contains(&one.kid) && why.contains("do not belong to it"), "{why}");
            let why = refusal(&service.database, &[]).await;
            assert!(why.contains("do not belong to it"), "{why}");
            assert_eq!(service.get_internal("/readyz").await.status, 200, "what was loaded is in use");
            quote(&service.database, &update, &one.sealed).await;
            tick(&service).await;
        }
        let update = format!("UPDATE keys SET sealed = ? WHERE kid = '{}'", one.kid);
        quote(&service.database, &update, &changed).await;
        service.advance(61);
        let ready = service.get_internal("/readyz").await;
        assert_eq!((ready.status, &ready.body["keys"]), (503, &false.into()), "{}", ready.text);
    }

    async fn nobody_gets_a_key_of_their_own_published_by_writing_it_to_the_database(backend: Backend) {
        let service = Service::start(backend).await;
        let (theirs, _) = key_of_theirs();
        let rows = stored_keys::keys(&service.database).await;
        let ours = rows.iter().find(|row| row.public_jwk.is_some()).expect("a signing key");
        let mut under_our_name = theirs.clone();
        under_our_name["kid"] = ours.kid.as_str().into();
        for jwk in [theirs, under_our_name] {
            let update = format!("UPDATE keys SET public_jwk = '{jwk}' WHERE kid = '{}'", ours.kid);
            stored_keys::execute(&service.database, &update).await;
            let why = service.ctx.keyring.load().await.err().expect("it must not load").to_string();
            assert!(why.contains("its public half does not belong to it"), "{why}");
            refusal(&service.database, &[]).await;
        }
    }
}
