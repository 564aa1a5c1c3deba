//! The fields of each action, in the order in which they are written. The canonical form is made of these, so to move,
//! rename or retype a field makes the same command look like another one: add optional fields only.

use std::borrow::Cow;

use daybook_domain::event::{AdjustmentKind, Clock, Hold, Outcome, RefundKind, SkuKind, TrackingStatus};
use daybook_domain::{MerchantId, OrderNumber, ReasonCode, Sku, Tag};

use super::object::Object;
use crate::json::shipment::ShippedLineJson;
use crate::shape::shapes;
use crate::values::{Amount, Called, Code, Decimal, Id, One, Time};

/// What is done to an order that exists: the fields of its own stand between the order's name and the source.
macro_rules! order_lines {
    ($(
        $(#[doc = $doc:literal])*
        struct $name:ident<$life:lifetime> {
            $($(#[doc = $field_doc:literal])* $field:ident: $type:ty,)*
        }
    )*) => {
        shapes! {$(
            $(#[doc = $doc])*
            struct $name<$life> {
                action: Cow<$life, str>,
                /// When it happened.
                at: Option<Time>,
                /// The order's id; or else `merchant` and `number`.
                order: Option<Id>,
                merchant: Option<Called<$life, MerchantId>>,
                number: Option<Called<$life, OrderNumber>>,
                $($(#[doc = $field_doc])* $field: $type,)*
                /// The source's own id of this line: the same line is imported once, wherever it stands.
                source: Option<Cow<$life, str>>,
            }
        )*}
    };
}

shapes! {
    /// A merchant joins.
    struct RegisterMerchantLine<'a> {
        action: Cow<'a, str>,
        /// When it happened.
        at: Option<Time>,
        id: Called<'a, MerchantId>,
        name: Cow<'a, str>,
        parent: Option<Called<'a, MerchantId>>,
        /// The source's own id of this line: the same line is imported once, wherever it stands.
        source: Option<Cow<'a, str>>,
    }

    /// An order is placed.
    struct PlaceLine<'a> {
        action: Cow<'a, str>,
        /// When it happened.
        at: Option<Time>,
        merchant: Called<'a, MerchantId>,
        /// Made up when absent.
        number: Option<Called<'a, OrderNumber>>,
        buyer: BuyerLine<'a>,
        currency: Code,
        lines: Vec<GoodsLine<'a>>,
        adjustments: Option<Vec<AdjustmentLine<'a>>>,
        /// The source's own id of this line: the same line is imported once, wherever it stands.
        source: Option<Cow<'a, str>>,
    }

    /// Stock comes in; from the first time on it is counted.
    struct ReceiveStockLine<'a> {
        action: Cow<'a, str>,
        /// When it happened.
        at: Option<Time>,
        merchant: Called<'a, MerchantId>,
        sku: Called<'a, Sku>,
        quantity: u32,
        /// Of a delivery note, for one.
        reference: Option<Cow<'a, str>>,
        /// The source's own id of this line: the same line is imported once, wherever it stands.
        source: Option<Cow<'a, str>>,
    }

    /// Somebody counts what no paid order has.
    struct CountStockLine<'a> {
        action: Cow<'a, str>,
        /// When it happened.
        at: Option<Time>,
        merchant: Called<'a, MerchantId>,
        sku: Called<'a, Sku>,
        counted: u32,
        /// The source's own id of this line: the same line is imported once, wherever it stands.
        source: Option<Cow<'a, str>>,
    }

    /// From how few free units on the stock is low.
    struct SetStockMarkLine<'a> {
        action: Cow<'a, str>,
        /// When it happened.
        at: Option<Time>,
        merchant: Called<'a, MerchantId>,
        sku: Called<'a, Sku>,
        low_at: u32,
        /// The source's own id of this line: the same line is imported once, wherever it stands.
        source: Option<Cow<'a, str>>,
    }

    struct BuyerLine<'a> {
        /// The same account is the same buyer, within one tree of merchants.
        account: Cow<'a, str>,
        /// Name, telephone, address: members as the source has them.
        contact: Option<Object<'a>>,
    }

    struct GoodsLine<'a> {
        sku: Called<'a, Sku>,
        title: Cow<'a, str>,
        kind: One<SkuKind>,
        quantity: u32,
        /// In the order's currency.
        unit_price: Decimal<'a>,
        /// Whose goods these are, where that is not the order's merchant.
        supplier: Option<Called<'a, MerchantId>>,
        /// What the buyer typed for a top-up.
        inputs: Option<Object<'a>>,
    }

    /// Added to or taken off the sum of the lines.
    struct AdjustmentLine<'a> {
        kind: One<AdjustmentKind>,
        label: Cow<'a, str>,
        /// In the order's currency; below zero for what is taken off.
        amount: Decimal<'a>,
    }

    struct NewInputsLine<'a> {
        /// From 1.
        line: u16,
        inputs: Object<'a>,
    }

    struct PriceLine {
        /// From 1.
        line: u16,
        unit_price: Amount,
    }

    struct ReasonLine<'a> {
        code: One<ReasonCode>,
        text: Option<Cow<'a, str>>,
    }
}

