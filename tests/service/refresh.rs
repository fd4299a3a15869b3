//! The table of DESIGN §3, a test a row, and what others got wrong.

use crate::support::{Service, both};

both! {
    async fn the_current_token_rotates(backend: Backend) {
        let service = Service::start(backend).await;
        let first = service.signup("ada@example.org").await;
        let second = service.refresh(&first.refresh).await.tokens();
        assert_ne!(second.refresh, first.refresh);
        assert_eq!(second.session, first.session);
        assert_eq!(service.me(&second.access).await.status, 200);
        assert_eq!(service.me(&first.access).await.status, 200, "an access token lives on");
    }
}
