//! Unknown, wrong and disabled are one answer, and take the same work and time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{argon2_runs, login};
use crate::support::database::Database;
use crate::support::heard::Heard;
use crate::support::{Answer, Backend, PASSWORD, Service, both};

/// An answer without what differs between any two.
fn seen(answer: &Answer) -> (u16, Value, Vec<(String, String)>) {
    let mut body = answer.body.clone();
    body["request_id"] = Value::Null;
    let headers = answer.headers.iter();
    let mut headers: Vec<_> = headers
        .map(|(name, value)| (name.to_string(), format!("{value:?}")))
        .filter(|(name, _)| !["date", "x-request-id", "ratelimit"].contains(&name.as_str()))
        .collect();
    headers.sort();
    (answer.status, body, headers)
}

async fn disable(service: &Service, email: &str) {
    let admin = service.admin().await;
    let user = service.login(email).await.user;
    let path = format!("/v1/admin/users/{user}");
    let answer = service
        .bearer(&admin.access)
        .patch(&path, json!({ "disabled": true }))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

both! {
    // R21
    async fn unknown_wrong_and_disabled_are_one_answer_and_cost_the_same(backend: Backend) {
        let database = Arc::new(Database::new(backend).await);
        let heard = Heard::by(&database).await;
        let url = heard.url(&database);
        let service = Service::alone(database, |settings| settings.database.url = url).await;
        service.signup("ada@example.org").await;
        service.signup("gone@example.org").await;
        disable(&service, "gone@example.org").await;
        let line = json!({ "email": "mute@example.org" }).to_string();
        auth_service::accounts::import(&service.ctx, line.as_bytes(), &Default::default(), |_| {}).await.expect("an import");

        // A hash that a sign-in would renew, of an account that can't sign in.
        let (old, right) = (crate::accounts::imported::FOREIGN[0], crate::accounts::imported::RIGHT);
        let line = json!({ "email": "old@example.org", "hash": old }).to_string();
        auth_service::accounts::import(&service.ctx, line.as_bytes(), &Default::default(), |_| {}).await.expect("an import");
        service.execute("UPDATE users SET disabled_at = created_at WHERE email_key = 'old@example.org'").await;

        let wrong = "eleven quiet herons wade";
        let mut all = Vec::new();
        for (email, password) in [
            ("ada@example.org", wrong), ("nobody@example.org", wrong), ("gone@example.org", wrong),
            ("gone@example.org", PASSWORD), ("mute@example.org", PASSWORD), ("nobody@example.org", PASSWORD),
            ("old@example.org", wrong), ("old@example.org", right),
        ] {
            let before = heard.statements().len();
            let runs = argon2_runs(&service);
            let answer = login(&service, email, password).await.expect(401, "invalid_credentials");
            let statements: Vec<_> = heard.statements().split_off(before).into_iter()
                .filter(|text| text.contains("users") || text.contains("audit_events") || text.contains("sessions"))
                .map(|text| text.split("-- binds").next().unwrap_or_default().trim().to_owned())
                .collect();
            assert_eq!(statements.len(), 2, "{statements:#?}");
            all.push((seen(&answer), argon2_runs(&service) - runs, statements));
        }
        for (at, one) in all.iter().enumerate() {
            assert_eq!(*one, all[0], "case {at}");
        }
    }
}

/// How much longer the first took than the second, at this part of each when sorted.
fn ratio(first: &mut [Duration], second: &mut [Duration], part: usize) -> f64 {
    first.sort();
    second.sort();
    first[first.len() / part].as_secs_f64() / second[second.len() / part].as_secs_f64()
}

// R21
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_account_takes_as_long_as_a_wrong_password() {
    let service = Service::with(Backend::Sqlite, |settings| {
        let production = kernel::config::Settings::default().passwords;
        settings.passwords.argon2_memory_kib = production.argon2_memory_kib;
        settings.passwords.argon2_iterations = production.argon2_iterations;
        // Nothing is remembered, so nothing is ever slowed down.
        settings.throttle.memory = Duration::ZERO;
    })
    .await;
    service.signup("ada@example.org").await;
    let time = async |email: &str| {
        let began = Instant::now();
        login(&service, email, "eleven quiet herons wade")
            .await
            .expect(401, "invalid_credentials");
        began.elapsed()
    };
    time("ada@example.org").await;
    let (mut wrong, mut unknown) = (Vec::new(), Vec::new());
    // The machine does other things too, which only ever adds time: interleaved tries, in three
    // rounds at most, of which the medians agree or, where that is all noise, the lower quartiles.
    for _ in 0..3 {
        for at in 0..200 {
            let nobody = format!("nobody-{at}@example.org");
            if at % 2 == 0 {
                wrong.push(time("ada@example.org").await);
                unknown.push(time(&nobody).await);
            } else {
                unknown.push(time(&nobody).await);
                wrong.push(time("ada@example.org").await);
            }
        }
        let ratios = [2, 4].map(|part| ratio(&mut unknown, &mut wrong, part));
        println!("{} tries: medians and quartiles {ratios:.3?}", wrong.len());
        if ratios.iter().any(|ratio| (ratio - 1.0).abs() <= 0.05) {
            return;
        }
    }
    panic!("unknown and wrong differ by more than 5 %");
}
