//! From what is due to the command that does it.

use daybook_domain::clock::Running;
use daybook_domain::command::{PlaceHold, ReleaseHold};
use daybook_domain::event::{Clock, Hold};
use daybook_domain::reason::Reason;
use daybook_domain::{Automatic, Command, CommandId, Origin, ReasonCode, StreamId, Timestamp};
use daybook_engine::Request;
use daybook_views::query::Due;

/// Something that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Task {
    /// A clock of an order ran out.
    Clock(Due),
    /// The stock that a paid order waited for is there.
    Restock { order: StreamId, since: Timestamp },
    /// The cards that a paid order waits for are not.
    Freeze { order: StreamId, since: Timestamp },
}

impl Task {
    /// An order's cards were to go out at `since`.
    pub(crate) fn deliver(order: StreamId, since: Timestamp) -> Self {
        Task::Clock(Due { order, running: Running { due: since, clock: Clock::Deliver, ticket: None } })
    }

    pub(crate) fn request(self) -> Request {
        let about_stock = |automatic: Automatic, order: StreamId, since: Timestamp, command| {
            let id = CommandId::derived(&[automatic.name(), &order.to_string(), &since.0.to_string()]);
            request(automatic, id, command)
        };
        let reason = Some(Reason { code: ReasonCode::OutOfStock, text: None });
        match self {
            Task::Clock(due) => clock(due),
            Task::Restock { order, since } => {
                let release = ReleaseHold { order, hold: Hold::Stock, reason };
                about_stock(Automatic::Restock, order, since, Command::ReleaseHold(release))
            }
            Task::Freeze { order, since } => {
                let place = PlaceHold { order, hold: Hold::Stock, reason };
                about_stock(Automatic::OutOfCards, order, since, Command::PlaceHold(place))
            }
        }
    }
}

/// The same, under an id that nobody can have used: what has to happen does not wait for whoever took the first one.
pub(crate) fn under_another_id(request: Request, now: Timestamp) -> Request {
    let before = request.command_id.0.to_string();
    Request { command_id: CommandId::derived(&[&before, &now.0.to_string()]), ..request }
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
