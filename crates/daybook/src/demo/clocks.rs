//! The clocks of one order, as far as its script must know them: what is late is found to be late.

use daybook_domain::Timestamp;
use daybook_domain::clock::Running;
use daybook_domain::event::{Clock, RefundDue, ShipDue};

#[derive(Debug, Default)]
pub(super) struct Clocks {
    running: Vec<Running>,
    /// The shipping clocks stand still.
    paused_since: Option<Timestamp>,
}

fn is_shipping(clock: Clock) -> bool {
    matches!(clock, Clock::ShipVirtual | Clock::Collect)
}

impl Clocks {
    pub(super) fn start(&mut self, clock: Clock, ticket: Option<u16>, due: Timestamp) {
        self.stop(clock, ticket);
        self.running.push(Running { due, clock, ticket });
    }

    pub(super) fn start_shipping(&mut self, due: ShipDue) {
        for (clock, due) in [(Clock::ShipVirtual, due.virtual_by), (Clock::Collect, due.collect_by)] {
            if let Some(due) = due {
                self.start(clock, None, due);
            }
        }
    }

    pub(super) fn start_ticket(&mut self, ticket: u16, due: RefundDue) {
        self.start(Clock::AnswerRefund, Some(ticket), due.answer_by);
        self.start(Clock::EscalateRefund, Some(ticket), due.escalate_at);
    }

    pub(super) fn stop(&mut self, clock: Clock, ticket: Option<u16>) {
        self.running.retain(|running| running.clock != clock || running.ticket != ticket);
    }

    pub(super) fn stop_shipping(&mut self) {
        self.running.retain(|running| !is_shipping(running.clock));
    }

    /// Answered, paid out, or both.
    pub(super) fn stop_ticket(&mut self, ticket: u16) {
        self.running.retain(|running| running.ticket != Some(ticket));
    }

    pub(super) fn runs(&self, clock: Clock, ticket: Option<u16>) -> bool {
        self.running.iter().any(|running| running.clock == clock && running.ticket == ticket)
    }

    pub(super) fn pause(&mut self, at: Timestamp) {
        self.paused_since = self.paused_since.or(Some(at));
    }

    /// They go on, later by the pause.
    pub(super) fn resume(&mut self, at: Timestamp) {
        let Some(since) = self.paused_since.take() else { return };
        for running in self.running.iter_mut().filter(|running| is_shipping(running.clock)) {
            running.due = running.due.plus_micros(at.0 - since.0);
        }
    }

    /// The next one that runs out before `until`; it is told once.
    pub(super) fn take_due(&mut self, until: Timestamp) -> Option<Running> {
        let is_paused = self.paused_since.is_some();
        let due = self.running.iter().filter(|running| !(is_paused && is_shipping(running.clock)));
        let first = *due.min().filter(|first| first.due < until)?;
        self.stop(first.clock, first.ticket);
        Some(first)
    }
}
