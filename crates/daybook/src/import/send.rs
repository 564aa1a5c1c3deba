//! Commands under way: many at once, answered in the order in which they were sent.

use std::collections::VecDeque;

use daybook_codec::{Action, LineKey};
use daybook_domain::{CommandId, Expected, Origin, Rejection};
use daybook_engine::{Engine, ExecuteError, Pending, Request};
use hashbrown::HashMap;

use super::report::Report;
use crate::data::IMPORTER;
use crate::failure::Failure;

/// Enough to fill many batches, little enough to stay small.
const UNDER_WAY: usize = 8_192;
/// In a server: others' commands wait behind these, and so many imports at once must leave them room in the queue.
const UNDER_WAY_SERVED: usize = 512;

pub(super) struct Sender<'a> {
    engine: &'a Engine,
    under_way: usize,
    waiting: VecDeque<Waiting>,
    /// How many were answered so far.
    answered: u64,
    /// How many had been sent when the newest line of each key was.
    newest: HashMap<LineKey, u64>,
    /// The first line of each key under whose id another one was imported before.
    changed: HashMap<LineKey, u64>,
}

struct Waiting {
    line: u64,
    action: &'static str,
    key: Option<LineKey>,
    pending: Pending,
}

impl<'a> Sender<'a> {
    pub(super) fn new(engine: &'a Engine, is_served: bool) -> Self {
        let under_way = if is_served { UNDER_WAY_SERVED } else { UNDER_WAY };
        Self {
            engine,
            under_way,
            waiting: VecDeque::with_capacity(under_way),
            answered: 0,
            newest: HashMap::new(),
            changed: HashMap::new(),
        }
    }

    /// `line` is what the report names a refused action by; `key` what its id follows from, where another line may
    /// have been imported under that id.
    pub(super) fn send(
        &mut self,
        line: u64,
        command_id: CommandId,
        key: Option<LineKey>,
        action: Action,
        report: &mut Report,
    ) -> Result<(), Failure> {
        if self.waiting.len() >= self.under_way {
            self.take_one(report)?;
        }
        let name = daybook_codec::action_name(&action.command);
        let request = Request {
            command_id,
            command: action.command,
            actor: IMPORTER,
            origin: Origin::Import,
            expected: Expected::Any,
            occurred_at: action.at,
            causation: None,
            correlation: None,
        };
        let pending = self.engine.submit(request);
        self.waiting.push_back(Waiting { line, action: name, key, pending });
        if let Some(key) = key {
            self.newest.insert(key, self.answered + self.waiting.len() as u64);
        }
        Ok(())
    }

    /// The first line of this key under whose id another one was imported before, once all that were sent are answered.
    pub(super) fn changed_line(&mut self, key: LineKey, report: &mut Report) -> Result<Option<u64>, Failure> {
        let newest = self.newest.get(&key).copied().unwrap_or(0);
        while self.answered < newest {
            self.take_one(report)?;
        }
        Ok(self.changed.get(&key).copied())
    }

    pub(super) fn finish(&mut self, report: &mut Report) -> Result<(), Failure> {
        while !self.waiting.is_empty() {
            self.take_one(report)?;
        }
        Ok(())
    }

    /// A refusal is a line of the report; anything else ends the import, which can be run again.
    fn take_one(&mut self, report: &mut Report) -> Result<(), Failure> {
        let Some(Waiting { line, action, key, pending }) = self.waiting.pop_front() else { return Ok(()) };
        self.answered += 1;
        match pending.wait() {
            Ok(receipt) => report.done(line, action, &receipt),
            Err(ExecuteError::Rejected(rejection)) => {
                if let (Rejection::CommandIdReused, Some(key)) = (&rejection, key) {
                    self.changed.entry(key).or_insert(line);
                }
                report.refused(line, action, &rejection);
            }
            Err(error @ ExecuteError::TooLarge { .. }) => report.bad_line(line, error.to_string()),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}
