//! What the views say at the end of a story, for a person to review.

use std::collections::BTreeSet;

use daybook_codec::format_time;
use daybook_domain::clock::Breach;
use daybook_domain::event::Hold;
use daybook_domain::{Currency, Label, MerchantId, Money, Recorded, Timestamp};
use daybook_views::Views;
use daybook_views::query::{
    Basis, Condition, DashboardAnswer, DashboardQuery, Direction, Figures, Filter, OrderQuery, Row, Scope, Sort,
    SortField, StockEntry, StockQuery, Take,
};
use serde_json::{Value, json};

use super::story::Refused;
use super::{waiting, world};
use crate::failure::Failure;

pub(super) fn views(events: &[Recorded], refused: &[Refused]) -> Result<String, Failure> {
    let mut views = Views::new();
    for recorded in events {
        views.apply(recorded)?;
    }
    let list = views.order_list()?;
    let query = OrderQuery {
        sort: Sort { field: SortField::PlacedAt, direction: Direction::Ascending },
        take: Take::First(10_000),
        ..OrderQuery::default()
    };
    let rows = list.page(&query)?.rows;
    let counts: Vec<_> = Label::ALL
        .into_iter()
        .map(|label| (label, list.count(&Scope::All, &Filter::Is(Condition::Label(vec![label])))))
        .filter(|(_, count)| *count > 0)
        .map(|(label, count)| (label.name().to_owned(), json!(count)))
        .collect();
    let orders: Vec<_> = rows
        .iter()
        .map(|row| {
            order(
                row,
                list.account(row.order.buyer)
                    .and_then(|buyer| world::open(&buyer.sealed, daybook_domain::Kind::OrderPlaced)),
            )
        })
        .collect();
    let currencies: BTreeSet<&str> = rows.iter().map(|row| row.order.currency.as_str()).collect();
    let mut dashboards = serde_json::Map::new();
    for code in currencies {
        let currency = Currency::new(code)?;
        let mut by_basis = serde_json::Map::new();
        for (name, basis) in [("COHORT", Basis::Cohort), ("BOOKED", Basis::Booked)] {
            by_basis.insert(name.into(), dashboard(&views, currency, basis)?);
        }
        dashboards.insert(code.into(), by_basis.into());
    }
    let refused: Vec<_> = refused
        .iter()
        .map(|refused| json!({"line": refused.line, "action": refused.action, "code": refused.code}))
        .collect();
    let stock = views.stock()?.page(&StockQuery { first: 10_000, ..StockQuery::default() }).entries;
    let mut all = json!({
        "position": views.position(),
        "refused": refused,
        "counts": Value::Object(counts.into_iter().collect()),
        "orders": orders,
        "dashboard": dashboards,
    });
    if !stock.is_empty() {
        all["stock"] = stock.iter().map(stock_of).collect();
    }
    let queues = views.queues()?;
    for (name, list) in [("exceptions", waiting::exceptions(&queues)), ("deadlines", waiting::deadlines(&queues))] {
        if !list.is_empty() {
            all[name] = list.into();
        }
    }
    Ok(format!("{all:#}\n"))
}

fn stock_of(entry: &StockEntry) -> Value {
    let mut stock = json!({
        "merchant": entry.merchant.as_str(),
        "sku": entry.sku.as_str(),
        "counted": entry.state.is_counted,
        "received": entry.state.received,
        "free": entry.free(),
        "reserved": entry.balance.reserved,
        "deducted": entry.balance.deducted,
        "low": entry.is_low(),
        "lowAt": entry.state.low_at,
    });
    if entry.state.cards > 0 {
        stock["cards"] = json!({"imported": entry.state.cards, "assigned": entry.balance.assigned});
    }
    stock
}

