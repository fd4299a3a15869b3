//! Redis as a cluster: what is denied lies in one slot, and moves with it.

use std::time::{Duration, Instant};

use super::sentinel::{are_heard, is_filled, replicas};
use super::{eventually, logout, sessions};
use crate::support::redis_fleet::Cluster;
use crate::support::{Client, Tokens};

/// `revocation.max_lag` of the defaults.
const MAX_LAG: Duration = Duration::from_secs(1);

/// A replica that listens at another node hears of it from that node, or believes what it knows.
async fn is_soon_refused(replica: &Client, tokens: &Tokens) {
    let answered = Instant::now();
    while replica.me(&tokens.access).await.status != 401 {
        assert!(answered.elapsed() < MAX_LAG, "{:?}", answered.elapsed());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

// L2
#[tokio::test(flavor = "multi_thread")]
async fn the_loss_of_a_node_lets_nothing_through_and_is_over_by_itself() {
    let cluster = Cluster::start().await;
    let [a, b] = replicas(&cluster.url()).await;
    let owner = cluster.owner("{deny}:epoch").await.expect("an owner");
    is_filled(owner, "{deny}").await;
    let mut people = sessions(&a, "ada@example.org", 8).await;
    let before = people.pop().unwrap();
    logout(&a, &before).await;
    is_soon_refused(&b, &before).await;
    assert_eq!(owner.keys("{deny}:sid:*").await.len(), 1);

    owner.kill();
    let began = Instant::now();
    let mut ended = vec![before];
    for tokens in people.split_off(2) {
        logout(&a, &tokens).await;
        is_soon_refused(&b, &tokens).await;
        ended.push(tokens);
    }
    eventually("its replica has the slot", async || {
        cluster.owner("{deny}:epoch").await.is_some()
    })
    .await;
    let heir = cluster.owner("{deny}:epoch").await.expect("an heir");
    is_filled(heir, "{deny}").await;
    are_heard(&[&a, &b]).await;
    println!("over after {:?}", began.elapsed());
    assert_eq!(heir.keys("{deny}:sid:*").await.len(), ended.len());
    let last = people.pop().unwrap();
    logout(&b, &last).await;
    is_soon_refused(&a, &last).await;
    ended.push(last);
    assert_eq!(heir.keys("{deny}:sid:*").await.len(), ended.len());
    for tokens in &ended {
        for replica in [&a, &b] {
            replica
                .me(&tokens.access)
                .await
                .expect(401, "token_revoked");
        }
    }
    assert_eq!(b.me(&people[0].access).await.status, 200);
}
