//! A page's records by columns, compressed: what they have in common stands once, what counts up takes no room, and what
//! nobody can compress (ids and hashes) is not looked at twice. Unpacked, every record has the same bytes as before.
//!
//! `u32` bytes of ids, `u32` bytes of the rest; the ids; the rest, as one LZ4 block. The rest is the columns in a row, each
//! behind its length. Numbers are LEB128, signed ones zigzag. Of each record:
//!
//! | column | what |
//! |---|---|
//! | shapes | which of the fields below are the record's before (`SAME_…`), or follow from it (`KNOWN_STREAM`) |
//! | heads | number of its bytes 5 to 14 (flags, kind, version, place in its commit, role) among those before; else they follow |
//! | lengths | of its payload |
//! | revisions | |
//! | previous | how far before it the stream's event before is; none at revision 1 |
//! | actors | number of the actor among the ids before; a new one is the next of the ids |
//! | times | `recorded_at`, from the record's before |
//! | optional | `occurred_at` from the one before that had it, reason, how far before it the cause is, correlation |
//! | payloads | |
//!
//! Ids in a row: stream, command id and hash, actor, correlation, each only where it is new. Length, position and checksum
//! follow from the rest.

use hashbrown::HashMap;

use crate::Position;
use crate::bytes::{array_at, index, len32, put, u16_at, u32_at, u64_at};
use crate::page::MAX_PAGE_BYTES;
use crate::record::{
    CRC, FIXED, FORMAT, HAS_CAUSATION, HAS_CORRELATION, HAS_OCCURRED, HAS_REASON, first_record, position_field,
};

const SAME_COMMAND: u8 = 1;
const SAME_ACTOR: u8 = 2;
const SAME_TIME: u8 = 4;
const KNOWN_STREAM: u8 = 8;

/// Fields of a record that go together.
const HEAD: std::ops::Range<usize> = 5..15;
const STREAM: std::ops::Range<usize> = 36..52;
const COMMAND: std::ops::Range<usize> = 52..84;
const ACTOR: std::ops::Range<usize> = 84..100;
const RECORDED_AT: usize = 100;

const LENGTHS: usize = 8;
/// A field takes hardly more in its column than in its record, and records fill a page at most.
const MAX_REST: usize = 2 * MAX_PAGE_BYTES;

#[derive(Default)]
struct Columns<T> {
    shapes: T,
    heads: T,
    lengths: T,
    revisions: T,
    previous: T,
    actors: T,
    times: T,
    optional: T,
    payloads: T,
}

impl<T> Columns<T> {
    fn in_order(&mut self) -> [&mut T; 9] {
        let Self { shapes, heads, lengths, revisions, previous, actors, times, optional, payloads } = self;
        [shapes, heads, lengths, revisions, previous, actors, times, optional, payloads]
    }
}

/// What stood before, by number, from 0.
#[derive(Default)]
struct Seen<const N: usize>(HashMap<[u8; N], u64>);

impl<const N: usize> Seen<N> {
    /// Its number, and whether it is new.
    fn number(&mut self, value: &[u8]) -> (u64, bool) {
        let next = self.0.len() as u64;
        let number = *self.0.entry(array_at(value, 0)).or_insert(next);
        (number, number == next)
    }
}

/// How many bytes of parts that not every record has these flags announce.
fn optional_bytes(flags: u8) -> usize {
    [(HAS_OCCURRED, 8), (HAS_REASON, 2), (HAS_CAUSATION, 8), (HAS_CORRELATION, 16)]
        .iter()
        .filter(|(flag, _)| flags & flag != 0)
        .map(|(_, bytes)| bytes)
        .sum()
}

