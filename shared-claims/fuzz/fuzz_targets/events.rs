//! Server-sent events of arbitrary bytes: the same, however the bytes are cut.

#![no_main]

// The parser is private to the crate, and needs nothing of it.
#[allow(dead_code, reason = "names and ids are compared, not read")]
#[path = "../../src/feed/sse.rs"]
mod sse;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let cut = bytes.chunks(usize::from(size).max(1));
    assert_eq!(events(cut), events([bytes]));
});

/// Every event, unless one is too long.
fn events<'b>(chunks: impl IntoIterator<Item = &'b [u8]>) -> Option<Vec<sse::Event>> {
    let mut parser = sse::Parser::default();
    let mut events = Vec::new();
    for chunk in chunks {
        events.extend(parser.push(chunk).ok()?);
    }
    Some(events)
}
