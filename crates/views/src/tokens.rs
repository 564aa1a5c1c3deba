//! Which tokens were issued, and what became of them. Whether one lets anybody in is never asked here: that is read from
//! its own stream.

use std::collections::BTreeMap;
use std::ops::Range;

use daybook_domain::{Actor, CommandId, Event, MerchantId, Position, Recorded, Role, Slot, StreamId, Timestamp};
use hashbrown::HashMap;
use uuid::Uuid;

use crate::checkpoint::{Chunks, Part, RestoreError};
use crate::chunks::{CHUNK, Changed};
use crate::error::FoldError;
use crate::orders::{Change, Orders};
use crate::query::{Issuance, TokenEntry, TokenPage};
use crate::registry::{Kept, View};
use crate::wire::{Reader, put_bytes, put_i64, put_u32, put_u64};

#[derive(Debug, Default)]
pub(crate) struct TokenState {
    /// In the order in which they were issued.
    rows: Vec<TokenEntry>,
    by_stream: HashMap<StreamId, u32>,
    by_id: HashMap<Uuid, u32>,
    by_command: HashMap<CommandId, u32>,
    /// Rising.
    by_merchant: BTreeMap<MerchantId, Vec<u32>>,
    changed: Changed,
}

impl TokenState {
    fn add(&mut self, number: u32, row: TokenEntry) {
        self.by_stream.insert(row.stream, number);
        // The first one stays: ids are random, and whoever makes them up finds what was there before.
        self.by_id.entry(row.id).or_insert(number);
        self.by_command.entry(row.issued.command_id).or_insert(number);
        if let Some(merchant) = &row.merchant {
            self.by_merchant.entry(merchant.clone()).or_default().push(number);
        }
        self.rows.push(row);
    }

    pub(crate) fn rows(&self) -> &[TokenEntry] {
        &self.rows
    }

    pub(crate) fn of_stream(&self, stream: StreamId) -> Option<&TokenEntry> {
        self.by_stream.get(&stream).map(|&number| &self.rows[number as usize])
    }

    fn fold(&mut self, recorded: &Recorded) -> Result<(), FoldError> {
        let number = if let Some(row) = TokenEntry::issued(recorded) {
            let number = u32::try_from(self.rows.len()).map_err(|_| FoldError::Full { what: "tokens" })?;
            self.add(number, row);
            number
        } else if let Event::TokenRevoked(_) = &recorded.event {
            let token = recorded.stream;
            let number = *self.by_stream.get(&token).ok_or(FoldError::TokenUnknown { token })?;
            self.rows[number as usize].revoked_at = Some(recorded.recorded_at);
            number
        } else {
            return Ok(());
        };
        self.changed.mark(number as usize, recorded.position);
        Ok(())
    }
}

impl View for TokenState {
    fn apply(&mut self, _: &Orders, _: Option<&Change<'_>>, recorded: &Recorded) -> Result<(), FoldError> {
        self.fold(recorded)
    }

    fn apply_in_bulk(&mut self, _: &Orders, _: Option<&Change<'_>>, recorded: &Recorded) -> Result<(), FoldError> {
        self.fold(recorded)
    }

    fn settle(&mut self, _: &Orders) -> bool {
        true
    }

    fn parts<'a>(&'a self, _: &'a Orders) -> Vec<Kept<'a>> {
        vec![Kept { part: Part::Tokens, count: self.rows.len(), changed: Some(&self.changed) }]
    }

    fn put_chunk(&self, _: &Orders, _: Part, range: Range<usize>, out: &mut Vec<u8>) {
        put_u64(out, range.len() as u64);
        for row in &self.rows[range] {
            out.extend_from_slice(row.stream.0.as_bytes());
            out.extend_from_slice(row.id.as_bytes());
            out.push(row.role.code());
            put_bytes(out, row.merchant.as_ref().map_or("", MerchantId::as_str).as_bytes());
            put_bytes(out, row.label.as_bytes());
            out.push(u8::from(row.buyer.is_some()));
            put_u32(out, row.buyer.map_or(0, |slot| slot.0));
            put_u64(out, row.issued.position);
            put_i64(out, row.issued.at.0);
            out.extend_from_slice(row.issued.command_id.0.as_bytes());
            out.extend_from_slice(row.issued.actor.id.as_bytes());
            out.push(row.issued.actor.role.code());
            for at in [row.expires_at, row.revoked_at] {
                out.push(u8::from(at.is_some()));
                put_i64(out, at.map_or(0, |at| at.0));
            }
        }
    }

