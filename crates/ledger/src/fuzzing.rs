//! What the fuzzer in `crates/fuzz` reaches and nobody else: each takes any bytes and must come back.

use uuid::Uuid;

use crate::bytes::{index, len32, put};
use crate::chunk::Chunk;
use crate::frame::{FRAME_HEADER, FrameHeader};
use crate::manifest::Manifest;
use crate::page::{Content, Page, page_records, parse_page};
use crate::record::first_record;
use crate::run::check_run;
use crate::wal_file::{ChainPoint, WAL_HEADER, WalHeader, follow_frames, frame_after};
use crate::{Position, cut, heads};

const LEDGER: Uuid = Uuid::nil();

/// As a page out of sled that is what the manifest says.
pub fn page(bytes: &[u8]) {
    let Ok((first, count)) = parse_page(LEDGER, bytes) else { return };
    let Ok(records) = page_records(bytes) else { return };
    let whole = check_run(&records, first, count, |_, _| Ok(())).is_ok();
    if whole {
        let page = Page { first, count, records: records.to_vec() };
        assert_eq!(Content::parse(LEDGER, &page.encode(LEDGER)), Ok(page.content()));
    }
    for from in [first, first.plus(1), first.plus(u64::from(count / 2))] {
        if let Ok(chunk) = Chunk::from_page(records.clone(), from, 1 << 16) {
            assert!(!whole || chunk.records().all(|record| record.position >= from));
        }
    }
}

/// As a file of the folder `wal`, read at opening and afterwards.
pub fn write_ahead(bytes: &[u8]) {
    let Ok(header) = WalHeader::parse(LEDGER, bytes) else { return };
    let begin = ChainPoint { next: header.first, chain: header.chain, offset: WAL_HEADER };
    let end = follow_frames(LEDGER, bytes, begin, |_, frame, bytes| {
        check_run(&bytes[FRAME_HEADER..], frame.first, frame.count, |_, _| Ok(()))
    });
    let Ok(end) = end else { return };
    let _ = frame_after(LEDGER, bytes, end);
    let _ = cut::find(LEDGER, std::path::Path::new("wal"), bytes, end);
    let frames = bytes[index(WAL_HEADER)..index(end.offset)].to_vec();
    if let Ok(chunk) = Chunk::from_frames(frames, header.first, 1 << 16) {
        assert!(chunk.records().all(|record| record.position >= header.first));
    }
}

/// As a volume's file `manifest`: with a hash that fits, if it has none.
pub fn manifest(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let body = text.rfind("blake3 ").map_or(text, |at| &text[..at]);
    let text = format!("{body}blake3 {}\n", blake3::hash(body.as_bytes()).to_hex());
    if let Ok(manifest) = Manifest::parse(&text) {
        assert_eq!(manifest.encode(), text);
    }
}

/// As a volume's file `heads`, with a checksum that fits.
pub fn heads(bytes: &[u8]) {
    let crc = crc32fast::hash(bytes).to_le_bytes();
    let bytes = [bytes, &crc].concat();
    if let Ok(found) = heads::Heads::parse(LEDGER, Position::FIRST, bytes.clone()) {
        assert_eq!(heads::encode(LEDGER, Position::FIRST, &found.all().collect::<Vec<_>>()), bytes);
    }
}

/// A page around records whose checksums fit, whatever they say.
pub fn page_with_checksums(payload: &[u8]) -> Vec<u8> {
    let mut records = payload.to_vec();
    let count = mend_records(&mut records, 0);
    Page { first: Position::FIRST, count, records }.encode(LEDGER)
}

/// A write-ahead file of frames and records whose checksums fit, whatever they say: each frame is made of what follows a
/// length of two bytes.
pub fn write_ahead_with_checksums(mut bytes: &[u8]) -> Vec<u8> {
    let header = WalHeader { length: 1 << 20, first: Position::FIRST, volume: Position::FIRST, chain: [0; 32] };
    let mut file = header.encode(LEDGER).to_vec();
    let (mut first, mut chain) = (Position::FIRST, [0; 32]);
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let (payload, rest) = rest.split_at(usize::from(u16::from_le_bytes(*length)).min(rest.len()));
        bytes = rest;
        let mut frame = [&[0; FRAME_HEADER], payload].concat();
        let count = mend_records(&mut frame, FRAME_HEADER);
        let sealed = FrameHeader { payload_len: len32(payload.len()), count, first, epoch: 1, chain };
        sealed.seal(LEDGER, &mut frame);
        (first, chain) = (sealed.next(), crate::frame::chain_hash(&frame));
        file.extend_from_slice(&frame);
    }
    file
}

/// Gives every record from `at` on the checksum of what it is; returns how many there are.
fn mend_records(bytes: &mut [u8], mut at: usize) -> u32 {
    let mut count = 0;
    while let Some(length) = first_record(&bytes[at..]).map(<[u8]>::len) {
        let body = at + length - 4;
        let crc = crc32fast::hash(&bytes[at..body]);
        put(bytes, body, &crc.to_le_bytes());
        (at, count) = (at + length, count + 1);
    }
    count
}
