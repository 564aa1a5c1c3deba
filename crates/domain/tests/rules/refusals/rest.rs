//! Clocks, disputes, and as many of a thing as one order holds.

use daybook_domain::event::*;
use daybook_domain::*;

use super::{Row, row};
use crate::ask::*;
use crate::given::*;

const DAY: i64 = 24 * 60;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = clocks();
    rows.extend(disputes());
    rows.extend(too_many());
    rows
}

fn clocks() -> Vec<Row> {
    let expired = || World::placed().at(30).with(&expire());
    let mut imported = World::new();
    imported.origin = Origin::Import;
    imported.must(&Command::Place(place()));
    imported.origin = Origin::Live;
    let asked = |minutes| World::paid().with(&ask_refund(Some(1))).at(minutes);
    let approved = |minutes| World::paid().with(&ask_refund(Some(1))).with(&approve()).at(minutes);
    vec![
        row(World::new(), expire(), "ORDER_UNKNOWN"),
        row(World::placed().at(29), expire(), "DEADLINE_NOT_REACHED"),
        row(World::paid().at(30), expire(), "ALREADY_PAID"),
        row(expired(), expire(), "ORDER_CANCELLED"),
        row(imported.at(DAY), expire(), "NO_DEADLINE"),
        row(World::new(), remind(), "ORDER_UNKNOWN"),
        row(World::placed().at(9), remind(), "DEADLINE_NOT_REACHED"),
        row(World::placed().at(10).with(&remind()), remind(), "CLOCK_NOT_OPEN"),
        row(World::placed().at(5).with(&fail_payment()).at(14), remind(), "DEADLINE_NOT_REACHED"),
        row(World::paid().at(10), remind(), "CLOCK_NOT_OPEN"),
        row(expired(), remind(), "CLOCK_NOT_OPEN"),
        // Closing.
        row(World::new(), close(), "ORDER_UNKNOWN"),
        row(World::paid().at(8 * DAY), close(), "CLOCK_NOT_OPEN"),
        row(World::delivered().at(7 * DAY - 1), close(), "DEADLINE_NOT_REACHED"),
        row(World::delivered().with(&ask_refund(None)).at(8 * DAY), close(), "REFUND_OPEN"),
        row(World::delivered().with(&dispute()).at(8 * DAY), close(), "DISPUTE_OPEN"),
        row(World::delivered().with(&pay(1, "T2")).at(8 * DAY), close(), "ON_HOLD"),
        row(World::delivered().at(7 * DAY).with(&close()), close(), "CLOCK_NOT_OPEN"),
        // Breaches.
        row(World::new(), breach(Clock::Collect, None), "ORDER_UNKNOWN"),
        row(World::placed().at(DAY), breach(Clock::Pay, None), "CLOCK_NOT_OPEN"),
        row(World::placed().at(DAY), breach(Clock::ShipVirtual, None), "CLOCK_NOT_OPEN"),
        row(World::paid().at(119), breach(Clock::ShipVirtual, None), "DEADLINE_NOT_REACHED"),
        row(World::paid().at(DAY - 1), breach(Clock::Collect, None), "DEADLINE_NOT_REACHED"),
        row(World::paid().with(&hold(Hold::Risk)).at(DAY), breach(Clock::Collect, None), "CLOCK_NOT_OPEN"),
        row(World::paid().with(&ship_all()).at(DAY), breach(Clock::ShipVirtual, None), "CLOCK_NOT_OPEN"),
        row(scanned().at(DAY), breach(Clock::Collect, None), "CLOCK_NOT_OPEN"),
        row(asked(719), breach(Clock::AnswerRefund, Some(1)), "DEADLINE_NOT_REACHED"),
        row(asked(DAY), breach(Clock::AnswerRefund, None), "CLOCK_NOT_OPEN"),
        row(asked(DAY), breach(Clock::AnswerRefund, Some(2)), "CLOCK_NOT_OPEN"),
        row(asked(DAY - 1), breach(Clock::EscalateRefund, Some(1)), "DEADLINE_NOT_REACHED"),
        row(asked(DAY), breach(Clock::PayRefund, Some(1)), "CLOCK_NOT_OPEN"),
        row(approved(59), breach(Clock::PayRefund, Some(1)), "DEADLINE_NOT_REACHED"),
        row(approved(DAY), breach(Clock::EscalateRefund, Some(1)), "CLOCK_NOT_OPEN"),
        row(approved(DAY).with(&settle()), breach(Clock::PayRefund, Some(1)), "CLOCK_NOT_OPEN"),
    ]
}

