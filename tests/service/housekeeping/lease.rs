//! One replica at a time, and nobody waits for one that died.

use auth_service::housekeeping::pass;

use super::{fewer_old_sessions_than, old_sessions_at_rest, with_old_rows};
use crate::support::{Sql, both};

both! {
    async fn of_replicas_that_begin_at_once_one_prunes(backend: Backend) {
        let service = with_old_rows(backend, 60).await;
        let mut replicas = Vec::new();
        for _ in 0..3 {
            replicas.push(service.replica().await);
        }
        let all = replicas.iter().map(|replica| pass(&replica.ctx));
        let passes = futures_util::future::join_all(all).await;
        let done: Vec<_> = passes.into_iter().filter_map(|pass| pass.expect("it runs")).collect();
        assert_eq!(done.len(), 1, "{done:?}");
        assert_eq!((done[0].sessions, done[0].audit_events), (60, 60));

        // Then all rest for the interval, whoever asks.
        service.advance(599);
        for replica in &replicas {
            assert_eq!(pass(&replica.ctx).await.expect("it runs"), None);
        }
        service.advance(1);
        assert!(pass(&replicas[2].ctx).await.expect("it runs").is_some());
    }

    async fn a_replica_that_dies_in_the_middle_is_followed_by_another(backend: Backend) {
        let service = with_old_rows(backend, 300).await;
        let replica = service.replica().await;
        let ctx = service.ctx.clone();
        let dying = tokio::spawn(async move { pass(&ctx).await });
        let mut sql = Sql::of(&service.database).await;
        fewer_old_sessions_than(&mut sql, 300).await;
        assert_eq!(pass(&replica.ctx).await.expect("it runs"), None, "it is at it");
        dying.abort();
        assert!(dying.await.is_err_and(|error| error.is_cancelled()), "it had not ended");
        let left = old_sessions_at_rest(&mut sql).await;
        assert!(left > 0);

        service.advance(59);
        assert_eq!(pass(&replica.ctx).await.expect("it runs"), None, "it may still be at it");
        service.advance(1);
        let rest = pass(&replica.ctx).await.expect("it runs").expect("it may begin");
        assert_eq!((rest.sessions as i64, rest.audit_events), (left, 300));
        assert_eq!(sql.count("sessions").await, 1, "the one that lives");
    }

    async fn one_that_slept_too_long_stops_when_another_has_taken_over(backend: Backend) {
        let service = with_old_rows(backend, 300).await;
        let replica = service.replica().await;
        let ctx = service.ctx.clone();
        let slow = tokio::spawn(async move { pass(&ctx).await });
        let mut sql = Sql::of(&service.database).await;
        fewer_old_sessions_than(&mut sql, 300).await;
        sql.run("DELETE FROM leases").await;
        let other = pass(&replica.ctx);
        let (slow, other) = tokio::join!(slow, other);
        let stopped = slow.expect("it ends").expect_err("it was overtaken").to_string();
        assert_eq!(stopped, "another replica has taken over");
        assert_eq!(other.expect("it runs").expect("it may begin").audit_events, 300);
        assert_eq!(sql.count("sessions").await, 1);
    }
}
