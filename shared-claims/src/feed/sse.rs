//! Server-sent events (WHATWG HTML §9.2.6), as much of them as a feed needs, in bounded memory.

/// The longest event, and so the longest line.
const LIMIT: usize = 64 * 1024;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its type; empty if it has none.
    pub(crate) name: String,
    /// Its data, lines joined by line feeds.
    pub(crate) data: String,
    /// Its own id, if it has one.
    pub(crate) id: Option<String>,
}

/// An event that never ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event is over {LIMIT} bytes")]
pub(crate) struct TooLong;

/// Reads events from bytes as they come. What a stream ends in the middle of is never an event.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    line: Vec<u8>,
    event: Event,
    after_cr: bool,
}

impl Parser {
    /// Takes bytes in and hands out the events that they complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, TooLong> {
        let mut events = Vec::new();
        for byte in bytes {
            let after_cr = std::mem::replace(&mut self.after_cr, *byte == b'\r');
            match byte {
                b'\n' if after_cr => {}
                b'\r' | b'\n' => events.extend(self.end_line()),
                _ => self.line.push(*byte),
            }
            if self.line.len() + self.event.data.len() > LIMIT {
                return Err(TooLong);
            }
        }
        Ok(events)
    }

    fn end_line(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return (!event.data.is_empty()).then(|| event.without_last_feed());
        }
        let line = String::from_utf8_lossy(&line);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => self.event.name = value.into(),
            "data" => {
                self.event.data.push_str(value);
                self.event.data.push('\n');
            }
            "id" if !value.contains('\0') => self.event.id = Some(value.into()),
            // A comment, a `retry`, or nothing that we know.
            _ => {}
        }
        None
    }
}

impl Event {
    fn without_last_feed(mut self) -> Self {
        self.data.pop();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, LIMIT, Parser, TooLong};

    fn event(name: &str, data: &str, id: Option<&str>) -> Event {
        let (name, data) = (name.into(), data.into());
        let id = id.map(Into::into);
        Event { name, data, id }
    }

    #[test]
    fn events_are_the_same_however_the_bytes_are_cut() {
        let text = ": hello\n\nid: 7\nevent: revoked\ndata: {\"a\":\r\ndata:1}\r\n\r\ndata\n\n\
                    retry: 5\nevent: x\n\nid:8\rdata:  two\r\rdata: \u{e9}\n\nid: 9\ndata: cut off";
        let expected = [
            event("revoked", "{\"a\":\n1}", Some("7")),
            event("", "", None),
            event("", " two", Some("8")),
            event("", "\u{e9}", None),
        ];
        for size in 1..=text.len() {
            let mut parser = Parser::default();
            let chunks = text.as_bytes().chunks(size);
            let events: Vec<_> = chunks.flat_map(|c| parser.push(c).unwrap()).collect();
            assert_eq!(events, expected, "in chunks of {size}");
        }
    }

    #[test]
    fn an_endless_line_and_an_endless_event_are_cut_off() {
        let mut parser = Parser::default();
        assert_eq!(parser.push(&vec![b'a'; LIMIT]), Ok(vec![]));
        assert_eq!(parser.push(b"a"), Err(TooLong));
        let mut parser = Parser::default();
        let line = format!("data: {}\n", "a".repeat(1000));
        let lines = line.repeat(1 + LIMIT / 1000);
        assert_eq!(parser.push(lines.as_bytes()), Err(TooLong));
    }
}
