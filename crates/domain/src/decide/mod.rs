//! The rules: a command and the facts it meets become events, or a refusal.
//!
//! Guards come first, from "this can never be" to "not now"; then the events. One file a subject.

mod address;
mod card;
mod check;
mod clock;
mod dispute;
mod erase;
mod export;
mod hold;
mod job;
mod judge;
mod merchant;
mod pay;
mod place;
mod policy;
mod price;
mod profile;
mod refund;
mod remark;
mod reported;
mod rest;
mod ship;
mod stock;
mod token;
mod topup;

use crate::command::{Command, Context, Origin};
use crate::event::{Event, NewEvent};
use crate::ids::{MerchantId, StreamId};
use crate::limits::MAX_ORDER_EVENTS;
use crate::merchant::Merchant;
use crate::order::Order;
use crate::reason::ReasonCode;
use crate::rejection::Rejection;
use crate::sealed::Sealed;
use crate::state::Facts;
use crate::targets::Targets;

pub use check::check_texts;
use judge::Judge;

/// What becomes of a command that was not refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Append these in one commit, never empty. An import's remarks are the rules that it broke: listed, not obeyed.
    Commit { events: Vec<NewEvent>, remarks: Vec<Rejection> },
    /// The same was recorded before under another command id: answer with the receipt of this stream's first event.
    Repeat { of: StreamId },
}

/// Decides one command. `facts` must hold every stream that [`crate::missing`] asks for.
pub fn decide(
    facts: &Facts<'_>,
    command: &Command<Sealed>,
    targets: &Targets,
    context: &Context,
) -> Result<Decision, Rejection> {
    let mut judge = Judge::new(context.origin);
    check::check_structure(command, &mut judge)?;
    reported::remark_on_future(context, &mut judge);
    judge.rule(context.revision < MAX_ORDER_EVENTS || !can_repeat(command), || Rejection::TooMany)?;
    let stream = targets.own;
    let merchant = targets.merchant.and_then(|id| facts.merchant(id));
    let mut out = Events { stream, list: Vec::new() };
    match command {
        Command::RegisterMerchant(c) => {
            if !is_live(context) && merchant::is_same(facts, stream, c) {
                return Ok(Decision::Repeat { of: stream });
            }
            merchant::register(facts, merchant, c, is_live(context), &mut out)?;
        }
        Command::MoveMerchant(c) => merchant::move_below(facts, merchant, c, &mut out)?,
        Command::CloseMerchant { merchant } => merchant::close(facts, merchant, &mut out)?,
        Command::ReopenMerchant { merchant } => merchant::reopen(facts, merchant, &mut out)?,
        Command::SetPolicy(c) => policy::set(facts, c, context, &mut out)?,
        Command::SetProfile(c) => profile::set(facts, c, &mut out)?,
        Command::RaiseAlert(c) => policy::raise(facts, c, &mut out)?,
        Command::ClearAlert(c) => policy::clear(facts, c, &mut out)?,
        Command::IssueToken(c) => token::issue(facts, merchant, c, context, &mut out)?,
        Command::RevokeToken { .. } => token::revoke(facts, &mut out)?,
        Command::OpenJob(c) => job::open(facts, merchant, c, &mut out)?,
        Command::SelectForJob(c) => job::select(facts, c, &mut out)?,
        Command::PreviewJob(c) => job::preview(facts, c, &mut out)?,
        Command::StartJob { .. } => job::start(facts, &mut out)?,
        Command::CheckJob(c) => job::check(facts, c, &mut out)?,
        Command::AdvanceJob(c) => job::advance(facts, c, &mut out)?,
        Command::CancelJob(c) => job::cancel(facts, c, &mut out)?,
        Command::OpenExport(c) => export::open(facts, merchant, c, &mut out)?,
        Command::FetchExport { .. } => export::fetch(facts, &mut out)?,
        Command::EraseBuyer(c) => erase::erase(merchant, c, context.revision, &mut out)?,
        Command::Place(c) => place::place(facts, merchant, targets, c, context, &mut out)?,
        Command::RecordPayment(c) => {
            let order = known(facts, stream)?;
            if let Some(claim) = pay::repeated(facts, stream, order, c)? {
                return Ok(Decision::Repeat { of: claim });
            }
            pay::record(facts, order, c, context, &mut judge, &mut out)?;
        }
        Command::FailPayment(c) => pay::fail(facts, known(facts, stream)?, c, context, &mut judge, &mut out)?,
        Command::Expire { .. } => pay::expire(facts, known(facts, stream)?, context, &mut out)?,
        Command::Remind { .. } => clock::remind(known(facts, stream)?, context, &mut out)?,
        Command::Close { .. } => clock::close(known(facts, stream)?, context, &mut out)?,
        Command::Breach { clock, ticket, .. } => {
            clock::breach(known(facts, stream)?, *clock, *ticket, context, &mut out)?;
        }
        Command::DeliverCards { .. } => card::deliver(facts, known(facts, stream)?, context, &mut judge, &mut out)?,
        Command::RevealCards { .. } => card::reveal(known(facts, stream)?, &mut out)?,
        Command::CompleteTopUp(c) => topup::complete(facts, known(facts, stream)?, c, context, &mut judge, &mut out)?,
        Command::FailTopUp(c) => topup::fail(known(facts, stream)?, c, context, &mut judge, &mut out)?,
        Command::RequestAddressChange(c) => {
            address::request(known(facts, stream)?, c, context, &mut judge, &mut out)?;
        }
        Command::ApproveAddressChange(c) => {
            address::approve(known(facts, stream)?, c, context, &mut judge, &mut out)?;
        }
        Command::RejectAddressChange(c) => address::reject(known(facts, stream)?, c, context, &mut judge, &mut out)?,
        Command::OpenDispute(c) => dispute::open(known(facts, stream)?, c, context, &mut judge, &mut out)?,
        Command::AddEvidence(c) => dispute::add_evidence(known(facts, stream)?, c, &mut out)?,
        Command::ReadEvidence { .. } => dispute::read_evidence(known(facts, stream)?, &mut out)?,
        Command::RevealContact(c) => {
            known(facts, stream)?;
            remark::reveal_contact(c, &mut out);
        }
        Command::ResolveDispute(c) => {
            let order = known(facts, stream)?;
            dispute::resolve(order, c, &facts.policy(order, context.now), context, &mut out)?;
        }
        Command::ImportCards(c) => card::import(facts, merchant, targets, c, &mut out)?,
        Command::EditPrice(c) => price::edit(known(facts, stream)?, c, &mut judge, &mut out)?,
        Command::Cancel(c) => remark::cancel(facts, known(facts, stream)?, c, context, &mut judge, &mut out)?,
        Command::CancelRest(c) => rest::cancel(facts, known(facts, stream)?, c, context, &mut out)?,
        Command::PlaceHold(c) => hold::place(facts, known(facts, stream)?, c, context, &mut judge, &mut out)?,
        Command::ReleaseHold(c) => hold::release(facts, known(facts, stream)?, c, context, &mut out)?,
        Command::ConfirmShipment(c) => ship::confirm(facts, known(facts, stream)?, c, context, &mut judge, &mut out)?,
        Command::RecordTracking(c) => ship::track(facts, known(facts, stream)?, c, context, &mut judge, &mut out)?,
        Command::RequestRefund(c) => refund::request(facts, known(facts, stream)?, c, context, &mut judge, &mut out)?,
        Command::ApproveRefund(c) => refund::approve(facts, known(facts, stream)?, c, context, &mut out)?,
        Command::RejectRefund(c) => refund::reject(known(facts, stream)?, c, &mut judge, &mut out)?,
        Command::SettleRefund(c) => {
            let order = known(facts, stream)?;
            if let Some(claim) = refund::repeated(facts, stream, order, c)? {
                return Ok(Decision::Repeat { of: claim });
            }
            refund::settle(facts, order, c, context, &mut judge, &mut out)?;
        }
        Command::FailRefund(c) => refund::fail(known(facts, stream)?, c, &mut out)?,
        Command::AddNote(c) => remark::note(known(facts, stream)?, c, &mut out)?,
        Command::AddTag(c) => remark::tag(known(facts, stream)?, c, &mut out)?,
        Command::ReceiveStock(c) => stock::receive(facts, merchant, targets, c, &mut out)?,
        Command::CountStock(c) => stock::count(facts, merchant, targets, c, &mut out)?,
        Command::SetStockMark(c) => stock::mark(merchant, c, &mut out)?,
        Command::Rate(c) => remark::rate(known(facts, stream)?, c, context, &mut judge, &mut out)?,
    }
    assert!(!out.list.is_empty(), "a command that is not refused makes at least one event");
    Ok(Decision::Commit { events: out.list, remarks: judge.into_remarks() })
}

