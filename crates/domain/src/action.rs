//! What somebody might do to an order, and whether it would be refused now.
//!
//! There is no second copy of the rules: each action has commands that stand for it, and they are decided.

use crate::command::{
    AddEvidence, AddNote, AddTag, ApproveAddressChange, ApproveRefund, Cancel, Command, CompleteTopUp, ConfirmShipment,
    Context, EditPrice, FailPayment, FailRefund, FailTopUp, NewPrice, OpenDispute, PlaceHold, Rate, RecordPayment,
    RecordTracking, RejectAddressChange, RejectRefund, ReleaseHold, RequestAddressChange, RequestRefund,
    ResolveDispute, RevealContact, SettleRefund,
};
use crate::decide::decide;
use crate::event::{Hold, LineInputs, Outcome, SkuKind, TrackingStatus};
use crate::ids::{StreamId, Tag};
use crate::money::Money;
use crate::order::Order;
use crate::reason::{Reason, ReasonCode};
use crate::rejection::Rejection;
use crate::sealed::{Sealed, Slot};
use crate::state::{Facts, State};
use crate::targets::Targets;

/// Something that can be asked for of one order that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    EditPrice,
    RecordPayment,
    FailPayment,
    Cancel,
    CancelRest,
    PlaceHold,
    ReleaseHold,
    ConfirmShipment,
    RecordTracking,
    DeliverCards,
    RevealCards,
    CompleteTopUp,
    FailTopUp,
    RequestAddressChange,
    ApproveAddressChange,
    RejectAddressChange,
    RequestRefund,
    ApproveRefund,
    RejectRefund,
    SettleRefund,
    FailRefund,
    AddNote,
    AddTag,
    Rate,
    OpenDispute,
    AddEvidence,
    ReadEvidence,
    ResolveDispute,
    RevealContact,
}

impl Action {
    pub const ALL: [Action; 29] = [
        Action::EditPrice,
        Action::RecordPayment,
        Action::FailPayment,
        Action::Cancel,
        Action::CancelRest,
        Action::PlaceHold,
        Action::ReleaseHold,
        Action::ConfirmShipment,
        Action::RecordTracking,
        Action::DeliverCards,
        Action::RevealCards,
        Action::CompleteTopUp,
        Action::FailTopUp,
        Action::RequestAddressChange,
        Action::ApproveAddressChange,
        Action::RejectAddressChange,
        Action::RequestRefund,
        Action::ApproveRefund,
        Action::RejectRefund,
        Action::SettleRefund,
        Action::FailRefund,
        Action::AddNote,
        Action::AddTag,
        Action::Rate,
        Action::OpenDispute,
        Action::AddEvidence,
        Action::ReadEvidence,
        Action::ResolveDispute,
        Action::RevealContact,
    ];

    /// Why the order would not let this be done; none if there is an input that it would take. What stock there is does not
    /// count: for that the SKUs would have to be looked up. Where every input is refused, it is for the first one's reason.
    pub fn refusal(self, id: StreamId, order: &State, context: &Context) -> Option<Rejection> {
        let State::Order(known) = order else { return Some(Rejection::OrderUnknown) };
        let mut first = None;
        for command in self.commands(id, known) {
            let targets = Targets::of(&command, context.command_id);
            let mut facts = Facts::default();
            facts.add(id, Some(order));
            match decide(&facts, &command, &targets, context) {
                Err(rejection) if !depends_on_stock(&rejection) => first = first.or(Some(rejection)),
                Ok(_) | Err(_) => return None,
            }
        }
        first
    }

