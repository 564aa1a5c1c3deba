//! Placing an order, its prices, its end.

use daybook_domain::event::{
    Adjustment, AdjustmentKind, Line, ObservationStarted, OrderCancelled, OrderCompleted, OrderPlaced, OrderReinstated,
    PriceEdited, RestCancelled, ShippedLine, SkuKind,
};
use daybook_domain::{MerchantId, OrderNumber, Sealed, Sku, Timestamp};
use serde::{Deserialize, Serialize};

use super::parts::{PayDueV1, SealedV1, ShipDueV1, currency, merchant_texts, merchants, seal, unseal, variant};
use super::stock::GoodsV1;
use super::{BadField, FromWire, ToWire};

/// The first form: lines named no supplier and carried no inputs, adjustments had no label.
#[derive(Serialize, Deserialize)]
pub(crate) struct OrderPlacedV1<'a> {
    pub(crate) merchant: &'a str,
    #[serde(borrow)]
    pub(crate) ancestors: Vec<&'a str>,
    pub(crate) number: &'a str,
    #[serde(borrow)]
    pub(crate) account: SealedV1<'a>,
    #[serde(borrow)]
    pub(crate) contact: Option<SealedV1<'a>>,
    pub(crate) currency: [u8; 3],
    #[serde(borrow)]
    pub(crate) lines: Vec<LineV1<'a>>,
    pub(crate) adjustments: Vec<AdjustmentV1>,
    pub(crate) pay_due: Option<PayDueV1>,
    pub(crate) ship_due: Option<ShipDueV1>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct LineV1<'a> {
    pub(crate) sku: &'a str,
    pub(crate) title: &'a str,
    pub(crate) kind: u8,
    pub(crate) quantity: u32,
    pub(crate) unit_minor: i64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct AdjustmentV1 {
    pub(crate) kind: u8,
    pub(crate) amount_minor: i64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct OrderPlacedV2<'a> {
    merchant: &'a str,
    #[serde(borrow)]
    ancestors: Vec<&'a str>,
    number: &'a str,
    #[serde(borrow)]
    account: SealedV1<'a>,
    #[serde(borrow)]
    contact: Option<SealedV1<'a>>,
    currency: [u8; 3],
    #[serde(borrow)]
    lines: Vec<LineV2<'a>>,
    #[serde(borrow)]
    adjustments: Vec<AdjustmentV2<'a>>,
    pay_due: Option<PayDueV1>,
    ship_due: Option<ShipDueV1>,
}

/// What the form before has, and what was reserved behind it.
#[derive(Serialize, Deserialize)]
pub(crate) struct OrderPlacedV3<'a> {
    #[serde(borrow)]
    order: OrderPlacedV2<'a>,
    #[serde(borrow)]
    reserved: Vec<GoodsV1<'a>>,
}

#[derive(Serialize, Deserialize)]
struct LineV2<'a> {
    sku: &'a str,
    title: &'a str,
    kind: u8,
    quantity: u32,
    unit_minor: i64,
    supplier: Option<&'a str>,
    #[serde(borrow)]
    inputs: Option<SealedV1<'a>>,
}

#[derive(Serialize, Deserialize)]
struct AdjustmentV2<'a> {
    kind: u8,
    label: &'a str,
    amount_minor: i64,
}

impl<'a> FromWire<'a> for OrderPlacedV1<'a> {
    type Event = OrderPlaced;

    /// Upcasts: no supplier, no inputs, and a label that says what kind of adjustment it is.
    fn into_event(self) -> Result<OrderPlaced, BadField> {
        let line = |line: LineV1<'_>| {
            Ok(Line {
                sku: Sku::from_stored(line.sku),
                title: line.title.into(),
                kind: sku_kind(line.kind)?,
                quantity: line.quantity,
                unit_minor: line.unit_minor,
                supplier: None,
                inputs: None,
            })
        };
        let adjustment = |adjustment: AdjustmentV1| {
            let kind = adjustment_kind(adjustment.kind)?;
            Ok(Adjustment { kind, label: kind.name().into(), amount_minor: adjustment.amount_minor })
        };
        Ok(OrderPlaced {
            merchant: MerchantId::from_stored(self.merchant),
            ancestors: merchants(&self.ancestors),
            number: OrderNumber::from_stored(self.number),
            account: self.account.into(),
            contact: unseal(self.contact),
            currency: currency("currency", self.currency)?,
            lines: self.lines.into_iter().map(line).collect::<Result<_, _>>()?,
            adjustments: self.adjustments.into_iter().map(adjustment).collect::<Result<_, _>>()?,
            pay_due: self.pay_due.map(Into::into),
            ship_due: self.ship_due.map(Into::into),
            reserved: Vec::new(),
        })
    }
}

