//! What is odd in the source: counted by class, imported all the same.

use super::tables::OlistOrder;
use crate::import::report::Report;

pub(super) fn count(order: &OlistOrder, report: &mut Report) {
    let head = &order.head;
    let is_delivered = &*head.status == "delivered";
    let earlier = |a: Option<_>, b: Option<_>| matches!((a, b), (Some(a), Some(b)) if a < b);
    let sellers = order.items.iter().any(|item| item.seller != order.items[0].seller);
    let classes = [
        (order.items.is_empty(), "orders without items"),
        (order.payments.is_empty(), "orders without payment"),
        (sellers, "orders with several sellers"),
        (order.payments.len() > 1, "orders with several payments"),
        (order.reviews.is_empty(), "orders without review"),
        (order.reviews.len() > 1, "orders with several reviews"),
        (
            !order.items.is_empty() && !order.payments.is_empty() && order.paid_minor() != order.goods_minor(),
            "orders whose payments differ from items and freight",
        ),
        (earlier(head.carrier, head.approval), "carrier before approval"),
        (earlier(head.carrier, Some(head.purchase)), "carrier before purchase"),
        (earlier(head.customer, head.carrier), "delivered before carrier"),
        (is_delivered && head.approval.is_none(), "delivered without approval time"),
        (is_delivered && head.carrier.is_none(), "delivered without carrier time"),
        (is_delivered && head.customer.is_none(), "delivered without customer time"),
        (&*head.status == "canceled", "cancelled without a time of its own: latest known time taken"),
        (&*head.status == "unavailable", "unavailable without a time of its own: latest known time taken"),
        (
            &*head.status == "canceled" && head.is_paid() && order.paid_minor() > 0,
            "cancelled although paid, no refund in the source",
        ),
        (&*head.status != "delivered" && head.customer.is_some(), "customer time although not delivered"),
        (!head.is_paid() && order.paid_minor() > 0, "orders with payments that nothing confirms: left unpaid"),
    ];
    for (found, class) in classes {
        if found {
            report.anomaly(class);
        }
    }
    for payment in &order.payments {
        if payment.value_minor == 0 {
            report.anomaly("payments of value 0: no event");
        }
    }
    for review in &order.reviews {
        if review.created.is_none() {
            report.anomaly("reviews without creation date");
        }
        if review.answered.is_none() {
            report.anomaly("reviews without answer time");
        }
    }
}
