//! Files that can't be used change nothing, and the log says what to do.

use std::fs;

use super::Secured;

#[tokio::test(flavor = "multi_thread")]
async fn files_that_can_not_be_used_leave_the_certificate_that_is_shown() {
    let service = Secured::start(|_| {}).await;
    let (authority, first) = (&service.authority, service.authority.der("first"));
    authority.issue("other", 60);
    authority.issue_expired("expired");
    let key = fs::read(authority.path("other.key")).expect("a key");
    let certificate = fs::read(authority.path("other.crt")).expect("a certificate");
    let faults: [(&str, &dyn Fn()); 6] = [
        ("does not belong", &|| authority.put_pair("other", "first")),
        ("expired at", &|| authority.put_pair("expired", "expired")),
        ("holds no certificate", &|| authority.put_bytes(b"", &key)),
        ("holds no private key", &|| {
            authority.put_bytes(&certificate, b"none")
        }),
        ("holds no private key", &|| {
            authority.put_bytes(&certificate, &certificate)
        }),
        ("can't be read", &|| authority.put_nothing()),
    ];
    for (count, (said, plant)) in faults.iter().enumerate() {
        plant();
        let line = service
            .until_logged(count + 1, "the one before stays")
            .await;
        assert!(line.contains(said), "{said}: {line}");
        assert!(line.contains("\"WARN\""), "{line}");
        assert_eq!(service.shown_to(&service.client()).await, first, "{said}");
    }
    // Told once each, however often it is looked.
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let told = service.log().matches("the one before stays").count();
    assert_eq!(told, faults.len());

    authority.put("second");
    service.until_shown("second").await;
}
