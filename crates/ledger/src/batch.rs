//! Batches: the commits that one sync makes durable.

use std::ops::RangeInclusive;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use thiserror::Error;
use uuid::Uuid;

use crate::frame::FRAME_HEADER;
use crate::record::{Place, Record, RecordDraft, first_record};
use crate::{Head, MAX_BATCH_BYTES, MAX_COMMIT_BYTES, Position};

/// Where the ledger ends, as far as a writer knows. A builder's own tail is speculative: it counts on its batch being
/// appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tail {
    /// The position that the next record gets.
    pub next: Position,
    /// The writer's epoch: one more at each opening of the ledger.
    pub epoch: u64,
}

/// Why a commit was not taken into a batch. The batch stays as it was before.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum PushError {
    #[error("a commit needs between 1 and 65535 records, not {0}")]
    Count(usize),
    #[error(
        "a commit of {bytes} bytes is larger than the {MAX_COMMIT_BYTES} that one may have; split the command into smaller ones"
    )]
    CommitTooLarge { bytes: usize },
    #[error("the batch has no room for a commit of {bytes} bytes; append it first and put the commit into the next")]
    BatchFull { bytes: usize },
    #[error(
        "record {index} of the commit says that it is revision {revision} of its stream after position {previous}, which cannot be"
    )]
    Place { index: usize, revision: u32, previous: u64 },
    #[error("record {index} of the commit names a cause that is not before it")]
    Causation { index: usize },
}

/// What a batch does to one stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touched {
    /// The head that the stream must have for the batch to be appended.
    pub(crate) before: Option<Head>,
    pub(crate) after: Head,
}

/// Encodes commits one after another into one buffer. It may run ahead: the batch after is built from
/// [`BatchBuilder::tail`] while this one is being synced.
#[derive(Debug)]
pub struct BatchBuilder {
    start: Tail,
    count: u32,
    frame: Vec<u8>,
    touched: HashMap<Uuid, Touched>,
    /// What each record of the commit being pushed replaced in `touched`, to take it back.
    undo: Vec<(Uuid, Option<Touched>)>,
}

impl BatchBuilder {
    #[must_use]
    pub fn new(start: Tail) -> Self {
        Self::within(start, Emptied::default())
    }

    /// As [`BatchBuilder::new`], in the memory of a batch that was appended.
    #[must_use]
    pub fn within(start: Tail, emptied: Emptied) -> Self {
        let Emptied { mut frame, touched } = emptied;
        frame.resize(FRAME_HEADER, 0);
        Self { start, count: 0, frame, touched, undo: Vec::new() }
    }

    /// The tail that the ledger has once this batch is appended.
    #[must_use]
    pub fn tail(&self) -> Tail {
        Tail { next: self.start.next.plus(u64::from(self.count)), epoch: self.start.epoch }
    }

    /// Bytes so far, of at most [`MAX_BATCH_BYTES`].
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.frame.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes in one commit: drafts, each with its revision and the position of its stream's event before it (which may
    /// stand earlier in the same batch or commit; the first draft gets the position `self.tail().next`, the others
    /// follow). Returns the positions given, first to last.
    pub fn push_commit(
        &mut self,
        drafts: &[(RecordDraft, u32, Option<Position>)],
    ) -> Result<RangeInclusive<u64>, PushError> {
        let commit_count = match u16::try_from(drafts.len()) {
            Ok(count) if count > 0 => count,
            _ => return Err(PushError::Count(drafts.len())),
        };
        let bytes = drafts.iter().map(|(draft, ..)| draft.record_bytes()).sum();
        if bytes > MAX_COMMIT_BYTES {
            return Err(PushError::CommitTooLarge { bytes });
        }
        if self.frame.len() + bytes > MAX_BATCH_BYTES {
            return Err(PushError::BatchFull { bytes });
        }
        let first = self.tail().next;
        let before = self.frame.len();
        for (index, (draft, revision, previous)) in drafts.iter().enumerate() {
            let index16 = u16::try_from(index).expect("fewer than commit_count");
            let place = Place {
                position: first.plus(u64::from(index16)),
                revision: *revision,
                previous: *previous,
                commit_index: index16,
                commit_count,
            };
            if let Err(error) = self.place(index, draft, &place) {
                self.take_back(before);
                return Err(error);
            }
            draft.encode(&place, &mut self.frame);
        }
        self.undo.clear();
        self.count += u32::from(commit_count);
        Ok(first.get()..=first.get() + u64::from(commit_count) - 1)
    }

    /// Checks the place against what this batch knows of the stream; the rest is checked when it is appended.
    fn place(&mut self, index: usize, draft: &RecordDraft, place: &Place) -> Result<(), PushError> {
        if draft.causation.is_some_and(|cause| cause >= place.position) {
            return Err(PushError::Causation { index });
        }
        let wrong =
            || PushError::Place { index, revision: place.revision, previous: place.previous.map_or(0, Position::get) };
        let before = match (place.previous, place.revision) {
            (None, 1) => None,
            (Some(position), 2..) if position < place.position => Some(Head { position, revision: place.revision - 1 }),
            _ => return Err(wrong()),
        };
        let after = Head { position: place.position, revision: place.revision };
        match self.touched.entry(draft.stream) {
            Entry::Vacant(entry) => {
                if before.is_some_and(|head| head.position >= self.start.next) {
                    return Err(wrong());
                }
                entry.insert(Touched { before, after });
                self.undo.push((draft.stream, None));
            }
            Entry::Occupied(mut entry) => {
                let known = *entry.get();
                if before != Some(known.after) {
                    return Err(wrong());
                }
                entry.insert(Touched { before: known.before, after });
                self.undo.push((draft.stream, Some(known)));
            }
        }
        Ok(())
    }

    fn take_back(&mut self, frame_len: usize) {
        self.frame.truncate(frame_len);
        while let Some((stream, known)) = self.undo.pop() {
            match known {
                Some(known) => self.touched.insert(stream, known),
                None => self.touched.remove(&stream),
            };
        }
    }

    #[must_use]
    pub fn finish(self) -> Batch {
        Batch { start: self.start, count: self.count, frame: self.frame, touched: self.touched }
    }
}

/// The memory of a batch that was appended. A large batch in new memory costs as many page faults as it has pages.
#[derive(Debug, Default)]
pub struct Emptied {
    frame: Vec<u8>,
    touched: HashMap<Uuid, Touched>,
}

impl Emptied {
    pub(crate) fn new(mut frame: Vec<u8>, mut touched: HashMap<Uuid, Touched>) -> Self {
        frame.clear();
        touched.clear();
        Self { frame, touched }
    }
}

/// Whole commits, encoded, ready to be appended at the tail for which they were built.
#[derive(Debug)]
pub struct Batch {
    pub(crate) start: Tail,
    pub(crate) count: u32,
    /// Room for the frame's header, then the records.
    pub(crate) frame: Vec<u8>,
    pub(crate) touched: HashMap<Uuid, Touched>,
}

impl Batch {
    /// The tail for which the batch was built.
    #[must_use]
    pub fn start(&self) -> Tail {
        self.start
    }

    #[must_use]
    pub fn len(&self) -> u32 {
        self.count
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The records in order, as they will stand in the ledger.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        let mut rest = &self.frame[FRAME_HEADER..];
        std::iter::from_fn(move || {
            let bytes = first_record(rest)?;
            rest = &rest[bytes.len()..];
            Some(Record::decode(bytes).expect("encoded here"))
        })
    }
}
