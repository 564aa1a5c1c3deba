//! The state of any stream, and the facts that a decision is made against.

use crate::command::Command;
use crate::event::{CardClaimed, Event, Hold, PaymentClaimed, Recorded};
use crate::export::Export;
use crate::ids::{MerchantId, StreamId};
use crate::job::Job;
use crate::limits::MAX_DEPTH;
use crate::merchant::Merchant;
use crate::order::Order;
use crate::policy::Policy;
use crate::spelling;
use crate::stock::{Balance, SkuState};
use crate::targets::{StockTarget, Targets};
use crate::time::Timestamp;
use crate::token::Token;

/// What a stream's events add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Order(Box<Order>),
    Merchant(Merchant),
    Claim(PaymentClaimed),
    Card(CardClaimed),
    Token(Token),
    Sku(SkuState),
    /// What orders have of a SKU.
    Stock(Balance),
    Job(Box<Job>),
    Export(Box<Export>),
}

/// Folds one event into a stream's state. Total: a stream's first event makes the state, and an event that does not
/// belong to the stream's kind leaves it as it is.
pub fn evolve(state: &mut Option<State>, recorded: &Recorded) {
    if let Some(balance) = recorded.event.balance() {
        *state = Some(State::Stock(balance));
        return;
    }
    match state {
        None => *state = first(recorded),
        Some(State::Order(order)) => order.apply(recorded),
        Some(State::Token(token)) => {
            if let Event::TokenRevoked(_) = recorded.event {
                token.revoked = true;
            }
        }
        Some(State::Sku(sku)) => sku.apply(&recorded.event),
        Some(State::Merchant(merchant)) => merchant.apply(recorded),
        Some(State::Job(job)) => job.apply(recorded),
        Some(State::Export(export)) => export.apply(recorded),
        Some(State::Claim(_) | State::Card(_) | State::Stock(_)) => {}
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only these kinds can begin a stream")]
fn first(recorded: &Recorded) -> Option<State> {
    match &recorded.event {
        Event::OrderPlaced(event) => {
            Some(State::Order(Box::new(Order::placed(event, recorded.origin, recorded.occurred_at))))
        }
        Event::MerchantRegistered(event) => Some(State::Merchant(Merchant::registered(event))),
        Event::PaymentClaimed(event) => Some(State::Claim(event.clone())),
        Event::CardClaimed(event) => Some(State::Card(event.clone())),
        Event::JobOpened(event) => Some(State::Job(Box::new(Job::opened(event, recorded)))),
        Event::ExportOpened(event) => Some(State::Export(Box::new(Export::opened(event, recorded)))),
        Event::TokenIssued(event) => Some(State::Token(Token::issued(event))),
        Event::StockReceived(_) | Event::StockCounted(_) | Event::StockMarkSet(_) | Event::CardsImported(_) => {
            let mut sku = SkuState::default();
            sku.apply(&recorded.event);
            Some(State::Sku(sku))
        }
        _ => None,
    }
}

/// The streams that were looked up for one decision, each with its state, or none where the stream does not exist.
#[derive(Clone, Debug, Default)]
pub struct Facts<'a> {
    known: Vec<(StreamId, Option<&'a State>)>,
}

impl<'a> Facts<'a> {
    pub fn add(&mut self, stream: StreamId, state: Option<&'a State>) {
        self.known.push((stream, state));
    }

    /// All that one command needs, where every state can be had at once.
    pub fn gather<T>(
        command: &Command<T>,
        targets: &Targets,
        mut find: impl FnMut(StreamId) -> Option<&'a State>,
    ) -> Self {
        let mut facts = Self::default();
        loop {
            let wanted = missing(command, targets, &facts);
            if wanted.is_empty() {
                return facts;
            }
            wanted.into_iter().for_each(|id| facts.add(id, find(id)));
        }
    }

    pub fn knows(&self, stream: StreamId) -> bool {
        self.known.iter().any(|(known, _)| *known == stream)
    }

    pub fn state(&self, stream: StreamId) -> Option<&'a State> {
        self.known.iter().find(|(known, _)| *known == stream).and_then(|(_, state)| *state)
    }

    pub fn order(&self, stream: StreamId) -> Option<&'a Order> {
        if let State::Order(order) = self.state(stream)? { Some(order) } else { None }
    }

    pub fn merchant(&self, stream: StreamId) -> Option<&'a Merchant> {
        if let State::Merchant(merchant) = self.state(stream)? { Some(merchant) } else { None }
    }

    /// Those above a merchant, root first; at most one more than there may be. All of them must be known.
    pub(crate) fn ancestors(&self, merchant: &Merchant) -> Vec<MerchantId> {
        let parent = |below: &Merchant| below.parent.as_ref().and_then(|id| self.merchant(StreamId::merchant(id)));
        let above = std::iter::successors(parent(merchant), |below| parent(below));
        let mut ancestors: Vec<MerchantId> = above.take(MAX_DEPTH + 1).map(|above| above.id.clone()).collect();
        ancestors.reverse();
        ancestors
    }

    pub fn claim(&self, stream: StreamId) -> Option<&'a PaymentClaimed> {
        if let State::Claim(claim) = self.state(stream)? { Some(claim) } else { None }
    }

    /// The policy of an order's merchant at this moment.
    pub(crate) fn policy(&self, order: &Order, now: Timestamp) -> Policy {
        let merchant = self.merchant(StreamId::merchant(&order.merchant));
        merchant.map_or(Policy::DEFAULT, |merchant| merchant.policy_at(now))
    }

    pub fn token(&self, stream: StreamId) -> Option<&'a Token> {
        if let State::Token(token) = self.state(stream)? { Some(token) } else { None }
    }

    pub fn job(&self, stream: StreamId) -> Option<&'a Job> {
        if let State::Job(job) = self.state(stream)? { Some(job) } else { None }
    }

    pub fn export(&self, stream: StreamId) -> Option<&'a Export> {
        if let State::Export(export) = self.state(stream)? { Some(export) } else { None }
    }

    /// What is known of a SKU, as of one that nobody has touched if it is none.
    pub(crate) fn sku(&self, target: &StockTarget) -> SkuState {
        if let Some(State::Sku(sku)) = self.state(target.streams.sku) { *sku } else { SkuState::default() }
    }

    pub(crate) fn balance(&self, target: &StockTarget) -> Balance {
        if let Some(State::Stock(balance)) = self.state(target.streams.account) { *balance } else { Balance::default() }
    }
}

