//! From what is due to the command that does it.

use daybook_domain::clock::Running;
use daybook_domain::command::ReleaseHold;
use daybook_domain::event::{Clock, Hold};
use daybook_domain::{Automatic, Command, CommandId, Origin, StreamId, Timestamp};
use daybook_engine::Request;
use daybook_views::query::Due;

/// Something that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Task {
    /// A clock of an order ran out.
    Clock(Due),
    /// The stock that a paid order waited for is there.
    Restock { order: StreamId, since: Timestamp },
}

impl Task {
    pub(crate) fn request(self) -> Request {
        match self {
            Task::Clock(due) => clock(due),
            Task::Restock { order, since } => {
                let hold = ReleaseHold { order, hold: Hold::Stock, reason: None };
                let automatic = Automatic::Restock;
                let id = CommandId::derived(&[automatic.name(), &order.to_string(), &since.0.to_string()]);
                request(automatic, id, Command::ReleaseHold(hold))
            }
        }
    }
}

fn clock(Due { order, running: Running { due, clock, ticket } }: Due) -> Request {
    let automatic = Automatic::of_clock(clock);
    let command = match clock {
        Clock::Pay => Command::Expire { order },
        Clock::Remind => Command::Remind { order },
        Clock::Deliver => Command::DeliverCards { order },
        Clock::Observe => Command::Close { order },
        Clock::ShipVirtual | Clock::Collect | Clock::AnswerRefund | Clock::EscalateRefund | Clock::PayRefund => {
            Command::Breach { order, clock, ticket }
        }
    };
    // The due time too: a clock that stood still runs out again at another one.
    let (order, ticket, due) = (order.to_string(), ticket.unwrap_or_default().to_string(), due.0.to_string());
    request(automatic, CommandId::derived(&[automatic.name(), &order, &ticket, &due]), command)
}

pub(crate) fn request(automatic: Automatic, id: CommandId, command: Command<String>) -> Request {
    Request { origin: Origin::System, ..Request::live(id, automatic.actor(), command) }
}
