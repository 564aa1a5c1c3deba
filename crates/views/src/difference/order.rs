//! Orders, by the order in which they came.

use super::{Fields, ROWS, RowDifference, difference, time, time_or_none};
use crate::Row as RowNumber;
use crate::list::OrderList;
use crate::orders::Orders;
use crate::query::Row;
use crate::views::Views;

pub(super) fn differences(before: &Views, after: &Views, part: usize) -> Option<Vec<RowDifference>> {
    let from = part * ROWS;
    let until = before.orders.len().max(after.orders.len());
    let rows = (from..until.min(from + ROWS)).filter_map(|row| RowNumber::try_from(row).ok());
    (from < until).then(|| rows.filter_map(|row| of(before, after, row)).collect())
}

fn of(before: &Views, after: &Views, row: RowNumber) -> Option<RowDifference> {
    let at = row as usize;
    let (old, new) = (&before.orders, &after.orders);
    let same = |old: &Views, new: &Views| {
        old.orders.packed.get(row) == new.orders.packed.get(row)
            && listed(old, at) == listed(new, at)
            && old.orders.placed_at[at] == new.orders.placed_at[at]
    };
    let both = at < old.len() && at < new.len();
    // The words cost a hundred times as much.
    if both && same(before, after) {
        return None;
    }
    let name = if at < new.len() { new } else { old };
    let name = format!("{}/{}", name.merchant_of(row), &*name.number(row));
    difference(name, words(before, row), words(after, row))
}

/// As what the indexes hold it: its class, and its total.
fn listed(views: &Views, at: usize) -> (Option<u64>, Option<i64>) {
    let index = &views.registry.list.view;
    let row = RowNumber::try_from(at).ok().filter(|_| at < index.class.len());
    (index.class.get(at).map(|class| u64::from(*class)), row.map(|row| index.total.get(row)))
}

fn words(views: &Views, row: RowNumber) -> Option<Fields> {
    let orders: &Orders = &views.orders;
    if row as usize >= orders.len() {
        return None;
    }
    let found = OrderList::row_of(orders, row);
    let dues = found.dues();
    let Row { id, number: _, order, lines, label, total_minor, revision, position } = found;
    let what: Vec<String> = lines
        .iter()
        .zip(&order.lines)
        .map(|(line, state)| {
            format!("{}x {} shipped {} cancelled {}", state.quantity, line.sku, state.shipped, state.cancelled)
        })
        .collect();
    let holds: Vec<&str> = order.holds.iter().map(|hold| hold.name()).collect();
    let tickets: Vec<String> =
        order.tickets.iter().map(|ticket| format!("{:?} {}", ticket.state, ticket.amount_minor)).collect();
    let axes = order.axes();
    let (class, total) = listed(views, row as usize);
    Some(vec![
        ("id", id.to_string()),
        ("label", label.name().to_owned()),
        ("lifecycle", axes.lifecycle.name().to_owned()),
        ("payment", axes.payment.name().to_owned()),
        ("fulfilment", axes.fulfilment.name().to_owned()),
        ("afterSales", axes.after_sales.name().to_owned()),
        ("holds", holds.join(" ")),
        ("total", format!("{total_minor} {}", order.currency)),
        ("captured", order.captured_minor.to_string()),
        ("refunded", order.refunded_minor.to_string()),
        ("lines", what.join("; ")),
        ("refunds", tickets.join("; ")),
        ("tags", order.tags.join(" ")),
        ("placedAt", time(order.placed_at)),
        ("payBy", time_or_none(order.pay_due.map(|due| due.pay_by))),
        ("revision", revision.to_string()),
        ("position", position.to_string()),
        // Whatever else there is: no difference goes unseen for want of a name.
        ("rest", format!("class {class:?} total {total:?} {dues:?} {order:?}")),
    ])
}
