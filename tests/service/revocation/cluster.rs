//! Redis as a cluster: what is denied lies in one slot, and moves with it.

use std::time::Instant;

use super::sentinel::{are_heard, is_filled, replicas};
use super::{eventually, logout, sessions, stay_ended};
use crate::support::redis_fleet::Cluster;

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
    b.me(&before.access).await.expect(401, "token_revoked");
    assert_eq!(owner.keys("{deny}:sid:*").await.len(), 1);

    owner.kill();
    let began = Instant::now();
    let mut ended = vec![before];
    for tokens in people.split_off(2) {
        logout(&a, &tokens).await;
        b.me(&tokens.access).await.expect(401, "token_revoked");
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
    a.me(&last.access).await.expect(401, "token_revoked");
    ended.push(last);
    assert_eq!(heir.keys("{deny}:sid:*").await.len(), ended.len());
    stay_ended(&[&a, &b], &ended).await;
    assert_eq!(b.me(&people[0].access).await.status, 200);
}
