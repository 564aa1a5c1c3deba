//! Which streams a command names. Deriving an id is a hash or two, so it is done once, before anybody waits for it.

use crate::command::Command;
use crate::ids::{CommandId, OrderNumber, StreamId};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Targets {
    /// The stream that the command acts on first: its repeats are recognised there.
    pub own: StreamId,
    /// The merchant that must exist: of a new order or token, or above a new merchant.
    pub merchant: Option<StreamId>,
}

impl Targets {
    pub fn of<T>(command: &Command<T>, command_id: CommandId) -> Self {
        let (own, merchant) = match command {
            Command::RegisterMerchant(c) => (StreamId::merchant(&c.id), c.parent.as_ref()),
            Command::Place(c) => {
                let own = match &c.number {
                    Some(number) => StreamId::order(&c.merchant, number),
                    None => StreamId::order(&c.merchant, &OrderNumber::from_command(command_id)),
                };
                (own, Some(&c.merchant))
            }
            Command::IssueToken(c) => (StreamId::token(&c.secret_sha256), c.merchant.as_ref()),
            Command::EditPrice(c) => (c.order, None),
            Command::RecordPayment(c) => (c.order, None),
            Command::FailPayment(c) => (c.order, None),
            Command::Expire { order } => (*order, None),
            Command::Cancel(c) => (c.order, None),
            Command::PlaceHold(c) => (c.order, None),
            Command::ReleaseHold(c) => (c.order, None),
            Command::ConfirmShipment(c) => (c.order, None),
            Command::RecordTracking(c) => (c.order, None),
            Command::RequestRefund(c) => (c.order, None),
            Command::ApproveRefund(c) => (c.order, None),
            Command::RejectRefund(c) => (c.order, None),
            Command::SettleRefund(c) => (c.order, None),
            Command::FailRefund(c) => (c.order, None),
            Command::AddNote(c) => (c.order, None),
            Command::AddTag(c) => (c.order, None),
            Command::Rate(c) => (c.order, None),
            Command::RevokeToken { token } => (*token, None),
        };
        Self { own, merchant: merchant.map(StreamId::merchant) }
    }
}
