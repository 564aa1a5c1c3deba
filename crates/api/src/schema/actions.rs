//! What the caller might do to an order, and what would be refused now.

use async_graphql::{Enum, SimpleObject};
use daybook_domain::{Action, CommandId, Context, Origin, Revision, State, StreamId};
use uuid::Uuid;

use super::error::UserError;
use crate::access::{self, Relation};
use crate::auth::Session;
use crate::http::Services;

macro_rules! actions {
    ($($action:ident is $field:literal),* $(,)?) => {
        /// Something that can be asked for of an order; each is a mutation.
        #[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
        #[graphql(remote = "daybook_domain::Action")]
        pub(crate) enum OrderActionName { $($action),* }

        /// The mutation that asks for it.
        fn field(action: Action) -> &'static str {
            match action { $(Action::$action => $field),* }
        }
    };
}

actions! {
    EditPrice is "editPrice",
    RecordPayment is "recordPayment",
    FailPayment is "failPayment",
    Cancel is "cancelOrder",
    CancelRest is "cancelRest",
    PlaceHold is "placeHold",
    ReleaseHold is "releaseHold",
    ConfirmShipment is "confirmShipment",
    RecordTracking is "recordTracking",
    DeliverCards is "deliverCards",
    RevealCards is "revealCards",
    CompleteTopUp is "completeTopUp",
    FailTopUp is "failTopUp",
    RequestAddressChange is "requestAddressChange",
    ApproveAddressChange is "approveAddressChange",
    RejectAddressChange is "rejectAddressChange",
    RequestRefund is "requestRefund",
    ApproveRefund is "approveRefund",
    RejectRefund is "rejectRefund",
    SettleRefund is "settleRefund",
    FailRefund is "failRefund",
    AddNote is "addNote",
    AddTag is "addTag",
    Rate is "rateOrder",
    OpenDispute is "openDispute",
    AddEvidence is "addEvidence",
    ReadEvidence is "readEvidence",
    ResolveDispute is "resolveDispute",
    RevealContact is "revealContact",
}

/// Something that the caller's role may ask for of this order.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct OrderAction {
    name: OrderActionName,
    /// What the mutation would be refused with now, whatever else its input says; null: there is an input that would be taken,
    /// as long as there is stock.
    refusal: Option<UserError>,
}

/// Of an order as it is now. Nothing of one that is only shown.
pub(super) fn of(
    services: &Services,
    session: &Session,
    (id, order, revision): (StreamId, &daybook_domain::Order, Revision),
) -> Vec<OrderAction> {
    if session.tenant.relation(id, order) != Relation::Own {
        return Vec::new();
    }
    let context = Context {
        command_id: CommandId(Uuid::nil()),
        actor: session.actor,
        origin: Origin::Live,
        revision,
        now: services.engine.now(),
        occurred_at: None,
    };
    let state = State::Order(Box::new(order.clone()));
    let asked = Action::ALL.into_iter().filter(|action| access::may_do(session.actor.role, field(*action)));
    asked
        .map(|action| OrderAction {
            name: action.into(),
            refusal: action.refusal(id, &state, &context).as_ref().map(UserError::of),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A mutation whose input names an order is an action.
    #[test]
    fn each_mutation_of_one_order_is_an_action() {
        let sdl = crate::sdl();
        let inputs: BTreeSet<&str> = sdl
            .split("\ninput ")
            .filter(|definition| {
                definition.split("\n}").next().is_some_and(|body| body.contains("\torder: OrderInput!"))
            })
            .filter_map(|definition| definition.split(' ').next())
            .collect();
        let mutations = sdl.split("\ntype Mutation {").nth(1).unwrap().split("\n}").next().unwrap();
        let of_orders: BTreeSet<&str> = mutations
            .lines()
            .filter_map(|line| line.trim().split_once("(input: "))
            .filter(|(_, rest)| rest.split('!').next().is_some_and(|input| inputs.contains(input)))
            .map(|(field, _)| field)
            .collect();
        let actions: BTreeSet<&str> = Action::ALL.into_iter().map(field).collect();
        assert_eq!(actions, of_orders);
        assert_eq!(actions.len(), Action::ALL.len());
    }
}
