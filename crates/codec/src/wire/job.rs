//! Jobs.

use daybook_domain::event::{
    JobAdvanced, JobCancelled, JobChecked, JobFinished, JobOpened, JobPreviewed, JobSelected, JobStarted,
    TrackingStatus,
};
use daybook_domain::job::{
    CancelCause, ErrorPolicy, JobKind, JobPrice, JobRow, PriceOf, RefusalCount, Refusals, RowOrder,
};
use daybook_domain::{MerchantId, Money, OrderNumber, ReasonCode, Sealed, Sku, Slot, StreamId, Tag, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::parts::{currency, variant};
use super::{BadField, FromWire, ToWire};
use crate::error::FieldProblem;
use crate::flat::Flat;

#[derive(Serialize, Deserialize)]
struct JobPriceV1 {
    line: Option<u16>,
    sku: Option<String>,
    unit_minor: i64,
    currency: [u8; 3],
}

impl From<JobPrice> for JobPriceV1 {
    fn from(price: JobPrice) -> Self {
        let (line, sku) = match price.of {
            PriceOf::Line(line) => (Some(line), None),
            PriceOf::Sku(sku) => (None, Some(sku.as_str().to_owned())),
        };
        Self { line, sku, unit_minor: price.unit.minor, currency: price.unit.currency.to_bytes() }
    }
}

impl JobPriceV1 {
    fn into_price(self) -> Result<JobPrice, BadField> {
        let of = match (self.line, self.sku) {
            (Some(line), None) => PriceOf::Line(line),
            (None, Some(sku)) => PriceOf::Sku(Sku::from_stored(&sku)),
            (Some(_), Some(_)) | (None, None) => {
                return Err(BadField { field: "prices", problem: FieldProblem::Missing });
            }
        };
        Ok(JobPrice { of, unit: Money::new(self.unit_minor, currency("prices", self.currency)?) })
    }
}

#[derive(Serialize, Deserialize)]
struct JobTextV1 {
    slot: u32,
    bytes: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct JobOpenedV1 {
    kind: u8,
    carrier: Option<String>,
    tracking_number: Option<String>,
    checkpoint: Option<String>,
    status: Option<u8>,
    occurred_at: Option<i64>,
    tag: Option<String>,
    prices: Vec<JobPriceV1>,
    provider: Option<String>,
    reason: Option<u16>,
    text: Option<JobTextV1>,
    policy: u8,
    merchant: Option<String>,
    selected_at: u64,
    total: u32,
    waits: bool,
    token: Option<[u8; 16]>,
}

fn owned(text: Option<Box<str>>) -> Option<String> {
    text.map(Into::into)
}

impl ToWire<'_> for JobOpenedV1 {
    type Event = JobOpened;

    fn from_event(event: &JobOpened) -> Self {
        let flat = Flat::of(&event.action);
        Self {
            kind: event.action.kind() as u8,
            carrier: owned(flat.carrier),
            tracking_number: owned(flat.tracking_number),
            checkpoint: owned(flat.checkpoint),
            status: flat.status.map(|status| status as u8),
            occurred_at: flat.occurred_at.map(|at| at.0),
            tag: flat.tag.map(|tag| tag.as_str().to_owned()),
            prices: flat.prices.into_iter().map(Into::into).collect(),
            provider: owned(flat.provider),
            reason: flat.reason.map(ReasonCode::code),
            text: flat.text.map(|text| JobTextV1 { slot: text.slot.0, bytes: text.bytes }),
            policy: event.policy as u8,
            merchant: event.merchant.as_ref().map(|id| id.as_str().to_owned()),
            selected_at: event.selected_at,
            total: event.total,
            waits: event.waits,
            token: event.token.map(|token| token.0.into_bytes()),
        }
    }
}

impl FromWire<'_> for JobOpenedV1 {
    type Event = JobOpened;

    fn into_event(self) -> Result<JobOpened, BadField> {
        let kind = variant("kind", self.kind, JobKind::VARIANTS, |kind| kind as u8)?;
        let status = self
            .status
            .map(|status| variant("status", status, TrackingStatus::VARIANTS, |status| status as u8))
            .transpose()?;
        let reason = self
            .reason
            .map(|code| {
                let unknown = BadField { field: "reason", problem: FieldProblem::UnknownNumber(code.to_le_bytes()[0]) };
                ReasonCode::from_code(code).ok_or(unknown)
            })
            .transpose()?;
        let flat = Flat {
            carrier: self.carrier.map(Into::into),
            tracking_number: self.tracking_number.map(Into::into),
            checkpoint: self.checkpoint.map(Into::into),
            status,
            occurred_at: self.occurred_at.map(Timestamp),
            tag: self.tag.as_deref().map(Tag::from_stored),
            prices: self.prices.into_iter().map(JobPriceV1::into_price).collect::<Result<_, _>>()?,
            provider: self.provider.map(Into::into),
            reason,
            text: self.text.map(|text| Sealed { slot: Slot(text.slot), bytes: text.bytes }),
        };
        let missing = |field| BadField { field, problem: FieldProblem::Missing };
        Ok(JobOpened {
            action: flat.into_action(kind).map_err(missing)?,
            policy: variant("policy", self.policy, ErrorPolicy::VARIANTS, |policy| policy as u8)?,
            merchant: self.merchant.as_deref().map(MerchantId::from_stored),
            selected_at: self.selected_at,
            total: self.total,
            waits: self.waits,
            token: self.token.map(|token| StreamId(Uuid::from_bytes(token))),
        })
    }
}

