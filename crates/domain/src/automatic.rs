//! Who acts when nobody does: each policy has an actor of its own, so that a history says which one it was.

use std::sync::LazyLock;

use uuid::Uuid;

use crate::command::Command;
use crate::event::{Alert, Clock, Hold};
use crate::ids::{Actor, Role, system_actor};

/// The part of a policy that makes something happen by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Automatic {
    PayWithin,
    RemindAfter,
    ShipVirtualWithin,
    CollectPhysicalWithin,
    AnswerRefundWithin,
    EscalateRefundAfter,
    PayRefundWithin,
    ObserveFor,
    AutoDeliver,
    /// An order whose cards cannot go out is told apart.
    OutOfCards,
    /// An order that waits for stock goes on when it comes.
    Restock,
    WarnRefundRate,
    WarnConversion,
    WarnQueueAge,
    WarnLowStock,
    /// What bulk jobs need to go on and to end.
    Jobs,
}

impl Automatic {
    pub const ALL: [Automatic; 16] = [
        Automatic::PayWithin,
        Automatic::RemindAfter,
        Automatic::ShipVirtualWithin,
        Automatic::CollectPhysicalWithin,
        Automatic::AnswerRefundWithin,
        Automatic::EscalateRefundAfter,
        Automatic::PayRefundWithin,
        Automatic::ObserveFor,
        Automatic::AutoDeliver,
        Automatic::OutOfCards,
        Automatic::Restock,
        Automatic::WarnRefundRate,
        Automatic::WarnConversion,
        Automatic::WarnQueueAge,
        Automatic::WarnLowStock,
        Automatic::Jobs,
    ];

    /// What acts when this clock runs out.
    pub fn of_clock(clock: Clock) -> Self {
        match clock {
            Clock::Pay => Automatic::PayWithin,
            Clock::Remind => Automatic::RemindAfter,
            Clock::ShipVirtual => Automatic::ShipVirtualWithin,
            Clock::Collect => Automatic::CollectPhysicalWithin,
            Clock::AnswerRefund => Automatic::AnswerRefundWithin,
            Clock::EscalateRefund => Automatic::EscalateRefundAfter,
            Clock::PayRefund => Automatic::PayRefundWithin,
            Clock::Observe => Automatic::ObserveFor,
            Clock::Deliver => Automatic::AutoDeliver,
        }
    }

    pub fn of_alert(alert: Alert) -> Self {
        match alert {
            Alert::RefundRate => Automatic::WarnRefundRate,
            Alert::Conversion => Automatic::WarnConversion,
            Alert::QueueAge => Automatic::WarnQueueAge,
            Alert::LowStock => Automatic::WarnLowStock,
        }
    }

    /// What asks for such a command when nobody does; none: people alone ask for it.
    #[expect(clippy::wildcard_enum_match_arm, reason = "all others are people's")]
    pub fn of_command<T>(command: &Command<T>) -> Option<Self> {
        Some(match command {
            Command::Expire { .. } => Automatic::PayWithin,
            Command::Remind { .. } => Automatic::RemindAfter,
            Command::Close { .. } => Automatic::ObserveFor,
            Command::Breach { clock, .. } => Automatic::of_clock(*clock),
            Command::DeliverCards { .. } => Automatic::AutoDeliver,
            Command::PlaceHold(c) if c.hold == Hold::Stock => Automatic::OutOfCards,
            Command::ReleaseHold(c) if c.hold == Hold::Stock => Automatic::Restock,
            Command::RaiseAlert(c) => Automatic::of_alert(c.alert),
            Command::ClearAlert(c) => Automatic::of_alert(c.alert),
            Command::PreviewJob(_) | Command::CheckJob(_) | Command::AdvanceJob(_) => Automatic::Jobs,
            _ => return None,
        })
    }

    /// The actor's name. Its id is derived from it: never change one.
    pub fn name(self) -> &'static str {
        match self {
            Automatic::PayWithin => "system:pay-within",
            Automatic::RemindAfter => "system:remind-after",
            Automatic::ShipVirtualWithin => "system:ship-virtual-within",
            Automatic::CollectPhysicalWithin => "system:collect-physical-within",
            Automatic::AnswerRefundWithin => "system:answer-refund-within",
            Automatic::EscalateRefundAfter => "system:escalate-refund-after",
            Automatic::PayRefundWithin => "system:pay-refund-within",
            Automatic::ObserveFor => "system:observe-for",
            Automatic::AutoDeliver => "system:auto-deliver",
            Automatic::OutOfCards => "system:out-of-cards",
            Automatic::Restock => "system:restock",
            Automatic::WarnRefundRate => "system:warn-refund-rate",
            Automatic::WarnConversion => "system:warn-conversion",
            Automatic::WarnQueueAge => "system:warn-queue-age",
            Automatic::WarnLowStock => "system:warn-low-stock",
            Automatic::Jobs => "system:jobs",
        }
    }

    pub fn actor(self) -> Actor {
        Actor { id: system_actor(self.name()), role: Role::System }
    }

    /// By its actor's name.
    pub fn named(name: &str) -> Option<Self> {
        Automatic::ALL.into_iter().find(|automatic| automatic.name() == name)
    }

    /// Whose id it is.
    pub fn of_actor(id: Uuid) -> Option<Self> {
        ACTORS.iter().find(|(known, _)| *known == id).map(|(_, automatic)| *automatic)
    }
}

/// Each id is a hash: made once.
static ACTORS: LazyLock<[(Uuid, Automatic); Automatic::ALL.len()]> =
    LazyLock::new(|| Automatic::ALL.map(|automatic| (automatic.actor().id, automatic)));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_an_id_of_its_own_and_it_is_the_one_that_stands_in_ledgers() {
        for automatic in Automatic::ALL {
            assert_eq!(Automatic::of_actor(automatic.actor().id), Some(automatic));
        }
        assert_eq!(Automatic::PayWithin.actor().id.to_string(), "4c0715de-f12a-5b79-915d-122aa7314cf8");
    }
}
