//! Stock.

use daybook_domain::event::{
    CardsDrawn, OrderRestocked, RestockRequested, StockCorrected, StockCounted, StockMarkSet, StockReceived,
    StockReleased, StockReserved, StockReturned, StockTaken,
};
use daybook_domain::stock::{Balance, Goods};
use daybook_domain::{MerchantId, Sku, StreamId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{BadField, FromWire, ToWire};

#[derive(Serialize, Deserialize)]
pub(crate) struct GoodsV1<'a> {
    sku: &'a str,
    quantity: u32,
}

impl<'a> From<&'a Goods> for GoodsV1<'a> {
    fn from(goods: &'a Goods) -> Self {
        Self { sku: goods.sku.as_str(), quantity: goods.quantity }
    }
}

impl From<GoodsV1<'_>> for Goods {
    fn from(wire: GoodsV1<'_>) -> Self {
        Self { sku: Sku::from_stored(wire.sku), quantity: wire.quantity }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct StockReceivedV1<'a> {
    merchant: &'a str,
    sku: &'a str,
    quantity: u32,
    reference: Option<&'a str>,
}

impl<'a> ToWire<'a> for StockReceivedV1<'a> {
    type Event = StockReceived;

    fn from_event(event: &'a StockReceived) -> Self {
        Self {
            merchant: event.merchant.as_str(),
            sku: event.sku.as_str(),
            quantity: event.quantity,
            reference: event.reference.as_deref(),
        }
    }
}

impl<'a> FromWire<'a> for StockReceivedV1<'a> {
    type Event = StockReceived;

    fn into_event(self) -> Result<StockReceived, BadField> {
        Ok(StockReceived {
            merchant: MerchantId::from_stored(self.merchant),
            sku: Sku::from_stored(self.sku),
            quantity: self.quantity,
            reference: self.reference.map(Into::into),
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct StockCountedV1<'a> {
    merchant: &'a str,
    sku: &'a str,
    counted: u32,
}

impl<'a> ToWire<'a> for StockCountedV1<'a> {
    type Event = StockCounted;

    fn from_event(event: &'a StockCounted) -> Self {
        Self { merchant: event.merchant.as_str(), sku: event.sku.as_str(), counted: event.counted }
    }
}

impl<'a> FromWire<'a> for StockCountedV1<'a> {
    type Event = StockCounted;

    fn into_event(self) -> Result<StockCounted, BadField> {
        Ok(StockCounted {
            merchant: MerchantId::from_stored(self.merchant),
            sku: Sku::from_stored(self.sku),
            counted: self.counted,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct StockCorrectedV1 {
    difference: i64,
}

impl ToWire<'_> for StockCorrectedV1 {
    type Event = StockCorrected;

    fn from_event(event: &StockCorrected) -> Self {
        Self { difference: event.difference }
    }
}

impl FromWire<'_> for StockCorrectedV1 {
    type Event = StockCorrected;

    fn into_event(self) -> Result<StockCorrected, BadField> {
        Ok(StockCorrected { difference: self.difference })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct StockMarkSetV1<'a> {
    merchant: &'a str,
    sku: &'a str,
    low_at: u32,
}

impl<'a> ToWire<'a> for StockMarkSetV1<'a> {
    type Event = StockMarkSet;

    fn from_event(event: &'a StockMarkSet) -> Self {
        Self { merchant: event.merchant.as_str(), sku: event.sku.as_str(), low_at: event.low_at }
    }
}

impl<'a> FromWire<'a> for StockMarkSetV1<'a> {
    type Event = StockMarkSet;

    fn into_event(self) -> Result<StockMarkSet, BadField> {
        Ok(StockMarkSet {
            merchant: MerchantId::from_stored(self.merchant),
            sku: Sku::from_stored(self.sku),
            low_at: self.low_at,
        })
    }
}

/// One struct for all kinds of bookings, which say the same.
#[derive(Serialize, Deserialize)]
pub(crate) struct BookingV1 {
    order: [u8; 16],
    quantity: u32,
    reserved: u64,
    deducted: u64,
    assigned: u64,
}

impl BookingV1 {
    fn new(order: StreamId, quantity: u32, balance: Balance) -> Self {
        let Balance { reserved, deducted, assigned } = balance;
        Self { order: order.0.into_bytes(), quantity, reserved, deducted, assigned }
    }

    fn order(&self) -> StreamId {
        StreamId(Uuid::from_bytes(self.order))
    }

    fn balance(&self) -> Balance {
        Balance { reserved: self.reserved, deducted: self.deducted, assigned: self.assigned }
    }
}

macro_rules! bookings {
    ($($wire:ident = $event:ident;)*) => {$(
        #[derive(Serialize, Deserialize)]
        pub(crate) struct $wire(BookingV1);

        impl ToWire<'_> for $wire {
            type Event = $event;

            fn from_event(event: &$event) -> Self {
                Self(BookingV1::new(event.order, event.quantity, event.balance))
            }
        }

        impl FromWire<'_> for $wire {
            type Event = $event;

            fn into_event(self) -> Result<$event, BadField> {
                Ok($event { order: self.0.order(), quantity: self.0.quantity, balance: self.0.balance() })
            }
        }
    )*};
}

bookings! {
    StockReservedV1 = StockReserved;
    StockReleasedV1 = StockReleased;
    StockTakenV1 = StockTaken;
    StockReturnedV1 = StockReturned;
    CardsDrawnV1 = CardsDrawn;
}

macro_rules! empty {
    ($($wire:ident = $event:ident;)*) => {$(
        #[derive(Serialize, Deserialize)]
        pub(crate) struct $wire {}

        impl ToWire<'_> for $wire {
            type Event = $event;

            fn from_event(_: &$event) -> Self {
                Self {}
            }
        }

        impl FromWire<'_> for $wire {
            type Event = $event;

            fn into_event(self) -> Result<$event, BadField> {
                Ok($event {})
            }
        }
    )*};
}

empty! {
    RestockRequestedV1 = RestockRequested;
    OrderRestockedV1 = OrderRestocked;
}