#[derive(Serialize, Deserialize)]
enum RowOrderV1<'a> {
    Known([u8; 16]),
    #[serde(borrow)]
    Unknown(&'a str),
    Ambiguous(&'a str),
}

#[derive(Serialize, Deserialize)]
struct JobRowV1<'a> {
    #[serde(borrow)]
    order: RowOrderV1<'a>,
    ticket: Option<u16>,
    carrier: Option<&'a str>,
    tracking_number: Option<&'a str>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct JobSelectedV1<'a> {
    first: u32,
    #[serde(borrow)]
    rows: Vec<JobRowV1<'a>>,
}

impl<'a> ToWire<'a> for JobSelectedV1<'a> {
    type Event = JobSelected;

    fn from_event(event: &'a JobSelected) -> Self {
        let row = |row: &'a JobRow| JobRowV1 {
            order: match &row.order {
                RowOrder::Known(order) => RowOrderV1::Known(order.0.into_bytes()),
                RowOrder::Unknown { number, is_ambiguous: false } => RowOrderV1::Unknown(number.as_str()),
                RowOrder::Unknown { number, is_ambiguous: true } => RowOrderV1::Ambiguous(number.as_str()),
            },
            ticket: row.ticket,
            carrier: row.carrier.as_deref(),
            tracking_number: row.tracking_number.as_deref(),
        };
        Self { first: event.first, rows: event.rows.iter().map(row).collect() }
    }
}

impl<'a> FromWire<'a> for JobSelectedV1<'a> {
    type Event = JobSelected;

    fn into_event(self) -> Result<JobSelected, BadField> {
        let unknown =
            |number: &str, is_ambiguous| RowOrder::Unknown { number: OrderNumber::from_stored(number), is_ambiguous };
        let row = |row: JobRowV1<'_>| JobRow {
            order: match row.order {
                RowOrderV1::Known(id) => RowOrder::Known(StreamId(Uuid::from_bytes(id))),
                RowOrderV1::Unknown(number) => unknown(number, false),
                RowOrderV1::Ambiguous(number) => unknown(number, true),
            },
            ticket: row.ticket,
            carrier: row.carrier.map(Into::into),
            tracking_number: row.tracking_number.map(Into::into),
        };
        Ok(JobSelected { first: self.first, rows: self.rows.into_iter().map(row).collect() })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct JobPreviewedV1<'a> {
    /// Code and minor units.
    totals: Vec<([u8; 3], i64)>,
    #[serde(borrow)]
    refusals: Vec<(&'a str, u32)>,
}

