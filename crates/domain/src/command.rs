//! What is asked for. Commands are generic over their personal texts: `String` where they come in, [`Sealed`] once the
//! vault has closed them, so that the rules cannot leak what they cannot read.

use uuid::Uuid;

use crate::event::{Adjustment, Hold, Kind, Line, RefundKind, ShippedLine, TrackingStatus};
use crate::ids::{Actor, CommandId, MerchantId, OrderNumber, Revision, Role, Sku, StreamId, Tag};
use crate::money::{Currency, Money};
use crate::reason::Reason;
use crate::sealed::Sealed;
use crate::time::Timestamp;

/// Where an event comes from. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Origin {
    Live = 0,
    /// History brought in from elsewhere: recorded, not judged, and no clock starts.
    Import = 1,
    /// Automation.
    System = 2,
}

/// What the caller believes about the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Expected {
    #[default]
    Any,
    NoStream,
    Exact(Revision),
}

/// What surrounds a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    pub command_id: CommandId,
    pub actor: Actor,
    pub origin: Origin,
    /// The engine's clock.
    pub now: Timestamp,
    /// When it happened in the world; only imports, payments and tracking bring one. Those of now lie between five minutes
    /// before the order was placed and five minutes after `now`.
    pub occurred_at: Option<Timestamp>,
}

