//! Listings page by page: everything once, in order.

use std::collections::HashSet;

use serde_json::Value;

use crate::support::{Client, Service, both};

/// Every item of a listing, a few at a time.
async fn walk(client: &Client, path: &str, limit: usize) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("{path}?limit={limit}{cursor}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let here = page.body["items"].as_array().expect("items").clone();
        assert!(here.len() <= limit);
        items.extend(here);
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

fn ids(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| item["id"].to_string()).collect()
}

both! {
    async fn a_listing_shows_everything_once_whatever_the_size_of_its_pages(backend: Backend) {
        let service = Service::start(backend).await;
        let admin = service.admin().await;
        let client = service.bearer(&admin.access);
        let signups: Vec<_> = (0..11).map(|n| format!("user-{n}@example.org")).collect();
        for email in &signups {
            service.advance(1);
            service.signup(email).await;
        }
        for (path, least, newest_first) in [("/v1/admin/users", 12, false), ("/v1/admin/audit", 24, true)] {
            let whole = ids(&walk(&client, path, 100).await);
            assert!(whole.len() >= least, "{path}: {}", whole.len());
            assert_eq!(whole.iter().collect::<HashSet<_>>().len(), whole.len());
            let mut sorted = whole.clone();
            sorted.sort();
            if newest_first {
                sorted.reverse();
            }
            assert_eq!(whole, sorted, "{path}");
            for limit in [1, 3, whole.len() - 1, whole.len()] {
                assert_eq!(ids(&walk(&client, path, limit).await), whole, "{path} by {limit}");
            }
        }
    }
}
