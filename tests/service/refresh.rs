//! What each refresh token is answered, a test for each row of the table in sessions/rotate/mod.rs,
//! and what others got wrong.

use std::time::Duration;

use crate::support::{Service, both};

/// The default reuse window in seconds.
const WINDOW: u64 = 30;

both! {
    async fn the_current_token_rotates(backend: Backend) {
        let service = Service::start(backend).await;
        let first = service.signup("ada@example.org").await;
        let mut tokens = first.clone();
        for _ in 0..3 {
            let next = service.refresh(&tokens.refresh).await.tokens();
            assert_ne!(next.refresh, tokens.refresh);
            assert_eq!(next.session, first.session);
            assert_eq!(service.me(&next.access).await.status, 200);
            service.advance(WINDOW);
            tokens = next;
        }
        assert_eq!(service.me(&first.access).await.status, 200, "an access token lives its life");
    }

    async fn a_current_token_that_is_younger_than_the_window_stays(backend: Backend) {
        let service = Service::start(backend).await;
        let first = service.signup("ada@example.org").await;
        let second = service.refresh(&first.refresh).await.tokens();
        for _ in 0..3 {
            let again = service.refresh(&second.refresh).await.tokens();
            assert_eq!(again.refresh, second.refresh);
            assert_ne!(again.access, second.access, "with a fresh access token");
        }
        service.advance(WINDOW - 1);
        assert_eq!(service.refresh(&second.refresh).await.tokens().refresh, second.refresh);
        service.advance(1);
        assert_ne!(service.refresh(&second.refresh).await.tokens().refresh, second.refresh);
    }

    async fn the_previous_token_gets_the_same_successor_within_the_window(backend: Backend) {
        // L3: the client never saw the answer.
        let service = Service::start(backend).await;
        let first = service.signup("ada@example.org").await;
        let lost = service.refresh(&first.refresh).await.tokens();
        service.advance(WINDOW - 1);
        let retried = service.refresh(&first.refresh).await.tokens();
        assert_eq!(retried.refresh, lost.refresh);
        assert_eq!(service.me(&retried.access).await.status, 200);
    }

    async fn the_previous_token_after_the_window_ends_the_session(backend: Backend) {
        // L3: once the window is over, a replay ends the family, used successor or not.
        let service = Service::start(backend).await;
        let first = service.signup("ada@example.org").await;
        let second = service.refresh(&first.refresh).await.tokens();
        service.advance(WINDOW);
        service.refresh(&first.refresh).await.expect(401, "refresh_token_reused");
        service.refresh(&second.refresh).await.expect(401, "refresh_token_revoked");
        service.refresh(&first.refresh).await.expect(401, "refresh_token_revoked");
        for access in [&first.access, &second.access] {
            service.me(access).await.expect(401, "token_revoked");
        }
        let audit = service.audit().await;
        let reused: Vec<_> = audit.iter().filter(|event| event.event == "refresh_token.reused").collect();
        assert_eq!(reused.len(), 1);
        assert_eq!(reused[0].subject_id.unwrap().to_string(), first.user);
        assert_eq!(reused[0].session_id.unwrap().to_string(), first.session);
        assert!(reused[0].request_id.is_some() && reused[0].address.is_some());
    }

    async fn an_older_token_ends_the_session_even_within_the_window(backend: Backend) {
        let service = Service::start(backend).await;
        let first = service.signup("ada@example.org").await;
        let second = service.refresh(&first.refresh).await.tokens();
        service.advance(WINDOW);
        let third = service.refresh(&second.refresh).await.tokens();
        service.refresh(&first.refresh).await.expect(401, "refresh_token_reused");
        service.refresh(&third.refresh).await.expect(401, "refresh_token_revoked");
    }

    async fn other_sessions_of_the_account_survive_a_reuse(backend: Backend) {
        let service = Service::start(backend).await;
        let stolen = service.signup("ada@example.org").await;
        let other = service.login("ada@example.org").await;
        service.refresh(&stolen.refresh).await.tokens();
        service.advance(WINDOW);
        service.refresh(&stolen.refresh).await.expect(401, "refresh_token_reused");
        assert_eq!(service.me(&other.access).await.status, 200);
        service.refresh(&other.refresh).await.tokens();
    }

    async fn a_bad_mac_revokes_nothing(backend: Backend) {
        let service = Service::start(backend).await;
        let tokens = service.signup("ada@example.org").await;
        let other = Service::start(backend).await;
        let foreign = other.signup("eve@example.org").await;
        // A real family with a forged MAC: knowing a `sid` must not let anyone log its owner out.
        let mut forged = tokens.refresh.clone().into_bytes();
        let at = forged.len() - 12;
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        for junk in [&forged, &foreign.refresh, "", "rt_", "x", &tokens.access, &tokens.session] {
            service.refresh(junk).await.expect(401, "refresh_token_invalid");
        }
        assert_eq!(service.me(&tokens.access).await.status, 200);
        service.refresh(&tokens.refresh).await.tokens();
    }

    async fn an_idle_session_expires_and_a_busy_one_does_not(backend: Backend) {
        let service = Service::start(backend).await;
        let day = 24 * 60 * 60;
        let idle = service.signup("idle@example.org").await;
        let busy = service.signup("busy@example.org").await;
        service.advance(13 * day);
        let busy = service.refresh(&busy.refresh).await.tokens();
        service.advance(day);
        service.refresh(&idle.refresh).await.expect(401, "refresh_token_expired");
        service.refresh(&busy.refresh).await.tokens();
    }

    async fn no_session_outlives_its_absolute_life(backend: Backend) {
        let service = Service::start(backend).await;
        let day = 24 * 60 * 60;
        let mut tokens = service.signup("ada@example.org").await;
        for _ in 0..8 {
            service.advance(11 * day);
            tokens = service.refresh(&tokens.refresh).await.tokens();
        }
        let answer = service.refresh(&tokens.refresh).await;
        assert_eq!(answer.body["refresh_expires_in"], 2 * day, "the absolute end caps the idle one");
        service.advance(2 * day);
        service.refresh(&tokens.refresh).await.expect(401, "refresh_token_expired");
        // Expired beats reused: nothing is left to protect.
        service.refresh(&tokens.refresh).await.expect(401, "refresh_token_expired");
    }

    async fn a_disabled_account_refreshes_nothing(backend: Backend) {
        // I6
        let service = Service::start(backend).await;
        let admin = service.admin().await;
        let tokens = service.signup("ada@example.org").await;
        let path = format!("/v1/admin/users/{}", tokens.user);
        let disabled = serde_json::json!({ "disabled": true });
        let answer = service.bearer(&admin.access).patch(&path, disabled).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        service.refresh(&tokens.refresh).await.expect(401, "refresh_token_revoked");
        let enabled = serde_json::json!({ "disabled": false });
        service.bearer(&admin.access).patch(&path, enabled).await;
        service.refresh(&tokens.refresh).await.expect(401, "refresh_token_revoked");
        service.login("ada@example.org").await;
    }

    async fn roles_that_changed_are_in_the_next_token(backend: Backend) {
        // I6: a refresh reads the account as it is now.
        let service = Service::start(backend).await;
        let admin = service.admin().await;
        let tokens = service.signup("ada@example.org").await;
        let path = format!("/v1/admin/users/{}", tokens.user);
        let roles = serde_json::json!({ "roles": ["editor"], "claims": { "tenant": "north" } });
        service.bearer(&admin.access).patch(&path, roles).await;
        service.me(&tokens.access).await.expect(401, "claims_stale");
        let fresh = service.refresh(&tokens.refresh).await;
        assert_eq!(fresh.body["user"]["roles"][0], "editor");
        let payload = payload(&fresh.tokens().access);
        assert_eq!((&payload["roles"][0], &payload["tenant"]), (&"editor".into(), &"north".into()));
        assert_eq!(service.me(&fresh.tokens().access).await.status, 200);
    }

    async fn a_restart_revives_no_rotated_token(backend: Backend) {
        // I2
        let service = Service::start(backend).await;
        let first = service.signup("ada@example.org").await;
        let second = service.refresh(&first.refresh).await.tokens();
        service.advance(WINDOW);
        let third = service.refresh(&second.refresh).await.tokens();
        let restarted = service.replica().await;
        drop(service);
        restarted.refresh(&first.refresh).await.expect(401, "refresh_token_reused");
        restarted.refresh(&third.refresh).await.expect(401, "refresh_token_revoked");
        restarted.me(&third.access).await.expect(401, "token_revoked");
    }

    async fn with_a_window_of_zero_every_replay_is_refused(backend: Backend) {
        // I3: three rotations at the very same instant, each replayed.
        let service = Service::with(backend, |settings| {
            settings.refresh.reuse_window = Duration::ZERO;
        }).await;
        for replayed in 0..3 {
            let mut tokens = vec![service.signup(&format!("ada{replayed}@example.org")).await];
            for at in 0..3 {
                let next = service.refresh(&tokens[at].refresh).await.tokens();
                assert_ne!(next.refresh, tokens[at].refresh);
                tokens.push(next);
            }
            service.refresh(&tokens[replayed].refresh).await.expect(401, "refresh_token_reused");
            service.refresh(&tokens[3].refresh).await.expect(401, "refresh_token_revoked");
        }
    }

    async fn fifty_refreshes_at_once_converge(backend: Backend) {
        // I1, within two replicas of one process; `races.rs` does it with two processes.
        let service = Service::start(backend).await;
        let replica = service.replica().await;
        let first = service.signup("ada@example.org").await;
        let all = (0..50).map(|at| {
            let client = if at % 2 == 0 { service.client() } else { replica.client() };
            let token = first.refresh.clone();
            tokio::spawn(async move { client.refresh(&token).await.tokens().refresh })
        });
        let mut successors = std::collections::HashSet::new();
        for one in all.collect::<Vec<_>>() {
            successors.insert(one.await.unwrap());
        }
        assert_eq!(successors.len(), 1);
        assert!(!successors.contains(&first.refresh));
    }

    async fn a_generation_that_a_database_lost_goes_on(backend: Backend) {
        // A failed-over or restored database may be a commit behind what a client holds.
        let service = Service::start(backend).await;
        let first = service.signup("ada@example.org").await;
        let second = service.refresh(&first.refresh).await.tokens();
        service.advance(WINDOW);
        let third = service.refresh(&second.refresh).await.tokens();
        service.execute("UPDATE sessions SET generation = 2").await;
        service.advance(WINDOW);
        let fourth = service.refresh(&third.refresh).await.tokens();
        service.advance(WINDOW);
        service.refresh(&third.refresh).await.expect(401, "refresh_token_reused");
        service.refresh(&fourth.refresh).await.expect(401, "refresh_token_revoked");
    }
}

/// What a token says, unverified.
fn payload(token: &str) -> serde_json::Value {
    use base64::Engine;
    let part = token.split('.').nth(1).expect("a JWT has three parts");
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(part)
        .expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}
