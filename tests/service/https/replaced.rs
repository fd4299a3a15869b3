//! A new certificate under traffic: nobody notices but by looking at it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::{KEYS, Secured, shown};

/// Asks again and again until told to stop, on one connection or on a new one each time; fails the
/// test if an answer is not 200.
async fn ask(
    (url, client, kept): (String, reqwest::Client, bool),
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
) {
    while !stop.load(Ordering::SeqCst) {
        let request = client.get(&url);
        let request = match kept {
            true => request,
            false => request.header("connection", "close"),
        };
        let answer = request.send().await.expect("no request fails");
        shown(answer).await;
        asked.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_replaced_under_traffic_and_no_request_fails() {
    let service = Secured::start(|_| {}).await;
    let (stop, asked) = (Arc::default(), Arc::<AtomicUsize>::default());
    let askers: Vec<_> = (0..4)
        .map(|number| {
            let how = (service.url(KEYS), service.client(), number % 2 == 0);
            tokio::spawn(ask(how, Arc::clone(&stop), asked.clone()))
        })
        .collect();
    let old = service.client();
    assert_eq!(service.shown_to(&old).await, service.authority.der("first"));

    for name in ["second", "third", "fourth"] {
        let before = asked.load(Ordering::SeqCst);
        service.authority.put(name);
        service.until_shown(name).await;
        while asked.load(Ordering::SeqCst) < before + 40 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        // Its connection stands, with the certificate that it was opened by.
        assert_eq!(service.shown_to(&old).await, service.authority.der("first"));
    }
    stop.store(true, Ordering::SeqCst);
    for asker in askers {
        asker.await.expect("no request fails");
    }
    service
        .until_logged(3, "the certificate was replaced")
        .await;
    assert!(
        !service.log().contains("can't be used"),
        "{}",
        service.log()
    );
}
