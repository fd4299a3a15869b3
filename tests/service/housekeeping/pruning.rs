//! Which rows go. // L8

use std::time::Duration;

use super::{DAY, plant_old_rows, prune, small_batches, with_old_rows};
use crate::support::{Service, Sql, Tokens, both};

/// The default `housekeeping.session_retention`.
const RETENTION: u64 = 30 * DAY;

/// Some sessions that nobody refreshes.
async fn idle(service: &Service, count: usize) -> Vec<Tokens> {
    let mut idle = vec![service.signup("idle@example.org").await];
    while idle.len() < count {
        idle.push(service.login("idle@example.org").await);
    }
    idle
}

both! {
    async fn an_expired_session_goes_after_its_retention_and_no_token_of_it_counts_again(backend: Backend) {
        let service = Service::with(backend, small_batches).await;
        let mut all = idle(&service, 8).await;
        // Refreshed once, so that one family has an older generation too.
        let rotated = service.refresh(&all[0].refresh).await.tokens();
        service.advance(14 * DAY);
        let mut alive = service.signup("busy@example.org").await;
        service.advance(RETENTION - 1 - 600);
        let mut sql = Sql::of(&service.database).await;
        assert_eq!(prune(&service).await.sessions, 0, "the last second is not over");
        assert_eq!(sql.count("sessions").await, 9);
        for tokens in &all {
            service.refresh(&tokens.refresh).await.expect(401, "refresh_token_expired");
        }
        // Its own idle time is over too; what keeps it is that it has not been for long enough.
        service.refresh(&alive.refresh).await.expect(401, "refresh_token_expired");
        alive = service.login("busy@example.org").await;

        assert_eq!(prune(&service).await.sessions, 8);
        assert_eq!(sql.count("sessions").await, 2);
        all.push(rotated);
        for tokens in &all {
            service.refresh(&tokens.refresh).await.expect(401, "refresh_token_revoked");
        }
        let audit = service.audit().await;
        assert!(audit.iter().all(|event| event.event != "refresh_token.reused"), "there is none left to end");
        assert_eq!(sql.count("sessions").await, 2, "and nothing comes back");
        service.refresh(&alive.refresh).await.tokens();
    }

    async fn what_lives_between_the_dead_keeps_its_reuse_detection(backend: Backend) {
        let service = Service::with(backend, |settings| {
            small_batches(settings);
            settings.refresh.absolute_ttl = Duration::from_secs(365 * DAY);
        }).await;
        let mut first = Vec::new();
        let mut current = Vec::new();
        for n in 0..7 {
            service.advance(1);
            let tokens = service.signup(&format!("busy-{n}@example.org")).await;
            current.push(tokens.refresh.clone());
            first.push(tokens.refresh);
            service.signup(&format!("idle-{n}@example.org")).await;
        }
        for _ in 0..6 {
            service.advance(10 * DAY);
            for token in &mut current {
                *token = service.refresh(token).await.tokens().refresh;
            }
        }
        assert_eq!(prune(&service).await.sessions, 7, "of 14");
        service.advance(60);
        let (stolen, others) = first.split_first().expect("seven");
        service.refresh(stolen).await.expect(401, "refresh_token_reused");
        service.refresh(&current[0]).await.expect(401, "refresh_token_revoked");
        for (old, current) in others.iter().zip(&mut current[1..]) {
            *current = service.refresh(current).await.tokens().refresh;
            service.refresh(old).await.expect(401, "refresh_token_reused");
        }
    }

    async fn a_revoked_session_says_so_until_its_time_and_its_retention_are_over(backend: Backend) {
        let service = Service::with(backend, small_batches).await;
        let tokens = service.signup("ada@example.org").await;
        crate::revocation::logout(&service, &tokens).await;
        service.advance(14 * DAY + RETENTION - 601);
        assert_eq!(prune(&service).await.sessions, 0);
        service.refresh(&tokens.refresh).await.expect(401, "refresh_token_revoked");
        assert_eq!(prune(&service).await.sessions, 1);
        service.refresh(&tokens.refresh).await.expect(401, "refresh_token_revoked");
    }

    async fn settings_that_were_others_prune_nothing_that_lives(backend: Backend) {
        let service = Service::with(backend, small_batches).await;
        let tokens = service.signup("ada@example.org").await;
        service.advance(13 * DAY);
        // From now on a session would have been over for long.
        let shorter = Service::on(service.database.clone(), service.clock.clone(), |settings| {
            let (data_dir, hour) = (service.ctx.settings.data_dir.clone(), Duration::from_secs(3600));
            settings.data_dir = data_dir;
            settings.refresh.idle_ttl = hour;
            settings.housekeeping.session_retention = hour;
        }).await;
        assert_eq!(prune(&shorter).await.sessions, 0);
        shorter.refresh(&tokens.refresh).await.tokens();
        service.advance(2 * 3600);
        assert_eq!(prune(&shorter).await.sessions, 1);
    }

    async fn the_audit_trail_reaches_back_as_far_as_it_is_told(backend: Backend) {
        let service = with_old_rows(backend, 10).await;
        let mut sql = Sql::of(&service.database).await;
        let mut logins = async || sql.count("audit_events WHERE event = 'login'").await;
        service.advance(364 * DAY);
        assert_eq!(prune(&service).await.audit_events, 10);
        assert_eq!(logins().await, 1, "a year is not over");
        service.advance(DAY);
        service.signup("late@example.org").await;
        assert_eq!(prune(&service).await.audit_events, 4, "two keys, an account and a login");
        assert_eq!(logins().await, 1, "the late one");

        let for_ever = Service::on(service.database.clone(), service.clock.clone(), |settings| {
            settings.data_dir = service.ctx.settings.data_dir.clone();
            settings.housekeeping.audit_retention = Duration::ZERO;
        }).await;
        plant_old_rows(&service.database, "late@example.org", 5).await;
        assert_eq!(prune(&for_ever).await.audit_events, 0);
    }

    async fn revocations_go_when_the_last_token_has_expired_everywhere(backend: Backend) {
        let service = Service::with(backend, small_batches).await;
        let all = crate::revocation::sessions(&service, "ada@example.org", 8).await;
        for tokens in &all[1..] {
            crate::revocation::logout(&service, tokens).await;
        }
        let mut sql = Sql::of(&service.database).await;
        // 10 min, a leeway of 1 min and 5 s for what was in flight; `prune` itself waits 10 min.
        service.advance(64);
        assert_eq!(prune(&service).await.revocations, 0);
        for tokens in &all[1..] {
            service.me(&tokens.access).await.expect(401, "token_expired");
        }
        assert_eq!(sql.count("revocations").await, 7);
        service.advance(1);
        assert_eq!(prune(&service).await.revocations, 7);
        assert_eq!(sql.count("revocations").await, 0);
    }
}
