//! Without the service nobody gets through.

use std::time::Duration;

use super::{Kind, Scene};

/// Each of its threads stops on its own, some time after the signal.
async fn until_it_stands_still(pid: u32) {
    let stopped = |task: std::fs::DirEntry| {
        let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        stat.rsplit(") ")
            .next()
            .is_some_and(|rest| rest.starts_with('T'))
    };
    for _ in 0..1000 {
        let mut tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("a process");
        if tasks.all(|task| task.is_ok_and(stopped)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the service does not stop");
}

asking_gateways! {
    // L1
    async fn a_service_that_is_gone_lets_nobody_through(kind: Kind) {
        let mut scene = Scene::start(kind).await;
        let (_, client) = scene.ada().await;
        assert_eq!(client.get("/things").await.status, 200);
        scene.service.signal("KILL");
        scene.service.wait(Duration::from_secs(10)).await;
        for path in ["/things", "/admin/users", "/orders/1"] {
            scene.stops(1, &client.get(path).await, &[500, 502, 503], path);
        }
        assert_eq!(scene.client.get("/public/page").await.status, 200);
        scene.restart().await;
        assert_eq!(client.get("/things").await.status, 200);
    }

    // L1
    async fn a_service_that_hangs_lets_nobody_through(kind: Kind) {
        let scene = Scene::start(kind).await;
        let (_, client) = scene.ada().await;
        assert_eq!(client.get("/things").await.status, 200);
        scene.service.signal("STOP");
        until_it_stands_still(scene.service.pid()).await;
        let answer = tokio::time::timeout(Duration::from_secs(45), client.get("/things")).await;
        scene.service.signal("CONT");
        let answer = answer.expect("the gateway does not wait for ever");
        scene.stops(1, &answer, &[500, 502, 503, 504], "a service that hangs");
    }
}
