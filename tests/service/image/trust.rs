//! Which certificates the image trusts.

use std::collections::BTreeMap;

use super::jail::Image;
use crate::support::postgres::Postgres;

#[tokio::test(flavor = "multi_thread")]
async fn the_image_trusts_the_certificates_in_it_and_no_others() {
    let mut server = Postgres::start().await;
    let certificate = server.speak_tls_alone().await;
    let url = format!("{}?sslmode=verify-full", server.url);
    let environment = BTreeMap::from([("DATABASE_URL".to_owned(), url)]);
    let image = Image::make();
    let migrate = || {
        image
            .command(&environment, None, &["migrate"])
            .output()
            .expect("it runs")
    };

    let refused = migrate();
    let said = String::from_utf8_lossy(&refused.stderr).to_lowercase();
    assert!(
        !refused.status.success() && said.contains("certificate"),
        "{said}"
    );

    // As an operator mounts the authority of a company over the file.
    let trusted = image.root().join("etc/ssl/certs/ca-certificates.crt");
    std::fs::copy(certificate, trusted).expect("a copy");
    let done = migrate();
    assert!(done.status.success(), "{done:?}");
}
