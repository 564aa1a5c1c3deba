//! Shipping, tracking, cards, top-ups, stock.

use daybook_domain::command::{PlaceOrder, RecordTracking};
use daybook_domain::event::*;
use daybook_domain::*;

use super::{Row, row};
use crate::ask::*;
use crate::given::*;

fn track_parcel(shipment: u16, checkpoint: &str) -> Command<Sealed> {
    let (shipment, checkpoint) = (Some(shipment), checkpoint.into());
    let status = TrackingStatus::InTransit;
    Command::RecordTracking(RecordTracking { order: order(), shipment, checkpoint, status, place: None })
}

/// Two top-ups, of two and three units.
fn top_ups() -> World {
    World::new().with(&place_lines(vec![line(SkuKind::TopUp, 2, 100), line(SkuKind::TopUp, 3, 100)]))
}

fn paid_top_ups() -> World {
    top_ups().with(&pay(500, "T1"))
}

/// Eleven units are in stock, but only two of them as secrets.
fn more_stock_than_cards() -> World {
    let world = World::new().with(&import(&merchant(), &[1, 2])).with(&receive(&merchant(), 9));
    world.with(&Command::Place(place())).with(&pay(1400, "T1"))
}

/// One card is ordered, and there.
fn only_cards() -> World {
    let world = World::new().with(&import(&merchant(), &[1])).with(&place_lines(vec![line(SkuKind::Card, 1, 100)]));
    world.with(&pay(100, "T1"))
}

/// An order of ten cards, paid when nobody counted yet; the cards came later, and another order reserved one.
fn cards_that_others_reserved() -> World {
    let other =
        PlaceOrder { number: None, lines: vec![line(SkuKind::Card, 1, 100)], adjustments: Vec::new(), ..place() };
    World::paid().with(&import(&merchant(), &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9])).with(&Command::Place(other))
}

/// Why nothing may leave, whatever it is.
fn nothing_leaves(send: &Command<Sealed>) -> Vec<Row> {
    let lines = || vec![line(SkuKind::Card, 1, 100), line(SkuKind::TopUp, 1, 100)];
    let placed = || World::new().with(&place_lines(lines()));
    let paid = || placed().with(&pay(200, "T1"));
    let refunded = || {
        let world = paid().with(&top_up(None, None)).with(&ask_refund(None));
        world.with(&approve()).with(&settle())
    };
    vec![
        row(World::new(), send.clone(), "ORDER_UNKNOWN"),
        row(placed(), send.clone(), "NOT_PAID"),
        row(placed().with(&pay(199, "T1")), send.clone(), "NOT_PAID"),
        row(placed().with(&cancel(ReasonCode::Other)), send.clone(), "ORDER_CANCELLED"),
        row(paid().with(&hold(Hold::Stock)), send.clone(), "ON_HOLD"),
        row(paid().with(&ask_change(&[2])), send.clone(), "ON_HOLD"),
        row(placed().with(&pay(201, "T1")), send.clone(), "ON_HOLD"),
        row(paid().with(&ask_refund(Some(1))), send.clone(), "REFUND_OPEN"),
        row(refunded(), send.clone(), "NOT_PAID"),
        row(World::delivered(), send.clone(), "ALREADY_DELIVERED"),
    ]
}

