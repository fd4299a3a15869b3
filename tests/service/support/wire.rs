//! The statements that a client tells Postgres to execute, read off the line (PostgreSQL's manual,
//! "Message Formats").

use std::collections::HashMap;

/// Statements in the order in which they were executed; `sent` tells on which connection.
/// `BEGIN` and `COMMIT` are statements, too.
pub fn statements(sent: &[(usize, Vec<u8>)]) -> Vec<String> {
    let mut lines: HashMap<usize, Line> = HashMap::new();
    let mut executed = Vec::new();
    for (connection, bytes) in sent {
        let line = lines.entry(*connection).or_default();
        line.unread.extend(bytes);
        while let Some(message) = line.next() {
            executed.extend(line.executed(message));
        }
    }
    executed
}

/// What goes to the server on one connection.
#[derive(Default)]
struct Line {
    unread: Vec<u8>,
    prepared: HashMap<String, String>,
    portals: HashMap<String, String>,
}

/// A message: its type, and the texts that it begins with.
type Message = (u8, Vec<String>);

impl Line {
    /// The next message that is there as a whole.
    fn next(&mut self) -> Option<Message> {
        // Only the very first message has no type; its length begins with a zero.
        let (kind, start) = match self.unread.first()? {
            0 => (0, 0),
            kind => (*kind, 1),
        };
        let length = self.unread.get(start..start + 4)?.try_into().ok()?;
        let end = start + u32::from_be_bytes(length) as usize;
        let body = self.unread.get(start + 4..end)?.split(|byte| *byte == 0);
        let texts = body.map(|text| String::from_utf8_lossy(text).into_owned());
        let message = (kind, texts.collect());
        self.unread.drain(..end);
        Some(message)
    }

    /// The statement that this message makes the server execute.
    fn executed(&mut self, (kind, texts): Message) -> Option<String> {
        let text = |at: usize| texts.get(at).cloned().unwrap_or_default();
        match kind {
            b'P' => drop(self.prepared.insert(text(0), text(1))),
            b'B' => {
                let sql = self.prepared.get(&text(1)).cloned();
                self.portals.insert(text(0), sql.unwrap_or_default());
            }
            b'E' => return Some(self.portals.get(&text(0)).cloned().unwrap_or_default()),
            b'Q' => return Some(text(0)),
            _ => {}
        }
        None
    }
}