/// The streams that must be looked up before the command can be decided, as far as it can be told yet: ask again until
/// there are none. A payment's claim, for one, is only known once its order is.
pub fn missing<T>(command: &Command<T>, targets: &Targets, facts: &Facts<'_>) -> Vec<StreamId> {
    let own = targets.own;
    if !facts.knows(own) {
        return vec![own];
    }
    let mut wanted: Vec<StreamId> = targets.merchant.into_iter().collect();
    let account_of = |target: &StockTarget| facts.sku(target).is_counted.then_some(target.streams.account);
    match command {
        Command::RegisterMerchant(_) | Command::MoveMerchant(_) => wanted.extend(above(targets, facts)),
        Command::Place(_) | Command::ReceiveStock(_) | Command::CountStock(_) | Command::SetStockMark(_) => {
            wanted.extend(targets.stock.iter().map(|target| target.streams.sku));
            wanted.extend(targets.stock.iter().filter_map(account_of));
            if matches!(command, Command::Place(_)) {
                wanted.extend(above(targets, facts));
            }
        }
        Command::RecordPayment(pay) => {
            if let Some(order) = facts.order(own) {
                wanted.push(StreamId::merchant(&order.merchant));
                let root = order.tree_root();
                wanted.push(spelling::claim(root, pay));
                wanted.extend(spelling::claim_as_given(root, pay));
                wanted.extend(booked(order));
            }
        }
        Command::PlaceHold(c) => {
            if let Some(order) = facts.order(own).filter(|_| c.hold == Hold::Stock) {
                wanted.extend(booked(order));
                wanted.extend(cards(order));
            }
        }
        Command::ReleaseHold(_) => {
            wanted.extend(facts.order(own).into_iter().flat_map(booked));
        }
        Command::ConfirmShipment(_) => {
            if let Some(order) = facts.order(own) {
                wanted.extend(StockTarget::of_cards(order).iter().map(|target| target.streams.sku));
            }
        }
        Command::Expire { .. } | Command::Cancel(_) | Command::CancelRest(_) => {
            if let Some(order) = facts.order(own) {
                wanted.push(StreamId::merchant(&order.merchant));
                wanted.extend(booked(order));
            }
        }
        Command::DeliverCards { .. } => {
            if let Some(order) = facts.order(own) {
                wanted.push(StreamId::merchant(&order.merchant));
                wanted.extend(cards(order));
            }
        }
        Command::FailPayment(_)
        | Command::RequestRefund(_)
        | Command::ApproveRefund(_)
        | Command::CompleteTopUp(_)
        | Command::ResolveDispute(_)
        | Command::RecordTracking(_) => {
            wanted.extend(facts.order(own).map(|order| StreamId::merchant(&order.merchant)));
        }
        Command::ImportCards(import) => {
            wanted.extend(targets.stock.iter().map(|target| target.streams.sku));
            if let Some(merchant) = targets.merchant.and_then(|stream| facts.merchant(stream)) {
                let root = merchant.tree_root();
                wanted.extend(import.cards.iter().map(|card| StreamId::card(root, &card.fingerprint)));
            }
        }
        Command::SettleRefund(settle) => {
            if let Some(order) = facts.order(own) {
                wanted.extend(spelling::refund_claim(order.tree_root(), settle));
                wanted.extend(booked(order));
            }
        }
        Command::CloseMerchant { .. }
        | Command::ReopenMerchant { .. }
        | Command::OpenJob(_)
        | Command::SelectForJob(_)
        | Command::PreviewJob(_)
        | Command::StartJob { .. }
        | Command::CheckJob(_)
        | Command::AdvanceJob(_)
        | Command::CancelJob(_)
        | Command::OpenExport(_)
        | Command::FetchExport { .. }
        | Command::EraseBuyer(_)
        | Command::IssueToken(_)
        | Command::EditPrice(_)
        | Command::SetPolicy(_)
        | Command::SetProfile(_)
        | Command::RaiseAlert(_)
        | Command::ClearAlert(_)
        | Command::Remind { .. }
        | Command::Close { .. }
        | Command::Breach { .. }
        | Command::RevealCards { .. }
        | Command::FailTopUp(_)
        | Command::RequestAddressChange(_)
        | Command::ApproveAddressChange(_)
        | Command::RejectAddressChange(_)
        | Command::OpenDispute(_)
        | Command::AddEvidence(_)
        | Command::ReadEvidence { .. }
        | Command::RevealContact(_)
        | Command::RejectRefund(_)
        | Command::FailRefund(_)
        | Command::AddNote(_)
        | Command::AddTag(_)
        | Command::Rate(_)
        | Command::RevokeToken { .. } => {}
    }
    wanted.retain(|stream| !facts.knows(*stream));
    wanted
}

/// The next merchant above the one that is named, as far as it is known.
fn above(targets: &Targets, facts: &Facts<'_>) -> Option<StreamId> {
    let mut lowest = targets.merchant.and_then(|stream| facts.merchant(stream))?;
    // Those that were moved below others may stand deeper than anybody may join.
    for _ in 0..=MAX_DEPTH {
        let stream = StreamId::merchant(lowest.parent.as_ref()?);
        if !facts.knows(stream) {
            return Some(stream);
        }
        lowest = facts.merchant(stream)?;
    }
    None
}

/// The stock of the cards that an order lacks.
fn cards(order: &Order) -> Vec<StreamId> {
    StockTarget::of_cards(order).iter().flat_map(|target| [target.streams.sku, target.streams.account]).collect()
}

/// The stock that an order has booked on.
fn booked(order: &Order) -> Vec<StreamId> {
    StockTarget::of_order(order).iter().flat_map(|target| [target.streams.sku, target.streams.account]).collect()
}