order_lines! {
    /// Prices are edited, while nothing is paid.
    struct EditPriceLine<'a> {
        prices: Vec<PriceLine>,
        reason: ReasonLine<'a>,
    }

    /// Money came in.
    struct RecordPaymentLine<'a> {
        provider: Cow<'a, str>,
        /// Counts once within one tree of merchants.
        trade_number: Cow<'a, str>,
        amount: Amount,
    }

    /// The buyer tried to pay and could not.
    struct FailPaymentLine<'a> {
        provider: Cow<'a, str>,
        failure: Cow<'a, str>,
        note: Option<Cow<'a, str>>,
    }

    /// The order was not paid in time.
    struct ExpireLine<'a> {}

    /// The buyer is reminded to pay.
    struct RemindLine<'a> {}

    /// The observation is over.
    struct CloseLine<'a> {}

    /// A clock was missed.
    struct BreachLine<'a> {
        clock: One<Clock>,
        ticket: Option<u16>,
    }

    /// Every card that the order lacks goes out.
    struct DeliverCardsLine<'a> {}

    /// Somebody sees the secrets.
    struct RevealCardsLine<'a> {}

    /// Units of a top-up were delivered.
    struct CompleteTopUpLine<'a> {
        line: Option<u16>,
        quantity: Option<u32>,
    }

    /// A top-up could not be delivered.
    struct FailTopUpLine<'a> {
        line: Option<u16>,
        failure: Cow<'a, str>,
        wrong_account: bool,
        note: Option<Cow<'a, str>>,
    }

    /// Another address or account is asked for.
    struct RequestAddressChangeLine<'a> {
        contact: Option<Object<'a>>,
        inputs: Option<Vec<NewInputsLine<'a>>>,
        reason: Option<ReasonLine<'a>>,
    }

    /// It holds from now on.
    struct ApproveAddressChangeLine<'a> {
        note: Option<Cow<'a, str>>,
    }

    /// It stays as it was.
    struct RejectAddressChangeLine<'a> {
        reason: ReasonLine<'a>,
    }

    /// Buyer and merchant do not agree.
    struct OpenDisputeLine<'a> {
        reason: ReasonLine<'a>,
    }

    /// Somebody says what speaks for one of them.
    struct AddEvidenceLine<'a> {
        text: Cow<'a, str>,
    }

    /// Somebody reads it.
    struct ReadEvidenceLine<'a> {}

    /// Somebody sees who the buyer is.
    struct RevealContactLine<'a> {
        reason: ReasonLine<'a>,
    }

    /// Somebody decides.
    struct ResolveDisputeLine<'a> {
        outcome: One<Outcome>,
        refund: Option<Amount>,
        reason: ReasonLine<'a>,
    }

    /// The order is cancelled.
    struct CancelLine<'a> {
        reason: ReasonLine<'a>,
    }

    /// What was not shipped will not be.
    struct CancelRestLine<'a> {
        reason: ReasonLine<'a>,
    }

    /// The order is taken out of the normal queue.
    struct PlaceHoldLine<'a> {
        hold: One<Hold>,
        reason: Option<ReasonLine<'a>>,
    }

    /// The hold is gone.
    struct ReleaseHoldLine<'a> {
        hold: One<Hold>,
        reason: Option<ReasonLine<'a>>,
    }

    /// Goods left the merchant.
    struct ConfirmShipmentLine<'a> {
        /// All that is not shipped yet, when absent.
        lines: Option<Vec<ShippedLineJson>>,
        carrier: Option<Cow<'a, str>>,
        tracking_number: Option<Cow<'a, str>>,
    }

    /// A carrier saw the parcel.
    struct RecordTrackingLine<'a> {
        /// From 1; may be absent while the order has one shipment.
        shipment: Option<u16>,
        /// The carrier's id of this checkpoint, unique within the order.
        checkpoint: Cow<'a, str>,
        status: One<TrackingStatus>,
        place: Option<Cow<'a, str>>,
    }

    /// Money is asked back.
    struct RequestRefundLine<'a> {
        /// Absent: the excess, where there is one that covers the amount; else goods.
        kind: Option<One<RefundKind>>,
        /// All that may be refunded, when absent.
        amount: Option<Amount>,
        reason: ReasonLine<'a>,
    }

    /// The money may go back.
    struct ApproveRefundLine<'a> {
        /// From 1; may be absent while one ticket is open.
        ticket: Option<u16>,
        note: Option<Cow<'a, str>>,
    }

    /// The money does not go back.
    struct RejectRefundLine<'a> {
        ticket: Option<u16>,
        reason: ReasonLine<'a>,
    }

    /// The money went back.
    struct SettleRefundLine<'a> {
        ticket: Option<u16>,
        provider: Option<Cow<'a, str>>,
        trade_number: Option<Cow<'a, str>>,
    }

    /// Paying out failed.
    struct FailRefundLine<'a> {
        ticket: Option<u16>,
        failure: Cow<'a, str>,
        note: Option<Cow<'a, str>>,
    }

    /// A note is written.
    struct AddNoteLine<'a> {
        text: Cow<'a, str>,
    }

    /// A tag is put on the order.
    struct AddTagLine<'a> {
        tag: Called<'a, Tag>,
    }

    /// The buyer rates the order.
    struct RateLine<'a> {
        /// 1 (worst) to 5.
        score: u8,
        comment: Option<Cow<'a, str>>,
    }
}
