//! The status that a person reads: a pure function of an order's axes, never stored as truth.

use crate::order::{AfterSales, Axes, Fulfilment, Lifecycle, Payment};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Label {
    AwaitingPayment,
    ToShip,
    Shipped,
    Completed,
    Cancelled,
    Refunded,
    AfterSales,
    Exception,
}

impl Label {
    pub const ALL: [Label; 8] = [
        Label::AwaitingPayment,
        Label::ToShip,
        Label::Shipped,
        Label::Completed,
        Label::Cancelled,
        Label::Refunded,
        Label::AfterSales,
        Label::Exception,
    ];

    /// The first rule that matches.
    pub fn of(axes: Axes) -> Label {
        if matches!(axes.after_sales, AfterSales::RefundOpen | AfterSales::Disputed) {
            Label::AfterSales
        } else if !axes.holds.is_empty() {
            Label::Exception
        } else if axes.lifecycle == Lifecycle::Cancelled {
            Label::Cancelled
        } else if axes.payment == Payment::Refunded {
            Label::Refunded
        } else if axes.fulfilment == Fulfilment::Delivered
            || matches!(axes.lifecycle, Lifecycle::Completed | Lifecycle::Closed)
        {
            Label::Completed
        } else if axes.fulfilment == Fulfilment::Shipped {
            Label::Shipped
        } else if matches!(axes.payment, Payment::Paid | Payment::Overpaid | Payment::PartlyRefunded) {
            Label::ToShip
        } else {
            Label::AwaitingPayment
        }
    }

    /// The name in JSON, GraphQL and histories.
    pub fn name(self) -> &'static str {
        match self {
            Label::AwaitingPayment => "AWAITING_PAYMENT",
            Label::ToShip => "TO_SHIP",
            Label::Shipped => "SHIPPED",
            Label::Completed => "COMPLETED",
            Label::Cancelled => "CANCELLED",
            Label::Refunded => "REFUNDED",
            Label::AfterSales => "AFTER_SALES",
            Label::Exception => "EXCEPTION",
        }
    }

    pub fn name_zh(self) -> &'static str {
        match self {
            Label::AwaitingPayment => "待付款",
            Label::ToShip => "待发货",
            Label::Shipped => "已发货",
            Label::Completed => "已完成",
            Label::Cancelled => "已取消",
            Label::Refunded => "已退款",
            Label::AfterSales => "售后中",
            Label::Exception => "异常",
        }
    }
}
