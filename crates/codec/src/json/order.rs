//! Placing an order, its prices, its end.

use std::borrow::Cow;

use daybook_domain::event::{
    Adjustment, AdjustmentKind, Line, ObservationStarted, OrderCancelled, OrderCompleted, OrderPlaced, OrderReinstated,
    PriceEdited, RestCancelled, SkuKind,
};
use daybook_domain::{Currency, MerchantId, Money, OrderNumber, Sku};

use super::parts::{PayDueJson, ShipDueJson, into_merchants, merchants};
use super::shipment::ShippedLineJson;
use super::stock::{GoodsJson, goods, into_goods};
use super::text::{Opener, Sealer, Text};
use super::{JsonError, JsonForm};
use crate::shape::shapes;
use crate::values::{Amount, Called, Code, One, Time};

shapes! {
    /// An order was placed.
    struct OrderPlacedJson<'a> {
        merchant: Called<'a, MerchantId>,
        /// The merchant's ancestors when the order was placed, root first.
        ancestors: Vec<Called<'a, MerchantId>>,
        number: Called<'a, OrderNumber>,
        /// The buyer's account.
        account: Text,
        /// Name, telephone, address: a JSON object as text.
        contact: Option<Text>,
        currency: Code,
        lines: Vec<LineJson<'a>>,
        adjustments: Vec<AdjustmentJson<'a>>,
        pay_due: Option<PayDueJson>,
        /// Only for a live order of total 0, which is paid when placed.
        ship_due: Option<ShipDueJson>,
        /// What was reserved for it: the goods of which stock is counted.
        reserved: Option<Vec<GoodsJson<'a>>>,
    }

    struct LineJson<'a> {
        sku: Called<'a, Sku>,
        title: Cow<'a, str>,
        kind: One<SkuKind>,
        quantity: u32,
        unit_price: Amount,
        /// Whose goods these are, where that is not the order's merchant.
        supplier: Option<Called<'a, MerchantId>>,
        /// What the buyer typed for a top-up: a JSON object as text.
        inputs: Option<Text>,
    }

    /// Added to or taken off the sum of the lines.
    struct AdjustmentJson<'a> {
        kind: One<AdjustmentKind>,
        label: Cow<'a, str>,
        amount: Amount,
    }

    /// A line's price was edited. Amounts are minor units of the order's currency.
    struct PriceEditedJson {
        /// From 1.
        line: u16,
        old_unit_minor: i64,
        new_unit_minor: i64,
        note: Option<Text>,
    }

    /// Late money made a cancelled order live again. Amounts are minor units of the order's currency.
    struct OrderReinstatedJson {
        /// The late money that now counts as captured.
        captured_minor: i64,
        /// How much of it was above what was due.
        excess_minor: i64,
        ship_due: Option<ShipDueJson>,
    }

    /// The order was cancelled; the reason's code stands in the envelope.
    struct OrderCancelledJson {
        note: Option<Text>,
    }

    /// What was not shipped will not be.
    struct RestCancelledJson {
        lines: Vec<ShippedLineJson>,
        note: Option<Text>,
    }

    /// Everything was delivered and nothing is left to do.
    struct OrderCompletedJson {}

    /// The time in which the buyer may rate, or complain, began.
    struct ObservationStartedJson {
        until: Time,
    }
}

/// An amount of the order, which has one currency.
fn minor(field: &str, amount: Amount, currency: Currency) -> Result<i64, JsonError> {
    if amount.0.currency == currency {
        Ok(amount.0.minor)
    } else {
        Err(JsonError::new(field, format!("is in {}, the order in {currency}", amount.0.currency)))
    }
}

