//! What client and sequence number say about a commit: everything but its place.

use crate::random::Random;
use daybook_ledger::{Origin, Record, RecordDraft};
use std::num::NonZeroU16;
use uuid::Uuid;

/// Which commit: the `sequence`-th of a client, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Commit {
    pub(super) client: u32,
    pub(super) sequence: u64,
}

impl Commit {
    fn random(self) -> Random {
        Random::new(Random::new(u64::from(self.client)).draw() ^ self.sequence)
    }

    /// How many records it has, 1 to 4.
    pub(super) fn len(self) -> u16 {
        1 + (self.random().draw() % 4) as u16
    }

    pub(super) fn command(self) -> Uuid {
        Uuid::from_u64_pair(u64::from(self.client), self.sequence)
    }

    pub(super) fn from_command(command: Uuid) -> Option<Commit> {
        let (client, sequence) = command.as_u64_pair();
        Some(Commit { client: u32::try_from(client).ok()?, sequence })
    }

    pub(super) fn drafts(self) -> Vec<RecordDraft> {
        let mut random = self.random();
        let len = self.len();
        (0..len).map(|index| self.draft(index, len, &mut random)).collect()
    }

    fn draft(self, index: u16, len: u16, random: &mut Random) -> RecordDraft {
        // Five streams of the client's own, and one that all write to.
        let stream = match random.below(6) {
            0 => Uuid::from_u64_pair(u64::MAX, 0),
            own => Uuid::from_u64_pair(u64::from(self.client) << 32, own),
        };
        let recorded_at = 1_700_000_000_000_000 + self.sequence.cast_signed();
        let mut payload =
            format!("client {} commit {} record {index} of {len} ", self.client, self.sequence).into_bytes();
        for _ in 0..random.below(40) {
            payload.extend(random.draw().to_le_bytes());
        }
        payload.extend(Random::new(payload.len() as u64).draw().to_le_bytes());
        RecordDraft {
            stream,
            kind: 1 + (random.draw() % 50) as u16,
            version: 1 + (random.draw() % 3) as u16,
            command_id: self.command(),
            command_hash: Uuid::from_u64_pair(random.draw(), self.sequence).into_bytes(),
            actor: Uuid::from_u64_pair(7, u64::from(self.client)),
            role: (random.draw() % 5) as u8,
            recorded_at,
            occurred_at: random.per_mille(300).then_some(recorded_at - 1_000_000),
            reason: NonZeroU16::new((random.draw() % 3) as u16),
            causation: None,
            correlation: random.per_mille(300).then(|| Uuid::from_u64_pair(1, random.draw())),
            origin: [Origin::Live, Origin::Import, Origin::System][(random.draw() % 3) as usize],
            payload,
        }
    }
}

/// Does the record hold what the draft said?
pub(super) fn same(record: &Record<'_>, draft: &RecordDraft) -> bool {
    record.stream == draft.stream
        && record.kind == draft.kind
        && record.version == draft.version
        && record.command_id == draft.command_id
        && record.command_hash == draft.command_hash
        && record.actor == draft.actor
        && record.role == draft.role
        && record.recorded_at == draft.recorded_at
        && record.occurred_at == draft.occurred_at.unwrap_or(draft.recorded_at)
        && record.reason == draft.reason
        && record.causation == draft.causation
        && record.correlation == draft.correlation
        && record.origin == draft.origin
        && record.payload == draft.payload
}
