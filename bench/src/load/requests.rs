//! What a connection asks: the request makers that several subjects share.

use std::io::Write;

use super::answer::Answer;
use crate::subject::Result;

/// What one connection asks, one request after another.
pub trait Requests: Send {
    /// Writes the next request, whole, into `out`, which is empty.
    ///
    /// # Errors
    /// When there is nothing left to ask; the run fails.
    fn next(&mut self, out: &mut Vec<u8>) -> Result<()>;

    /// Whether the answer is the one that was asked for. Any other fails the run.
    fn accept(&mut self, answer: &Answer<'_>) -> bool {
        (200..300).contains(&answer.status)
    }
}

/// The same request again and again.
pub struct Same(Vec<u8>);

impl Same {
    /// A `GET` with these header fields.
    pub fn get(path: &str, headers: &[(&str, &str)]) -> Self {
        let mut request = Vec::new();
        write_get(&mut request, path, headers);
        Self(request)
    }
}

impl Requests for Same {
    fn next(&mut self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(&self.0);
        Ok(())
    }
}

/// Writes a `GET`.
pub fn write_get(out: &mut Vec<u8>, path: &str, headers: &[(&str, &str)]) {
    put(
        out,
        format_args!("GET {path} HTTP/1.1\r\nhost: localhost\r\n"),
    );
    for (name, value) in headers {
        put(out, format_args!("{name}: {value}\r\n"));
    }
    out.extend_from_slice(b"\r\n");
}

/// Writes a `POST` of JSON.
pub fn write_post(out: &mut Vec<u8>, path: &str, headers: &[(&str, &str)], body: &str) {
    put(
        out,
        format_args!("POST {path} HTTP/1.1\r\nhost: localhost\r\n"),
    );
    out.extend_from_slice(b"content-type: application/json\r\n");
    for (name, value) in headers {
        put(out, format_args!("{name}: {value}\r\n"));
    }
    put(
        out,
        format_args!("content-length: {}\r\n\r\n{body}", body.len()),
    );
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a vector takes any text");
}