    /// Commands that stand for all of this kind, at least one: an order that takes none of these takes none of those that
    /// people send.
    pub fn commands(self, order: StreamId, known: &Order) -> Vec<Command<Sealed>> {
        let (reason, text) =
            (Reason { code: ReasonCode::Other, text: None }, || Sealed { slot: Slot(0), bytes: Vec::new() });
        let one = |command| vec![command];
        match self {
            Action::EditPrice => prices(known)
                .map(|price| Command::EditPrice(EditPrice { order, prices: vec![price], reason: reason.clone() }))
                .collect(),
            Action::RecordPayment => [known.due_minor().max(1), 1]
                .map(|minor| {
                    let amount = Money::new(minor, known.currency);
                    Command::RecordPayment(RecordPayment {
                        order,
                        provider: WORD.into(),
                        trade_number: WORD.into(),
                        amount,
                    })
                })
                .into(),
            Action::FailPayment => one(Command::FailPayment(FailPayment {
                order,
                provider: WORD.into(),
                failure: WORD.into(),
                note: None,
            })),
            Action::Cancel => one(Command::Cancel(Cancel { order, reason })),
            Action::CancelRest => one(Command::CancelRest(Cancel { order, reason })),
            Action::PlaceHold => {
                Hold::VARIANTS.iter().map(|&hold| Command::PlaceHold(PlaceHold { order, hold, reason: None })).collect()
            }
            Action::ReleaseHold => {
                let held: Vec<Hold> = known.holds.iter().collect();
                let held = if held.is_empty() { vec![Hold::Risk] } else { held };
                held.into_iter().map(|hold| Command::ReleaseHold(ReleaseHold { order, hold, reason: None })).collect()
            }
            Action::ConfirmShipment => one(Command::ConfirmShipment(ConfirmShipment {
                order,
                lines: None,
                carrier: None,
                tracking_number: None,
            })),
            Action::RecordTracking => tracking(order, known),
            Action::DeliverCards => one(Command::DeliverCards { order }),
            Action::RevealCards => one(Command::RevealCards { order }),
            Action::CompleteTopUp => top_ups(known)
                .into_iter()
                .map(|line| Command::CompleteTopUp(CompleteTopUp { order, line, quantity: None }))
                .collect(),
            Action::FailTopUp => top_ups(known)
                .into_iter()
                .map(|line| {
                    let (failure, wrong_account) = (WORD.into(), false);
                    Command::FailTopUp(FailTopUp { order, line, failure, wrong_account, note: None })
                })
                .collect(),
            Action::RequestAddressChange => {
                let change = |contact, inputs| {
                    let reason = None;
                    Command::RequestAddressChange(RequestAddressChange { order, contact, inputs, reason })
                };
                let accounts = top_ups(known).into_iter().flatten();
                let accounts = accounts.map(|line| change(None, vec![LineInputs { line, inputs: text() }]));
                std::iter::once(change(Some(text()), Vec::new())).chain(accounts).collect()
            }
            Action::ApproveAddressChange => {
                one(Command::ApproveAddressChange(ApproveAddressChange { order, note: None }))
            }
            Action::RejectAddressChange => one(Command::RejectAddressChange(RejectAddressChange { order, reason })),
            Action::RequestRefund => {
                one(Command::RequestRefund(RequestRefund { order, kind: None, amount: None, reason }))
            }
            Action::ApproveRefund => tickets(known)
                .into_iter()
                .map(|ticket| Command::ApproveRefund(ApproveRefund { order, ticket, note: None }))
                .collect(),
            Action::RejectRefund => tickets(known)
                .into_iter()
                .map(|ticket| Command::RejectRefund(RejectRefund { order, ticket, reason: reason.clone() }))
                .collect(),
            Action::SettleRefund => tickets(known)
                .into_iter()
                .map(|ticket| Command::SettleRefund(SettleRefund { order, ticket, provider: None, trade_number: None }))
                .collect(),
            Action::FailRefund => tickets(known)
                .into_iter()
                .map(|ticket| Command::FailRefund(FailRefund { order, ticket, failure: WORD.into(), note: None }))
                .collect(),
            Action::AddNote => one(Command::AddNote(AddNote { order, text: text() })),
            Action::AddTag => one(Command::AddTag(AddTag { order, tag: new_tag(known) })),
            Action::Rate => one(Command::Rate(Rate { order, score: 5, comment: None })),
            Action::OpenDispute => one(Command::OpenDispute(OpenDispute { order, reason })),
            Action::AddEvidence => one(Command::AddEvidence(AddEvidence { order, text: text() })),
            Action::ReadEvidence => one(Command::ReadEvidence { order }),
            Action::ResolveDispute => {
                let outcome = Outcome::Merchant;
                one(Command::ResolveDispute(ResolveDispute { order, outcome, refund: None, reason }))
            }
            Action::RevealContact => one(Command::RevealContact(RevealContact { order, reason })),
        }
    }
}

/// Where a name is asked for and any will do.
const WORD: &str = "any";

fn depends_on_stock(rejection: &Rejection) -> bool {
    matches!(
        rejection,
        Rejection::OutOfCards { .. }
            | Rejection::OutOfStock { .. }
            | Rejection::NotShort
            | Rejection::DeliverCards { .. }
    )
}

/// A little more for one line, or what it is: one of these stays within what an order may cost, if any price does.
fn prices(known: &Order) -> impl Iterator<Item = NewPrice> {
    let unit_minor = known.lines.first().map_or(0, |line| line.unit_minor);
    let currency = known.currency;
    [unit_minor.saturating_add(1), unit_minor, 1]
        .into_iter()
        .map(move |minor| NewPrice { line: 1, unit: Money::new(minor, currency) })
}

/// Each line that a top-up is left of; none is named where there is none.
fn top_ups(known: &Order) -> Vec<Option<u16>> {
    let open = (1..).zip(&known.lines).filter(|(_, line)| line.kind == SkuKind::TopUp && line.left() > 0);
    or_none(open.map(|(line, _)| line).collect())
}

/// Each ticket that is open; none is named where there is none.
fn tickets(known: &Order) -> Vec<Option<u16>> {
    let open = (1..).zip(&known.tickets).filter(|(_, ticket)| ticket.state.is_open());
    or_none(open.map(|(number, _)| number).collect())
}

fn or_none(numbers: Vec<u16>) -> Vec<Option<u16>> {
    if numbers.is_empty() { vec![None] } else { numbers.into_iter().map(Some).collect() }
}

/// The last checkpoint of each parcel.
fn tracking(order: StreamId, known: &Order) -> Vec<Command<Sealed>> {
    let parcels = or_none((1..).zip(&known.shipments).map(|(number, _)| number).collect());
    let new = (0..).map(|n: u32| format!("{WORD}-{n}")).find(|new| !known.checkpoints.iter().any(|old| **old == **new));
    let checkpoint: Box<str> = new.unwrap_or_default().into();
    parcels
        .into_iter()
        .map(|shipment| {
            let (checkpoint, status) = (checkpoint.clone(), TrackingStatus::Delivered);
            Command::RecordTracking(RecordTracking { order, shipment, checkpoint, status, place: None })
        })
        .collect()
}

/// One that the order does not have.
fn new_tag(known: &Order) -> Tag {
    let names = (0_u32..).map(|n| format!("{WORD}-{n}"));
    let new = names.into_iter().find(|name| !known.tags.iter().any(|tag| **tag == **name));
    Tag::from_stored(&new.unwrap_or_default())
}
