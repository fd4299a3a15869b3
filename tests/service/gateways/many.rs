//! Many at once, and each keeps their own name.

use futures_util::future::join_all;

use super::upstream::values;
use super::{Kind, Scene};

every_gateway! {
    async fn two_hundred_at_once_are_not_mixed_up(kind: Kind) {
        let scene = Scene::start(kind).await;
        let emails: Vec<String> = (0..5).map(|n| format!("user{n}@example.org")).collect();
        let people = join_all(emails.iter().map(|email| scene.service.signup(email))).await;
        let requests = (0..200).map(|n| {
            let (person, client) = (&people[n % 5], &scene.client);
            async move {
                // One in ten has no token: nobody's answer is somebody's.
                if n % 10 == 9 {
                    assert_eq!(client.get("/things").await.status, 401);
                    return;
                }
                let answer = client.bearer(&person.access).get(&format!("/things/{n}")).await;
                assert_eq!(answer.status, 200, "{}", answer.text);
                assert_eq!(answer.body["target"], format!("/things/{n}"));
                assert_eq!(values(&answer.body, "x-auth-subject"), [person.user.as_str()]);
                assert_eq!(values(&answer.body, "x-auth-session"), [person.session.as_str()]);
            }
        });
        join_all(requests).await;
        assert_eq!(scene.upstream.reached(), 180);
    }
}
