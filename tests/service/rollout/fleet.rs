//! Replicas with the environment of the production overlay, replaced as its Deployment says.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use kernel::config::Limit;
use tokio::task::JoinHandle;

use super::proxies::Nginx;
use super::versions::Versions;
use crate::deployment::overlay::{number, production};
use crate::migrations::two_releases::without_later_settings;
use crate::support::outside::free_port;
use crate::support::redis::Redis;
use crate::support::{Client, Process, process, secrets};

/// How long the cluster takes to tell the ingress that an endpoint went.
const PROPAGATION: Duration = Duration::from_secs(1);

/// Where a replica can be: the ports of its public and its internal listener.
pub type Slot = (u16, u16);

pub struct Fleet {
    /// Every place that a replica can be at; the oldest is replaced at the next free one.
    pub slots: Vec<Slot>,
    running: Vec<(Slot, Process)>,
    ending: Vec<JoinHandle<()>>,
    environment: BTreeMap<String, String>,
    _redis: Redis,
}

impl Fleet {
    /// Two replicas of the old version, and places for those of the new one.
    pub async fn start(versions: &Versions) -> Self {
        let redis = Redis::start().await;
        let mut environment = production().environment(&production().server());
        let mut set = |name: &str, value: String| environment.insert(name.into(), value);
        set("DATABASE_URL", versions.url().to_owned());
        set("REDIS_URL", redis.url());
        // Strict: a request that a proxy sent twice would cost its session.
        set("AUTH__REFRESH__REUSE_WINDOW", "0s".into());
        set("AUTH__THROTTLE__TRUSTED_PROXIES", "127.0.0.0/8".into());
        // All users come from one address here.
        for limit in Limit::ALL {
            set(&process::variable(*limit), "none".into());
        }
        secrets::note(&environment["AUTH__KEYS__ENCRYPTION_KEYS"]);
        let mut fleet = Self {
            slots: (0..4).map(|_| (free_port(), free_port())).collect(),
            running: Vec::new(),
            ending: Vec::new(),
            environment,
            _redis: redis,
        };
        for _ in 0..2 {
            fleet.run(versions.old()).await;
        }
        fleet
    }

    async fn run(&mut self, binary: &std::path::Path) {
        let slot = self.slots[self.running.len() + self.ending.len()];
        let mut command = Command::new(binary);
        command
            .arg("serve")
            .env_clear()
            .envs(&self.environment)
            .env("AUTH__LISTEN", format!("127.0.0.1:{}", slot.0))
            .env("AUTH__INTERNAL_LISTEN", format!("127.0.0.1:{}", slot.1))
            .stdin(std::process::Stdio::null());
        without_later_settings(&mut command);
        let process = Process::spawn(command).await.expect("a replica starts");
        let began = Instant::now();
        while process.get_internal("/readyz").await.status != 200 {
            assert!(began.elapsed() < Duration::from_secs(30), "it is not ready");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.running.push((slot, process));
    }

    /// A pod of the new version beside the others (`maxSurge`); an endpoint once it is ready, and
    /// available `minReadySeconds` later.
    pub async fn surge(&mut self, versions: &Versions, nginx: &Nginx) {
        self.run(versions.newer()).await;
        let endpoint = self.running.last().expect("the new one").0.0;
        nginx.tell(|endpoints| endpoints.push(endpoint));
        let deployment = &production().one("Deployment", "auth-service")["spec"];
        // What is longer only gives the old ones more time to end.
        let available = number(&deployment["minReadySeconds"]).min(5);
        tokio::time::sleep(Duration::from_secs(available)).await;
    }

    /// SIGTERM, at once, while the ingress hears of it a moment later. Whoever has not ended within
    /// the grace that the pod has would be killed.
    pub fn retire_the_oldest(&mut self, nginx: &Nginx) {
        let ((endpoint, _), mut old) = self.running.remove(0);
        let nginx = nginx.clone();
        let pod = &production().server()["spec"];
        let grace = Duration::from_secs(number(&pod["terminationGracePeriodSeconds"]));
        self.ending.push(tokio::spawn(async move {
            old.signal("TERM");
            tokio::time::sleep(PROPAGATION).await;
            nginx.tell(|endpoints| endpoints.retain(|it| *it != endpoint));
            assert!(old.wait(grace).await.success(), "it ended by itself");
        }));
    }

    pub async fn until_the_old_have_ended(&mut self) {
        for ending in &mut self.ending {
            ending.await.expect("a replica ended");
        }
    }

    /// The public ports of those that are ready, as an EndpointSlice has them.
    pub fn endpoints(&self) -> Vec<u16> {
        self.running
            .iter()
            .map(|((public, _), _)| *public)
            .collect()
    }

    pub fn replicas(&self) -> impl Iterator<Item = &Client> {
        self.running.iter().map(|(_, process)| &**process)
    }
}
