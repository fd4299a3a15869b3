//! Accounts that were never verified.

use std::time::Duration;

use serde_json::json;

use super::{DAY, prune, small_batches};
use crate::revocation::eventually;
use crate::support::{Service, Sql, both};

both! {
    async fn nobody_loses_an_account_unless_it_is_asked_for(backend: Backend) {
        let service = Service::with(backend, small_batches).await;
        service.signup("ada@example.org").await;
        service.advance(2000 * DAY);
        assert_eq!(prune(&service).await.accounts, 0);
        assert_eq!(Sql::of(&service.database).await.count("users").await, 1);
    }

    async fn only_old_unverified_accounts_without_a_role_go_and_their_tokens_at_once(backend: Backend) {
        let service = Service::with(backend, |settings| {
            small_batches(settings);
            settings.housekeeping.unverified_retention = Duration::from_secs(7 * DAY);
        }).await;
        let replica = service.replica().await;
        let admin = service.admin().await;
        let verified = json!({ "email": "verified@example.org", "email_verified": true });
        let verified = service.bearer(&admin.access).post("/v1/admin/users", verified).await;
        assert_eq!(verified.status, 201, "{}", verified.text);
        let disabled = service.signup("disabled@example.org").await;
        let path = format!("/v1/admin/users/{}", disabled.user);
        service.bearer(&admin.access).patch(&path, json!({ "disabled": true })).await;
        for n in 0..10 {
            service.signup(&format!("unverified-{n}@example.org")).await;
        }
        service.advance(7 * DAY - 600);
        let busy = service.login("unverified-3@example.org").await;
        service.signup("young@example.org").await;
        assert_eq!(prune(&service).await.accounts, 0, "a week is not over");
        service.advance(1);
        let busy = service.refresh(&busy.refresh).await.tokens();

        // `prune` waits 10 min, which is a token's life: one of it counts until the very end.
        let fresh = service.login("unverified-3@example.org").await;
        service.advance(300);
        let fresh = service.refresh(&fresh.refresh).await.tokens();
        service.advance(300);
        let pruned = auth_service::housekeeping::pass(&service.ctx).await.expect("it runs");
        assert_eq!(pruned.expect("nobody else prunes").accounts, 10);

        service.me(&fresh.access).await.expect(401, "token_revoked");
        eventually("the other replica knows", async || {
            replica.me(&fresh.access).await.code() == "token_revoked"
        }).await;
        service.refresh(&busy.refresh).await.expect(401, "refresh_token_revoked");
        let mut sql = Sql::of(&service.database).await;
        assert_eq!(sql.count("users").await, 4, "verified, disabled, admin, young");
        assert_eq!(sql.count("sessions WHERE user_id NOT IN (SELECT id FROM users)").await, 0);
        let audit = service.audit().await;
        let deleted = audit.iter().filter(|event| event.event == "account.deleted");
        assert_eq!(deleted.clone().count(), 10);
        assert!(deleted.clone().all(|event| event.actor == "system" && event.subject_id.is_some()));
        service.signup("unverified-3@example.org").await;
    }
}
