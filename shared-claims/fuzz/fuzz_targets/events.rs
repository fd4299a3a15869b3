//! Server-sent events of arbitrary bytes: the same, however the bytes are cut, and the same as a
//! plain reading of the whole text; and revocations out of them, which the mirror then knows.

#![no_main]

// The parser is private to the crate, and needs nothing of it.
#[allow(dead_code, reason = "names and ids are compared, not read")]
#[path = "../../src/feed/sse.rs"]
mod sse;

use libfuzzer_sys::fuzz_target;
use shared_claims::{Entry, Kind, Mirror, Snapshot, Told, Verdict};

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let cut = bytes.chunks(usize::from(size).max(1));
    let events = events(cut);
    assert_eq!(events, self::events([bytes]));
    if let Some(events) = events {
        assert_eq!(events, plainly(bytes));
        events.iter().for_each(revocation);
    }
    if let Ok(snapshot) = serde_json::from_slice::<Snapshot<Told>>(bytes) {
        let known = snapshot.entries.iter().filter_map(|told| match told {
            Told::Entry(entry) => Some(entry),
            _ => None,
        });
        let mirror = Mirror::default();
        mirror.replace(known.clone());
        assert!(mirror.len() <= snapshot.entries.len());
        assert!(known.clone().all(|entry| refuses(&mirror, entry)));
    }
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

/// WHATWG HTML §9.2.6, of a text that is there as a whole.
fn plainly(bytes: &[u8]) -> Vec<sse::Event> {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace('\r', "\n");
    let ended = text.rsplit_once('\n').map_or("", |(ended, _)| ended);
    let mut events = Vec::new();
    let mut fields: Vec<(&str, &str)> = Vec::new();
    let lines = ended.split('\n').filter(|_| text.contains('\n'));
    for line in lines {
        if !line.is_empty() {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            fields.push((name, value.strip_prefix(' ').unwrap_or(value)));
            continue;
        }
        let all = |name: &str| -> Vec<&str> {
            let named = fields.iter().filter(|field| field.0 == name);
            named.map(|field| field.1).collect()
        };
        let data = all("data");
        let ids: Vec<_> = all("id").into_iter().filter(|id| !id.contains('\0')).collect();
        if !data.is_empty() {
            events.push(sse::Event {
                name: all("event").last().copied().unwrap_or_default().into(),
                data: data.join("\n"),
                id: ids.last().map(|id| (*id).into()),
            });
        }
        fields.clear();
    }
    events
}

fn revocation(event: &sse::Event) {
    if let Ok(Told::Entry(entry)) = serde_json::from_str(&event.data) {
        let mirror = Mirror::default();
        mirror.apply(&entry);
        assert!(!mirror.apply(&entry), "told twice, it is no news");
        assert!(refuses(&mirror, &entry));
        let written = serde_json::to_string(&entry).expect("an entry is plain JSON");
        assert_eq!(serde_json::from_str::<Entry>(&written).expect("and read again"), entry);
    }
}

/// Whether the mirror refuses a token that the entry is about.
fn refuses(mirror: &Mirror, entry: &Entry) -> bool {
    let named = |kind| if entry.kind == kind { &*entry.value } else { "another" };
    let sub = match entry.kind {
        Kind::Sub | Kind::Stale => &*entry.value,
        _ => "another",
    };
    let sid = Some(named(Kind::Sid));
    mirror.check(named(Kind::Jti), sid, sub, None, named(Kind::Kid)) != Verdict::Accepted
}
