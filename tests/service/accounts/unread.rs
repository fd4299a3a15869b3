//! Whoever reads the log, and whoever has stopped to, can't stop the service.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream;
use serde_json::Value;

use crate::support::database::Database;
use crate::support::process::command;
use crate::support::signals::signal;
use crate::support::{Backend, Client};

/// A process, ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Ends it by SIGTERM; how long that took.
    async fn end(&mut self) -> Duration {
        let began = Instant::now();
        signal(&self.0, "TERM");
        loop {
            if let Some(status) = self.0.try_wait().expect("a child") {
                assert!(status.success(), "{status}");
                return began.elapsed();
            }
            assert!(began.elapsed() < Duration::from_secs(20), "it does not end");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Starts the service with a standard output that is read until it serves, and no further.
fn unread(mut command: Command) -> (Running, BufReader<ChildStdout>, Client) {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.expect("the binary runs");
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    let running = Running(child);
    loop {
        let mut line = String::new();
        assert_ne!(output.read_line(&mut line).expect("text"), 0, "it ended");
        let line: Value = serde_json::from_str(&line).expect("JSON");
        if line["message"] == "serving" {
            let url = |name: &str| format!("http://{}", line[name].as_str().expect("an address"));
            return (running, output, Client::new(url("public"), url("internal")));
        }
    }
}

async fn lost(client: &Client) -> f64 {
    let url = format!("{}/metrics", client.internal);
    let text = reqwest::get(url).await.expect("an answer").text().await;
    let text = text.expect("text");
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("auth_log_lines_lost_total "));
    line.expect("the series").parse().expect("a number")
}

// I32, L12
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_stops_nothing_and_says_what_was_lost_when_it_is_read_again() {
    let database = Database::new(Backend::Sqlite).await;
    let (mut running, output, client) = unread(command(&database, &["serve"]));
    let long = "x".repeat(128);
    let asked = client.with("x-request-id", &long);
    let (mut slowest, began) = (Duration::ZERO, Instant::now());
    // More than the pipe holds, more than the queue: until some of it is lost.
    let mut count = 0;
    while lost(&client).await < 500.0 {
        let asking = (0..500).map(|_| async {
            let began = Instant::now();
            asked.get("/v1/me").await.expect(401, "token_missing");
            began.elapsed()
        });
        let took: Vec<_> = stream::iter(asking).buffer_unordered(16).collect().await;
        slowest = slowest.max(took.into_iter().max().unwrap_or_default());
        count += 500;
        assert!(count < 100_000, "nothing was lost");
    }
    println!(
        "{count} requests in {:?}, the slowest {slowest:?}",
        began.elapsed()
    );
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    client.signup("ada@example.org").await;

    // Read again, it holds whole lines, and the number of those that are missing.
    let missing = lost(&client).await;
    let (told, telling) = std::sync::mpsc::channel();
    let reading = std::thread::spawn(move || {
        for line in output.lines() {
            let line = line.expect("text");
            let line: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
            if line["message"]
                .as_str()
                .is_some_and(|text| text.starts_with("lines of the log"))
            {
                told.send(line["lost"].as_u64().expect("a number"))
                    .expect("the test waits");
            }
        }
    });
    let told = telling
        .recv_timeout(Duration::from_secs(30))
        .expect("it is told");
    assert!(told as f64 >= missing, "{told} of {missing}");
    assert_eq!(client.get("/v1/me").await.status, 401);
    running.end().await;
    reading.join().expect("every line is whole");

    let (mut running, output, client) = unread(command(&database, &["serve"]));
    while lost(&client).await == 0.0 {
        let asking = (0..500).map(|_| asked_at(&client, &long));
        stream::iter(asking)
            .buffer_unordered(16)
            .collect::<Vec<_>>()
            .await;
    }
    let took = running.end().await;
    assert!(
        took < Duration::from_secs(5),
        "with nobody reading it took {took:?} to end"
    );
    drop(output);
}

async fn asked_at(client: &Client, id: &str) {
    client
        .with("x-request-id", id)
        .get("/v1/me")
        .await
        .expect(401, "token_missing");
}

// I32, L12
#[tokio::test(flavor = "multi_thread")]
async fn an_output_that_is_full_stops_nothing_in_either_format() {
    for format in ["text", "json"] {
        let database = Database::new(Backend::Sqlite).await;
        let ports: Vec<_> = (0..2)
            .map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port"))
            .map(|listener| listener.local_addr().expect("an address").to_string())
            .collect();
        let full = || {
            File::options()
                .write(true)
                .open("/dev/full")
                .expect("Linux has it")
        };
        let mut command = command(&database, &["serve"]);
        command
            .env("AUTH__LISTEN", &ports[0])
            .env("AUTH__INTERNAL_LISTEN", &ports[1])
            .env("AUTH__LOG__FORMAT", format)
            .stdout(full())
            .stderr(full());
        let mut running = Running(command.spawn().expect("the binary runs"));
        let url = |port: &String| format!("http://{port}");
        let client = Client::new(url(&ports[0]), url(&ports[1]));
        let ready = format!("{}/readyz", client.internal);
        let began = Instant::now();
        while !reqwest::get(&ready)
            .await
            .is_ok_and(|answer| answer.status() == 200)
        {
            assert!(
                running.0.try_wait().expect("a child").is_none(),
                "{format}: it ended"
            );
            assert!(began.elapsed() < Duration::from_secs(60), "{format}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        client.signup("ada@example.org").await;
        assert!(lost(&client).await > 0.0);
        assert!(running.end().await < Duration::from_secs(10), "{format}");
    }
}

// A refusal to start is 1 and no panic, whoever listens.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_nobody_can_read_is_still_a_refusal() {
    let database = Database::new(Backend::Sqlite).await;
    let full = File::options()
        .write(true)
        .open("/dev/full")
        .expect("Linux has it");
    let mut command = command(&database, &["serve"]);
    command.env("AUTH__ISSUER", "nonsense").stderr(full);
    let mut output = Vec::new();
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let stdout = child.stdout.as_mut().expect("a pipe");
    stdout.read_to_end(&mut output).expect("it ends");
    assert_eq!(child.wait().expect("a child").code(), Some(1));
}
