//! A reader of the revocation stream.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::{TcpSocket, TcpStream};

/// How long to wait for an event, generously.
const LIMIT: Duration = Duration::from_secs(20);

/// One server-sent event.
#[derive(Clone, Debug)]
pub struct Event {
    /// The position to resume from.
    pub id: Option<i64>,
    /// `revoked`, `reset` or `heartbeat`.
    pub name: String,
    /// What it carries.
    pub data: Value,
}

/// An open stream. Closed when it is dropped.
pub struct Events {
    lines: Lines<BufReader<TcpStream>>,
    /// The entry that came last.
    entry: Value,
}

impl Events {
    /// Follows the stream of an internal listener (`http://127.0.0.1:1234`), from a position.
    pub async fn open(internal: &str, position: Option<i64>) -> Self {
        let address = internal.trim_start_matches("http://");
        let socket = TcpSocket::new_v4().expect("a socket");
        // Small, so that a reader who does not read is soon noticed.
        socket.set_recv_buffer_size(4096).expect("a buffer size");
        let address = address.parse().expect("an address");
        let mut stream = socket.connect(address).await.expect("a connection");
        let from = position.map_or_else(String::new, |id| format!("Last-Event-ID: {id}\r\n"));
        let request = format!("GET /v1/revocations/stream HTTP/1.1\r\nHost: x\r\n{from}\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut lines = BufReader::new(stream).lines();
        let status = lines.next_line().await.expect("an answer");
        assert_eq!(status.as_deref(), Some("HTTP/1.1 200 OK"));
        while lines.next_line().await.expect("a header") != Some(String::new()) {}
        Self {
            lines,
            entry: Value::Null,
        }
    }

    /// The next event.
    pub async fn next(&mut self) -> Event {
        self.within(LIMIT).await.expect("an event comes in time")
    }

    /// The next event, if one comes within this time.
    pub async fn within(&mut self, limit: Duration) -> Option<Event> {
        tokio::time::timeout(limit, self.read()).await.ok()
    }

    async fn read(&mut self) -> Event {
        let (mut id, mut name, mut data) = (None, String::new(), Value::Null);
        loop {
            let line = self.lines.next_line().await.expect("the stream goes on");
            let line = line.expect("the stream goes on");
            match line.split_once(": ") {
                Some(("id", value)) => id = Some(value.parse().expect("a position")),
                Some(("event", value)) => name = value.into(),
                Some(("data", value)) => data = serde_json::from_str(value).expect("JSON"),
                // An event ends with an empty line; the rest is HTTP's chunks.
                _ if line.is_empty() && !name.is_empty() => return Event { id, name, data },
                _ => {}
            }
        }
    }

    /// The next entry; heartbeats in between are left out, and an entry that comes again, as one
    /// does that was heard of through Redis first.
    pub async fn revoked(&mut self) -> Event {
        loop {
            let event = self.next_but("heartbeat", "revoked").await;
            if event.data != self.entry {
                self.entry = event.data.clone();
                return event;
            }
        }
    }

    /// The next heartbeat; entries in between are left out.
    pub async fn heartbeat(&mut self) -> Event {
        self.next_but("revoked", "heartbeat").await
    }

    async fn next_but(&mut self, skipped: &str, wanted: &str) -> Event {
        let began = Instant::now();
        loop {
            let event = self.next().await;
            if event.name != skipped {
                assert_eq!(event.name, wanted);
                return event;
            }
            assert!(began.elapsed() < LIMIT, "no {wanted} in time");
        }
    }
}
