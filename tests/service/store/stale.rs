//! An administrator changes a table under the service that runs. // I33

use serde_json::json;

use crate::support::{Backend, Service, Sql};

#[tokio::test(flavor = "multi_thread")]
async fn a_column_of_another_type_costs_nobody_their_sign_in() {
    let service = Service::with(Backend::Postgres, |settings| {
        // Those that are under way at once count as attempts.
        settings.throttle.account_failures = 1_000;
        settings.throttle.address_failures = 1_000;
    })
    .await;
    let admin = service.bearer(&service.admin().await.access);
    let ada = service.signup("ada@example.org").await;
    let path = format!("/v1/admin/users/{}", ada.user);
    let rename = async |name: &str| admin.patch(&path, json!({ "name": name })).await.status;
    // Every connection has prepared what signs in, refreshes, looks up and changes.
    let mut people = Vec::new();
    for _ in 0..4 {
        let logins = (0..16).map(|_| service.login("ada@example.org"));
        people.extend(futures_util::future::join_all(logins).await);
    }
    let uses = people.iter().map(async |tokens| {
        assert_eq!(service.me(&tokens.access).await.status, 200);
        service.refresh(&tokens.refresh).await.tokens()
    });
    let people = futures_util::future::join_all(uses).await;
    assert_eq!(rename("Ada").await, 200);

    let mut sql = Sql::of(&service.database).await;
    for length in [400, 401, 402] {
        let change = format!("ALTER TABLE users ALTER COLUMN name TYPE varchar({length})");
        sql.run(&change).await;
        let uses = people.iter().map(async |tokens| {
            service.login("ada@example.org").await;
            assert_eq!(service.me(&tokens.access).await.status, 200);
            service.refresh(&tokens.refresh).await.tokens();
        });
        futures_util::future::join_all(uses).await;
        // A transaction is not begun anew by itself; the next is in order.
        let change = format!("ALTER TABLE users ALTER COLUMN email TYPE varchar({length})");
        sql.run(&change).await;
        let first = rename("Countess").await;
        assert!([200, 503].contains(&first), "{first}");
        assert_eq!(rename("Ada").await, 200);
    }
}
