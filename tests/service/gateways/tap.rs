//! A line between the gateway and the upstream on which every byte is heard: a trailer is nothing
//! that a server tells of.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

type Heard = Arc<Mutex<Vec<u8>>>;

/// What a gateway sends to its upstream. Ends when it is dropped.
pub struct Tap {
    /// Where it listens, on the loopback.
    pub port: u16,
    heard: Heard,
    task: JoinHandle<()>,
}

async fn carry(gateway: TcpStream, upstream: TcpStream, heard: Heard) {
    let (mut asked, mut answered) = gateway.into_split();
    let (mut answers, mut asks) = upstream.into_split();
    let back = tokio::spawn(async move { copy(&mut answers, &mut answered).await });
    let mut bytes = vec![0; 64 << 10];
    while let Ok(read @ 1..) = asked.read(&mut bytes).await {
        let said = &bytes[..read];
        heard.lock().expect("no panic").extend_from_slice(said);
        if asks.write_all(said).await.is_err() {
            break;
        }
    }
    drop(asks);
    drop(back.await);
}

async fn listen(listener: TcpListener, upstream: u16, heard: Heard) {
    while let Ok((gateway, _)) = listener.accept().await {
        if let Ok(upstream) = TcpStream::connect(("127.0.0.1", upstream)).await {
            tokio::spawn(carry(gateway, upstream, Arc::clone(&heard)));
        }
    }
}

impl Tap {
    /// One that leads to this port.
    pub async fn before(upstream: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let heard = Heard::default();
        let task = tokio::spawn(listen(listener, upstream, Arc::clone(&heard)));
        Self { port, heard, task }
    }

    /// All that was sent since this was asked last.
    pub fn heard(&self) -> String {
        let bytes = std::mem::take(&mut *self.heard.lock().expect("no panic"));
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.task.abort();
    }
}
