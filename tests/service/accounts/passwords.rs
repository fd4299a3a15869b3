//! What a password may be, and that every character of it counts.

use auth_service::methods::password;
use auth_service::signin;
use kernel::audit::EventKind;
use serde_json::json;

use super::{credentials, login};
use crate::support::{Backend, PASSWORD, Service, both, recorded};

both! {
    // R17
    async fn a_composed_password_is_its_decomposed_form(backend: Backend) {
        let service = Service::start(backend).await;
        let (composed, decomposed) = ("Zo\u{eb} keeps quiet herons", "Zoe\u{308} keeps quiet herons");
        for (email, first, second) in [
            ("nfc@example.org", composed, decomposed),
            ("nfd@example.org", decomposed, composed),
        ] {
            service.post("/v1/signup", credentials(email, first)).await.tokens();
            login(&service, email, second).await.tokens();
            for other in ["Zoe keeps quiet herons", "zo\u{eb} keeps quiet herons", "Zo\u{eb} keeps quiet herons "] {
                login(&service, email, other).await.expect(401, "invalid_credentials");
            }
        }
    }

    // I22
    async fn long_passwords_that_differ_in_the_last_byte_or_after_a_nul_differ(backend: Backend) {
        let service = Service::start(backend).await;
        let long = "quiet herons wade ".repeat(12)[..199].to_owned();
        service.post("/v1/signup", credentials("long@example.org", &format!("{long}a"))).await.tokens();
        login(&service, "long@example.org", &format!("{long}b")).await.expect(401, "invalid_credentials");
        login(&service, "long@example.org", &long).await.expect(401, "invalid_credentials");
        login(&service, "long@example.org", &format!("{long}a")).await.tokens();

        let with_nul = "eleven quiet\0 herons wade";
        service.post("/v1/signup", credentials("nul@example.org", with_nul)).await.tokens();
        login(&service, "nul@example.org", "eleven quiet").await.expect(401, "invalid_credentials");
        login(&service, "nul@example.org", "eleven quiet\0 herons waded").await.expect(401, "invalid_credentials");
        login(&service, "nul@example.org", with_nul).await.tokens();
    }

    // R18
    async fn a_hash_is_made_anew_when_the_parameters_rise(backend: Backend) {
        let weak = Service::start(backend).await;
        weak.signup("ada@example.org").await;
        let before = recorded::password_hash(&weak.database, "ada@example.org").await;
        assert!(before.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{before}");

        let strong = Service::on(weak.database.clone(), weak.clock.clone(), |settings| {
            settings.passwords.argon2_memory_kib = 128;
            settings.passwords.argon2_iterations = 3;
        }).await;
        login(&strong, "ada@example.org", "not this one, surely").await.expect(401, "invalid_credentials");
        assert_eq!(recorded::password_hash(&weak.database, "ada@example.org").await, before);
        let session = strong.login("ada@example.org").await;
        let after = recorded::password_hash(&weak.database, "ada@example.org").await;
        assert!(after.starts_with("$argon2id$v=19$m=128,t=3,p=1$"), "{after}");
        assert_eq!(strong.me(&session.access).await.status, 200);
        strong.login("ada@example.org").await;
        assert_eq!(recorded::password_hash(&weak.database, "ada@example.org").await, after);
        // A replica with the settings of yesterday keeps what is stronger.
        weak.login("ada@example.org").await;
        assert_eq!(recorded::password_hash(&weak.database, "ada@example.org").await, after);
    }
}

// R16
#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_is_judged_by_length_and_guessability_alone() {
    let service = Service::start(Backend::Sqlite).await;
    let long = |length: usize| "wading herons eat fish at dusk, ".repeat(33)[..length].to_owned();
    let emoji = "\u{1f980}\u{1f99e}\u{1f990}\u{1f991}\u{1f419}\u{1f420}\u{1f421}\u{1f42c}\u{1f988}\u{1f433}\u{1f40b}\u{1f9ad}\u{1f41f}\u{1f41a}";
    let cases = [
        (String::new(), "password_empty"),
        ("qzvkwhxjpmtrbn".to_owned(), "password_too_short"),
        (emoji.to_owned(), "password_too_short"),
        (long(1025), "password_too_long"),
        ("aaaaaaaaaaaaaaaaaaaa".to_owned(), "password_common"),
        ("passwordpassword".to_owned(), "password_common"),
        ("123456789012345".to_owned(), "password_common"),
        ("qwertyuiopasdfgh".to_owned(), "password_common"),
        (
            "grace.hopper@example.org".to_owned(),
            "password_contains_account",
        ),
        ("qzvkwhxjpmtrbnd".to_owned(), ""),
        (format!("{emoji}\u{1f41b}"), ""),
        (long(1024), ""),
    ];
    for (at, (password, code)) in cases.iter().enumerate() {
        service
            .post(
                "/v1/signup",
                credentials("grace.hopper@example.org", password),
            )
            .await;
        let email = format!("grace.hopper+{at}@example.org");
        let answer = service
            .post("/v1/signup", credentials(&email, password))
            .await;
        let codes = (
            answer.status,
            answer.code(),
            answer.body["errors"][0]["field"].as_str(),
        );
        match *code {
            "" => {
                answer.tokens();
                login(&service, &email, password).await.tokens();
            }
            code => {
                assert_eq!(codes, (422, "validation_failed", Some("password")), "{at}");
                assert_eq!(answer.body["errors"][0]["code"], code, "{at}");
                assert!(password.is_empty() || !answer.text.contains(password.as_str()));
            }
        }
    }
    let too_long = login(&service, "grace.hopper@example.org", &long(1025)).await;
    too_long.expect(401, "invalid_credentials");
}

// R16
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_password_is_judged_like_a_new_one() {
    let service = Service::start(Backend::Sqlite).await;
    let ada = service.signup("ada@example.org").await;
    for (new, code) in [
        ("too short", "password_too_short"),
        ("passwordpassword", "password_common"),
    ] {
        let body = json!({ "current_password": PASSWORD, "new_password": new });
        let answer = service
            .bearer(&ada.access)
            .post("/v1/me/password", body)
            .await;
        assert_eq!((answer.status, answer.code()), (422, "validation_failed"));
        assert_eq!(answer.body["errors"][0]["field"], "new_password");
        assert_eq!(answer.body["errors"][0]["code"], code);
    }
    service.login("ada@example.org").await;
}

both! {
    // R20: whoever logs out everywhere, or is disabled, has the last word over a change of the
    // password that was judged before.
    async fn a_log_out_everywhere_stops_a_change_that_was_judged_before(backend: Backend) {
        let service = Service::start(backend).await;
        let (ctx, caller) = (&service.ctx, Default::default());
        let ada = service.signup("ada@example.org").await;
        let me = service.me(&ada.access).await;
        let id = me.body["id"]
            .as_str()
            .expect("an id")
            .parse()
            .expect("an id");
        let kind = EventKind::PasswordChanged;
        let proven = signin::prove_again(ctx, id, PASSWORD, kind, &caller)
            .await
            .expect("it is right");
        let new = password::new(ctx, "another lovelace entirely", proven.user())
            .await
            .expect("it is good enough");
        let out = service.bearer(&ada.access).delete("/v1/me/sessions").await;
        assert_eq!(out.status, 204, "{}", out.text);
        let mut change = ctx.changes.begin().await.expect("a change");
        let changed = password::replace(&mut change, &proven, &new, ctx.clock.now()).await;
        assert!(!changed.expect("an answer"));
        drop(change);
        service.login("ada@example.org").await;
    }
}
