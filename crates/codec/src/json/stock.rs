//! Stock.

use std::borrow::Cow;

use daybook_domain::event::{
    CardsDrawn, OrderRestocked, RestockRequested, StockCorrected, StockCounted, StockMarkSet, StockReceived,
    StockReleased, StockReserved, StockReturned, StockTaken,
};
use daybook_domain::stock::{Balance, Goods};
use daybook_domain::{MerchantId, Sku, StreamId};

use super::text::{Opener, Sealer};
use super::{JsonError, JsonForm};
use crate::shape::shapes;
use crate::values::{Called, Id};

shapes! {
    /// Units of one SKU.
    struct GoodsJson<'a> {
        sku: Called<'a, Sku>,
        quantity: u32,
    }

    /// Stock came in.
    struct StockReceivedJson<'a> {
        merchant: Called<'a, MerchantId>,
        sku: Called<'a, Sku>,
        quantity: u32,
        /// Of a delivery note, for one.
        reference: Option<Cow<'a, str>>,
    }

    /// Somebody counted what no paid order has.
    struct StockCountedJson<'a> {
        merchant: Called<'a, MerchantId>,
        sku: Called<'a, Sku>,
        counted: u32,
    }

    /// What was counted differs from what the log said by so many units.
    struct StockCorrectedJson {
        difference: i64,
    }

    /// From how few free units on the stock is low.
    struct StockMarkSetJson<'a> {
        merchant: Called<'a, MerchantId>,
        sku: Called<'a, Sku>,
        low_at: u32,
    }

    /// What orders have of a SKU after the event, in units.
    struct BalanceJson {
        /// For orders that are not paid, or that wait for stock.
        reserved: u64,
        /// For paid orders.
        deducted: u64,
        /// Cards that were ever assigned to an order.
        assigned: u64,
    }

    /// Units are kept for an order that was placed.
    struct StockReservedJson {
        order: Id,
        quantity: u32,
        balance: BalanceJson,
    }

    /// An order that had only reserved some was cancelled.
    struct StockReleasedJson {
        order: Id,
        quantity: u32,
        balance: BalanceJson,
    }

    /// An order was paid: what was reserved for it is its own.
    struct StockTakenJson {
        order: Id,
        quantity: u32,
        balance: BalanceJson,
    }

    /// An order that had taken some gave them back: they are free again.
    struct StockReturnedJson {
        order: Id,
        quantity: u32,
        balance: BalanceJson,
    }

    /// Cards of an order were drawn: the oldest that were left. Units that nobody had booked are taken with them.
    struct CardsDrawnJson {
        order: Id,
        quantity: u32,
        balance: BalanceJson,
    }

    /// The order is paid, and there is too little of its goods: it waits until stock comes.
    struct RestockRequestedJson {}

    /// The goods that the order waited for are its own now.
    struct OrderRestockedJson {}
}

pub(super) fn goods(goods: &[Goods]) -> Vec<GoodsJson<'_>> {
    goods.iter().map(|goods| GoodsJson { sku: Called::new(&goods.sku), quantity: goods.quantity }).collect()
}

pub(super) fn into_goods(json: Vec<GoodsJson<'_>>) -> Vec<Goods> {
    json.into_iter().map(|goods| Goods { sku: goods.sku.into_name(), quantity: goods.quantity }).collect()
}

impl<'a> JsonForm<'a> for StockReceivedJson<'a> {
    type Event = StockReceived;

    fn from_event(event: &'a StockReceived, _: &mut Opener<'_>) -> Self {
        Self {
            merchant: Called::new(&event.merchant),
            sku: Called::new(&event.sku),
            quantity: event.quantity,
            reference: event.reference.as_deref().map(Cow::Borrowed),
        }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<StockReceived, JsonError> {
        Ok(StockReceived {
            merchant: self.merchant.into_name(),
            sku: self.sku.into_name(),
            quantity: self.quantity,
            reference: self.reference.map(Into::into),
        })
    }
}

impl<'a> JsonForm<'a> for StockCountedJson<'a> {
    type Event = StockCounted;

    fn from_event(event: &'a StockCounted, _: &mut Opener<'_>) -> Self {
        Self { merchant: Called::new(&event.merchant), sku: Called::new(&event.sku), counted: event.counted }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<StockCounted, JsonError> {
        Ok(StockCounted { merchant: self.merchant.into_name(), sku: self.sku.into_name(), counted: self.counted })
    }
}

impl<'a> JsonForm<'a> for StockCorrectedJson {
    type Event = StockCorrected;

    fn from_event(event: &'a StockCorrected, _: &mut Opener<'_>) -> Self {
        Self { difference: event.difference }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<StockCorrected, JsonError> {
        Ok(StockCorrected { difference: self.difference })
    }
}

impl<'a> JsonForm<'a> for StockMarkSetJson<'a> {
    type Event = StockMarkSet;

    fn from_event(event: &'a StockMarkSet, _: &mut Opener<'_>) -> Self {
        Self { merchant: Called::new(&event.merchant), sku: Called::new(&event.sku), low_at: event.low_at }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<StockMarkSet, JsonError> {
        Ok(StockMarkSet { merchant: self.merchant.into_name(), sku: self.sku.into_name(), low_at: self.low_at })
    }
}

impl From<Balance> for BalanceJson {
    fn from(balance: Balance) -> Self {
        Self { reserved: balance.reserved, deducted: balance.deducted, assigned: balance.assigned }
    }
}

impl From<BalanceJson> for Balance {
    fn from(json: BalanceJson) -> Self {
        Self { reserved: json.reserved, deducted: json.deducted, assigned: json.assigned }
    }
}

macro_rules! bookings {
    ($($json:ident = $event:ident;)*) => {$(
        impl<'a> JsonForm<'a> for $json {
            type Event = $event;

            fn from_event(event: &'a $event, _: &mut Opener<'_>) -> Self {
                Self { order: event.order.into(), quantity: event.quantity, balance: event.balance.into() }
            }

            fn into_event(self, _: &mut Sealer<'_>) -> Result<$event, JsonError> {
                Ok($event { order: StreamId(self.order.0), quantity: self.quantity, balance: self.balance.into() })
            }
        }
    )*};
}

bookings! {
    StockReservedJson = StockReserved;
    StockReleasedJson = StockReleased;
    StockTakenJson = StockTaken;
    StockReturnedJson = StockReturned;
    CardsDrawnJson = CardsDrawn;
}

macro_rules! empty {
    ($($json:ident = $event:ident;)*) => {$(
        impl<'a> JsonForm<'a> for $json {
            type Event = $event;

            fn from_event(_: &'a $event, _: &mut Opener<'_>) -> Self {
                Self {}
            }

            fn into_event(self, _: &mut Sealer<'_>) -> Result<$event, JsonError> {
                Ok($event {})
            }
        }
    )*};
}

empty! {
    RestockRequestedJson = RestockRequested;
    OrderRestockedJson = OrderRestocked;
}
