//! Listings, page by page, while rows are added.

use auth_service::accounts::{NewUser, create};
use kernel::audit::Actor;
use serde_json::Value;

use crate::support::{Client, Service, both};

async fn add(service: &Service, number: usize) {
    let new = NewUser {
        email: format!("user-{number}@example.org"),
        password: None,
        name: None,
        roles: Vec::new(),
        email_verified: false,
    };
    create(&service.ctx, new, Actor::Operator, &Default::default())
        .await
        .expect("an account");
}

/// All items of a listing, asking for `limit` at once; `between` runs after each page but the last.
async fn pages(
    client: &Client,
    path: &str,
    limit: usize,
    mut between: impl AsyncFnMut(),
) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = client.get(&format!("{path}limit={limit}{cursor}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let page = answer.body["items"].as_array().expect("items").clone();
        assert!(page.len() <= limit);
        items.extend(page);
        match answer.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
        between().await;
    }
}

fn texts<'a>(items: &'a [Value], field: &str) -> Vec<&'a str> {
    items
        .iter()
        .map(|item| item[field].as_str().expect("a text"))
        .collect()
}

both! {
    async fn accounts_come_in_order_and_none_is_lost_while_others_are_made(backend: Backend) {
        let service = Service::start(backend).await;
        let admin = service.admin().await;
        for number in 0..45 { add(&service, number).await; }
        let client = service.bearer(&admin.access);
        let mut next = 45;
        let items = pages(&client, "/v1/admin/users?", 10, async || {
            if next < 60 { add(&service, next).await; add(&service, next + 1).await; next += 2; }
        }).await;
        let wanted: Vec<_> = (0..next).map(|number| format!("user-{number}@example.org")).collect();
        assert_eq!(texts(&items, "email")[1..], wanted, "after the admin, all in the order they were made");

        let defaults = client.get("/v1/admin/users").await.body;
        assert_eq!(defaults["items"].as_array().map(Vec::len), Some(50));
        client.get("/v1/admin/users?limit=0").await.expect(400, "malformed");
        assert_eq!(pages(&client, "/v1/admin/users?", 61, async || {}).await.len(), next + 1);
        assert_eq!(pages(&client, "/v1/admin/users?", 100_000, async || {}).await.len(), next + 1);
    }

    async fn the_trail_comes_newest_first_and_none_is_lost_while_events_happen(backend: Backend) {
        let service = Service::start(backend).await;
        let admin = service.admin().await;
        for number in 0..45 { add(&service, number).await; }
        let client = service.bearer(&admin.access);
        let (before, mut next) = (service.audit().await, 45);
        let items = pages(&client, "/v1/admin/audit?", 10, async || { add(&service, next).await; next += 1; }).await;
        let before: Vec<_> = before.iter().map(|event| event.id.to_string()).collect();
        assert_eq!(texts(&items, "id"), before, "what happened before the first page, and no more");

        let made = pages(&client, "/v1/admin/audit?event=account.created&", 7, async || {}).await;
        assert_eq!(made.len(), next + 1);
        assert!(texts(&made, "event").iter().all(|event| *event == "account.created"));
        let of_admin = format!("/v1/admin/audit?user_id={}&", admin.user);
        let of_admin = pages(&client, &of_admin, 2, async || {}).await;
        assert_eq!(texts(&of_admin, "event"), ["login", "account.updated", "login", "account.created"]);
        assert!(pages(&client, "/v1/admin/audit?event=none&", 5, async || {}).await.is_empty());
    }
}
