//! Jobs.

use std::borrow::Cow;

use daybook_domain::event::{
    JobAdvanced, JobCancelled, JobChecked, JobFinished, JobOpened, JobPreviewed, JobSelected, JobStarted,
    TrackingStatus,
};
use daybook_domain::job::{
    CancelCause, ErrorPolicy, JobKind, JobPrice, JobRow, PriceOf, RefusalCount, Refusals, RowOrder,
};
use daybook_domain::{MerchantId, OrderNumber, ReasonCode, Sku, StreamId, Tag};

use super::text::{Opener, Sealer, Text};
use super::{JsonError, JsonForm};
use crate::flat::Flat;
use crate::shape::shapes;
use crate::values::{Amount, Called, Id, One, Time};

shapes! {
    /// A new price of a line, or of every line that sells a SKU.
    struct JobPriceJson<'a> {
        /// From 1.
        line: Option<u16>,
        sku: Option<Called<'a, Sku>>,
        unit_price: Amount,
    }

    /// One action on many orders was asked for.
    struct JobOpenedJson<'a> {
        kind: One<JobKind>,
        carrier: Option<Cow<'a, str>>,
        tracking_number: Option<Cow<'a, str>>,
        checkpoint: Option<Cow<'a, str>>,
        status: Option<One<TrackingStatus>>,
        occurred_at: Option<Time>,
        tag: Option<Called<'a, Tag>>,
        prices: Option<Vec<JobPriceJson<'a>>>,
        provider: Option<Cow<'a, str>>,
        reason: Option<One<ReasonCode>>,
        /// The note, the place, or the reason's text.
        text: Option<Text>,
        policy: One<ErrorPolicy>,
        /// Whose job it is; absent: the platform's.
        merchant: Option<Called<'a, MerchantId>>,
        /// The selection is of this position of the ledger.
        selected_at: u64,
        /// How many rows are going to be selected.
        total: u32,
        /// It does nothing until it is started.
        waits: bool,
        /// The stream of the token that it was opened with.
        token: Option<Id>,
    }

    /// One thing that a job does.
    struct JobRowJson<'a> {
        order: Option<Id>,
        /// Where no order of that number was found, or several were.
        number: Option<Called<'a, OrderNumber>>,
        /// Several were.
        ambiguous: Option<bool>,
        /// From 1 within the order.
        ticket: Option<u16>,
        carrier: Option<Cow<'a, str>>,
        tracking_number: Option<Cow<'a, str>>,
    }

    /// A part of the job's rows.
    struct JobSelectedJson<'a> {
        /// The first one's number, from 0; the others follow it.
        first: u32,
        rows: Vec<JobRowJson<'a>>,
    }

    /// How many rows are refused with a code.
    struct RefusalCountJson<'a> {
        code: Cow<'a, str>,
        count: u32,
    }

    /// What is to be expected of a job that waits.
    struct JobPreviewedJson<'a> {
        /// Of the orders, one a currency.
        totals: Vec<Amount>,
        refusals: Vec<RefusalCountJson<'a>>,
    }

    /// A job that waited goes on.
    struct JobStartedJson {}

    /// Rows that were refused alike.
    struct RefusalsJson<'a> {
        code: Cow<'a, str>,
        message: Cow<'a, str>,
        /// From 0.
        rows: Vec<u32>,
    }

    /// Every row was checked before anything was done.
    struct JobCheckedJson<'a> {
        /// More than none: nothing will be done.
        refused: u32,
        refusals: Vec<RefusalsJson<'a>>,
    }

    /// The rows before `next` are decided.
    struct JobAdvancedJson<'a> {
        next: u32,
        refusals: Vec<RefusalsJson<'a>>,
    }

    /// The rows that are left are not looked at any more.
    struct JobCancelledJson {
        cause: One<CancelCause>,
    }

    /// Every row is decided.
    struct JobFinishedJson {}
}

