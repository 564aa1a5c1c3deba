//! Decoded events, only what is durable.

use std::sync::Arc;

use daybook_codec::StoredEvent;
use daybook_domain::{
    Kind, MerchantId, Position, Recorded, Revision, Sealed, Slot, State, StreamId, Timestamp, evolve,
};
use daybook_ledger::{Ledger, Origin, OwnedRecord, Record};
use daybook_vault::{Context, OpenSealedError, SlotId, Vault};
use tokio::sync::watch;

use crate::error::ReadError;

/// Bytes of the log that a scan reads at a time.
const SCAN_BYTES: usize = 1 << 20;

/// A sealed text, as far as it can be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    Text(String),
    /// Its key was erased, as its owner asked.
    Erased,
    /// It does not belong where it stands, or its key is damaged: run `daybook verify`.
    Damaged,
}

/// A handle; clones share the ledger and the keys.
#[derive(Clone, Debug)]
pub struct Reader {
    ledger: Ledger,
    vault: Arc<Vault>,
}

impl Reader {
    pub fn open(ledger: Ledger, vault: Arc<Vault>) -> Self {
        Self { ledger, vault }
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The last durable position, 0 for none.
    pub fn watermark(&self) -> Position {
        self.ledger.watermark()
    }

    /// Follows the watermark.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.ledger.subscribe()
    }

    /// The stream's newest durable event.
    pub fn head(&self, stream: StreamId) -> Option<(Position, Revision)> {
        self.ledger.head(stream.0).map(|head| (head.position.get(), head.revision))
    }

    pub(crate) fn decode(&self, record: &Record<'_>) -> Result<Recorded, ReadError> {
        let position = record.position.get();
        let left = u64::from(record.commit_count) - u64::from(record.commit_index) - 1;
        daybook_codec::decode_recorded(&StoredEvent {
            position,
            stream: record.stream,
            revision: record.revision,
            commit_end: position + left,
            kind: record.kind,
            version: record.version,
            command_id: record.command_id,
            actor: record.actor,
            role: record.role,
            origin: match record.origin {
                Origin::Live => 0,
                Origin::Import => 1,
                Origin::System => 2,
            },
            reason: record.reason.map(std::num::NonZeroU16::get),
            causation: record.causation.map(daybook_ledger::Position::get),
            correlation: record.correlation,
            recorded_at: record.recorded_at,
            occurred_at: record.occurred_at,
            payload: record.payload,
        })
        .map_err(|source| ReadError::Codec { position, source })
    }

    /// Hands on the events from `from` on, about `max_bytes` of them; returns where to read on: `from` itself when there
    /// is nothing more yet.
    pub fn for_each(
        &self,
        from: Position,
        max_bytes: usize,
        mut each: impl FnMut(Recorded),
    ) -> Result<Position, ReadError> {
        let Some(start) = daybook_ledger::Position::new(from.max(1)) else { return Ok(from) };
        let chunk = self.ledger.read_from(start, max_bytes)?;
        for record in chunk.records() {
            each(self.decode(&record)?);
        }
        Ok(chunk.next().map_or(start.get(), daybook_ledger::Position::get))
    }

    /// Hands on every event of these kinds that is durable now, oldest first; the others are passed over undecoded.
    pub fn each_of(&self, kinds: &[Kind], mut each: impl FnMut(Recorded)) -> Result<(), ReadError> {
        let end = self.watermark();
        let mut from = 1;
        while let Some(start) = daybook_ledger::Position::new(from).filter(|start| start.get() <= end) {
            let chunk = self.ledger.read_from(start, SCAN_BYTES)?;
            for record in chunk.records() {
                if kinds.iter().any(|kind| kind.tag() == record.kind) && record.position.get() <= end {
                    each(self.decode(&record)?);
                }
            }
            match chunk.next() {
                Some(next) => from = next.get(),
                None => break,
            }
        }
        Ok(())
    }

    /// Hands on the events of these kinds from `from` to `end`, of about `max_bytes` of the log; returns where to read on:
    /// `end + 1` when that was all.
    pub fn some_of(
        &self,
        kinds: &[Kind],
        (from, end): (Position, Position),
        max_bytes: usize,
        mut each: impl FnMut(Recorded),
    ) -> Result<Position, ReadError> {
        let end = end.min(self.watermark());
        let Some(start) = daybook_ledger::Position::new(from.max(1)).filter(|start| start.get() <= end) else {
            return Ok(from);
        };
        let chunk = self.ledger.read_from(start, max_bytes)?;
        for record in chunk.records() {
            if kinds.iter().any(|kind| kind.tag() == record.kind) && record.position.get() <= end {
                each(self.decode(&record)?);
            }
        }
        Ok(chunk.next().map_or(from, |next| next.get().min(end + 1)))
    }

    /// The event at a position; none if nothing durable is there.
    pub fn event(&self, position: Position) -> Result<Option<Recorded>, ReadError> {
        match daybook_ledger::Position::new(position).filter(|at| at.get() <= self.watermark()) {
            Some(at) => self.decode(&self.ledger.read(at)?.record()).map(Some),
            None => Ok(None),
        }
    }

