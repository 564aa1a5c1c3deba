//! What is asked for. Commands are generic over their personal texts: `String` where they come in, [`Sealed`] once the
//! vault has closed them, so that the rules cannot leak what they cannot read.

use uuid::Uuid;

use crate::event::{
    Adjustment, Alert, Clock, Hold, Kind, Line, LineInputs, Outcome, PolicySet, ProfileSet, RefundKind, ShippedLine,
    TrackingStatus,
};
use crate::export::{ExportFormat, ExportKind};
use crate::ids::{Actor, CommandId, MerchantId, OrderNumber, Position, Revision, Role, Sku, StreamId, Tag};
use crate::job::{CancelCause, ErrorPolicy, JobAction, JobRow, RefusalCount, Refusals};
use crate::money::{Currency, Money};
use crate::reason::{Reason, ReasonCode};
use crate::sealed::{Sealed, Slot};
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
    /// Of the stream that the command acts on first; 0: it is not there yet.
    pub revision: Revision,
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
pub struct MoveMerchant {
    pub merchant: MerchantId,
    pub parent: MerchantId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetPolicy {
    pub merchant: MerchantId,
    pub set: PolicySet,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetProfile {
    pub merchant: MerchantId,
    pub set: ProfileSet,
}

/// Automation's: a threshold of the merchant's policy was crossed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaiseAlert {
    pub merchant: MerchantId,
    pub alert: Alert,
    /// Of which stock is low.
    pub sku: Option<Sku>,
    /// In the threshold's unit: millionths, seconds or pieces.
    pub measured: i64,
    pub threshold: i64,
}

/// Automation's: what was measured is on the good side again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClearAlert {
    pub merchant: MerchantId,
    pub alert: Alert,
    pub sku: Option<Sku>,
    pub measured: i64,
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
pub struct CompleteTopUp {
    pub order: StreamId,
    /// From 1; may be omitted while one line is left.
    pub line: Option<u16>,
    /// None: all that is left of the line.
    pub quantity: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailTopUp<T> {
    pub order: StreamId,
    pub line: Option<u16>,
    pub failure: Box<str>,
    /// There is no such account: the order waits until the buyer names another one.
    pub wrong_account: bool,
    pub note: Option<T>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestAddressChange<T> {
    pub order: StreamId,
    /// The new contact, as a JSON object.
    pub contact: Option<T>,
    /// New inputs of top-ups.
    pub inputs: Vec<LineInputs<T>>,
    pub reason: Option<Reason<T>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApproveAddressChange<T> {
    pub order: StreamId,
    pub note: Option<T>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectAddressChange<T> {
    pub order: StreamId,
    pub reason: Reason<T>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenDispute<T> {
    pub order: StreamId,
    pub reason: Reason<T>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddEvidence<T> {
    pub order: StreamId,
    pub text: T,
}

/// Of an order whose buyer is shown masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevealContact<T> {
    pub order: StreamId,
    pub reason: Reason<T>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolveDispute<T> {
    pub order: StreamId,
    pub outcome: Outcome,
    /// For the buyer: what goes back; none: all that may be refunded.
    pub refund: Option<Money>,
    pub reason: Reason<T>,
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

/// A card as it comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCard<T> {
    pub secret: T,
    /// The keyed hash of the secret: what is imported once within a tree. The engine fills it in.
    pub fingerprint: [u8; 16],
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportCards<T> {
    pub merchant: MerchantId,
    pub sku: Sku,
    pub cards: Vec<NewCard<T>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueToken {
    pub secret_sha256: [u8; 32],
    pub id: Uuid,
    pub role: Role,
    pub merchant: Option<MerchantId>,
    pub expires_at: Option<Timestamp>,
    pub label: Box<str>,
    /// Whose orders a token of a buyer shows.
    pub buyer: Option<Slot>,
}

/// Opens a job; its stream follows from this command's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenJob<T> {
    /// A hash of all that was asked for. The same command is known by it: what it selects follows from when it came.
    pub asked: [u8; 32],
    pub action: JobAction<T>,
    pub policy: ErrorPolicy,
    pub merchant: Option<MerchantId>,
    pub selected_at: Position,
    /// Rows that are going to be selected.
    pub total: u32,
    pub waits: bool,
    pub token: Option<StreamId>,
}

/// Somebody takes a file out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenExport {
    /// A hash of all that was asked for. The same command is known by it: its rows follow from when it came.
    pub asked: [u8; 32],
    /// Whoever opens it.
    pub opener: Uuid,
    pub kind: ExportKind,
    pub format: ExportFormat,
    /// With commas between them; empty: events whole.
    pub columns: Box<str>,
    /// What was asked for, as JSON, without who a buyer is.
    pub filter: Box<str>,
    pub merchant: Option<MerchantId>,
    pub subtree: bool,
    pub position: Position,
    pub rows: u64,
}

/// Destroys a buyer's keys. The account itself stands nowhere in it: a hash of the command is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EraseBuyer {
    /// The root of the tree: a buyer is one of all merchants in it.
    pub merchant: MerchantId,
    /// The buyer's; most have one.
    pub slots: Vec<Slot>,
    /// How many of the buyer's orders still need to know who they are, as of `seen`.
    pub unfinished: u32,
    /// Orders placed behind this position were not looked at.
    pub seen: Position,
    /// Also while orders are unfinished.
    pub even_open: bool,
    /// Without a text, which might say whom it is about.
    pub reason: ReasonCode,
}

/// The next rows of a job that is being opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectForJob {
    pub job: StreamId,
    /// The first one's number, from 0.
    pub first: u32,
    pub rows: Vec<JobRow>,
}

/// What was found when the rows of a job that waits were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewJob {
    pub job: StreamId,
    pub totals: Vec<Money>,
    pub refusals: Vec<RefusalCount>,
}

/// What was found when the rows were checked before the first is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckJob {
    pub job: StreamId,
    pub refused: u32,
    pub refusals: Vec<Refusals>,
}

/// The rows before `next` are decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvanceJob {
    pub job: StreamId,
    pub next: u32,
    /// Of the rows since the last such command.
    pub refusals: Vec<Refusals>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelJob {
    pub job: StreamId,
    pub cause: CancelCause,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<T> {
    RegisterMerchant(RegisterMerchant),
    MoveMerchant(MoveMerchant),
    /// It takes no more orders.
    CloseMerchant {
        merchant: MerchantId,
    },
    ReopenMerchant {
        merchant: MerchantId,
    },
    SetPolicy(SetPolicy),
    SetProfile(SetProfile),
    RaiseAlert(RaiseAlert),
    ClearAlert(ClearAlert),
    Place(PlaceOrder<T>),
    EditPrice(EditPrice<T>),
    RecordPayment(RecordPayment),
    FailPayment(FailPayment<T>),
    /// Automation's: the order was not paid in time.
    Expire {
        order: StreamId,
    },
    /// Automation's: the buyer is reminded to pay.
    Remind {
        order: StreamId,
    },
    Cancel(Cancel<T>),
    /// What an order lacks that was shipped in part.
    CancelRest(Cancel<T>),
    PlaceHold(PlaceHold<T>),
    ReleaseHold(ReleaseHold<T>),
    ConfirmShipment(ConfirmShipment),
    RecordTracking(RecordTracking<T>),
    /// All cards of the order that are not delivered yet.
    DeliverCards {
        order: StreamId,
    },
    /// Somebody sees the secrets.
    RevealCards {
        order: StreamId,
    },
    CompleteTopUp(CompleteTopUp),
    FailTopUp(FailTopUp<T>),
    RequestAddressChange(RequestAddressChange<T>),
    ApproveAddressChange(ApproveAddressChange<T>),
    RejectAddressChange(RejectAddressChange<T>),
    OpenDispute(OpenDispute<T>),
    AddEvidence(AddEvidence<T>),
    /// Somebody reads what was given as evidence.
    ReadEvidence {
        order: StreamId,
    },
    RevealContact(RevealContact<T>),
    ResolveDispute(ResolveDispute<T>),
    /// Automation's: the observation is over.
    Close {
        order: StreamId,
    },
    /// Automation's: a clock was missed.
    Breach {
        order: StreamId,
        clock: Clock,
        ticket: Option<u16>,
    },
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
    ImportCards(ImportCards<T>),
    IssueToken(IssueToken),
    RevokeToken {
        token: StreamId,
    },
    OpenJob(OpenJob<T>),
    SelectForJob(SelectForJob),
    PreviewJob(PreviewJob),
    StartJob {
        job: StreamId,
    },
    CheckJob(CheckJob),
    AdvanceJob(AdvanceJob),
    CancelJob(CancelJob),
    OpenExport(OpenExport),
    FetchExport {
        export: StreamId,
    },
    EraseBuyer(EraseBuyer),
}

impl Command<String> {
    /// Closes every personal text with `seal`, which is told the kind of the event that will carry it: the kind is
    /// part of what the seal binds, so that a text cannot be moved to another event.
    pub fn seal<E>(self, mut seal: impl FnMut(Kind, &str) -> Result<Sealed, E>) -> Result<Command<Sealed>, E> {
        let mut close = |kind, text: String| seal(kind, &text);
        Ok(match self {
            Command::RegisterMerchant(c) => Command::RegisterMerchant(c),
            Command::MoveMerchant(c) => Command::MoveMerchant(c),
            Command::CloseMerchant { merchant } => Command::CloseMerchant { merchant },
            Command::ReopenMerchant { merchant } => Command::ReopenMerchant { merchant },
            Command::SetPolicy(c) => Command::SetPolicy(c),
            Command::SetProfile(c) => Command::SetProfile(c),
            Command::RaiseAlert(c) => Command::RaiseAlert(c),
            Command::ClearAlert(c) => Command::ClearAlert(c),
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
            Command::Remind { order } => Command::Remind { order },
            Command::Close { order } => Command::Close { order },
            Command::Breach { order, clock, ticket } => Command::Breach { order, clock, ticket },
            Command::DeliverCards { order } => Command::DeliverCards { order },
            Command::RevealCards { order } => Command::RevealCards { order },
            Command::CompleteTopUp(c) => Command::CompleteTopUp(c),
            Command::FailTopUp(c) => Command::FailTopUp(FailTopUp {
                order: c.order,
                line: c.line,
                failure: c.failure,
                wrong_account: c.wrong_account,
                note: c.note.map(|text| close(Kind::TopUpFailed, text)).transpose()?,
            }),
            Command::RequestAddressChange(c) => {
                let kind = Kind::AddressChangeRequested;
                Command::RequestAddressChange(RequestAddressChange {
                    order: c.order,
                    contact: c.contact.map(|text| close(kind, text)).transpose()?,
                    inputs: c
                        .inputs
                        .into_iter()
                        .map(|new| Ok(LineInputs { line: new.line, inputs: close(kind, new.inputs)? }))
                        .collect::<Result<_, E>>()?,
                    reason: c.reason.map(|reason| sealed_reason(reason, kind, &mut close)).transpose()?,
                })
            }
            Command::ApproveAddressChange(c) => Command::ApproveAddressChange(ApproveAddressChange {
                order: c.order,
                note: c.note.map(|text| close(Kind::AddressChanged, text)).transpose()?,
            }),
            Command::RejectAddressChange(c) => Command::RejectAddressChange(RejectAddressChange {
                order: c.order,
                reason: sealed_reason(c.reason, Kind::AddressChangeRejected, &mut close)?,
            }),
            Command::OpenDispute(c) => Command::OpenDispute(OpenDispute {
                order: c.order,
                reason: sealed_reason(c.reason, Kind::DisputeOpened, &mut close)?,
            }),
            Command::AddEvidence(c) => {
                Command::AddEvidence(AddEvidence { order: c.order, text: close(Kind::EvidenceAdded, c.text)? })
            }
            Command::ReadEvidence { order } => Command::ReadEvidence { order },
            Command::RevealContact(c) => Command::RevealContact(RevealContact {
                order: c.order,
                reason: sealed_reason(c.reason, Kind::ContactRevealed, &mut close)?,
            }),
            Command::ResolveDispute(c) => Command::ResolveDispute(ResolveDispute {
                order: c.order,
                outcome: c.outcome,
                refund: c.refund,
                reason: sealed_reason(c.reason, Kind::DisputeResolved, &mut close)?,
            }),
            Command::CancelRest(c) => Command::CancelRest(Cancel {
                order: c.order,
                reason: sealed_reason(c.reason, Kind::RestCancelled, &mut close)?,
            }),
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
            Command::ImportCards(c) => Command::ImportCards(ImportCards {
                merchant: c.merchant,
                sku: c.sku,
                cards: c
                    .cards
                    .into_iter()
                    .map(|card| {
                        let secret = close(Kind::CardsImported, card.secret)?;
                        Ok(NewCard { secret, fingerprint: card.fingerprint })
                    })
                    .collect::<Result<_, E>>()?,
            }),
            Command::IssueToken(c) => Command::IssueToken(c),
            Command::RevokeToken { token } => Command::RevokeToken { token },
            Command::OpenJob(c) => Command::OpenJob(OpenJob {
                asked: c.asked,
                action: c.action.map(|text| close(Kind::JobOpened, text.clone()))?,
                policy: c.policy,
                merchant: c.merchant,
                selected_at: c.selected_at,
                total: c.total,
                waits: c.waits,
                token: c.token,
            }),
            Command::SelectForJob(c) => Command::SelectForJob(c),
            Command::PreviewJob(c) => Command::PreviewJob(c),
            Command::StartJob { job } => Command::StartJob { job },
            Command::CheckJob(c) => Command::CheckJob(c),
            Command::AdvanceJob(c) => Command::AdvanceJob(c),
            Command::CancelJob(c) => Command::CancelJob(c),
            Command::OpenExport(c) => Command::OpenExport(c),
            Command::FetchExport { export } => Command::FetchExport { export },
            Command::EraseBuyer(c) => Command::EraseBuyer(c),
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
