//! The key of the refresh token's MAC is replaced, and nobody is logged out.

use kernel::audit::Actor;
use kernel::keyring::Purpose;

use super::tick;
use crate::support::{Service, both};

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

async fn states(service: &Service) -> Vec<String> {
    let keys = service.ctx.keyring.list(Purpose::Refresh).await;
    let keys = keys.expect("the keys can be read");
    keys.iter().map(|key| format!("{:?}", key.state)).collect()
}

async fn rotate(service: &Service) -> String {
    let (operator, caller) = (Actor::Operator, Default::default());
    let next = service.ctx.keyring.rotate_refresh(operator, &caller).await;
    next.expect("a key").kid
}

both! {
    async fn it_waits_until_every_replica_knows_it_and_the_old_one_stays(backend: Backend) {
        let service = Service::start(backend).await;
        let replica = service.replica().await;
        let before = service.signup("before@example.org").await;
        let kid = rotate(&service).await;
        assert_eq!(rotate(&service).await, kid, "one is waiting already");
        assert_eq!(states(&service).await, ["Active", "Next"]);

        // The replica has not heard of it: what is made until it has is made by the old one.
        let ada = service.signup("ada@example.org").await;
        let ada = replica.refresh(&ada.refresh).await.tokens();
        service.advance(2 * MINUTE);
        tick(&replica).await;
        let fresh = service.refresh(&ada.refresh).await.tokens();
        assert_eq!(states(&service).await, ["Retiring", "Active"]);
        // Each replica takes what the other made, by the old key and by the new one.
        service.advance(MINUTE);
        let fresh = replica.refresh(&fresh.refresh).await.tokens();
        assert_eq!(replica.refresh(&before.refresh).await.status, 200);

        // The current generation is answered by the new key, the one before too.
        let late = service.signup("late@example.org").await;
        service.advance(13 * DAY);
        let late = replica.refresh(&late.refresh).await.tokens();
        assert_eq!(service.refresh(&late.refresh).await.tokens().refresh, late.refresh);

        // Past the life of the longest session nothing that the old one made can count.
        service.advance(77 * DAY - 3 * MINUTE);
        tick(&service).await;
        assert_eq!(states(&service).await, ["Retiring", "Active"]);
        service.advance(3 * MINUTE);
        tick(&service).await;
        assert_eq!(states(&service).await, ["Gone", "Active"]);
        drop(fresh);
    }

    async fn one_that_is_removed_takes_its_tokens_along_and_has_an_heir(backend: Backend) {
        let service = Service::start(backend).await;
        let replica = service.replica().await;
        let ada = service.signup("ada@example.org").await;
        let keys = service.ctx.keyring.list(Purpose::Refresh).await.expect("keys");
        let caller = Default::default();
        service.ctx.keyring.remove(&keys[0].kid, Actor::Operator, &caller).await.expect("it is there");
        service.refresh(&ada.refresh).await.expect(401, "refresh_token_invalid");
        // The other replica has heard of it, and has not loaded the keys since.
        replica.ctx.revocations.load().await.expect("they can be read");
        replica.refresh(&ada.refresh).await.expect(401, "refresh_token_invalid");
        assert_eq!(states(&service).await, ["Removed", "Active"]);
        assert_eq!(service.me(&ada.access).await.status, 200, "access tokens are another matter");
        let again = service.login("ada@example.org").await;
        tick(&replica).await;
        assert_eq!(replica.refresh(&again.refresh).await.status, 200);
        replica.refresh(&ada.refresh).await.expect(401, "refresh_token_invalid");
    }
}
