//! The state of any stream, and the facts that a decision is made against.

use crate::command::Command;
use crate::event::{Event, PaymentClaimed, Recorded};
use crate::ids::StreamId;
use crate::merchant::Merchant;
use crate::order::Order;
use crate::spelling;
use crate::targets::Targets;
use crate::token::Token;

/// What a stream's events add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Order(Box<Order>),
    Merchant(Merchant),
    Claim(PaymentClaimed),
    Token(Token),
}

/// Folds one event into a stream's state. Total: a stream's first event makes the state, and an event that does not
/// belong to the stream's kind leaves it as it is.
pub fn evolve(state: &mut Option<State>, recorded: &Recorded) {
    match state {
        None => *state = first(recorded),
        Some(State::Order(order)) => order.apply(recorded),
        Some(State::Token(token)) => {
            if let Event::TokenRevoked(_) = recorded.event {
                token.revoked = true;
            }
        }
        Some(State::Merchant(_) | State::Claim(_)) => {}
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only four kinds can begin a stream")]
fn first(recorded: &Recorded) -> Option<State> {
    match &recorded.event {
        Event::OrderPlaced(event) => {
            Some(State::Order(Box::new(Order::placed(event, recorded.origin, recorded.occurred_at))))
        }
        Event::MerchantRegistered(event) => Some(State::Merchant(Merchant::registered(event))),
        Event::PaymentClaimed(event) => Some(State::Claim(event.clone())),
        Event::TokenIssued(event) => Some(State::Token(Token::issued(event))),
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

    pub fn knows(&self, stream: StreamId) -> bool {
        self.known.iter().any(|(known, _)| *known == stream)
    }

    pub fn state(&self, stream: StreamId) -> Option<&'a State> {
        self.known.iter().find(|(known, _)| *known == stream).and_then(|(_, state)| *state)
    }

    pub fn order(&self, stream: StreamId) -> Option<&'a Order> {
        match self.state(stream)? {
            State::Order(order) => Some(order),
            State::Merchant(_) | State::Claim(_) | State::Token(_) => None,
        }
    }

    pub fn merchant(&self, stream: StreamId) -> Option<&'a Merchant> {
        match self.state(stream)? {
            State::Merchant(merchant) => Some(merchant),
            State::Order(_) | State::Claim(_) | State::Token(_) => None,
        }
    }

    pub fn claim(&self, stream: StreamId) -> Option<&'a PaymentClaimed> {
        match self.state(stream)? {
            State::Claim(claim) => Some(claim),
            State::Order(_) | State::Merchant(_) | State::Token(_) => None,
        }
    }

    pub fn token(&self, stream: StreamId) -> Option<&'a Token> {
        match self.state(stream)? {
            State::Token(token) => Some(token),
            State::Order(_) | State::Merchant(_) | State::Claim(_) => None,
        }
    }
}

/// The next stream that must be looked up before the command can be decided. Ask again after each look-up: a payment's
/// claim, for one, is only known once its order is.
pub fn missing<T>(command: &Command<T>, targets: &Targets, facts: &Facts<'_>) -> Option<StreamId> {
    let own = targets.own;
    if !facts.knows(own) {
        return Some(own);
    }
    let claims = match command {
        Command::RecordPayment(pay) => facts.order(own).map_or([None; 2], |order| {
            let root = order.tree_root();
            [Some(spelling::claim(root, pay)), spelling::claim_as_given(root, pay)]
        }),
        Command::Place(_)
        | Command::RegisterMerchant(_)
        | Command::IssueToken(_)
        | Command::EditPrice(_)
        | Command::FailPayment(_)
        | Command::Expire { .. }
        | Command::Cancel(_)
        | Command::PlaceHold(_)
        | Command::ReleaseHold(_)
        | Command::ConfirmShipment(_)
        | Command::RecordTracking(_)
        | Command::RequestRefund(_)
        | Command::ApproveRefund(_)
        | Command::RejectRefund(_)
        | Command::SettleRefund(_)
        | Command::FailRefund(_)
        | Command::AddNote(_)
        | Command::AddTag(_)
        | Command::Rate(_)
        | Command::RevokeToken { .. } => [None; 2],
    };
    targets.merchant.into_iter().chain(claims.into_iter().flatten()).find(|stream| !facts.knows(*stream))
}