impl Context {
    pub fn happened_at(&self) -> Timestamp {
        self.occurred_at.unwrap_or(self.now)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterMerchant {
    pub id: MerchantId,
    pub name: Box<str>,
    pub parent: Option<MerchantId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceOrder<T> {
    pub merchant: MerchantId,
    /// Derived from the command's id when absent.
    pub number: Option<OrderNumber>,
    pub account: T,
    pub contact: Option<T>,
    pub currency: Currency,
    pub lines: Vec<Line<T>>,
    pub adjustments: Vec<Adjustment>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewPrice {
    /// From 1.
    pub line: u16,
    pub unit: Money,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditPrice<T> {
    pub order: StreamId,
    pub prices: Vec<NewPrice>,
    pub reason: Reason<T>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordPayment {
    pub order: StreamId,
    pub provider: Box<str>,
    pub trade_number: Box<str>,
    pub amount: Money,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailPayment<T> {
    pub order: StreamId,
    pub provider: Box<str>,
    pub failure: Box<str>,
    pub note: Option<T>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancel<T> {
    pub order: StreamId,
    pub reason: Reason<T>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceHold<T> {
    pub order: StreamId,
    pub hold: Hold,
    pub reason: Option<Reason<T>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseHold<T> {
    pub order: StreamId,
    pub hold: Hold,
    pub reason: Option<Reason<T>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmShipment {
    pub order: StreamId,
    /// None: every unit that is not shipped yet.
    pub lines: Option<Vec<ShippedLine>>,
    pub carrier: Option<Box<str>>,
    pub tracking_number: Option<Box<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordTracking<T> {
    pub order: StreamId,
    /// From 1; may be omitted while the order has one shipment.
    pub shipment: Option<u16>,
    pub checkpoint: Box<str>,
    pub status: TrackingStatus,
    pub place: Option<T>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRefund<T> {
    pub order: StreamId,
    /// None: the excess, where there is one that covers the amount; else goods.
    pub kind: Option<RefundKind>,
    /// None: all that may be refunded.
    pub amount: Option<Money>,
    pub reason: Reason<T>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApproveRefund<T> {
    pub order: StreamId,
    /// From 1; may be omitted while one ticket is open.
    pub ticket: Option<u16>,
    pub note: Option<T>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectRefund<T> {
    pub order: StreamId,
    pub ticket: Option<u16>,
    pub reason: Reason<T>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettleRefund {
    pub order: StreamId,
    pub ticket: Option<u16>,
    pub provider: Option<Box<str>>,
    pub trade_number: Option<Box<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailRefund<T> {
    pub order: StreamId,
    pub ticket: Option<u16>,
    pub failure: Box<str>,
    pub note: Option<T>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddNote<T> {
    pub order: StreamId,
    pub text: T,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddTag {
    pub order: StreamId,
    pub tag: Tag,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate<T> {
    pub order: StreamId,
    pub score: u8,
    pub comment: Option<T>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiveStock {
    pub merchant: MerchantId,
    pub sku: Sku,
    pub quantity: u32,
    pub reference: Option<Box<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountStock {
    pub merchant: MerchantId,
    pub sku: Sku,
    /// Units that no paid order has: what is free, and what is reserved.
    pub counted: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetStockMark {
    pub merchant: MerchantId,
    pub sku: Sku,
    pub low_at: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueToken {
    pub secret_sha256: [u8; 32],
    pub id: Uuid,
    pub role: Role,
    pub merchant: Option<MerchantId>,
    pub expires_at: Option<Timestamp>,
    pub label: Box<str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<T> {
    RegisterMerchant(RegisterMerchant),
    Place(PlaceOrder<T>),
    EditPrice(EditPrice<T>),
    RecordPayment(RecordPayment),
    FailPayment(FailPayment<T>),
    /// Automation's: the order was not paid in time.
    Expire {
        order: StreamId,
    },
    Cancel(Cancel<T>),
    PlaceHold(PlaceHold<T>),
    ReleaseHold(ReleaseHold<T>),
    ConfirmShipment(ConfirmShipment),
    RecordTracking(RecordTracking<T>),
    RequestRefund(RequestRefund<T>),
    ApproveRefund(ApproveRefund<T>),
    RejectRefund(RejectRefund<T>),
    SettleRefund(SettleRefund),
    FailRefund(FailRefund<T>),
    AddNote(AddNote<T>),
    AddTag(AddTag),
    Rate(Rate<T>),
    ReceiveStock(ReceiveStock),
    CountStock(CountStock),
    SetStockMark(SetStockMark),
    IssueToken(IssueToken),
    RevokeToken {
        token: StreamId,
    },
}

impl Command<String> {
    /// Closes every personal text with `seal`, which is told the kind of the event that will carry it: the kind is
    /// part of what the seal binds, so that a text cannot be moved to another event.
    pub fn seal<E>(self, mut seal: impl FnMut(Kind, &str) -> Result<Sealed, E>) -> Result<Command<Sealed>, E> {
        let mut close = |kind, text: String| seal(kind, &text);
        Ok(match self {
            Command::RegisterMerchant(c) => Command::RegisterMerchant(c),
            Command::Place(c) => Command::Place(PlaceOrder {
                merchant: c.merchant,
                number: c.number,
                account: close(Kind::OrderPlaced, c.account)?,
                contact: c.contact.map(|text| close(Kind::OrderPlaced, text)).transpose()?,
                currency: c.currency,
                lines: c
                    .lines
                    .into_iter()
                    .map(|line| {
                        Ok(Line {
                            inputs: line.inputs.map(|text| close(Kind::OrderPlaced, text)).transpose()?,
                            sku: line.sku,
                            title: line.title,
                            kind: line.kind,
                            quantity: line.quantity,
                            unit_minor: line.unit_minor,
                            supplier: line.supplier,
                        })
                    })
                    .collect::<Result<_, E>>()?,
                adjustments: c.adjustments,
            }),
            Command::EditPrice(c) => Command::EditPrice(EditPrice {
                order: c.order,
                prices: c.prices,
                reason: sealed_reason(c.reason, Kind::PriceEdited, &mut close)?,
            }),
            Command::RecordPayment(c) => Command::RecordPayment(c),
            Command::FailPayment(c) => Command::FailPayment(FailPayment {
                order: c.order,
                provider: c.provider,
                failure: c.failure,
                note: c.note.map(|text| close(Kind::PaymentFailed, text)).transpose()?,
            }),
            Command::Expire { order } => Command::Expire { order },
            Command::Cancel(c) => Command::Cancel(Cancel {
                order: c.order,
                reason: sealed_reason(c.reason, Kind::OrderCancelled, &mut close)?,
            }),
            Command::PlaceHold(c) => Command::PlaceHold(PlaceHold {
                order: c.order,
                hold: c.hold,
                reason: c.reason.map(|reason| sealed_reason(reason, Kind::HoldPlaced, &mut close)).transpose()?,
            }),
            Command::ReleaseHold(c) => Command::ReleaseHold(ReleaseHold {
                order: c.order,
                hold: c.hold,
                reason: c.reason.map(|reason| sealed_reason(reason, Kind::HoldReleased, &mut close)).transpose()?,
            }),
            Command::ConfirmShipment(c) => Command::ConfirmShipment(c),
            Command::RecordTracking(c) => Command::RecordTracking(RecordTracking {
                order: c.order,
                shipment: c.shipment,
                checkpoint: c.checkpoint,
                status: c.status,
                place: c.place.map(|text| close(Kind::TrackingUpdated, text)).transpose()?,
            }),
            Command::RequestRefund(c) => Command::RequestRefund(RequestRefund {
                order: c.order,
                kind: c.kind,
                amount: c.amount,
                reason: sealed_reason(c.reason, Kind::RefundRequested, &mut close)?,
            }),
            Command::ApproveRefund(c) => Command::ApproveRefund(ApproveRefund {
                order: c.order,
                ticket: c.ticket,
                note: c.note.map(|text| close(Kind::RefundApproved, text)).transpose()?,
            }),
            Command::RejectRefund(c) => Command::RejectRefund(RejectRefund {
                order: c.order,
                ticket: c.ticket,
                reason: sealed_reason(c.reason, Kind::RefundRejected, &mut close)?,
            }),
            Command::SettleRefund(c) => Command::SettleRefund(c),
            Command::FailRefund(c) => Command::FailRefund(FailRefund {
                order: c.order,
                ticket: c.ticket,
                failure: c.failure,
                note: c.note.map(|text| close(Kind::RefundFailed, text)).transpose()?,
            }),
            Command::AddNote(c) => Command::AddNote(AddNote { order: c.order, text: close(Kind::NoteAdded, c.text)? }),
            Command::AddTag(c) => Command::AddTag(c),
            Command::Rate(c) => Command::Rate(Rate {
                order: c.order,
                score: c.score,
                comment: c.comment.map(|text| close(Kind::OrderRated, text)).transpose()?,
            }),
            Command::ReceiveStock(c) => Command::ReceiveStock(c),
            Command::CountStock(c) => Command::CountStock(c),
            Command::SetStockMark(c) => Command::SetStockMark(c),
            Command::IssueToken(c) => Command::IssueToken(c),
            Command::RevokeToken { token } => Command::RevokeToken { token },
        })
    }
}

fn sealed_reason<E>(
    reason: Reason<String>,
    kind: Kind,
    close: &mut impl FnMut(Kind, String) -> Result<Sealed, E>,
) -> Result<Reason<Sealed>, E> {
    Ok(Reason { code: reason.code, text: reason.text.map(|text| close(kind, text)).transpose()? })
}