    /// Events from `from` on, about `max_bytes` of them; empty at the end.
    pub fn events(&self, from: Position, max_bytes: usize) -> Result<Vec<Recorded>, ReadError> {
        let mut events = Vec::new();
        self.for_each(from, max_bytes, |recorded| events.push(recorded))?;
        Ok(events)
    }

    /// A stream's events, oldest first; empty if there is no such stream.
    pub fn history(&self, stream: StreamId) -> Result<Vec<Recorded>, ReadError> {
        self.ledger.read_stream(stream.0)?.iter().map(|owned| self.decode(&owned.record())).collect()
    }

    /// A stream's events, oldest first, if they are at most `most` and all so new that reading them waits for no disk.
    pub fn history_at_hand(&self, stream: StreamId, most: Revision) -> Result<Option<Vec<Recorded>>, ReadError> {
        let Some(records) = self.ledger.read_stream_at_hand(stream.0, most)? else { return Ok(None) };
        records.iter().map(|owned| self.decode(&owned.record())).collect::<Result<_, _>>().map(Some)
    }

    /// Where a stream's events stand, oldest first; empty if there is no such stream. Eight bytes an event, however large
    /// the events are.
    pub fn positions(&self, stream: StreamId) -> Result<Vec<Position>, ReadError> {
        let mut found = Vec::new();
        let mut next = self.ledger.head(stream.0).map(|head| head.position);
        while let Some(position) = next {
            found.push(position.get());
            next = self.ledger.read(position)?.record().previous;
        }
        found.reverse();
        Ok(found)
    }

    /// The records that tell the stream's state, oldest first: all of them, or the newest alone if that tells all, since
    /// those before it may be millions.
    pub(crate) fn state_records(&self, stream: StreamId) -> Result<Vec<OwnedRecord>, ReadError> {
        let Some(head) = self.ledger.head(stream.0) else { return Ok(Vec::new()) };
        let newest = self.ledger.read(head.position)?;
        match Kind::from_tag(newest.record().kind) {
            Some(kind) if kind.carries_state() => Ok(vec![newest]),
            Some(_) | None => Ok(self.ledger.read_stream(stream.0)?),
        }
    }

    /// What the stream's durable events add up to.
    pub fn state(&self, stream: StreamId) -> Result<Option<State>, ReadError> {
        let mut state = None;
        for owned in self.state_records(stream)? {
            evolve(&mut state, &self.decode(&owned.record())?);
        }
        Ok(state)
    }

    /// Opens a text that an event of `kind` on `stream` carries.
    pub fn open_text(&self, sealed: &Sealed, tree_root: &MerchantId, stream: StreamId, kind: Kind) -> Opened {
        let context = Context { tenant: tree_root.as_str(), stream: stream.0, kind: kind.tag() };
        match self.vault.open_sealed(SlotId(sealed.slot.0), &context, &sealed.bytes) {
            Ok(bytes) => String::from_utf8(bytes).map_or(Opened::Damaged, Opened::Text),
            Err(OpenSealedError::Erased { .. }) => Opened::Erased,
            Err(error) => {
                tracing::error!(%stream, %error, "a sealed text could not be opened");
                Opened::Damaged
            }
        }
    }

    /// Which key a buyer's texts are sealed under; none for a buyer who never ordered in this tree, or was erased.
    pub fn buyer_slot(&self, tree_root: &MerchantId, account: &str) -> Option<Slot> {
        self.vault.find(tree_root.as_str(), account).map(|slot| Slot(slot.0))
    }

    /// Whether a buyer's key was destroyed.
    pub fn is_erased(&self, buyer: Slot) -> bool {
        self.vault.is_erased(SlotId(buyer.0))
    }

    /// Whether the key of any of these buyers was.
    pub fn is_any_erased(&self, buyers: &[Slot]) -> bool {
        self.vault.is_any_erased(buyers.iter().map(|buyer| SlotId(buyer.0)))
    }

    /// The last position that was recorded at this time or before, 0 if none was. Looks at some twenty events of a million:
    /// recorded times never run backwards.
    pub fn position_at(&self, time: Timestamp) -> Result<Position, ReadError> {
        let (mut known, mut beyond) = (0, self.watermark() + 1);
        while beyond - known > 1 {
            let middle = known + (beyond - known) / 2;
            match self.recorded_at(middle)? {
                Some(at) if at <= time => known = middle,
                Some(_) | None => beyond = middle,
            }
        }
        Ok(known)
    }

    /// When the event at a position was recorded; none if nothing durable is there.
    pub fn recorded_at(&self, position: Position) -> Result<Option<Timestamp>, ReadError> {
        match daybook_ledger::Position::new(position).filter(|at| at.get() <= self.watermark()) {
            Some(at) => Ok(Some(Timestamp(self.ledger.read(at)?.record().recorded_at))),
            None => Ok(None),
        }
    }

    pub(crate) fn last_recorded_at(&self) -> Result<Timestamp, ReadError> {
        match daybook_ledger::Position::new(self.watermark()) {
            Some(last) => Ok(Timestamp(self.ledger.read(last)?.record().recorded_at)),
            None => Ok(Timestamp(i64::MIN)),
        }
    }
}
