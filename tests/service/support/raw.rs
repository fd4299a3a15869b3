//! Requests that the usual client would not send.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::{Answer, Client};

/// Sends a body as it is, as `content_type` or without one.
pub async fn send(
    client: &Client,
    method: &str,
    path: &str,
    content_type: Option<&str>,
    body: impl Into<reqwest::Body>,
) -> Answer {
    let method: Method = method.parse().expect("a method");
    let http = reqwest::Client::builder().no_proxy().build();
    let mut request = http
        .expect("a client can be made")
        .request(method, format!("{}{path}", client.base))
        .headers(client.headers.clone())
        .body(body);
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    let response = request.send().await.expect("the service answers");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.expect("a body");
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Answer {
        status,
        headers,
        body,
        text,
    }
}

/// Sends bytes over a connection of their own, and returns the status without waiting for the end:
/// some servers close late.
pub async fn status(client: &Client, request: &[u8]) -> u16 {
    let address = client.base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(request).await.expect("it can be written");
    let mut line = [0; 12];
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_exact(&mut line)).await;
    read.expect("the service answers").expect("a status line");
    let status = std::str::from_utf8(&line[9..]).expect("a status");
    status.parse().expect("a status")
}

/// Sends bytes over a connection of their own, and returns all that comes back until it is closed.
pub async fn talk(client: &Client, request: &[u8]) -> String {
    let address = client.base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(request).await.expect("it can be written");
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let read = tokio::time::timeout(Duration::from_secs(20), read).await;
    drop(read.expect("the service answers and closes"));
    String::from_utf8_lossy(&answer).into_owned()
}
