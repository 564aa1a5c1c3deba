//! Streams in the writer's memory: their state, where they end, and which commands they saw.

use daybook_domain::{CommandId, Position, Recorded, Revision, State, StreamId, evolve};
use hashbrown::{HashMap, hash_map};

/// A command that a stream saw, for recognising its repeat.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) command_id: CommandId,
    pub(crate) hash: [u8; 16],
    /// The last position of its commit.
    pub(crate) commit_end: Position,
}

/// A stream as far as it goes, durable or decided.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stream {
    pub(crate) state: Option<State>,
    /// 0: the stream does not exist.
    pub(crate) revision: Revision,
    /// Of its newest event; 0 for none.
    pub(crate) head: Position,
    pub(crate) seen: Vec<Seen>,
}

impl Stream {
    pub(crate) fn apply(&mut self, recorded: &Recorded, hash: [u8; 16]) {
        evolve(&mut self.state, recorded);
        self.revision = recorded.revision;
        self.head = recorded.position;
        if recorded.event.kind().carries_state() {
            // Such a stream is no command's own, so that no repeat is looked for here.
            self.seen.clear();
        }
        if self.seen.last().is_none_or(|last| last.command_id != recorded.command_id) {
            self.seen.push(Seen { command_id: recorded.command_id, hash, commit_end: recorded.commit_end });
        }
    }

    pub(crate) fn saw(&self, command_id: CommandId) -> Option<&Seen> {
        self.seen.iter().find(|seen| seen.command_id == command_id)
    }
}

/// Two generations: what was not used while a whole generation filled up is forgotten. Far larger than what can be
/// decided and not yet durable, so nothing that only memory knows is ever forgotten.
pub(crate) struct Cache {
    young: HashMap<StreamId, Stream>,
    old: HashMap<StreamId, Stream>,
    /// Forgotten, and freed a few at a time: who waits for the writer does not wait for all of them.
    forgotten: hash_map::IntoIter<StreamId, Stream>,
    generation: usize,
}

impl Cache {
    pub(crate) fn new(generation: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), forgotten: HashMap::new().into_iter(), generation }
    }

    /// Makes the stream young if it is known at all.
    pub(crate) fn touch(&mut self, id: StreamId) -> bool {
        if self.young.contains_key(&id) {
            return true;
        }
        match self.old.remove(&id) {
            Some(stream) => {
                self.insert(id, stream);
                true
            }
            None => false,
        }
    }

    pub(crate) fn insert(&mut self, id: StreamId, stream: Stream) {
        if self.young.len() >= self.generation {
            self.forgotten = std::mem::replace(&mut self.old, std::mem::take(&mut self.young)).into_iter();
        }
        // Twice as many as come, so that none are left when the next generation is.
        drop(self.forgotten.next());
        drop(self.forgotten.next());
        self.young.insert(id, stream);
    }

    pub(crate) fn get(&self, id: StreamId) -> Option<&Stream> {
        self.young.get(&id).or_else(|| self.old.get(&id))
    }

    pub(crate) fn get_mut(&mut self, id: StreamId) -> Option<&mut Stream> {
        self.young.get_mut(&id).or_else(|| self.old.get_mut(&id))
    }

    pub(crate) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}