    fn read(&mut self, chunks: Chunks<'_>) -> Result<(), RestoreError> {
        let mut ids = chunks.ids.to_vec();
        ids.sort_unstable();
        for id in ids {
            let bytes = (chunks.bytes)(id).ok_or(RestoreError::Missing(id))?;
            let mut reader = Reader::new(&bytes);
            for _ in 0..reader.count_up_to(CHUNK) {
                let row = read(&mut reader).ok_or(RestoreError::Damaged(id))?;
                let number = u32::try_from(self.rows.len()).map_err(|_| RestoreError::Inconsistent)?;
                self.add(number, row);
            }
            if id.part != Part::Tokens || !reader.is_whole() {
                return Err(RestoreError::Damaged(id));
            }
        }
        let is_rising = self.rows.is_sorted_by_key(|row| row.issued.position);
        if self.by_stream.len() == self.rows.len() && is_rising { Ok(()) } else { Err(RestoreError::Inconsistent) }
    }

    fn mark_all(&mut self, _: &Orders, position: Position) {
        self.changed.mark_grown(0, self.rows.len(), position);
    }

    fn footprint(&self) -> usize {
        let texts: usize = self.rows.iter().map(|row| row.label.len()).sum();
        texts + self.rows.len() * (size_of::<TokenEntry>() + 3 * size_of::<(StreamId, u32)>() + size_of::<u32>())
    }
}

fn read(reader: &mut Reader<'_>) -> Option<TokenEntry> {
    fn uuid(reader: &mut Reader<'_>) -> Uuid {
        Uuid::from_bytes(reader.array())
    }
    fn optional_time(reader: &mut Reader<'_>) -> Option<Timestamp> {
        let is_there = reader.u8() == 1;
        let at = Timestamp(reader.i64());
        is_there.then_some(at)
    }
    let (stream, id) = (StreamId(uuid(reader)), uuid(reader));
    let role = Role::from_code(reader.u8())?;
    let merchant = Some(reader.text()).filter(|text| !text.is_empty()).map(MerchantId::from_stored);
    let label = reader.text().into();
    let (has_buyer, slot) = (reader.u8() == 1, Slot(reader.u32()));
    let buyer = has_buyer.then_some(slot);
    let (position, at) = (reader.u64(), Timestamp(reader.i64()));
    let command_id = CommandId(uuid(reader));
    let actor = Actor { id: uuid(reader), role: Role::from_code(reader.u8())? };
    let issued = Issuance { position, at, command_id, actor };
    let (expires_at, revoked_at) = (optional_time(reader), optional_time(reader));
    Some(TokenEntry { stream, id, role, merchant, buyer, label, issued, expires_at, revoked_at })
}

/// The tokens, as of the views' position.
#[derive(Clone, Copy, Debug)]
pub struct Tokens<'a> {
    state: &'a TokenState,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(state: &'a TokenState) -> Self {
        Self { state }
    }

    pub fn get(&self, id: Uuid) -> Option<&'a TokenEntry> {
        self.state.by_id.get(&id).map(|&number| &self.state.rows[number as usize])
    }

    /// The one that a command issued.
    pub fn of_command(&self, id: CommandId) -> Option<&'a TokenEntry> {
        self.state.by_command.get(&id).map(|&number| &self.state.rows[number as usize])
    }

    /// Those that were issued before a position, newest first; with `merchant` only its own.
    pub fn page(&self, merchant: Option<&MerchantId>, before: Option<Position>, first: usize) -> TokenPage {
        let rows = &self.state.rows;
        let is_before = |row: &TokenEntry| before.is_none_or(|before| row.issued.position < before);
        let mut found: Vec<&TokenEntry> = match merchant {
            None => {
                let end = rows.partition_point(is_before);
                rows[..end].iter().rev().take(first.saturating_add(1)).collect()
            }
            Some(merchant) => {
                let own = self.state.by_merchant.get(merchant).map_or(&[][..], Vec::as_slice);
                let end = own.partition_point(|&number| is_before(&rows[number as usize]));
                own[..end].iter().rev().take(first.saturating_add(1)).map(|&number| &rows[number as usize]).collect()
            }
        };
        let has_next = found.len() > first;
        found.truncate(first);
        TokenPage { tokens: found.into_iter().cloned().collect(), has_next }
    }
}
