//! An export: what somebody took out of the ledger, or was about to. The file is no part of it.

use crate::event::{Event, ExportOpened, Recorded};
use crate::ids::{Actor, CommandId, MerchantId, Position, StreamId};
use crate::job::step_command;
use crate::time::Timestamp;

/// What the rows are. The numbers are stored: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ExportKind {
    Orders = 0,
    Events = 1,
}

/// The numbers are stored: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ExportFormat {
    Xlsx = 0,
    Csv = 1,
    Jsonl = 2,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    pub kind: ExportKind,
    pub format: ExportFormat,
    /// Whoever opened it, as they were then: they alone fetch it, and the platform.
    pub opener: Actor,
    /// Whose it is; none: the platform's.
    pub merchant: Option<MerchantId>,
    /// All rows are as of this position of the ledger.
    pub position: Position,
    pub rows: u64,
    pub opened_at: Timestamp,
    /// How often its file was fetched.
    pub fetched: u32,
}

impl Export {
    pub(crate) fn opened(event: &ExportOpened, recorded: &Recorded) -> Self {
        Self {
            kind: event.kind,
            format: event.format,
            opener: recorded.actor,
            merchant: event.merchant.clone(),
            position: event.position,
            rows: event.rows,
            opened_at: recorded.recorded_at,
            fetched: 0,
        }
    }

    pub(crate) fn apply(&mut self, recorded: &Recorded) {
        if let Event::ExportFetched(_) = &recorded.event {
            self.fetched = self.fetched.saturating_add(1);
        }
    }

    /// The id of the command that says that it is fetched once more.
    pub fn next_fetch(&self, id: StreamId) -> CommandId {
        step_command(id, "fetch", self.fetched)
    }
}
