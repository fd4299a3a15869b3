//! An answer as it came over the wire, read no further than it is asked for.

use std::io;

/// Header fields that an answer may have at most.
pub(super) const HEADERS: usize = 64;

/// An answer, borrowed from the connection that it came over.
pub struct Answer<'a> {
    /// Its status code.
    pub status: u16,
    /// Its body, whole, its chunks joined.
    pub body: &'a [u8],
    pub(super) head: &'a [u8],
}

impl<'a> Answer<'a> {
    /// The values of a header, in the order in which they came.
    pub fn headers(&self, name: &str) -> Vec<&'a str> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut answer = httparse::Response::new(&mut headers);
        if answer.parse(self.head).is_err() {
            return Vec::new();
        }
        let named = answer
            .headers
            .iter()
            .filter(|header| header.name.eq_ignore_ascii_case(name));
        named
            .filter_map(|header| std::str::from_utf8(header.value).ok())
            .collect()
    }

    /// The text of a member of a JSON body, found without parsing the body: the first member of
    /// that name whose value is a string without escapes.
    pub fn member(&self, name: &str) -> Option<&'a str> {
        let body = std::str::from_utf8(self.body).ok()?;
        body.match_indices(name).find_map(|(at, _)| {
            let opened = body[..at].ends_with('"');
            let rest = body[at + name.len()..].strip_prefix("\":")?;
            let text = rest.trim_start().strip_prefix('"')?;
            opened.then(|| text.split('"').next())?
        })
    }
}

/// What the head of an answer says of its body.
pub(super) struct Head {
    pub status: u16,
    /// Bytes of the head.
    pub length: usize,
    pub body: Body,
}

/// How long a body is (RFC 9112 §6.3).
pub(super) enum Body {
    Sized(usize),
    Chunked,
}

/// The head, when all of it has come.
pub(super) fn head(bytes: &[u8]) -> io::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut answer = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = answer.parse(bytes).map_err(invalid)? else {
        return Ok(None);
    };
    let mut body = Body::Sized(0);
    for header in answer.headers.iter() {
        if header.name.eq_ignore_ascii_case("content-length") {
            let text = std::str::from_utf8(header.value).map_err(invalid)?;
            body = Body::Sized(text.trim().parse().map_err(invalid)?);
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            body = Body::Chunked;
        }
    }
    Ok(Some(Head {
        status: answer.code.unwrap_or_default(),
        length,
        body,
    }))
}

/// Joins the chunks of a body into `out`, and tells how many bytes they took, when all have come.
pub(super) fn chunks(mut bytes: &[u8], out: &mut Vec<u8>) -> io::Result<Option<usize>> {
    out.clear();
    let whole = bytes.len();
    loop {
        let size = httparse::parse_chunk_size(bytes).map_err(|_| invalid("a chunk's size"))?;
        let httparse::Status::Complete((start, size)) = size else {
            return Ok(None);
        };
        let end = start + usize::try_from(size).map_err(invalid)?;
        let Some(rest) = bytes.get(end..).and_then(|rest| rest.strip_prefix(b"\r\n")) else {
            return Ok(None);
        };
        out.extend_from_slice(&bytes[start..end]);
        bytes = rest;
        if size == 0 {
            return Ok(Some(whole - bytes.len()));
        }
    }
}

pub(super) fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        let text = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\nset-cookie: a=1\r\n\r\nhello";
        assert!(head(&text[..30]).unwrap().is_none());
        let read = head(text).unwrap().unwrap();
        assert_eq!((read.status, read.length), (201, text.len() - 5));
        assert!(matches!(read.body, Body::Sized(5)));
        let answer = Answer {
            status: 201,
            head: &text[..read.length],
            body: &text[read.length..],
        };
        assert_eq!(answer.headers("Set-Cookie"), ["a=1"]);
    }

    #[test]
    fn chunks_are_joined_when_all_have_come() {
        let text = b"4\r\nWiki\r\n6\r\npedia \r\n0\r\n\r\n";
        let mut out = Vec::new();
        assert_eq!(chunks(text, &mut out).unwrap(), Some(text.len()));
        assert_eq!(out, b"Wikipedia ");
        for end in 0..text.len() {
            assert_eq!(chunks(&text[..end], &mut out).unwrap(), None, "{end}");
        }
    }

    #[test]
    fn a_member_is_found_by_its_whole_name() {
        let answer = Answer {
            status: 200,
            head: b"",
            body: br#"{"my_token":"no","token": "yes","n":1}"#,
        };
        assert_eq!(answer.member("token"), Some("yes"));
        assert_eq!(answer.member("n"), None);
    }
}