impl<'a> JsonForm<'a> for JobOpenedJson<'a> {
    type Event = JobOpened;

    fn from_event(event: &'a JobOpened, opener: &mut Opener<'_>) -> Self {
        let flat = Flat::of(&event.action);
        let owned = |text: Option<Box<str>>| text.map(|text| Cow::Owned(text.into()));
        let price = |price: JobPrice| JobPriceJson {
            line: if let PriceOf::Line(line) = &price.of { Some(*line) } else { None },
            sku: if let PriceOf::Sku(sku) = price.of { Some(Called(Cow::Owned(sku))) } else { None },
            unit_price: Amount(price.unit),
        };
        let prices: Vec<_> = flat.prices.into_iter().map(price).collect();
        Self {
            kind: One(event.action.kind()),
            carrier: owned(flat.carrier),
            tracking_number: owned(flat.tracking_number),
            checkpoint: owned(flat.checkpoint),
            status: flat.status.map(One),
            occurred_at: flat.occurred_at.map(Time),
            tag: flat.tag.map(|tag| Called(Cow::Owned(tag))),
            prices: (!prices.is_empty()).then_some(prices),
            provider: owned(flat.provider),
            reason: flat.reason.map(One),
            text: opener.maybe(flat.text.as_ref()),
            policy: One(event.policy),
            merchant: event.merchant.as_ref().map(Called::new),
            selected_at: event.selected_at,
            total: event.total,
            waits: event.waits,
            token: event.token.map(Into::into),
        }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<JobOpened, JsonError> {
        let price = |price: JobPriceJson<'_>| {
            let of = match (price.line, price.sku) {
                (Some(line), None) => PriceOf::Line(line),
                (None, Some(sku)) => PriceOf::Sku(sku.into_name()),
                (Some(_), Some(_)) | (None, None) => {
                    return Err(JsonError::new("prices", "name either a line or a SKU"));
                }
            };
            Ok(JobPrice { of, unit: price.unit_price.0 })
        };
        let flat = Flat {
            carrier: self.carrier.map(Into::into),
            tracking_number: self.tracking_number.map(Into::into),
            checkpoint: self.checkpoint.map(Into::into),
            status: self.status.map(|status| status.0),
            occurred_at: self.occurred_at.map(|at| at.0),
            tag: self.tag.map(Called::into_name),
            prices: self.prices.unwrap_or_default().into_iter().map(price).collect::<Result<_, _>>()?,
            provider: self.provider.map(Into::into),
            reason: self.reason.map(|reason| reason.0),
            text: sealer.maybe("text", self.text)?,
        };
        Ok(JobOpened {
            action: flat.into_action(self.kind.0).map_err(|field| JsonError::new(field, "is missing"))?,
            policy: self.policy.0,
            merchant: self.merchant.map(Called::into_name),
            selected_at: self.selected_at,
            total: self.total,
            waits: self.waits,
            token: self.token.map(|token| StreamId(token.0)),
        })
    }
}

impl<'a> JsonForm<'a> for JobSelectedJson<'a> {
    type Event = JobSelected;

    fn from_event(event: &'a JobSelected, _: &mut Opener<'_>) -> Self {
        let row = |row: &'a JobRow| {
            let (order, number, ambiguous) = match &row.order {
                RowOrder::Known(order) => (Some((*order).into()), None, None),
                RowOrder::Unknown { number, is_ambiguous } => {
                    (None, Some(Called::new(number)), is_ambiguous.then_some(true))
                }
            };
            let carrier = row.carrier.as_deref().map(Cow::Borrowed);
            let tracking_number = row.tracking_number.as_deref().map(Cow::Borrowed);
            JobRowJson { order, number, ambiguous, ticket: row.ticket, carrier, tracking_number }
        };
        Self { first: event.first, rows: event.rows.iter().map(row).collect() }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<JobSelected, JsonError> {
        let row = |row: JobRowJson<'_>| {
            let order = match (row.order, row.number) {
                (Some(order), None) => RowOrder::Known(StreamId(order.0)),
                (None, Some(number)) => {
                    RowOrder::Unknown { number: number.into_name(), is_ambiguous: row.ambiguous.unwrap_or_default() }
                }
                (Some(_), Some(_)) | (None, None) => {
                    return Err(JsonError::new("rows", "name either an order or a number"));
                }
            };
            let (carrier, tracking_number) = (row.carrier.map(Into::into), row.tracking_number.map(Into::into));
            Ok(JobRow { order, ticket: row.ticket, carrier, tracking_number })
        };
        Ok(JobSelected { first: self.first, rows: self.rows.into_iter().map(row).collect::<Result<_, _>>()? })
    }
}

