//! A rolling upgrade that nobody notices, behind a real HAProxy and a real nginx: two replicas with
//! the settings of `k8s/`, replaced one after another as Kubernetes does it, from one version of the
//! tables to the next, under 200 requests a second. No 5xx, no connection lost, no session lost, and
//! none that was ended comes back. // L9
//!
//! Here the old and the new replicas are this build, and the tables become those of a next version
//! that adds to them, by the code of `auth-service migrate`, which is all that a release may do (docs/OPERATIONS.md). `TEST_PREVIOUS_BINARY`
//! names the binary of the version before instead, whose tables the migrations of this one then
//! bring up to date: `tests/tools/upgrade-from` builds it from the history.

mod fleet;
mod load;
mod proxies;
mod versions;

use std::sync::Arc;
use std::time::Duration;

use fleet::Fleet;
use load::Load;
use proxies::{Haproxy, Nginx};
use versions::Versions;

/// Sessions that go on throughout.
const FAMILIES: usize = 60;
/// Sessions that are ended one after another meanwhile, and must stay ended.
const ENDED: usize = 15;
/// Requests a second; half of them through each proxy.
const RATE: u32 = 200;

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_under_load_behind_haproxy_and_nginx_is_not_noticed() {
    let versions = Versions::find().await;
    let mut fleet = Fleet::start(&versions).await;
    let haproxy = Haproxy::start(&fleet.slots).await;
    let nginx = Nginx::start(&fleet.endpoints()).await;
    let doors = [haproxy.client(), nginx.client()];
    haproxy.sees(2).await;
    let load = Arc::new(Load::sign_in(doors, FAMILIES, ENDED).await);

    let running = load.clone().run(RATE);
    let ending = load.clone().end_sessions(Duration::from_millis(1300));
    tokio::time::sleep(Duration::from_secs(3)).await;
    versions.migrate().await;
    // What was begun before it is seen to go on.
    tokio::time::sleep(Duration::from_secs(2)).await;
    for _ in 0..2 {
        fleet.surge(&versions, &nginx).await;
        fleet.retire_the_oldest(&nginx);
    }
    fleet.until_the_old_have_ended().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    ending.await.expect("every session was ended");
    let sent = running.stop().await;

    load.verdict(sent, RATE);
    load.every_session_goes_on().await;
    for replica in fleet.replicas() {
        load.none_comes_back(replica).await;
    }
    versions.assert_migrated().await;
}