/// Packs the records that fill `records`, of which the first is at position `first`. None: a page does not hold such.
pub(crate) fn pack(first: Position, records: &[u8]) -> Option<Vec<u8>> {
    let (mut ids, mut columns) = (Vec::new(), Columns::<Vec<u8>>::default());
    let (mut heads, mut uuids) = (Seen::<10>::default(), Seen::<16>::default());
    let mut starts = Vec::new();
    let (mut before, mut occurred_before): (&[u8], u64) = (&[], 0);
    let mut at = 0;
    while at < records.len() {
        let record = first_record(&records[at..])?;
        let position = first.get() + starts.len() as u64;
        let (revision, previous) = (u32_at(record, 24), u64_at(record, 28));
        if record[4] != FORMAT
            || record[15] != 0
            || position_field(record) != position
            || (revision == 1) != (previous == 0)
        {
            return None;
        }
        let is_same = |range: std::ops::Range<usize>| before.get(range.clone()) == Some(&record[range]);
        let of_stream = previous.checked_sub(first.get()).and_then(|number| starts.get(index(number)));
        let known_stream = of_stream.is_some_and(|&start: &usize| records[start..][STREAM] == record[STREAM]);
        let same = [(COMMAND, SAME_COMMAND), (ACTOR, SAME_ACTOR), (RECORDED_AT..FIXED, SAME_TIME)];
        let shape = same.into_iter().filter(|(range, _)| is_same(range.clone())).map(|(_, flag)| flag).sum::<u8>()
            | if known_stream { KNOWN_STREAM } else { 0 };
        columns.shapes.push(shape);
        let (number, is_new) = heads.number(&record[HEAD]);
        put_number(&mut columns.heads, number);
        if is_new {
            columns.heads.extend_from_slice(&record[HEAD]);
        }
        put_number(&mut columns.revisions, u64::from(revision));
        if revision != 1 {
            put_number(&mut columns.previous, position.wrapping_sub(previous));
        }
        if !known_stream {
            ids.extend_from_slice(&record[STREAM]);
        }
        if shape & SAME_COMMAND == 0 {
            ids.extend_from_slice(&record[COMMAND]);
        }
        let mut put_uuid = |column: &mut Vec<u8>, uuid: &[u8]| {
            let (number, is_new) = uuids.number(uuid);
            put_number(column, number);
            if is_new {
                ids.extend_from_slice(uuid);
            }
        };
        if shape & SAME_ACTOR == 0 {
            put_uuid(&mut columns.actors, &record[ACTOR]);
        }
        if shape & SAME_TIME == 0 {
            let time_before = if before.is_empty() { 0 } else { u64_at(before, RECORDED_AT) };
            put_number(&mut columns.times, zigzag(u64_at(record, RECORDED_AT).wrapping_sub(time_before)));
        }
        let flags = record[5];
        if record.len() < FIXED + optional_bytes(flags) + CRC {
            return None;
        }
        let mut optional = FIXED;
        if flags & HAS_OCCURRED != 0 {
            let occurred = u64_at(record, optional);
            put_number(&mut columns.optional, zigzag(occurred.wrapping_sub(occurred_before)));
            occurred_before = occurred;
            optional += 8;
        }
        if flags & HAS_REASON != 0 {
            put_number(&mut columns.optional, u64::from(u16_at(record, optional)));
            optional += 2;
        }
        if flags & HAS_CAUSATION != 0 {
            put_number(&mut columns.optional, position.wrapping_sub(u64_at(record, optional)));
            optional += 8;
        }
        if flags & HAS_CORRELATION != 0 {
            put_uuid(&mut columns.optional, &record[optional..optional + 16]);
            optional += 16;
        }
        let payload = record.get(optional..record.len() - CRC)?;
        put_number(&mut columns.lengths, payload.len() as u64);
        columns.payloads.extend_from_slice(payload);
        starts.push(at);
        before = record;
        at += record.len();
    }
    let mut rest = Vec::with_capacity(records.len());
    for column in columns.in_order() {
        put_number(&mut rest, column.len() as u64);
        rest.append(column);
    }
    if rest.len() > MAX_REST {
        return None;
    }
    let ids_end = LENGTHS + ids.len();
    let mut packed = vec![0; ids_end + lz4_flex::block::get_maximum_output_size(rest.len())];
    put(&mut packed, 0, &len32(ids.len()).to_le_bytes());
    put(&mut packed, 4, &len32(rest.len()).to_le_bytes());
    put(&mut packed, LENGTHS, &ids);
    let compressed = lz4_flex::block::compress_into(&rest, &mut packed[ids_end..]).ok()?;
    packed.truncate(ids_end + compressed);
    Some(packed)
}

/// The records that were packed: `count` of them, the first at position `first`.
pub(crate) fn unpack(packed: &[u8], first: Position, count: u32) -> Result<Vec<u8>, &'static str> {
    const WRONG: &str = "its columns are damaged";
    if packed.len() < LENGTHS {
        return Err(WRONG);
    }
    let (ids_len, rest_len) = (index(u64::from(u32_at(packed, 0))), index(u64::from(u32_at(packed, 4))));
    if ids_len > packed.len() - LENGTHS || rest_len > MAX_REST {
        return Err(WRONG);
    }
    let (ids, block) = packed[LENGTHS..].split_at(ids_len);
    let mut rest = vec![0; rest_len];
    if lz4_flex::block::decompress_into(block, &mut rest).ok() != Some(rest_len) {
        return Err(WRONG);
    }
    let mut columns = Columns::default();
    let mut left = Bytes(&rest);
    for column in columns.in_order() {
        *column = left.number().and_then(|length| left.take(length)).map(Bytes).ok_or(WRONG)?;
    }
    let mut unpacking = Unpacking { first: first.get(), ids: Bytes(ids), columns, ..Unpacking::default() };
    for _ in 0..count {
        unpacking.next().ok_or(WRONG)?;
    }
    let Unpacking { ids, mut columns, records, .. } = unpacking;
    let is_used_up =
        left.0.is_empty() && ids.0.is_empty() && columns.in_order().iter().all(|column| column.0.is_empty());
    if is_used_up { Ok(records) } else { Err(WRONG) }
}

