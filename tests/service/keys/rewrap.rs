//! A new key-encryption key, one replica after another, as `docs/OPERATIONS.md` says: nobody is
//! refused meanwhile.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kernel::entropy::Entropy;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::kid_of;
use crate::support::database::Database;
use crate::support::process::command;
use crate::support::{Client, Process, both, secrets};

fn sealing_key() -> String {
    let key = STANDARD.encode(Entropy::system().bytes::<32>());
    secrets::note(&key);
    key
}

/// Replicas behind a balancer, which sends nobody to one that is about to end.
struct Fleet {
    database: Arc<Database>,
    replicas: Vec<Process>,
    balancer: watch::Sender<Vec<Client>>,
}

impl Fleet {
    async fn start(database: Arc<Database>, keys: &str) -> Self {
        let mut fleet = Self {
            database,
            replicas: Vec::new(),
            balancer: watch::Sender::new(Vec::new()),
        };
        for _ in 0..2 {
            let replica = fleet.one(keys).await;
            fleet.replicas.push(replica);
        }
        fleet.balance();
        fleet
    }

    async fn one(&self, keys: &str) -> Process {
        // Every refresh writes.
        let settings = [
            ("AUTH__KEYS__ENCRYPTION_KEYS", keys),
            ("AUTH__REFRESH__REUSE_WINDOW", "0s"),
        ];
        Process::start(&self.database, &settings).await
    }

    fn balance(&self) {
        let clients = self.replicas.iter().map(|replica| (**replica).clone());
        self.balancer.send_replace(clients.collect());
    }

    /// Replaces the replica that has served longest.
    async fn replace_one(&mut self, keys: &str) {
        let next = self.one(keys).await;
        let mut ends = self.replicas.remove(0);
        self.replicas.push(next);
        self.balance();
        tokio::time::sleep(Duration::from_millis(300)).await;
        ends.signal("TERM");
        assert!(ends.wait(Duration::from_secs(30)).await.success());
    }

    async fn replace_all(&mut self, keys: &str) {
        self.replace_one(keys).await;
        self.replace_one(keys).await;
    }

    fn keys(&self, action: &str, keys: &str) -> String {
        let mut command = command(&self.database, &["keys", action]);
        let output = command.env("AUTH__KEYS__ENCRYPTION_KEYS", keys).output();
        let output = output.expect("the binary runs");
        assert!(output.status.success(), "keys {action}: {output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Somebody who refreshes at one replica and shows the new access token to the next.
    async fn somebody(&self, number: usize, mut stop: watch::Receiver<bool>) -> JoinHandle<usize> {
        let balancer = self.balancer.subscribe();
        let email = format!("somebody-{number}@example.org");
        let mut tokens = self.replicas[0].signup(&email).await;
        tokio::spawn(async move {
            let (mut rounds, mut turn) = (0, number);
            while !*stop.borrow_and_update() {
                let clients = balancer.borrow().clone();
                tokens = clients[turn % 2].refresh(&tokens.refresh).await.tokens();
                clients[(turn + 1) % 2]
                    .me(&tokens.access)
                    .await
                    .expect(200, "");
                (rounds, turn) = (rounds + 1, turn + 1);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            rounds
        })
    }
}

both! {
    async fn a_key_encryption_key_is_replaced_while_everybody_is_served(backend: Backend) {
        let (old, new) = (sealing_key(), sealing_key());
        let database = Arc::new(Database::new(backend).await);
        let mut fleet = Fleet::start(database.clone(), &old).await;
        let before = fleet.replicas[0].signup("ada@example.org").await;
        let (stop, stopped) = watch::channel(false);
        let mut people = Vec::new();
        for number in 0..3 {
            people.push(fleet.somebody(number, stopped.clone()).await);
        }

        // All can open what it seals, before any seals with it.
        fleet.replace_all(&format!("{old},{new}")).await;
        fleet.replace_one(&format!("{new},{old}")).await;
        // A key that one of them seals with the new one is opened by the other.
        fleet.keys("rotate", &format!("{new},{old}"));
        fleet.replace_one(&format!("{new},{old}")).await;
        let said = fleet.keys("rewrap", &format!("{new},{old}"));
        assert!(said.contains('2'), "the two that the old one sealed: {said}");
        fleet.replace_all(&new).await;
        assert!(fleet.keys("list", &new).contains(&kid_of(&before.access)));

        stop.send_replace(true);
        for one in people {
            assert!(one.await.expect("nobody was refused") > 20);
        }
        let after = fleet.replicas[0].refresh(&before.refresh).await.tokens();
        assert_eq!(after.session, before.session);
        let mut late = command(&database, &["serve"]);
        late.env("AUTH__KEYS__ENCRYPTION_KEYS", &old);
        assert!(Process::spawn(late).await.is_err(), "the old one opens nothing any more");
    }
}
