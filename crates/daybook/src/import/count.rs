//! Lines without an id of their own are told apart by their place among those of the same action on the same order.

use daybook_codec::{Action, LineKey};
use daybook_domain::command::Command;
use daybook_domain::{CommandId, StreamId, Targets};
use daybook_engine::Reader;
use hashbrown::HashMap;

use crate::failure::Failure;

pub(super) struct Counts {
    reader: Reader,
    lines: HashMap<LineKey, u64>,
    /// The orders, and merchants, that this import came to.
    known: HashMap<StreamId, Known>,
}

struct Known {
    /// It was there before this import.
    is_known: bool,
    /// The import has come to the line that places the order.
    is_placed: bool,
    /// That line, if something else had placed the order before.
    foreign: Option<u64>,
}

pub(super) struct Counted {
    pub(super) command_id: CommandId,
    /// What its id follows from; none where the line brings its own.
    pub(super) key: Option<LineKey>,
    /// There was such an order before this import: another line may have been imported under this id.
    pub(super) is_known: bool,
    /// The line that places its order, if something else had placed that before this import: this may be the same
    /// history under another source, and then no id tells that its lines were imported already.
    pub(super) foreign: Option<u64>,
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

    /// `line` is its number in the file.
    pub(super) fn next(&mut self, line: u64, action: &Action, source: &str) -> Result<Counted, Failure> {
        let key = action.key();
        let ordinal = self.lines.entry(key).or_insert(0);
        *ordinal += 1;
        let command_id = action.command_id(source, *ordinal);
        // An order without a number is none but its line's own, so that such lines do not wait for each other.
        let own = Targets::of(&action.command, command_id).own;
        let reader = &self.reader;
        let known = self.known.entry(own).or_insert_with(|| Known {
            is_known: reader.head(own).is_some(),
            is_placed: false,
            foreign: None,
        });
        if matches!(action.command, Command::Place(_)) && !known.is_placed {
            known.is_placed = true;
            let first = if known.is_known { reader.history(own)?.into_iter().next() } else { None };
            known.foreign = first.filter(|first| first.command_id != command_id).map(|_| line);
        }
        let key = action.source.is_none().then_some(key);
        Ok(Counted { command_id, key, is_known: known.is_known, foreign: known.foreign })
    }

    /// Whether something was imported under the line's id.
    pub(super) fn is_there(&self, action: &Action, counted: &Counted) -> Result<bool, Failure> {
        let own = Targets::of(&action.command, counted.command_id).own;
        let history = self.reader.history(own)?;
        Ok(history.iter().any(|recorded| recorded.command_id == counted.command_id))
    }
}