/// What can be said of an order again and again without bringing it any further.
fn can_repeat<T>(command: &Command<T>) -> bool {
    matches!(
        command,
        Command::FailPayment(_)
            | Command::EditPrice(_)
            | Command::PlaceHold(_)
            | Command::RequestAddressChange(_)
            | Command::RevealCards { .. }
            | Command::FailTopUp(_)
            | Command::FailRefund(_)
            | Command::OpenDispute(_)
            | Command::AddEvidence(_)
            | Command::ReadEvidence { .. }
            | Command::RevealContact(_)
            | Command::FetchExport { .. }
    )
}

fn known<'a>(facts: &Facts<'a>, stream: StreamId) -> Result<&'a Order, Rejection> {
    facts.order(stream).ok_or(Rejection::OrderUnknown)
}

fn known_merchant<'a>(merchant: Option<&'a Merchant>, id: &MerchantId) -> Result<&'a Merchant, Rejection> {
    merchant.ok_or_else(|| Rejection::MerchantUnknown { id: id.clone() })
}

/// Whether clocks start and consequences follow: for what happens now, not for history.
fn is_live(context: &Context) -> bool {
    context.origin != Origin::Import
}

/// The events of one decision, most of them on the command's own stream.
struct Events {
    stream: StreamId,
    list: Vec<NewEvent>,
}

impl Events {
    fn push(&mut self, event: impl Into<Event>) {
        self.list.push(NewEvent { stream: self.stream, reason: None, event: event.into() });
    }

    fn push_because(&mut self, reason: ReasonCode, event: impl Into<Event>) {
        self.list.push(NewEvent { stream: self.stream, reason: Some(reason), event: event.into() });
    }

    fn push_to(&mut self, stream: StreamId, event: impl Into<Event>) {
        self.list.push(NewEvent { stream, reason: None, event: event.into() });
    }
}
