//! Commands under way: many at once, answered in the order in which they were sent.

use std::collections::VecDeque;

use daybook_codec::Action;
use daybook_domain::{CommandId, Expected, Origin};
use daybook_engine::{Engine, ExecuteError, Pending, Request};

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
    waiting: VecDeque<(u64, &'static str, Pending)>,
}

impl<'a> Sender<'a> {
    pub(super) fn new(engine: &'a Engine, is_served: bool) -> Self {
        let under_way = if is_served { UNDER_WAY_SERVED } else { UNDER_WAY };
        Self { engine, under_way, waiting: VecDeque::with_capacity(under_way) }
    }

    /// `line` is what the report names a refused action by.
    pub(super) fn send(
        &mut self,
        line: u64,
        command_id: CommandId,
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
        self.waiting.push_back((line, name, self.engine.submit(request)));
        Ok(())
    }

    pub(super) fn finish(&mut self, report: &mut Report) -> Result<(), Failure> {
        while !self.waiting.is_empty() {
            self.take_one(report)?;
        }
        Ok(())
    }

    /// A refusal is a line of the report; anything else ends the import, which can be run again.
    fn take_one(&mut self, report: &mut Report) -> Result<(), Failure> {
        let Some((line, name, pending)) = self.waiting.pop_front() else { return Ok(()) };
        match pending.wait() {
            Ok(receipt) => report.done(name, &receipt),
            Err(ExecuteError::Rejected(rejection)) => report.refused(line, name, &rejection),
            Err(error @ ExecuteError::TooLarge { .. }) => report.bad_line(line, error.to_string()),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}
