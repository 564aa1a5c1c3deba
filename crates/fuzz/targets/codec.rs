//! Payloads of stored events, and the JSON of events.
//!
//! The input's first line says of which kind and version it is, as the files in `replay-fixtures/golden` are named
//! (`order-placed.v3`), or `json`; the rest is the payload.
#![no_main]

use daybook_codec::{data_to_json, decode, encode, event_from_json, recorded_from_json, to_json, versions};
use daybook_domain::{Kind, Sealed, Slot};
use libfuzzer_sys::fuzz_target;

fn opened(sealed: &Sealed, _: Kind) -> Option<String> {
    Some(format!("{} {}", sealed.slot.0, sealed.bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
}

fn closed(text: &str) -> Sealed {
    Sealed { slot: Slot(u32::from(text.len() > 9)), bytes: text.bytes().collect() }
}

/// The kind that a head names; some kind for a head that names none.
fn kind(head: &[u8]) -> (Kind, u16) {
    let text = String::from_utf8_lossy(head);
    let (name, version) = text.split_once(".v").unwrap_or((&text, "1"));
    let some = head.iter().map(|&byte| usize::from(byte)).sum::<usize>() % Kind::ALL.len();
    let kind = Kind::ALL.iter().copied().find(|kind| kind.name() == name).unwrap_or(Kind::ALL[some]);
    let known = versions(kind);
    (kind, version.parse().unwrap_or_else(|_| known[head.len() % known.len()]))
}

fuzz_target!(|bytes: &[u8]| {
    let Some(end) = bytes.iter().position(|&byte| byte == b'\n') else { return };
    let (head, payload) = (&bytes[..end], &bytes[end + 1..]);
    if head == b"json" {
        let Ok(json) = serde_json::from_slice(payload) else { return };
        if let Ok(recorded) = recorded_from_json(&json, &mut closed) {
            let _ = to_json(&recorded, &mut opened);
        }
        return;
    }
    let (kind, version) = kind(head);
    let Ok(event) = decode(kind.tag(), version, payload) else { return };
    // What could be read is written as the newest version, and reads as the same.
    let stored = encode(&event);
    assert_eq!(decode(stored.kind, stored.version, &stored.payload).as_ref(), Ok(&event));
    let json = data_to_json(&event, &mut opened);
    // JSON holds less than memory can: a time beyond the year 9999 has no spelling, so it may be refused, not differ.
    let texts = std::cell::RefCell::new(Vec::new());
    let _ = data_to_json(&event, &mut |sealed, kind| {
        texts.borrow_mut().push(sealed.clone());
        opened(sealed, kind)
    });
    let mut again = texts.into_inner().into_iter();
    if let Ok(read) = event_from_json(kind, &json, &mut |text| again.next().unwrap_or_else(|| closed(text))) {
        assert_eq!(read, event);
    }
});
