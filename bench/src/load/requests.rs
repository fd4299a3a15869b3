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

/// What so many connections ask: each, given its number, in turn its share of requests that were
/// written beforehand. Their answers are to be 2xx, and as `accept` wants them.
pub fn in_turn(
    requests: Vec<Vec<u8>>,
    connections: usize,
    accept: fn(&Answer<'_>) -> bool,
) -> impl FnMut(usize) -> Box<dyn Requests> + Send {
    move |number| {
        let share = requests.iter().skip(number).step_by(connections);
        Box::new(InTurn {
            requests: share.cloned().collect(),
            next: 0,
            accept,
        })
    }
}

struct InTurn {
    requests: Vec<Vec<u8>>,
    next: usize,
    accept: fn(&Answer<'_>) -> bool,
}

impl Requests for InTurn {
    fn next(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let next = self.requests.get(self.next).ok_or("nothing to ask")?;
        out.extend_from_slice(next);
        self.next = (self.next + 1) % self.requests.len();
        Ok(())
    }

    fn accept(&mut self, answer: &Answer<'_>) -> bool {
        (200..300).contains(&answer.status) && (self.accept)(answer)
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
    post(out, path, "application/json", headers, body);
}

/// Writes a `POST` of a form, which is encoded already.
pub fn write_form(out: &mut Vec<u8>, path: &str, form: &str) {
    post(out, path, "application/x-www-form-urlencoded", &[], form);
}

fn post(out: &mut Vec<u8>, path: &str, kind: &str, headers: &[(&str, &str)], body: &str) {
    put(
        out,
        format_args!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {kind}\r\n"),
    );
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_connection_asks_its_share_in_turn() {
        let written = ["a", "b", "c", "d"].map(|one| one.as_bytes().to_vec());
        let mut asks = in_turn(written.to_vec(), 2, |_| true);
        let mut second = asks(1);
        let mut asked = Vec::new();
        for _ in 0..3 {
            second.next(&mut asked).unwrap();
        }
        assert_eq!(asked, b"bdb");
        assert!(
            in_turn(Vec::new(), 2, |_| true)(0)
                .next(&mut asked)
                .is_err()
        );
    }

    #[test]
    fn a_form_is_written_whole() {
        let mut request = Vec::new();
        write_form(&mut request, "/token", "a=b&c=d");
        let expected = "POST /token HTTP/1.1\r\nhost: localhost\r\n\
                        content-type: application/x-www-form-urlencoded\r\n\
                        content-length: 7\r\n\r\na=b&c=d";
        assert_eq!(String::from_utf8(request).unwrap(), expected);
    }
}
