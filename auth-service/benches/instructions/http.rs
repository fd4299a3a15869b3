//! A client that costs next to nothing: it writes bytes and looks for the end of the answer.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::setup::Rooms;

/// One connection that is kept.
pub struct Line {
    /// Who answers.
    pub rooms: Rooms,
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Line {
    /// Serves these rooms, and connects.
    pub fn to(rooms: Rooms) -> Self {
        let runtime = rooms.runtime.enter();
        let bound = auth_service::http::bind(rooms.ctx.clone().into()).unwrap();
        let stream = TcpStream::connect(bound.public_addr).unwrap();
        stream.set_nodelay(true).unwrap();
        tokio::spawn(bound.serve(std::future::pending(), Duration::ZERO));
        drop(runtime);
        Self {
            rooms,
            stream,
            buffer: vec![0; 16 * 1024],
        }
    }

    /// The answer to a request, which must be 200.
    pub fn ask(&mut self, request: &[u8]) -> &[u8] {
        self.stream.write_all(request).unwrap();
        let mut read = 0;
        loop {
            let more = self.stream.read(&mut self.buffer[read..]).unwrap();
            assert!(more > 0, "the service hung up");
            read += more;
            if let Some(length) = length(&self.buffer[..read])
                && length <= read
            {
                let answer = &self.buffer[..length];
                assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", text(answer));
                return answer;
            }
        }
    }
}

/// How long the answer that begins here is, once its head is there.
fn length(answer: &[u8]) -> Option<usize> {
    let head = after(answer, b"\r\n\r\n")?;
    let value = &answer[after(&answer[..head], b"content-length: ")?..];
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit());
    let body = digits.fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
    Some(head + body)
}

/// Where what comes after `part` begins.
pub fn after(bytes: &[u8], part: &[u8]) -> Option<usize> {
    let at = bytes.windows(part.len()).position(|here| here == part)?;
    Some(at + part.len())
}

pub fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
