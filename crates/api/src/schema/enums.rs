//! Enumerations, one for each of the domain's.

use async_graphql::Enum;

macro_rules! enums {
    ($($(#[$doc:meta])* $name:ident as $graphql:literal of $remote:literal { $($(#[$item:meta])* $variant:ident),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
        #[graphql(name = $graphql, remote = $remote)]
        pub(crate) enum $name { $($(#[$item])* $variant),* }
    )*};
}

enums! {
    /// The status that a person reads; a function of the axes.
    Label as "OrderLabel" of "daybook_domain::Label" {
        /// 待付款
        AwaitingPayment,
        /// 待发货
        ToShip,
        /// 已发货
        Shipped,
        /// 已完成
        Completed,
        /// 已取消
        Cancelled,
        /// 已退款
        Refunded,
        /// 售后中
        AfterSales,
        /// 异常
        Exception,
    }
    Lifecycle as "Lifecycle" of "daybook_domain::order::Lifecycle" { Placed, Cancelled, Completed, Closed }
    Payment as "PaymentState" of "daybook_domain::order::Payment" {
        Unpaid, Partial, Paid, Overpaid, PartlyRefunded, Refunded,
    }
    Fulfilment as "FulfilmentState" of "daybook_domain::order::Fulfilment" { None, Partial, Shipped, Delivered }
    AfterSales as "AfterSalesState" of "daybook_domain::order::AfterSales" { None, Observing, RefundOpen, Disputed }
    Hold as "Hold" of "daybook_domain::event::Hold" { Stock, Address, Payment, Risk }
    /// Why an order is kept out of the normal queue.
    ExceptionKind as "ExceptionKind" of "daybook_views::query::ExceptionKind" {
        /// Paid, and out of stock.
        Stock,
        /// An address or an account is wrong, or is to be changed.
        Address,
        /// A payment failed, or was not what it should be.
        Payment,
        Risk,
        /// A refund ticket is open.
        Refund,
    }
    /// What one event starts and another one stops.
    Clock as "Clock" of "daybook_domain::event::Clock" {
        /// Until an order must be paid: then it expires.
        Pay,
        /// Until an unpaid order's buyer is reminded.
        Remind,
        /// Until cards and top-ups must be delivered.
        ShipVirtual,
        /// Until a carrier must have collected the parcels.
        Collect,
        /// Until a refund must be approved or rejected: then the merchant is warned.
        AnswerRefund,
        /// Until it goes to the platform.
        EscalateRefund,
        /// Until an approved refund must be paid out.
        PayRefund,
        /// Until a delivered order is closed.
        Observe,
        /// Until cards are delivered without a person: at once.
        Deliver,
    }
    /// What a merchant is warned of.
    AlertKind as "AlertKind" of "daybook_domain::event::Alert" { RefundRate, Conversion, QueueAge, LowStock }
    /// Whom a dispute was decided for.
    Outcome as "DisputeOutcome" of "daybook_domain::event::Outcome" { Buyer, Merchant }
    SkuKind as "SkuKind" of "daybook_domain::event::SkuKind" {
        /// 卡密: a secret is delivered.
        Card,
        /// 直充: delivered from what the buyer typed.
        TopUp,
        Physical,
    }
    AdjustmentKind as "AdjustmentKind" of "daybook_domain::event::AdjustmentKind" {
        Discount, Freight, Fee, Tax, Correction,
    }
    RefundKind as "RefundKind" of "daybook_domain::event::RefundKind" {
        /// Money that paid for goods.
        Goods,
        /// What was paid above the order's total.
        Excess,
        /// What came after the order was cancelled.
        Late,
    }
    TicketState as "RefundState" of "daybook_domain::order::TicketState" {
        Requested, Approved, Failed, Rejected, Settled,
    }
    TrackingStatus as "TrackingStatus" of "daybook_domain::event::TrackingStatus" {
        Collected, InTransit, OutForDelivery, Delivered,
    }
    ReasonCode as "ReasonCode" of "daybook_domain::ReasonCode" {
        Other, BuyerRequest, MerchantRequest, OutOfStock, PriceError, Negotiated, Promotion, WrongItem, Damaged,
        NotAsDescribed, NotReceived, Duplicate, Fraud, Goodwill, Timeout, Overpaid, LatePayment, WrongCurrency,
        OrderCancelled, FullyRefunded, NotRefundable, Imported, PaymentFailed, WrongAccount, AddressChange, DisputeLost,
    }
    Role as "Role" of "daybook_domain::Role" {
        System, Platform, Owner, Clerk, Support, Auditor, Analyst, Buyer, Webhook, Importer,
    }
    /// What a job does to each order.
    JobKind as "JobKind" of "daybook_domain::job::JobKind" {
        Ship, DeliverCards, RecordTracking, Cancel, AddNote, AddTag, EditPrice, ApproveRefunds, SettleRefunds,
    }
    /// How far a job is.
    JobState as "JobState" of "daybook_domain::job::JobState" {
        /// Its selection is being written down.
        Opening,
        /// Every order is looked at, for the preview.
        Previewing,
        /// Until it is started or cancelled.
        Waiting,
        /// Every order is looked at before anything is done.
        Checking,
        Running,
        Done,
        /// Orders refused when they were looked at: nothing was done.
        Refused,
        Cancelled,
    }
    /// What an order's refusal means for the others.
    ErrorPolicy as "ErrorPolicy" of "daybook_domain::job::ErrorPolicy" {
        /// Every order is looked at first: if any refuses, nothing is done.
        RejectAll,
        /// One refusal never stops the others.
        SkipRefused,
    }
    /// Why a job was cancelled.
    CancelCause as "JobCancelCause" of "daybook_domain::job::CancelCause" {
        /// Somebody asked for it.
        Asked,
        /// The token that it was opened with was revoked.
        TokenRevoked,
        /// With REJECT_ALL: an order refused that had not when all were looked at.
        Refusal,
        /// The server ended before the selection was whole: nothing was done.
        Incomplete,
    }
    ExportKind as "ExportKind" of "daybook_domain::export::ExportKind" { Orders, Events }
    ExportFormat as "ExportFormat" of "daybook_domain::export::ExportFormat" { Xlsx, Csv, Jsonl }
    Origin as "Origin" of "daybook_domain::Origin" { Live, Import, System }
    Stage as "Stage" of "daybook_domain::posting::Stage" {
        PlacedToPaid, PaidToShipped, ShippedToDelivered, RefundRequestedToApproved, RefundApprovedToSettled,
    }
    /// A figure that is a sum of what events contribute.
    Metric as "Metric" of "daybook_domain::posting::Metric" {
        PlacedOrders,
        /// Captured in full for the first time.
        PaidOrders,
        /// With a settled refund of goods.
        RefundedOrders,
        /// Captured, less what was paid above the total, before refunds.
        PaidAmount,
        DeliveredOrders,
        /// Delivered, and nobody of the shop did anything to them before.
        UnattendedOrders,
        /// Once in the exception queue, or still there.
        ExceptionOrders,
        /// Refunds of goods that were asked for.
        RefundRequests,
        /// Refunds that were approved or rejected, of those that a clock ran for.
        AnsweredRefunds,
        RefundsAnsweredInTime,
        ShipVirtualBreaches,
        CollectBreaches,
        AnswerRefundBreaches,
        EscalateRefundBreaches,
        PayRefundBreaches,
    }
    /// Where in time a contribution counts.
    Basis as "Basis" of "daybook_views::query::Basis" {
        /// Where its order was placed.
        Cohort,
        /// Where the event happened: past periods never change.
        Booked,
    }
}

/// Whether the merchants below a merchant count too, as the tree was when each order was placed.
#[derive(Clone, Copy, Debug, Default, Enum, PartialEq, Eq)]
pub(crate) enum Scope {
    #[default]
    Own,
    Subtree,
}

impl Scope {
    pub(crate) fn is_subtree(self) -> bool {
        self == Scope::Subtree
    }
}

#[derive(Clone, Copy, Debug, Default, Enum, PartialEq, Eq)]
pub(crate) enum SortDirection {
    Asc,
    #[default]
    Desc,
}

#[derive(Clone, Copy, Debug, Default, Enum, PartialEq, Eq)]
pub(crate) enum OrderSortField {
    #[default]
    PlacedAt,
    /// By currency, then by total.
    Amount,
}