#[derive(Default)]
struct Unpacking<'a> {
    first: u64,
    ids: Bytes<'a>,
    columns: Columns<Bytes<'a>>,
    heads: Vec<&'a [u8]>,
    uuids: Vec<&'a [u8]>,
    occurred: u64,
    starts: Vec<usize>,
    records: Vec<u8>,
}

impl<'a> Unpacking<'a> {
    /// The next record. None: it cannot be made.
    fn next(&mut self) -> Option<()> {
        let position = self.first.checked_add(self.starts.len() as u64)?;
        let shape = self.columns.shapes.take(1)?[0];
        let mut fixed = match self.starts.last() {
            Some(&start) => array_at::<FIXED>(&self.records, start),
            None if shape == 0 => [0; FIXED],
            None => return None,
        };
        fixed[4] = FORMAT;
        let number = self.columns.heads.number()?;
        if number == self.heads.len() as u64 {
            self.heads.push(self.columns.heads.take(HEAD.len() as u64)?);
        }
        put(&mut fixed, HEAD.start, self.heads.get(usize::try_from(number).ok()?)?);
        put(&mut fixed, 16, &position.to_le_bytes());
        let revision = u32::try_from(self.columns.revisions.number()?).ok()?;
        put(&mut fixed, 24, &revision.to_le_bytes());
        let previous = if revision == 1 { 0 } else { position.wrapping_sub(self.columns.previous.number()?) };
        put(&mut fixed, 28, &previous.to_le_bytes());
        if shape & KNOWN_STREAM == 0 {
            put(&mut fixed, STREAM.start, self.ids.take(16)?);
        } else {
            let number = usize::try_from(previous.checked_sub(self.first)?).ok()?;
            let stream: [u8; 16] = array_at(&self.records, self.starts.get(number)? + STREAM.start);
            put(&mut fixed, STREAM.start, &stream);
        }
        if shape & SAME_COMMAND == 0 {
            put(&mut fixed, COMMAND.start, self.ids.take(32)?);
        }
        if shape & SAME_ACTOR == 0 {
            let number = self.columns.actors.number()?;
            put(&mut fixed, ACTOR.start, self.uuid(number)?);
        }
        if shape & SAME_TIME == 0 {
            let time = u64_at(&fixed, RECORDED_AT).wrapping_add(unzigzag(self.columns.times.number()?));
            put(&mut fixed, RECORDED_AT, &time.to_le_bytes());
        }
        let start = self.records.len();
        self.records.extend_from_slice(&fixed);
        self.optional(fixed[5], position)?;
        let payload = self.columns.lengths.number().and_then(|length| self.columns.payloads.take(length))?;
        self.records.extend_from_slice(payload);
        let length = self.records.len() - start + CRC;
        put(&mut self.records, start, &u32::try_from(length).ok()?.to_le_bytes());
        let crc = crc32fast::hash(&self.records[start..]);
        self.records.extend_from_slice(&crc.to_le_bytes());
        self.starts.push(start);
        (self.records.len() <= MAX_PAGE_BYTES).then_some(())
    }

    fn optional(&mut self, flags: u8, position: u64) -> Option<()> {
        if flags & HAS_OCCURRED != 0 {
            self.occurred = self.occurred.wrapping_add(unzigzag(self.columns.optional.number()?));
            self.records.extend_from_slice(&self.occurred.to_le_bytes());
        }
        if flags & HAS_REASON != 0 {
            let reason = u16::try_from(self.columns.optional.number()?).ok()?;
            self.records.extend_from_slice(&reason.to_le_bytes());
        }
        if flags & HAS_CAUSATION != 0 {
            let cause = position.wrapping_sub(self.columns.optional.number()?);
            self.records.extend_from_slice(&cause.to_le_bytes());
        }
        if flags & HAS_CORRELATION != 0 {
            let number = self.columns.optional.number()?;
            let uuid = self.uuid(number)?;
            self.records.extend_from_slice(uuid);
        }
        Some(())
    }