pub(super) fn rows() -> Vec<Row> {
    let sends = [ship(None), deliver(), top_up(None, None), fail_top_up(None, true)];
    let mut rows: Vec<Row> = sends.iter().flat_map(nothing_leaves).collect();
    let nobody = MerchantId::new("nobody").unwrap();
    let shipped = || World::paid().with(&ship_all());
    let two_parcels = || World::paid().with(&ship(Some(&[(1, 10)]))).with(&ship(None));
    let seen = || shipped().with(&track("c1", TrackingStatus::InTransit));
    let full = || World::new().with(&receive(&merchant(), 1));
    rows.extend([
        row(World::paid(), ship(Some(&[])), "INVALID_INPUT"),
        row(World::paid(), ship(Some(&[(1, 0)])), "INVALID_INPUT"),
        row(World::paid(), ship(Some(&[(3, 1)])), "LINE_UNKNOWN"),
        row(World::paid(), ship(Some(&[(2, 2)])), "MORE_THAN_UNSHIPPED"),
        row(World::paid(), ship(Some(&[(1, 6), (1, 5)])), "MORE_THAN_UNSHIPPED"),
        row(shipped(), ship(None), "NOTHING_TO_SHIP"),
        row(more_stock_than_cards(), ship(Some(&[(1, 1)])), "DELIVER_CARDS"),
        row(only_cards(), ship(None), "DELIVER_CARDS"),
        row(World::new(), cancel_rest(), "ORDER_UNKNOWN"),
        row(World::paid(), cancel_rest(), "NOTHING_SHIPPED"),
        row(shipped(), cancel_rest(), "NOTHING_TO_SHIP"),
        row(World::delivered(), cancel_rest(), "NOTHING_TO_SHIP"),
        row(World::paid().with(&cancel(ReasonCode::Other)), cancel_rest(), "ORDER_CANCELLED"),
        // Tracking.
        row(World::new(), track("c1", TrackingStatus::InTransit), "ORDER_UNKNOWN"),
        row(World::paid(), track("c1", TrackingStatus::InTransit), "NOTHING_SHIPPED"),
        row(shipped(), track(" ", TrackingStatus::InTransit), "INVALID_INPUT"),
        row(shipped().at(10), track("c1", TrackingStatus::InTransit), "IN_THE_FUTURE").told(16),
        row(shipped().at(10), track("c1", TrackingStatus::InTransit), "BEFORE_PLACING").told(-6),
        row(two_parcels(), track("c1", TrackingStatus::InTransit), "SHIPMENT_AMBIGUOUS"),
        row(two_parcels(), track_parcel(3, "c1"), "SHIPMENT_UNKNOWN"),
        row(two_parcels(), track_parcel(0, "c1"), "SHIPMENT_UNKNOWN"),
        row(seen(), track("c1", TrackingStatus::Delivered), "CHECKPOINT_KNOWN"),
        row(seen(), track("c2", TrackingStatus::Collected), "TRACKING_BACKWARDS"),
        row(seen().at(10), track("c2", TrackingStatus::InTransit), "TRACKING_BACKWARDS").told(-1),
        row(World::delivered(), track("c2", TrackingStatus::Delivered), "ALREADY_DELIVERED"),
        // Cards.
        row(World::new(), import(&nobody, &[1]), "MERCHANT_UNKNOWN"),
        row(World::new(), import(&merchant(), &[]), "INVALID_INPUT"),
        row(World::new(), place_lines(vec![line(SkuKind::Card, limits::MAX_ORDER_CARDS + 1, 1)]), "INVALID_INPUT"),
        row(World::new().with(&import(&merchant(), &[1, 2])), import(&merchant(), &[2, 1]), "CARDS_KNOWN"),
        row(World::paid(), deliver(), "OUT_OF_CARDS"),
        row(more_stock_than_cards(), deliver(), "OUT_OF_CARDS"),
        row(cards_that_others_reserved(), deliver(), "OUT_OF_STOCK"),
        row(paid_top_ups(), deliver(), "NO_CARDS_TO_DELIVER"),
        row(World::paid(), reveal(), "NO_CARDS"),
        row(World::delivered(), reveal(), "NO_CARDS"),
        row(World::new(), reveal(), "ORDER_UNKNOWN"),
        // Top-ups.
        row(paid_top_ups(), top_up(Some(1), Some(0)), "INVALID_INPUT"),
        row(paid_top_ups(), top_up(None, None), "LINE_AMBIGUOUS"),
        row(paid_top_ups(), top_up(Some(3), None), "LINE_UNKNOWN"),
        row(paid_top_ups(), top_up(Some(1), Some(3)), "MORE_THAN_UNSHIPPED"),
        row(paid_top_ups().with(&top_up(Some(1), None)), top_up(Some(1), None), "NO_TOP_UP_LEFT"),
        row(World::paid(), top_up(Some(1), None), "NOT_TOP_UP"),
        row(World::paid(), top_up(None, None), "NO_TOP_UP_LEFT"),
        row(paid_top_ups(), fail_top_up(None, false), "LINE_AMBIGUOUS"),
        row(paid_top_ups(), fail_top_up(Some(9), false), "LINE_UNKNOWN"),
        row(World::paid(), fail_top_up(Some(2), false), "NOT_TOP_UP"),
        row(World::paid(), fail_top_up(None, false), "NO_TOP_UP_LEFT"),
        row(paid_top_ups().with(&fail_top_up(Some(1), true)), top_up(Some(2), None), "ON_HOLD"),
        // Stock.
        row(World::new(), receive(&nobody, 1), "MERCHANT_UNKNOWN"),
        row(World::new(), count(&nobody, 1), "MERCHANT_UNKNOWN"),
        row(World::new(), mark(&nobody, 1), "MERCHANT_UNKNOWN"),
        row(World::new(), receive(&merchant(), 0), "INVALID_INPUT"),
        row(full(), place_lines(vec![line(SkuKind::Physical, 2, 100)]), "OUT_OF_STOCK"),
    ]);
    rows
}