impl<'a> ToWire<'a> for OrderPlacedV3<'a> {
    type Event = OrderPlaced;

    fn from_event(event: &'a OrderPlaced) -> Self {
        Self { order: OrderPlacedV2::from_event(event), reserved: event.reserved.iter().map(Into::into).collect() }
    }
}

impl<'a> FromWire<'a> for OrderPlacedV3<'a> {
    type Event = OrderPlaced;

    fn into_event(self) -> Result<OrderPlaced, BadField> {
        let reserved = self.reserved.into_iter().map(Into::into).collect();
        Ok(OrderPlaced { reserved, ..self.order.into_event()? })
    }
}

impl<'a> ToWire<'a> for OrderPlacedV2<'a> {
    type Event = OrderPlaced;

    fn from_event(event: &'a OrderPlaced) -> Self {
        let line = |line: &'a Line<Sealed>| LineV2 {
            sku: line.sku.as_str(),
            title: &line.title,
            kind: line.kind as u8,
            quantity: line.quantity,
            unit_minor: line.unit_minor,
            supplier: line.supplier.as_ref().map(|id| id.as_str()),
            inputs: seal(line.inputs.as_ref()),
        };
        let adjustment = |adjustment: &'a Adjustment| AdjustmentV2 {
            kind: adjustment.kind as u8,
            label: &adjustment.label,
            amount_minor: adjustment.amount_minor,
        };
        Self {
            merchant: event.merchant.as_str(),
            ancestors: merchant_texts(&event.ancestors),
            number: event.number.as_str(),
            account: (&event.account).into(),
            contact: seal(event.contact.as_ref()),
            currency: event.currency.to_bytes(),
            lines: event.lines.iter().map(line).collect(),
            adjustments: event.adjustments.iter().map(adjustment).collect(),
            pay_due: event.pay_due.map(Into::into),
            ship_due: event.ship_due.map(Into::into),
        }
    }
}

impl<'a> FromWire<'a> for OrderPlacedV2<'a> {
    type Event = OrderPlaced;

    /// Upcasts: nothing was reserved.
    fn into_event(self) -> Result<OrderPlaced, BadField> {
        let line = |line: LineV2<'_>| {
            Ok(Line {
                sku: Sku::from_stored(line.sku),
                title: line.title.into(),
                kind: sku_kind(line.kind)?,
                quantity: line.quantity,
                unit_minor: line.unit_minor,
                supplier: line.supplier.map(MerchantId::from_stored),
                inputs: unseal(line.inputs),
            })
        };
        let adjustment = |adjustment: AdjustmentV2<'_>| {
            Ok(Adjustment {
                kind: adjustment_kind(adjustment.kind)?,
                label: adjustment.label.into(),
                amount_minor: adjustment.amount_minor,
            })
        };
        Ok(OrderPlaced {
            merchant: MerchantId::from_stored(self.merchant),
            ancestors: merchants(&self.ancestors),
            number: OrderNumber::from_stored(self.number),
            account: self.account.into(),
            contact: unseal(self.contact),
            currency: currency("currency", self.currency)?,
            lines: self.lines.into_iter().map(line).collect::<Result<_, _>>()?,
            adjustments: self.adjustments.into_iter().map(adjustment).collect::<Result<_, _>>()?,
            pay_due: self.pay_due.map(Into::into),
            ship_due: self.ship_due.map(Into::into),
            reserved: Vec::new(),
        })
    }
}

fn sku_kind(number: u8) -> Result<SkuKind, BadField> {
    variant("lines.kind", number, SkuKind::VARIANTS, |kind| kind as u8)
}

fn adjustment_kind(number: u8) -> Result<AdjustmentKind, BadField> {
    variant("adjustments.kind", number, AdjustmentKind::VARIANTS, |kind| kind as u8)
}