impl<'a> ToWire<'a> for JobPreviewedV1<'a> {
    type Event = JobPreviewed;

    fn from_event(event: &'a JobPreviewed) -> Self {
        Self {
            totals: event.totals.iter().map(|total| (total.currency.to_bytes(), total.minor)).collect(),
            refusals: event.refusals.iter().map(|refused| (&*refused.code, refused.count)).collect(),
        }
    }
}

impl<'a> FromWire<'a> for JobPreviewedV1<'a> {
    type Event = JobPreviewed;

    fn into_event(self) -> Result<JobPreviewed, BadField> {
        let total = |(code, minor)| Ok(Money::new(minor, currency("totals", code)?));
        let refused = |(code, count): (&str, u32)| RefusalCount { code: code.into(), count };
        Ok(JobPreviewed {
            totals: self.totals.into_iter().map(total).collect::<Result<_, _>>()?,
            refusals: self.refusals.into_iter().map(refused).collect(),
        })
    }
}

/// The rows as the first one and the distances between them, which take a byte each most often.
#[derive(Serialize, Deserialize)]
struct RefusalsV1<'a> {
    code: &'a str,
    message: &'a str,
    rows: Vec<u32>,
}

fn refusals(list: &[Refusals]) -> Vec<RefusalsV1<'_>> {
    let one = |refusals| {
        let Refusals { code, message, rows }: &Refusals = refusals;
        let mut before = 0_u32;
        let rows = rows.iter().map(|&row| row.wrapping_sub(std::mem::replace(&mut before, row))).collect();
        RefusalsV1 { code, message, rows }
    };
    list.iter().map(one).collect()
}

fn into_refusals(list: Vec<RefusalsV1<'_>>) -> Vec<Refusals> {
    let one = |wire: RefusalsV1<'_>| {
        let mut row = 0_u32;
        let next = |distance| {
            row = row.wrapping_add(distance);
            row
        };
        Refusals {
            code: wire.code.into(),
            message: wire.message.into(),
            rows: wire.rows.into_iter().map(next).collect(),
        }
    };
    list.into_iter().map(one).collect()
}

#[derive(Serialize, Deserialize)]
pub(crate) struct JobCheckedV1<'a> {
    refused: u32,
    #[serde(borrow)]
    refusals: Vec<RefusalsV1<'a>>,
}

impl<'a> ToWire<'a> for JobCheckedV1<'a> {
    type Event = JobChecked;

    fn from_event(event: &'a JobChecked) -> Self {
        Self { refused: event.refused, refusals: refusals(&event.refusals) }
    }
}

impl<'a> FromWire<'a> for JobCheckedV1<'a> {
    type Event = JobChecked;

    fn into_event(self) -> Result<JobChecked, BadField> {
        Ok(JobChecked { refused: self.refused, refusals: into_refusals(self.refusals) })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct JobAdvancedV1<'a> {
    next: u32,
    #[serde(borrow)]
    refusals: Vec<RefusalsV1<'a>>,
}

impl<'a> ToWire<'a> for JobAdvancedV1<'a> {
    type Event = JobAdvanced;

    fn from_event(event: &'a JobAdvanced) -> Self {
        Self { next: event.next, refusals: refusals(&event.refusals) }
    }
}

impl<'a> FromWire<'a> for JobAdvancedV1<'a> {
    type Event = JobAdvanced;

    fn into_event(self) -> Result<JobAdvanced, BadField> {
        Ok(JobAdvanced { next: self.next, refusals: into_refusals(self.refusals) })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct JobCancelledV1 {
    cause: u8,
}

impl ToWire<'_> for JobCancelledV1 {
    type Event = JobCancelled;

    fn from_event(event: &JobCancelled) -> Self {
        Self { cause: event.cause as u8 }
    }
}

impl FromWire<'_> for JobCancelledV1 {
    type Event = JobCancelled;

    fn into_event(self) -> Result<JobCancelled, BadField> {
        Ok(JobCancelled { cause: variant("cause", self.cause, CancelCause::VARIANTS, |cause| cause as u8)? })
    }
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
    JobStartedV1 = JobStarted;
    JobFinishedV1 = JobFinished;
}
