//! Accounts that bring the hashes of another system along.

use serde_json::json;

use super::login;
use crate::support::{Backend, Service, both, recorded, secrets};

pub(super) const RIGHT: &str = "correct horse battery staple";

/// One of each format, made by argon2-cffi, bcrypt, passlib, libxcrypt, werkzeug and Django.
pub(super) const FOREIGN: &[&str] = &[
    "$argon2i$v=19$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$LhHRz4t6ELVYGt19AvAYa7aN/3sMrww/m0fJJIW52fY",
    "$argon2d$v=19$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$dghoiRPSRKBbaaCRimSJwR//QWj12/Ib4j98W2I/aGM",
    "$2b$04$5lxftB8TVIozZhtHVu7ESuygBTesB.NAORHaK25XdNmXUeLOoQmR6",
    "$2a$04$5x9mhp/8tTfi1P3apmlMKeya0nIAWfbnmCA1uf2YUGki1mdkTtzu.",
    "$2y$04$CCCCCCCCCCCCCCCCCCCCC.0uP/2zHIr81tVya45gVnDFLBmqu9l4W",
    "$scrypt$ln=10,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$mp90zEQd5XGhjEv4WArVH4Z0XRSzkGWtJK2S/AXJlRU",
    "$7$8U..../....Mq4YHD2syxYT.MsH1Ek0n1$SZM7UpTI1y0jPJTuQaN0plVHJEtp5Yn0dTCUIXAdVA.",
    "scrypt:1024:8:1$UNXAm8Tir73PW1wh$24c8ae75b85887016fa1e69db58fae3729faa1c60ca946df68dbafd132fbc391ad85a11f6a9ed14ac096f24d36ec031862ad2f02d34e1cfde6420bf9db132fea",
    "pbkdf2:sha256:1000$fT8mqImbN9LLoQ8l$fa0a536ea3187afc48ad211dfc27bb197cf4f0e04ed866158433d3129844fe52",
    "$pbkdf2-sha256$1000$.vr6.vr6.vr6.vr6.vr6/w$g5yhUSELWNlN8J8QBb/SB.Ca1SN0CXllogSvU245EPg",
    "$pbkdf2-sha512$1000$.vr6.vr6.vr6.vr6.vr6/w$8evNRxtMj4ZXMoVRPim/cOJkNZb1EkVGDmJ3dI4uRaLEVEILG41XOJhhMxv0eKv5KCBrJXHnNVM4/zCzCAMVFg",
    "$pbkdf2-sha256$i=1000,l=32$AAECAwQFBgcICQoLDA0ODw$ppsXnjrdPB4KryJ6DrOqKqhkWrhv7PbKAMF1Eml8cZ4",
    "pbkdf2_sha256$1000$seasalt$3xmXbyk2QpiyNcnoBbzRPwEBsYPTbDlRdtmLyBvQltA=",
    "pbkdf2_sha1$1000$seasalt$9iRYj0as1r5j+cCBxB+HMlxkyr4=",
];

pub async fn import(service: &Service, lines: &str) -> auth_service::accounts::Imported {
    let origin = kernel::caller::Caller::default();
    auth_service::accounts::import(&service.ctx, lines.as_bytes(), &origin, |_| {})
        .await
        .expect("the import runs")
}

both! {
    // R18
    async fn every_foreign_hash_signs_in_and_is_replaced_at_the_first_login(backend: Backend) {
        let service = Service::with(backend, |settings| settings.throttle.address_failures = 100).await;
        let email = |at: usize| format!("import-{at}@example.org");
        let lines: String = FOREIGN.iter().enumerate().map(|(at, hash)| {
            secrets::note(hash);
            json!({ "email": email(at), "hash": hash }).to_string() + "\n"
        }).collect();
        let done = import(&service, &lines).await;
        assert_eq!((done.created, done.existing, done.bad.len()), (FOREIGN.len(), 0, 0), "{:?}", done.bad);
        for (at, hash) in FOREIGN.iter().enumerate() {
            let email = email(at);
            login(&service, &email, "correct horse battery stapler").await.expect(401, "invalid_credentials");
            login(&service, &email, "correct horse battery staple\0").await.expect(401, "invalid_credentials");
            assert_eq!(recorded::password_hash(&service.database, &email).await, *hash, "only the right one replaces");
            login(&service, &email, RIGHT).await.tokens();
            let stored = recorded::password_hash(&service.database, &email).await;
            assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash} became {stored}");
            login(&service, &email, RIGHT).await.tokens();
            login(&service, &email, "correct horse battery stapler").await.expect(401, "invalid_credentials");
            assert_eq!(recorded::password_hash(&service.database, &email).await, stored);
        }
    }

    async fn an_imported_account_keeps_what_it_brought_and_is_never_overwritten(backend: Backend) {
        let service = Service::start(backend).await;
        let line = json!({
            "email": "Grace@Example.org", "name": "Grace", "hash": FOREIGN[2], "roles": ["staff", "admin"],
            "email_verified": true, "created_at": "2019-05-04T03:02:01Z",
        });
        assert_eq!(import(&service, &line.to_string()).await.created, 1);
        let user = login(&service, "grace@example.org", RIGHT).await.body["user"].clone();
        assert_eq!(user["email"], "Grace@Example.org");
        assert_eq!(user["name"], "Grace");
        assert_eq!(user["roles"], json!(["admin", "staff"]));
        assert_eq!(user["email_verified"], true);
        assert_eq!(user["created_at"], "2019-05-04T03:02:01.000000Z");

        let again = json!({ "email": "grace@example.org", "hash": FOREIGN[3], "roles": [] });
        let done = import(&service, &format!("\n{again}\r\n{again}")).await;
        assert_eq!((done.created, done.existing, done.bad.len()), (0, 2, 0));
        assert_eq!(login(&service, "grace@example.org", RIGHT).await.body["user"], user);
    }
}

// I31
#[tokio::test(flavor = "multi_thread")]
async fn a_hash_beyond_the_bound_is_refused_by_the_setting_that_raises_it() {
    let service = Service::start(Backend::Sqlite).await;
    // 128 MiB, as OWASP advises for scrypt; 1 GiB.
    let salt = "AAECAwQFBgcICQoLDA0ODw";
    let lines = [
        format!("$scrypt$ln=17,r=8,p=1${salt}${salt}"),
        format!("$argon2id$v=19$m=1048576,t=1,p=1${salt}${salt}"),
    ]
    .map(|hash| json!({ "email": "ada@example.org", "hash": hash }).to_string())
    .join("\n");
    let done = import(&service, &lines).await;
    assert_eq!((done.created, done.bad.len()), (0, 2));
    for bad in &done.bad {
        let says = "and `passwords.max_hash_memory_kib` is 65536";
        assert!(bad.reason.contains(says), "{}", bad.reason);
    }
    let roomy = Service::on(
        service.database.clone(),
        service.clock.clone(),
        |settings| {
            settings.passwords.max_hash_memory_kib = 1024 * 1024;
        },
    )
    .await;
    assert_eq!(import(&roomy, &lines).await.created, 1);
    // Stored by then: it is not hashed, and the log says which setting to raise.
    let answer = login(&service, "ada@example.org", RIGHT).await;
    answer.expect(503, "unavailable");
    login(&roomy, "ada@example.org", RIGHT)
        .await
        .expect(401, "invalid_credentials");
}
