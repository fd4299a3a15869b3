//! A TCP proxy that a test can cut or freeze.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the proxy does with its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Hands everything on.
    Open,
    /// Closes every connection, old and new.
    Cut,
    /// Keeps every connection and hands nothing on.
    Frozen,
}

/// A proxy in front of one server.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    flow: watch::Sender<Flow>,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// A proxy in front of the server that this URL names, and the URL through the proxy.
    pub async fn before(url: &str) -> (Self, String) {
        let start = url.rfind('@').or_else(|| url.rfind("//").map(|at| at + 1));
        let (left, right) = url.split_at(start.expect("a URL") + 1);
        let (server, path) = right.split_once('/').expect("a URL with a path");
        let server: Arc<str> = server.into();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (flow, watched) = watch::channel(Flow::Open);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, server.clone(), watched.clone()));
            }
        });
        let proxy = Self {
            address,
            flow,
            task,
        };
        (proxy, format!("{left}{address}/{path}"))
    }

    /// Changes what it does.
    pub fn set(&self, flow: Flow) {
        self.flow.send_replace(flow);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.set(Flow::Cut);
    }
}

async fn serve(client: TcpStream, server: Arc<str>, mut flow: watch::Receiver<Flow>) {
    let mut cut = flow.clone();
    let pumps = async {
        if flow.wait_for(|flow| *flow != Flow::Frozen).await.is_err() {
            return;
        }
        let Ok(server) = TcpStream::connect(&*server).await else {
            return;
        };
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        tokio::select! {
            () = pump(&mut from_client, &mut to_server, flow.clone()) => {}
            () = pump(&mut from_server, &mut to_client, flow.clone()) => {}
        }
    };
    tokio::select! {
        _ = cut.wait_for(|flow| *flow == Flow::Cut) => {}
        () = pumps => {}
    }
}

async fn pump(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    mut flow: watch::Receiver<Flow>,
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let Ok(1..) = from.read(&mut buffer[..]).await.inspect(|&read| {
            buffer.truncate(read);
        }) else {
            return;
        };
        if flow.wait_for(|flow| *flow != Flow::Frozen).await.is_err()
            || to.write_all(&buffer).await.is_err()
        {
            return;
        }
        buffer.resize(16 * 1024, 0);
    }
}