impl<'a> JsonForm<'a> for OrderPlacedJson<'a> {
    type Event = OrderPlaced;

    fn from_event(event: &'a OrderPlaced, opener: &mut Opener<'_>) -> Self {
        let amount = |minor| Amount(Money::new(minor, event.currency));
        let mut line = |line: &'a Line<_>| LineJson {
            sku: Called::new(&line.sku),
            title: Cow::Borrowed(&line.title),
            kind: One(line.kind),
            quantity: line.quantity,
            unit_price: amount(line.unit_minor),
            supplier: line.supplier.as_ref().map(Called::new),
            inputs: opener.maybe(line.inputs.as_ref()),
        };
        let adjustment = |adjustment: &'a Adjustment| AdjustmentJson {
            kind: One(adjustment.kind),
            label: Cow::Borrowed(&adjustment.label),
            amount: amount(adjustment.amount_minor),
        };
        Self {
            merchant: Called::new(&event.merchant),
            ancestors: merchants(&event.ancestors),
            number: Called::new(&event.number),
            currency: Code(event.currency),
            lines: event.lines.iter().map(&mut line).collect(),
            account: opener.text(&event.account),
            contact: opener.maybe(event.contact.as_ref()),
            adjustments: event.adjustments.iter().map(adjustment).collect(),
            pay_due: event.pay_due.map(Into::into),
            ship_due: event.ship_due.map(Into::into),
            reserved: (!event.reserved.is_empty()).then(|| goods(&event.reserved)),
        }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<OrderPlaced, JsonError> {
        let currency = self.currency.0;
        let mut lines = Vec::with_capacity(self.lines.len());
        for (index, line) in self.lines.into_iter().enumerate() {
            lines.push(Line {
                sku: line.sku.into_name(),
                title: line.title.into(),
                kind: line.kind.0,
                quantity: line.quantity,
                unit_minor: minor(&format!("lines[{index}].unitPrice"), line.unit_price, currency)?,
                supplier: line.supplier.map(Called::into_name),
                inputs: sealer.maybe(&format!("lines[{index}].inputs"), line.inputs)?,
            });
        }
        let mut adjustments = Vec::with_capacity(self.adjustments.len());
        for (index, adjustment) in self.adjustments.into_iter().enumerate() {
            adjustments.push(Adjustment {
                kind: adjustment.kind.0,
                label: adjustment.label.into(),
                amount_minor: minor(&format!("adjustments[{index}].amount"), adjustment.amount, currency)?,
            });
        }
        Ok(OrderPlaced {
            merchant: self.merchant.into_name(),
            ancestors: into_merchants(self.ancestors),
            number: self.number.into_name(),
            account: sealer.text("account", self.account)?,
            contact: sealer.maybe("contact", self.contact)?,
            currency,
            lines,
            adjustments,
            pay_due: self.pay_due.map(Into::into),
            ship_due: self.ship_due.map(Into::into),
            reserved: self.reserved.map(into_goods).unwrap_or_default(),
        })
    }
}

impl<'a> JsonForm<'a> for PriceEditedJson {
    type Event = PriceEdited;

    fn from_event(event: &'a PriceEdited, opener: &mut Opener<'_>) -> Self {
        Self {
            line: event.line,
            old_unit_minor: event.old_unit_minor,
            new_unit_minor: event.new_unit_minor,
            note: opener.maybe(event.note.as_ref()),
        }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<PriceEdited, JsonError> {
        Ok(PriceEdited {
            line: self.line,
            old_unit_minor: self.old_unit_minor,
            new_unit_minor: self.new_unit_minor,
            note: sealer.maybe("note", self.note)?,
        })
    }
}

impl<'a> JsonForm<'a> for OrderReinstatedJson {
    type Event = OrderReinstated;

    fn from_event(event: &'a OrderReinstated, _: &mut Opener<'_>) -> Self {
        Self {
            captured_minor: event.captured_minor,
            excess_minor: event.excess_minor,
            ship_due: event.ship_due.map(Into::into),
        }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<OrderReinstated, JsonError> {
        Ok(OrderReinstated {
            captured_minor: self.captured_minor,
            excess_minor: self.excess_minor,
            ship_due: self.ship_due.map(Into::into),
        })
    }
}

impl<'a> JsonForm<'a> for RestCancelledJson {
    type Event = RestCancelled;

    fn from_event(event: &'a RestCancelled, opener: &mut Opener<'_>) -> Self {
        let lines = event.lines.iter().copied().map(Into::into).collect();
        Self { lines, note: opener.maybe(event.note.as_ref()) }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<RestCancelled, JsonError> {
        let lines = self.lines.into_iter().map(Into::into).collect();
        Ok(RestCancelled { lines, note: sealer.maybe("note", self.note)? })
    }
}

impl<'a> JsonForm<'a> for OrderCancelledJson {
    type Event = OrderCancelled;

    fn from_event(event: &'a OrderCancelled, opener: &mut Opener<'_>) -> Self {
        Self { note: opener.maybe(event.note.as_ref()) }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<OrderCancelled, JsonError> {
        Ok(OrderCancelled { note: sealer.maybe("note", self.note)? })
    }
}

impl<'a> JsonForm<'a> for OrderCompletedJson {
    type Event = OrderCompleted;

    fn from_event(_: &'a OrderCompleted, _: &mut Opener<'_>) -> Self {
        Self {}
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<OrderCompleted, JsonError> {
        Ok(OrderCompleted {})
    }
}

impl<'a> JsonForm<'a> for ObservationStartedJson {
    type Event = ObservationStarted;

    fn from_event(event: &'a ObservationStarted, _: &mut Opener<'_>) -> Self {
        Self { until: Time(event.until) }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<ObservationStarted, JsonError> {
        Ok(ObservationStarted { until: self.until.0 })
    }
}