    fn uuid(&mut self, number: u64) -> Option<&'a [u8]> {
        if number == self.uuids.len() as u64 {
            self.uuids.push(self.ids.take(16)?);
        }
        self.uuids.get(usize::try_from(number).ok()?).copied()
    }
}

/// What is left of a column.
#[derive(Clone, Copy, Default)]
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, left) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = left;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for (at, &byte) in self.0.iter().enumerate().take(10) {
            number |= u64::from(byte & 0x7F) << (7 * at);
            if byte < 0x80 {
                self.0 = &self.0[at + 1..];
                return Some(number);
            }
        }
        None
    }
}

fn put_number(column: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        column.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    column.push(number.to_le_bytes()[0]);
}

/// Small for differences that are small, whatever their sign.
fn zigzag(difference: u64) -> u64 {
    (difference << 1) ^ ((difference.cast_signed() >> 63).cast_unsigned())
}

fn unzigzag(number: u64) -> u64 {
    (number >> 1) ^ (number & 1).wrapping_neg()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::record::Place;
    use crate::{Origin, RecordDraft};

    /// Few different values, so that some come again, and the most extreme ones.
    fn few() -> impl Strategy<Value = u64> {
        prop_oneof![0..4_u64, Just(u64::MAX), Just(1 << 63), any::<u64>()]
    }

    fn uuid() -> impl Strategy<Value = Uuid> {
        few().prop_map(|n| Uuid::from_u64_pair(n, n))
    }

    prop_compose! {
        fn draft()(
            stream in uuid(), command_id in uuid(), actor in uuid(), correlation in proptest::option::of(uuid()),
            kind in 1..3_u16, version in any::<u16>(), role in any::<u8>(), recorded_at in few(),
            occurred_at in proptest::option::of(few()), reason in any::<u16>(), causation in proptest::option::of(few()),
            origin in prop_oneof![Just(Origin::Live), Just(Origin::Import), Just(Origin::System)],
            payload in prop::collection::vec(any::<u8>(), 0..300),
        ) -> RecordDraft {
            RecordDraft {
                stream, kind, version, command_id, command_hash: [version.to_le_bytes()[0] % 2; 16], actor, role, correlation, origin, payload,
                recorded_at: recorded_at.cast_signed(),
                occurred_at: occurred_at.map(u64::cast_signed),
                reason: NonZeroU16::new(reason),
                causation: causation.and_then(Position::new),
            }
        }
    }

    prop_compose! {
        /// The records of a page, as a writer lays them down one after the other.
        fn records()(
            first in prop_oneof![1..3_u64, Just(1 << 40), Just(u64::MAX - 200)],
            drafts in prop::collection::vec((draft(), 1..4_u32, few(), any::<[u16; 2]>()), 1..60),
        ) -> (Position, u32, Vec<u8>) {
            let first = Position::new(first).unwrap();
            let mut bytes = Vec::new();
            for (number, (draft, revision, previous, [commit_index, commit_count])) in (0..).zip(&drafts) {
                let position = first.plus(number);
                // Most of them a little before it.
                let previous = if previous % 2 == 0 { position.get().saturating_sub(previous % 64).max(1) } else { previous.max(&1).to_owned() };
                let previous = (*revision > 1).then(|| Position::new(previous).unwrap());
                let place = Place { position, revision: *revision, previous, commit_index: *commit_index, commit_count: *commit_count };
                draft.encode(&place, &mut bytes);
            }
            (first, u32::try_from(drafts.len()).unwrap(), bytes)
        }
    }

    proptest! {
        #[test]
        fn unpacked_is_what_was_packed((first, count, records) in records()) {
            let packed = pack(first, &records).unwrap();
            prop_assert_eq!(unpack(&packed, first, count).unwrap(), records);
        }

        #[test]
        fn damage_is_refused_or_gives_other_records((first, count, records) in records(), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
            let mut packed = pack(first, &records).unwrap();
            let at = at.index(packed.len());
            prop_assert!(unpack(&packed[..at], first, count).is_err());
            packed[at] ^= 1 << bit;
            if let Ok(other) = unpack(&packed, first, count) {
                prop_assert!(other.len() <= MAX_PAGE_BYTES);
            }
        }

        #[test]
        fn noise_is_refused(noise in prop::collection::vec(any::<u8>(), 0..200), count in any::<u32>()) {
            prop_assert!(unpack(&noise, Position::FIRST, count).is_err());
        }
    }
}
