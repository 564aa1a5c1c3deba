//! Whatever is asked in whatever order: no panic, and what must always hold of an order holds.

use daybook_domain::change::changes;
use daybook_domain::command::*;
use daybook_domain::event::*;
use daybook_domain::posting::{Metric, Milestones, Posting, postings};
use daybook_domain::*;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::given::*;

fn any_command() -> impl Strategy<Value = Command<Sealed>> {
    let amount = prop_oneof![Just(1400_i64), Just(400), Just(1000), 1..3000_i64];
    let status = prop::sample::select(TrackingStatus::VARIANTS.to_vec());
    let ticket = prop::option::weighted(0.3, 0..4_u16);
    prop_oneof![
        2 => Just(Command::Place(place())),
        6 => (amount.clone(), 0..6_u8).prop_map(|(amount, trade)| pay(amount, &format!("T{trade}"))),
        1 => (1..200_i64).prop_map(|minor| Command::RecordPayment(RecordPayment {
            order: order(),
            provider: "paypal".into(),
            trade_number: "U1".into(),
            amount: Money::new(minor, Currency::BRL),
        })),
        2 => Just(Command::Expire { order: order() }),
        1 => Just(cancel(ReasonCode::BuyerRequest)),
        3 => prop::option::of((0..4_u16, 1..12_u32))
            .prop_map(|line| ship(line.as_ref().map(std::slice::from_ref))),
        4 => (0..8_u8, status).prop_map(|(checkpoint, status)| track(&format!("c{checkpoint}"), status)),
        2 => (0..3_u16, 0..200_i64).prop_map(|(line, minor)| Command::EditPrice(EditPrice {
            order: order(),
            prices: vec![NewPrice { line, unit: cny(minor) }],
            reason: reason(ReasonCode::Negotiated),
        })),
        // One more than what is often left, too.
        3 => prop::option::of(prop_oneof![amount, prop::sample::select(vec![1_i64, 401, 1001, 1401])])
            .prop_map(ask_refund),
        3 => ticket.clone().prop_map(|ticket| Command::ApproveRefund(ApproveRefund { order: order(), ticket, note: None })),
        3 => ticket.clone().prop_map(|ticket| Command::SettleRefund(SettleRefund {
            order: order(), ticket, provider: None, trade_number: None,
        })),
        1 => ticket.clone().prop_map(|ticket| Command::FailRefund(FailRefund {
            order: order(), ticket, failure: "F".into(), note: None,
        })),
        1 => ticket.prop_map(|ticket| Command::RejectRefund(RejectRefund {
            order: order(), ticket, reason: reason(ReasonCode::Other),
        })),
        1 => prop::sample::select(Hold::VARIANTS.to_vec())
            .prop_map(|hold| Command::PlaceHold(PlaceHold { order: order(), hold, reason: None })),
        1 => prop::sample::select(Hold::VARIANTS.to_vec())
            .prop_map(|hold| Command::ReleaseHold(ReleaseHold { order: order(), hold, reason: None })),
        1 => Just(Command::Rate(Rate { order: order(), score: 5, comment: None })),
    ]
}

#[derive(Default)]
struct Sums {
    placed: i64,
    paid: i64,
    refunded: i64,
    amount: i64,
}

fn holds(order: &Order, sums: &Sums, origin: Origin) -> Result<(), TestCaseError> {
    let goods = order.captured_minor - order.excess_minor;
    prop_assert!(order.due_minor() >= 0 && order.excess_outstanding_minor() >= 0);
    prop_assert_eq!(sums.placed, 1);
    prop_assert_eq!(sums.paid, i64::from(order.paid_at.is_some()));
    prop_assert_eq!(sums.refunded, i64::from(order.refunded_at.is_some()));
    prop_assert_eq!(sums.amount, goods);
    if origin == Origin::Live {
        prop_assert!(goods - order.refunded_minor <= order.total_minor());
        prop_assert!(order.refunded_minor <= goods);
        prop_assert!(order.excess_returned_minor <= order.excess_minor);
        prop_assert!(order.late_returned_minor <= order.late_minor);
        prop_assert!(order.lines.iter().all(|line| line.shipped + line.cancelled <= line.quantity));
        let pending: i64 =
            order.tickets.iter().filter(|ticket| ticket.state.is_open()).map(|ticket| ticket.amount_minor).sum();
        prop_assert!(
            pending + order.refunded_minor + order.excess_returned_minor + order.late_returned_minor
                <= order.captured_minor + order.late_minor,
            "more may go out than came in"
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn what_must_hold_holds(
        steps in vec((any_command(), 0..90_i64), 1..40),
        origin in prop::sample::select(vec![Origin::Live, Origin::Import]),
    ) {
        let mut world = World::new();
        world.origin = origin;
        let mut sums = Sums::default();
        for (command, minutes) in steps {
            world.now = world.now.plus_micros(minutes * time::MINUTE_MICROS);
            let before = world.try_order().cloned();
            let watched = world.clone();
            if world.send(&command).is_err() {
                continue;
            }
            // Folds the commit again, event by event, as views do.
            let mut state = before.clone();
            for recorded in world.recorded_since(&watched) {
                if recorded.stream != order() {
                    continue;
                }
                let earlier = state.clone();
                match &mut state {
                    Some(order) => order.apply(&recorded),
                    None => {
                        let Event::OrderPlaced(placed) = &recorded.event else { panic!("{recorded:?}") };
                        state = Some(Order::placed(placed, recorded.origin, recorded.occurred_at));
                    }
                }
                let after = state.as_ref().unwrap();
                postings(earlier.as_ref().map(Milestones::of).unwrap_or_default(), after, &recorded, |posting| match posting {
                    Posting::Count { metric: Metric::PlacedOrders, amount } => sums.placed += amount,
                    Posting::Count { metric: Metric::PaidOrders, amount } => sums.paid += amount,
                    Posting::Count { metric: Metric::RefundedOrders, amount } => sums.refunded += amount,
                    Posting::Count { metric: Metric::PaidAmount, amount } => sums.amount += amount,
                    Posting::Count { amount, .. } => assert_eq!(amount, 1),
                    Posting::Duration { seconds, .. } => assert!(seconds >= 0, "live clocks agree"),
                });
                for change in changes(earlier.as_ref(), after) {
                    prop_assert_ne!(change.before, change.after);
                }
            }
            prop_assert_eq!(state.as_ref(), world.try_order());
            if let Some(order) = world.try_order() {
                holds(order, &sums, origin)?;
            }
        }
    }
}