fn scanned() -> World {
    World::paid().with(&ship_all()).with(&track("c1", TrackingStatus::Collected))
}

fn disputes() -> Vec<Row> {
    let open = || World::delivered().with(&dispute());
    vec![
        row(World::new(), dispute(), "ORDER_UNKNOWN"),
        row(World::paid(), dispute(), "NOT_OBSERVED"),
        row(World::delivered().at(7 * DAY), dispute(), "NOT_OBSERVED"),
        row(open(), dispute(), "DISPUTE_OPEN"),
        row(World::new(), evidence(), "ORDER_UNKNOWN"),
        row(World::new(), read_evidence(), "ORDER_UNKNOWN"),
        row(World::delivered(), read_evidence(), "NO_EVIDENCE"),
        row(World::new(), reveal_contact(), "ORDER_UNKNOWN"),
        row(World::delivered(), evidence(), "NO_OPEN_DISPUTE"),
        row(open().with(&resolve(Outcome::Merchant, None)), evidence(), "NO_OPEN_DISPUTE"),
        row(World::new(), resolve(Outcome::Buyer, None), "ORDER_UNKNOWN"),
        row(World::delivered(), resolve(Outcome::Buyer, None), "NO_OPEN_DISPUTE"),
        row(open(), resolve(Outcome::Merchant, Some(cny(1))), "INVALID_INPUT"),
        row(open(), resolve(Outcome::Buyer, Some(usd(1))), "CURRENCY_MISMATCH"),
        row(open(), resolve(Outcome::Buyer, Some(cny(0))), "AMOUNT_NOT_POSITIVE"),
        row(open(), resolve(Outcome::Buyer, Some(cny(1401))), "MORE_THAN_REFUNDABLE"),
        row(open().with(&ask_refund(Some(1))), resolve(Outcome::Buyer, Some(cny(1400))), "MORE_THAN_REFUNDABLE"),
    ]
}

/// Each is one more than an order holds.
fn too_many() -> Vec<Row> {
    let most = u16::try_from(limits::MAX_PER_ORDER).unwrap();
    let times =
        |world: World, ask: &dyn Fn(u16) -> Command<Sealed>| (0..most).fold(world, |world, n| world.with(&ask(n)));
    let units = place_lines(vec![line(SkuKind::Physical, u32::from(most) + 1, 1)]);
    let paid = World::new().with(&units).with(&pay(i64::from(most) + 1, "T1"));
    let parcel = World::paid().with(&ship_all());
    vec![
        row(times(World::placed(), &|_| note()), note(), "TOO_MANY"),
        row(World::placed().long(), fail_payment(), "TOO_MANY"),
        row(World::placed().long(), edit(1, cny(1)), "TOO_MANY"),
        row(World::placed().long(), hold(Hold::Risk), "TOO_MANY"),
        row(World::paid().long(), ask_change(&[]), "TOO_MANY"),
        row(World::delivered().with(&dispute()).long(), evidence(), "TOO_MANY"),
        row(World::delivered().long(), dispute(), "TOO_MANY"),
        row(times(World::placed(), &|n| tag(&n.to_string())), tag("more"), "TOO_MANY"),
        row(times(paid.clone(), &|_| ship(Some(&[(1, 1)]))), ship(None), "TOO_MANY"),
        row(times(paid, &|_| ask_refund(Some(1))), ask_refund(Some(1)), "TOO_MANY"),
        row(
            times(parcel, &|n| track(&n.to_string(), TrackingStatus::InTransit)),
            track("more", TrackingStatus::Delivered),
            "TOO_MANY",
        ),
    ]
}