fn order(row: &Row, account: Option<String>) -> Value {
    let order = &row.order;
    let (axes, dues) = (order.axes(), row.dues());
    let money = |minor| json!(Money::new(minor, order.currency).to_string());
    let time = |at: Option<Timestamp>| at.map(format_time);
    let lines: Vec<_> = row
        .lines
        .iter()
        .zip(&order.lines)
        .map(|(named, line)| {
            json!({
                "sku": named.sku.as_str(),
                "title": named.title.as_str(),
                "kind": line.kind.name(),
                "quantity": line.quantity,
                "shipped": line.shipped,
                "cancelled": line.cancelled,
                "unitPrice": money(line.unit_minor),
            })
        })
        .collect();
    let tickets: Vec<_> = order
        .tickets
        .iter()
        .map(|ticket| json!({"kind": ticket.kind.name(), "amount": money(ticket.amount_minor), "state": ticket.state.name()}))
        .collect();
    let mut shown = json!({
        "merchant": order.merchant.as_str(),
        "number": row.number.as_str(),
        "buyer": account,
        "label": row.label.name(),
        "labelZh": row.label.name_zh(),
        "lifecycle": axes.lifecycle.name(),
        "payment": axes.payment.name(),
        "fulfilment": axes.fulfilment.name(),
        "afterSales": axes.after_sales.name(),
        "holds": axes.holds.iter().map(Hold::name).collect::<Vec<_>>(),
        "cancelReason": order.cancel_reason.map(daybook_domain::ReasonCode::name),
        "total": money(row.total_minor),
        "captured": money(order.captured_minor),
        "excess": money(order.excess_outstanding_minor()),
        "late": money(order.late_minor - order.late_returned_minor),
        "refunded": money(order.refunded_minor),
        "lines": lines,
        "tickets": tickets,
        "tags": order.tags,
        "placedAt": format_time(order.placed_at),
        "paidAt": time(order.paid_at),
        "shippedAt": time(order.shipped_at),
        "deliveredAt": time(order.delivered_at),
        "refundedAt": time(order.refunded_at),
        "payBy": time(dues.pay_by),
        "shipVirtualBy": time(dues.ship_virtual_by),
        "collectBy": time(dues.collect_by),
        "answerRefundBy": time(dues.answer_refund_by),
        "revision": row.revision,
        "position": row.position,
    });
    if !order.breaches.is_empty() {
        let breach = |missed: &Breach| json!({"clock": missed.clock.name(), "ticket": missed.ticket});
        shown["breaches"] = order.breaches.iter().map(breach).collect();
    }
    if order.cards > 0 {
        shown["cards"] = order.cards.into();
    }
    shown
}

fn dashboard(views: &Views, currency: Currency, basis: Basis) -> Result<Value, Failure> {
    let query = DashboardQuery {
        merchant: None::<MerchantId>,
        subtree: true,
        under: None,
        from: Timestamp(0),
        // 2100-01-01: a story is over by then.
        to: Timestamp::from_seconds(4_102_444_800),
        zone: &[],
        currency,
        basis,
        merchants: 100,
    };
    let answer = views.dashboard()?.answer(&query)?;
    Ok(all_figures(&answer, currency))
}

fn all_figures(answer: &DashboardAnswer, currency: Currency) -> Value {
    let hours: Vec<_> = (0_u32..)
        .zip(&answer.by_weekday_hour)
        .filter(|(_, figures)| **figures != Figures::default())
        .map(|(cell, found)| json!({"weekday": cell / 24, "hour": cell % 24, "figures": figures(found, currency)}))
        .collect();
    let days: Vec<_> = answer
        .by_day
        .iter()
        .filter(|day| day.figures != Figures::default())
        .map(|day| json!({"day": day.number, "figures": figures(&day.figures, currency)}))
        .collect();
    let merchants: Vec<_> = answer
        .by_merchant
        .iter()
        .map(|found| json!({"merchant": found.merchant.as_str(), "figures": figures(&found.figures, currency)}))
        .collect();
    let stages: Vec<_> = answer
        .stages
        .iter()
        .filter(|stage| stage.count + stage.negative > 0)
        .map(|stage| {
            json!({
                "stage": stage.stage.name(),
                "count": stage.count,
                "negative": stage.negative,
                "medianSeconds": stage.median_seconds,
                "p90Seconds": stage.p90_seconds,
                "maxSeconds": stage.max_seconds,
            })
        })
        .collect();
    json!({
        "figures": figures(&answer.figures, currency),
        "peak": answer.peak.map(|peak| json!({"weekday": peak.weekday, "hour": peak.hour, "placed": peak.placed})),
        "byWeekdayHour": hours,
        "byDay": days,
        "byMerchant": merchants,
        "stages": stages,
    })
}

fn figures(figures: &Figures, currency: Currency) -> Value {
    json!({
        "placed": figures.placed,
        "paid": figures.paid,
        "refunded": figures.refunded,
        "paidAmount": Money::new(figures.paid_amount_minor, currency).to_string(),
        "averageOrderValue": figures.average_order_value_minor().map(|minor| Money::new(minor, currency).to_string()),
        "conversionMillionths": figures.conversion_millionths(),
        "refundRateMillionths": figures.refund_rate_millionths(),
    })
}