#[derive(Serialize, Deserialize)]
pub(crate) struct PriceEditedV1<'a> {
    line: u16,
    old_unit_minor: i64,
    new_unit_minor: i64,
    #[serde(borrow)]
    note: Option<SealedV1<'a>>,
}

impl<'a> ToWire<'a> for PriceEditedV1<'a> {
    type Event = PriceEdited;

    fn from_event(event: &'a PriceEdited) -> Self {
        Self {
            line: event.line,
            old_unit_minor: event.old_unit_minor,
            new_unit_minor: event.new_unit_minor,
            note: seal(event.note.as_ref()),
        }
    }
}

impl<'a> FromWire<'a> for PriceEditedV1<'a> {
    type Event = PriceEdited;

    fn into_event(self) -> Result<PriceEdited, BadField> {
        Ok(PriceEdited {
            line: self.line,
            old_unit_minor: self.old_unit_minor,
            new_unit_minor: self.new_unit_minor,
            note: unseal(self.note),
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct OrderReinstatedV1 {
    captured_minor: i64,
    excess_minor: i64,
    ship_due: Option<ShipDueV1>,
}

impl ToWire<'_> for OrderReinstatedV1 {
    type Event = OrderReinstated;

    fn from_event(event: &OrderReinstated) -> Self {
        Self {
            captured_minor: event.captured_minor,
            excess_minor: event.excess_minor,
            ship_due: event.ship_due.map(Into::into),
        }
    }
}

impl FromWire<'_> for OrderReinstatedV1 {
    type Event = OrderReinstated;

    fn into_event(self) -> Result<OrderReinstated, BadField> {
        Ok(OrderReinstated {
            captured_minor: self.captured_minor,
            excess_minor: self.excess_minor,
            ship_due: self.ship_due.map(Into::into),
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct OrderCancelledV1<'a> {
    #[serde(borrow)]
    note: Option<SealedV1<'a>>,
}

impl<'a> ToWire<'a> for OrderCancelledV1<'a> {
    type Event = OrderCancelled;

    fn from_event(event: &'a OrderCancelled) -> Self {
        Self { note: seal(event.note.as_ref()) }
    }
}

impl<'a> FromWire<'a> for OrderCancelledV1<'a> {
    type Event = OrderCancelled;

    fn into_event(self) -> Result<OrderCancelled, BadField> {
        Ok(OrderCancelled { note: unseal(self.note) })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct RestCancelledV1<'a> {
    /// Line and units.
    lines: Vec<(u16, u32)>,
    #[serde(borrow)]
    note: Option<SealedV1<'a>>,
}

impl<'a> ToWire<'a> for RestCancelledV1<'a> {
    type Event = RestCancelled;

    fn from_event(event: &'a RestCancelled) -> Self {
        let lines = event.lines.iter().map(|rest| (rest.line, rest.quantity)).collect();
        Self { lines, note: seal(event.note.as_ref()) }
    }
}

impl<'a> FromWire<'a> for RestCancelledV1<'a> {
    type Event = RestCancelled;

    fn into_event(self) -> Result<RestCancelled, BadField> {
        let lines = self.lines.into_iter().map(|(line, quantity)| ShippedLine { line, quantity }).collect();
        Ok(RestCancelled { lines, note: unseal(self.note) })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct OrderCompletedV1 {}

impl ToWire<'_> for OrderCompletedV1 {
    type Event = OrderCompleted;

    fn from_event(_: &OrderCompleted) -> Self {
        Self {}
    }
}

impl FromWire<'_> for OrderCompletedV1 {
    type Event = OrderCompleted;

    fn into_event(self) -> Result<OrderCompleted, BadField> {
        Ok(OrderCompleted {})
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ObservationStartedV1 {
    until: i64,
}

impl ToWire<'_> for ObservationStartedV1 {
    type Event = ObservationStarted;

    fn from_event(event: &ObservationStarted) -> Self {
        Self { until: event.until.0 }
    }
}

impl FromWire<'_> for ObservationStartedV1 {
    type Event = ObservationStarted;

    fn into_event(self) -> Result<ObservationStarted, BadField> {
        Ok(ObservationStarted { until: Timestamp(self.until) })
    }
}