impl<'a> JsonForm<'a> for JobPreviewedJson<'a> {
    type Event = JobPreviewed;

    fn from_event(event: &'a JobPreviewed, _: &mut Opener<'_>) -> Self {
        let counted =
            |refused: &'a RefusalCount| RefusalCountJson { code: (&*refused.code).into(), count: refused.count };
        Self {
            totals: event.totals.iter().copied().map(Amount).collect(),
            refusals: event.refusals.iter().map(counted).collect(),
        }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<JobPreviewed, JsonError> {
        let counted = |json: RefusalCountJson<'_>| RefusalCount { code: json.code.into(), count: json.count };
        Ok(JobPreviewed {
            totals: self.totals.into_iter().map(|total| total.0).collect(),
            refusals: self.refusals.into_iter().map(counted).collect(),
        })
    }
}

fn refusals(list: &[Refusals]) -> Vec<RefusalsJson<'_>> {
    let one = |refusals| {
        let Refusals { code, message, rows }: &Refusals = refusals;
        RefusalsJson { code: (&**code).into(), message: (&**message).into(), rows: rows.clone() }
    };
    list.iter().map(one).collect()
}

fn into_refusals(list: Vec<RefusalsJson<'_>>) -> Vec<Refusals> {
    let one =
        |json: RefusalsJson<'_>| Refusals { code: json.code.into(), message: json.message.into(), rows: json.rows };
    list.into_iter().map(one).collect()
}

impl<'a> JsonForm<'a> for JobCheckedJson<'a> {
    type Event = JobChecked;

    fn from_event(event: &'a JobChecked, _: &mut Opener<'_>) -> Self {
        Self { refused: event.refused, refusals: refusals(&event.refusals) }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<JobChecked, JsonError> {
        Ok(JobChecked { refused: self.refused, refusals: into_refusals(self.refusals) })
    }
}

impl<'a> JsonForm<'a> for JobAdvancedJson<'a> {
    type Event = JobAdvanced;

    fn from_event(event: &'a JobAdvanced, _: &mut Opener<'_>) -> Self {
        Self { next: event.next, refusals: refusals(&event.refusals) }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<JobAdvanced, JsonError> {
        Ok(JobAdvanced { next: self.next, refusals: into_refusals(self.refusals) })
    }
}

impl<'a> JsonForm<'a> for JobCancelledJson {
    type Event = JobCancelled;

    fn from_event(event: &'a JobCancelled, _: &mut Opener<'_>) -> Self {
        Self { cause: One(event.cause) }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<JobCancelled, JsonError> {
        Ok(JobCancelled { cause: self.cause.0 })
    }
}

impl<'a> JsonForm<'a> for JobStartedJson {
    type Event = JobStarted;

    fn from_event(_: &'a JobStarted, _: &mut Opener<'_>) -> Self {
        Self {}
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<JobStarted, JsonError> {
        Ok(JobStarted {})
    }
}

impl<'a> JsonForm<'a> for JobFinishedJson {
    type Event = JobFinished;

    fn from_event(_: &'a JobFinished, _: &mut Opener<'_>) -> Self {
        Self {}
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<JobFinished, JsonError> {
        Ok(JobFinished {})
    }
}
