//! One HTTP/1.1 connection that is kept: a request, its answer, the next request.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::answer::{self, Answer, Body};

/// A kept connection to a server.
pub struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
    joined: Vec<u8>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When the server does not accept.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            read: Vec::with_capacity(16 * 1024),
            joined: Vec::new(),
        })
    }

    /// Sends a request and waits for the whole of its answer.
    ///
    /// # Errors
    /// When the server closes the connection or answers something that is not HTTP/1.1.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.read.clear();
        let head = loop {
            self.more().await?;
            if let Some(head) = answer::head(&self.read)? {
                break head;
            }
        };
        let body = match head.body {
            Body::Sized(size) => {
                while self.read.len() < head.length + size {
                    self.more().await?;
                }
                &self.read[head.length..head.length + size]
            }
            Body::Chunked => {
                while answer::chunks(&self.read[head.length..], &mut self.joined)?.is_none() {
                    self.more().await?;
                }
                &self.joined[..]
            }
        };
        Ok(Answer {
            status: head.status,
            body,
            head: &self.read[..head.length],
        })
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.read).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}
