//! Lines without an id of their own are told apart by their place among those of the same action on the same order.

use daybook_codec::{Action, LineKey};
use daybook_domain::{CommandId, StreamId, Targets};
use daybook_engine::Reader;
use hashbrown::HashMap;

use crate::failure::Failure;

pub(super) struct Counts {
    reader: Reader,
    lines: HashMap<LineKey, u64>,
    /// Whether there was such an order, or merchant, before this import came to it.
    known: HashMap<StreamId, bool>,
}

pub(super) struct Counted {
    pub(super) command_id: CommandId,
    /// What its id follows from; none where the line brings its own.
    pub(super) key: Option<LineKey>,
    /// There was such an order before this import: another line may have been imported under this id.
    pub(super) is_known: bool,
}

impl Counts {
    pub(super) fn new(reader: Reader) -> Self {
        Self { reader, lines: HashMap::new(), known: HashMap::new() }
    }

    /// Counts a line that is no action.
    pub(super) fn skip(&mut self, key: Option<LineKey>) {
        if let Some(key) = key {
            *self.lines.entry(key).or_insert(0) += 1;
        }
    }

    pub(super) fn next(&mut self, action: &Action, source: &str) -> Counted {
        let key = action.key();
        let ordinal = self.lines.entry(key).or_insert(0);
        *ordinal += 1;
        let command_id = action.command_id(source, *ordinal);
        // An order without a number is none but its line's own, so that such lines do not wait for each other.
        let own = Targets::of(&action.command, command_id).own;
        let reader = &self.reader;
        let is_known = *self.known.entry(own).or_insert_with(|| reader.head(own).is_some());
        Counted { command_id, key: action.source.is_none().then_some(key), is_known }
    }

    /// Whether something was imported under the line's id.
    pub(super) fn is_there(&self, action: &Action, counted: &Counted) -> Result<bool, Failure> {
        let own = Targets::of(&action.command, counted.command_id).own;
        let history = self.reader.history(own)?;
        Ok(history.iter().any(|recorded| recorded.command_id == counted.command_id))
    }
}
