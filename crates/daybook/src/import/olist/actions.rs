//! An order of the source as actions, in the order of an order's life.

use std::ops::ControlFlow;

use daybook_codec::Action;
use daybook_domain::command::{
    Cancel, Command, ConfirmShipment, PlaceHold, PlaceOrder, Rate, RecordPayment, RecordTracking, RegisterMerchant,
};
use daybook_domain::event::{Adjustment, AdjustmentKind, Hold, Line, SkuKind, TrackingStatus};
use daybook_domain::reason::Reason;
use daybook_domain::{Currency, MerchantId, Money, OrderNumber, ReasonCode, Sku, StreamId, Timestamp};
use hashbrown::HashSet;

use super::anomalies;
use super::tables::{Item, OlistOrder, Source};
use crate::data::merchant_id;
use crate::failure::Failure;
use crate::import::report::Report;

/// The agent above all sellers.
const AGENT: &str = "olist";

/// What comes out of the source.
pub(crate) enum Step {
    /// `line` is the order's in the orders file; `ordinal` tells actions of one kind on one order apart.
    Action {
        line: u64,
        ordinal: u64,
        action: Box<Action>,
    },
    OrderDone,
}

impl Source {
    /// Hands on every action until it is told to stop; merchants before their first order, orders by time of purchase.
    pub(crate) fn actions(
        self,
        report: &mut Report,
        mut step: impl FnMut(&mut Report, Step) -> Result<ControlFlow<()>, Failure>,
    ) -> Result<(), Failure> {
        report.unmapped(&self.unmapped);
        let Some(begin) = self.begin() else { return Ok(()) };
        let agent = merchant_id(AGENT)?;
        let mut known = HashSet::new();
        let _ = step(report, register(agent.clone(), None, begin))?;
        for order in self.into_orders() {
            anomalies::count(&order, report);
            let mut merchant = agent.clone();
            for item in order.items.iter().rev() {
                merchant = merchant_id(&item.seller)?;
                if known.insert(merchant.clone()) {
                    // A stop is told again at the next step.
                    let _ = step(report, register(merchant.clone(), Some(agent.clone()), begin))?;
                }
            }
            for (ordinal, at, command) in life(&order, &merchant)? {
                let action = Action { at: Some(at), source: None, named: None, command };
                if step(report, Step::Action { line: order.head.line, ordinal, action: Box::new(action) })?.is_break() {
                    return Ok(());
                }
            }
            if step(report, Step::OrderDone)?.is_break() {
                return Ok(());
            }
        }
        Ok(())
    }
}

fn register(id: MerchantId, parent: Option<MerchantId>, at: Timestamp) -> Step {
    let name = id.as_str().into();
    let command = Command::RegisterMerchant(RegisterMerchant { id, name, parent });
    let action = Action { at: Some(at), source: None, named: None, command };
    Step::Action { line: 0, ordinal: 1, action: Box::new(action) }
}

type Dated = (u64, Timestamp, Command<String>);

fn life(order: &OlistOrder, merchant: &MerchantId) -> Result<Vec<Dated>, Failure> {
    let number = OrderNumber::new(&order.head.id)
        .map_err(|error| Failure::new(format!("orders line {}: order_id {error}", order.head.line)))?;
    let stream = StreamId::order(merchant, &number);
    let latest = order.head.latest();
    let mut life: Vec<Dated> = vec![(1, order.head.purchase, place(order, merchant, number)?)];
    if order.head.is_paid() {
        for payment in order.payments.iter().filter(|payment| payment.value_minor > 0) {
            let command = RecordPayment {
                order: stream,
                provider: (&*payment.kind).into(),
                trade_number: format!("{}/{}", order.head.id, payment.sequence).into(),
                amount: Money::new(payment.value_minor, Currency::BRL),
            };
            let at = order.head.approval.unwrap_or(order.head.purchase);
            life.push((payment.sequence, at, Command::RecordPayment(command)));
        }
    }
    let arrived = matches!(&*order.head.status, "shipped" | "delivered");
    let shipped = order.head.carrier.or_else(|| arrived.then(|| order.head.customer.unwrap_or(latest)));
    if let Some(at) = shipped {
        let command = ConfirmShipment { order: stream, lines: None, carrier: None, tracking_number: None };
        life.push((1, at, Command::ConfirmShipment(command)));
    }
    match &*order.head.status {
        "delivered" => {
            let command = RecordTracking {
                order: stream,
                shipment: None,
                checkpoint: "delivered".into(),
                status: TrackingStatus::Delivered,
                place: None,
            };
            life.push((1, order.head.customer.unwrap_or(latest), Command::RecordTracking(command)));
        }
        "canceled" => {
            let reason = Reason { code: ReasonCode::Imported, text: None };
            life.push((1, latest, Command::Cancel(Cancel { order: stream, reason })));
        }
        "unavailable" => {
            let reason = Some(Reason { code: ReasonCode::OutOfStock, text: None });
            life.push((1, latest, Command::PlaceHold(PlaceHold { order: stream, hold: Hold::Stock, reason })));
        }
        _ => {}
    }
    for (ordinal, review) in (1..).zip(&order.reviews) {
        let command =
            Rate { order: stream, score: review.score, comment: review.comment.as_deref().map(str::to_owned) };
        life.push((ordinal, review.at(latest), Command::Rate(command)));
    }
    Ok(life)
}

fn place(order: &OlistOrder, merchant: &MerchantId, number: OrderNumber) -> Result<Command<String>, Failure> {
    let mut adjustments = Vec::new();
    let mut adjust = |kind, label: &str, amount_minor| {
        if amount_minor != 0 {
            adjustments.push(Adjustment { kind, label: label.into(), amount_minor });
        }
    };
    adjust(AdjustmentKind::Freight, "freight", order.items.iter().map(|item| item.freight_minor).sum::<i64>());
    if order.head.is_paid() && order.paid_minor() > 0 {
        adjust(AdjustmentKind::Correction, "paid less items and freight", order.paid_minor() - order.goods_minor());
    }
    Ok(Command::Place(PlaceOrder {
        merchant: merchant.clone(),
        number: Some(number),
        account: order.head.account.to_string(),
        contact: None,
        currency: Currency::BRL,
        lines: order.items.iter().map(|item| line(order, item)).collect::<Result<_, _>>()?,
        adjustments,
    }))
}

fn line(order: &OlistOrder, item: &Item) -> Result<Line<String>, Failure> {
    Ok(Line {
        sku: Sku::new(&item.product)
            .map_err(|error| Failure::new(format!("order {}: product_id {error}", order.head.id)))?,
        title: (&*item.title).into(),
        kind: SkuKind::Physical,
        quantity: 1,
        unit_minor: item.price_minor,
        supplier: Some(merchant_id(&item.seller)?),
        inputs: None,
    })
}
