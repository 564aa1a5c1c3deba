//! One action on many orders. What is done to each order is what the mutation of one order does, by the same rules.

use std::collections::BTreeSet;
use std::time::Duration;

use async_graphql::{Context, ID, InputObject, InputType, Result, SimpleObject};
use daybook_domain::job::{CancelCause, Job, JobAction, JobPrice, JobState, PriceOf};
use daybook_domain::{Command, OrderNumber, Sku, StreamId, Tag};
use daybook_engine::Request;
use daybook_sheets::is_rounded;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::form::{Form, ReasonInput, boxed};
use super::payload::{Receipt, be_patient, note_refusal};
use crate::access::Tenant;
use crate::auth::Session;
use crate::jobs::{self, Asked, Chosen, MAX_NAMED, NamedRow};
use crate::schema::enums::{ErrorPolicy, Scope, TrackingStatus};
use crate::schema::error::{ApiError, ErrorCode, UserError, refused};
use crate::schema::filter::OrderWhere;
use crate::schema::job::{self, JobObject};
use crate::schema::money::MoneyInput;
use crate::schema::scalar::DateTime;
use crate::schema::{allowed, orders, services};

/// What a mutation of a job answers.
#[derive(SimpleObject)]
pub(crate) struct JobPayload {
    /// Null when the command was refused.
    receipt: Option<Receipt>,
    /// As of now; null when the command was refused.
    job: Option<JobObject>,
    /// Why the command was refused; empty when it was carried out. What orders refuse stands in the job's results.
    user_errors: Vec<UserError>,
}

impl JobPayload {
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { receipt: None, job: None, user_errors }
    }
}

/// Which orders, and how.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct BulkInput {
    /// A UUID that you choose; the same command sent again returns the job that it opened first.
    command_id: ID,
    /// The orders' ids, at most 10,000. Give exactly one of `ids`, `numbers` and `where`.
    ids: Option<Vec<ID>>,
    /// The orders' numbers, at most 10,000. One that is not found becomes a row that is refused.
    numbers: Option<Vec<String>>,
    /// All orders that match, on whatever page of the list they are: at most 1,000,000.
    #[graphql(name = "where")]
    wanted: Option<OrderWhere>,
    /// Whose orders are meant by `numbers` and `where`; without one, the token's own, or everybody's.
    merchant: Option<String>,
    /// OWN unless told otherwise.
    scope: Option<Scope>,
    error_policy: ErrorPolicy,
    /// The job waits until it is started, and tells what is to be expected.
    preview_only: Option<bool>,
}

/// A parcel of a list: one row of a sheet.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct ShipmentRowInput {
    /// The order's number.
    number: String,
    carrier: Option<String>,
    tracking_number: Option<String>,
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct BulkConfirmShipmentInput {
    #[graphql(flatten)]
    bulk: BulkInput,
    /// Instead of `ids`, `numbers` and `where`: at most 10,000 rows, each with a result of its own, in this order.
    rows: Option<Vec<ShipmentRowInput>>,
    /// Of orders whose row names none.
    carrier: Option<String>,
    /// Of orders whose row names none.
    tracking_number: Option<String>,
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct BulkDeliverCardsInput {
    #[graphql(flatten)]
    bulk: BulkInput,
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct BulkRecordTrackingInput {
    #[graphql(flatten)]
    bulk: BulkInput,
    /// The carrier's id of this checkpoint, unique within each order.
    checkpoint: String,
    status: TrackingStatus,
    /// Kept sealed.
    place: Option<String>,
    /// When it happened, where that is not now.
    occurred_at: Option<DateTime>,
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct BulkCancelInput {
    #[graphql(flatten)]
    bulk: BulkInput,
    reason: ReasonInput,
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct BulkAddNoteInput {
    #[graphql(flatten)]
    bulk: BulkInput,
    /// Kept sealed.
    text: String,
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct BulkAddTagInput {
    #[graphql(flatten)]
    bulk: BulkInput,
    /// A short, plain text: nothing personal belongs in it.
    tag: String,
}

/// Give either `line` or `sku`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct BulkPriceInput {
    /// From 1.
    line: Option<i32>,
    /// Every line that sells it.
    sku: Option<String>,
    unit_price: MoneyInput,
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct BulkEditPriceInput {
    #[graphql(flatten)]
    bulk: BulkInput,
    prices: Vec<BulkPriceInput>,
    reason: ReasonInput,
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct BulkApproveRefundsInput {
    #[graphql(flatten)]
    bulk: BulkInput,
    /// Kept sealed.
    note: Option<String>,
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct BulkSettleRefundsInput {
    #[graphql(flatten)]
    bulk: BulkInput,
    /// Who pays the money out.
    provider: Option<String>,
}

/// What an input asks for.
pub(crate) trait Bulk: InputType + Clone {
    fn bulk(&self) -> &BulkInput;

    /// Rows that bring their order's number themselves.
    fn rows(&self) -> Option<&[ShipmentRowInput]> {
        None
    }

    /// None when `form` has noted why not.
    fn action(self, form: &mut Form<'_>) -> Option<JobAction<String>>;
}

macro_rules! bulk {
    ($($name:ident |$it:ident, $form:ident| $body:block)*) => {$(
        impl Bulk for $name {
            fn bulk(&self) -> &BulkInput {
                &self.bulk
            }

            fn action(self, $form: &mut Form<'_>) -> Option<JobAction<String>> {
                let $it = self;
                $body
            }
        }
    )*};
}

impl Bulk for BulkConfirmShipmentInput {
    fn bulk(&self) -> &BulkInput {
        &self.bulk
    }

    fn rows(&self) -> Option<&[ShipmentRowInput]> {
        self.rows.as_deref()
    }

    fn action(self, _: &mut Form<'_>) -> Option<JobAction<String>> {
        let (carrier, tracking_number) = (self.carrier.map(boxed), self.tracking_number.map(boxed));
        Some(JobAction::Ship { carrier, tracking_number })
    }
}

bulk! {
    BulkDeliverCardsInput |_it, _form| { Some(JobAction::DeliverCards) }
    BulkRecordTrackingInput |it, _form| {
        let occurred_at = it.occurred_at.map(|at| at.0);
        let (checkpoint, status) = (boxed(it.checkpoint), it.status.into());
        Some(JobAction::RecordTracking { checkpoint, status, occurred_at, place: it.place })
    }
    BulkCancelInput |it, _form| { Some(JobAction::Cancel { reason: it.reason.into() }) }
    BulkAddNoteInput |it, _form| { Some(JobAction::AddNote { text: it.text }) }
    BulkAddTagInput |it, form| { form.read("tag", Tag::new(&it.tag)).map(|tag| JobAction::AddTag { tag }) }
    BulkEditPriceInput |it, form| {
        let prices = it.prices.iter().enumerate().map(|(at, price)| read_price(form, at, price));
        let prices: Vec<Option<JobPrice>> = prices.collect();
        let prices = prices.into_iter().collect::<Option<Vec<_>>>()?;
        Some(JobAction::EditPrice { prices, reason: it.reason.into() })
    }
    BulkApproveRefundsInput |it, _form| { Some(JobAction::ApproveRefunds { note: it.note }) }
    BulkSettleRefundsInput |it, _form| { Some(JobAction::SettleRefunds { provider: it.provider.map(boxed) }) }
}

fn read_price(form: &mut Form<'_>, at: usize, price: &BulkPriceInput) -> Option<JobPrice> {
    let unit = form.money(&format!("prices.{at}.unitPrice"), &price.unit_price);
    let of = match (price.line, &price.sku) {
        (Some(line), None) => form.number(&format!("prices.{at}.line"), line, 1).map(PriceOf::Line),
        (None, Some(sku)) => form.read(&format!("prices.{at}.sku"), Sku::new(sku)).map(PriceOf::Sku),
        (Some(_), Some(_)) | (None, None) => {
            form.wrong(&format!("prices.{at}"), ErrorCode::InvalidInput, "give either a line or a SKU");
            None
        }
    };
    Some(JobPrice { of: of?, unit: unit? })
}

/// Faults of a list that are told: the others are most likely of the same kind.
const MAX_FAULTS: usize = 20;

/// Reads a list of at most [`MAX_NAMED`].
fn read_list<T, U>(
    form: &mut Form<'_>,
    name: &str,
    list: &[T],
    mut read: impl FnMut(&mut Form<'_>, usize, &T) -> Option<U>,
) -> Option<Vec<U>> {
    if list.len() > MAX_NAMED {
        form.wrong(name, ErrorCode::TooManyOrders, format!("give at most {MAX_NAMED} at once"));
        return None;
    }
    let noted = form.errors.len();
    let mut all = Vec::with_capacity(list.len());
    for (at, one) in list.iter().enumerate() {
        all.extend(read(form, at, one));
        if form.errors.len() >= noted + MAX_FAULTS {
            break;
        }
    }
    (form.errors.len() == noted).then_some(all)
}

const LOST_DIGITS: &str = "a spreadsheet took a long number for a figure, such as 1.23E+19, and lost its last digits: format the \
                           column as text and enter it again";

fn read_row(form: &mut Form<'_>, path: &str, number: &str, row: Option<&ShipmentRowInput>) -> Option<NamedRow> {
    let number = form.read(path, OrderNumber::new(number))?;
    if row.and_then(|row| row.tracking_number.as_deref()).is_some_and(is_rounded) {
        form.wrong(&path.replace(".number", ".trackingNumber"), ErrorCode::InvalidInput, LOST_DIGITS);
        return None;
    }
    let carrier = row.and_then(|row| row.carrier.clone()).map(boxed);
    let tracking_number = row.and_then(|row| row.tracking_number.clone()).map(boxed);
    Some(NamedRow { number, carrier, tracking_number })
}

fn chosen(form: &mut Form<'_>, bulk: &BulkInput, rows: Option<&[ShipmentRowInput]>) -> Option<Chosen> {
    match (&bulk.ids, &bulk.numbers, &bulk.wanted, rows) {
        (Some(ids), None, None, None) => read_list(form, "ids", ids, |form, at, id| {
            let id =
                Uuid::parse_str(id).map_err(|_| format!("{:?} is not a UUID", id.chars().take(40).collect::<String>()));
            id.map(StreamId).map_err(|why| form.wrong(&format!("ids.{at}"), ErrorCode::InvalidInput, why)).ok()
        })
        .map(Chosen::Ids),
        (None, Some(numbers), None, None) => {
            let mut known = BTreeSet::new();
            let numbers: Vec<(usize, &String)> =
                numbers.iter().enumerate().filter(|(_, number)| known.insert(number.as_str())).collect();
            let read = |form: &mut Form<'_>, _, (at, number): &(usize, &String)| {
                read_row(form, &format!("numbers.{at}"), number, None)
            };
            read_list(form, "numbers", &numbers, read).map(Chosen::Rows)
        }
        (None, None, Some(wanted), None) => Some(Chosen::Where(Box::new(wanted.clone()))),
        (None, None, None, Some(rows)) => read_list(form, "rows", rows, |form, at, row| {
            read_row(form, &format!("rows.{at}.number"), &row.number, Some(row))
        })
        .map(Chosen::Rows),
        _ => {
            let message = "say which orders: give exactly one of ids, numbers, where and, where there is such, rows";
            form.wrong("ids", ErrorCode::InvalidInput, message);
            None
        }
    }
}

/// Of all that was asked for, the command's id aside: the same id with another hash is another command's.
pub(super) fn hash_of<T: InputType>(input: &T) -> [u8; 32] {
    let json = match input.to_value().into_json() {
        Ok(serde_json::Value::Object(mut object)) => {
            object.remove("commandId");
            // What is not given counts as what there was no field for.
            object.retain(|_, value| !value.is_null());
            serde_json::Value::Object(object)
        }
        Ok(other) => other,
        Err(_) => serde_json::Value::Null,
    };
    Sha256::digest(format!("{} {json}", T::type_name())).into()
}

/// How long a mutation waits until the orders were looked at, before it answers without.
const PREVIEW_WITHIN: Duration = Duration::from_secs(5);

pub(crate) async fn open(ctx: &Context<'_>, input: impl Bulk) -> Result<JobPayload> {
    let services = services(ctx)?;
    let session = ctx.data::<Session>()?;
    let bulk = input.bulk().clone();
    let hash = hash_of(&input);
    let mut form = Form::new(services, &session.tenant);
    let command_id = form.command_id(&bulk.command_id);
    let merchant = match &bulk.merchant {
        Some(merchant) => form.merchant(merchant).map(Some),
        None => Some(None),
    };
    let chosen = chosen(&mut form, &bulk, input.rows());
    let action = input.action(&mut form);
    let (Some(command_id), Some(merchant), Some(mut chosen), Some(action), []) =
        (command_id, merchant, chosen, action, form.errors.as_slice())
    else {
        note_refusal(ctx, command_id, &form.errors);
        return Ok(JobPayload::refused(form.errors));
    };
    let scope = bulk.scope.unwrap_or_default();
    if scope.is_subtree() && !session.tenant.shows_all() {
        let why = "nothing can be done to the orders below your merchant's: leave the scope out";
        return allowed(ctx, Err(ApiError::Forbidden(why)));
    }
    if let (Chosen::Where(wanted), Some(merchant)) = (&mut chosen, &merchant) {
        wanted.of_merchant(merchant)?;
    }
    let waits = bulk.preview_only.unwrap_or_default();
    let policy = bulk.error_policy.into();
    let asked = Asked { command_id, hash, action, policy, chosen, merchant, scope, waits };
    let receipt = match jobs::open(services, session, asked).await? {
        Ok(receipt) => receipt,
        Err(user_errors) => {
            note_refusal(ctx, Some(command_id), &user_errors);
            return Ok(JobPayload::refused(user_errors));
        }
    };
    be_patient(ctx)?;
    if waits {
        previewed(ctx, receipt.stream).await?;
    }
    let job = job::look_up(ctx, receipt.stream).await?;
    Ok(JobPayload { receipt: Some((&receipt).into()), job, user_errors: Vec::new() })
}

/// Waits a while for the preview.
async fn previewed(ctx: &Context<'_>, id: StreamId) -> Result<(), ApiError> {
    let services = services(ctx).map_err(|_| ApiError::Stopped)?;
    let mut changes = services.host.jobs.watch();
    let is_there = || {
        let views = services.host.views();
        Ok::<_, ApiError>(job::in_views(&views, &Tenant::ALL, id)?.is_some_and(is_previewed))
    };
    let waiting = async {
        while !is_there()? && changes.changed().await.is_ok() {}
        Ok(())
    };
    tokio::time::timeout(PREVIEW_WITHIN, waiting).await.unwrap_or(Ok(()))
}

fn is_previewed(job: &Job) -> bool {
    !matches!(job.state(), JobState::Opening | JobState::Previewing)
}

/// Names a job.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct JobInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the job to be at.
    expected_revision: Option<i32>,
    /// The job's id.
    id: ID,
}

pub(crate) async fn start(ctx: &Context<'_>, input: JobInput) -> Result<JobPayload> {
    command(ctx, input, |job| Command::StartJob { job }).await
}

pub(crate) async fn cancel(ctx: &Context<'_>, input: JobInput) -> Result<JobPayload> {
    let cause = CancelCause::Asked;
    command(ctx, input, |job| Command::CancelJob(daybook_domain::command::CancelJob { job, cause })).await
}

async fn command(
    ctx: &Context<'_>,
    input: JobInput,
    make: impl FnOnce(StreamId) -> Command<String>,
) -> Result<JobPayload> {
    let services = services(ctx)?;
    let session = ctx.data::<Session>()?;
    let mut form = Form::new(services, &session.tenant);
    let command_id = form.command_id(&input.command_id);
    let expected = form.expected(input.expected_revision);
    let known = match job::id_of(&input.id) {
        Some(id) => job::look_up(ctx, id).await?,
        None => None,
    };
    if known.is_none() {
        form.wrong("id", ErrorCode::JobUnknown, "there is no such job");
    }
    let (Some(command_id), Some(expected), Some(known), []) = (command_id, expected, known, form.errors.as_slice())
    else {
        note_refusal(ctx, command_id, &form.errors);
        return Ok(JobPayload::refused(form.errors));
    };
    let correlation = Some(known.id.0);
    let request = Request { expected, correlation, ..Request::live(command_id, session.actor, make(known.id)) };
    match services.engine.execute(request).await {
        Ok(receipt) => {
            be_patient(ctx)?;
            // The answer shows what was done.
            let _ = orders::follow_done(ctx, receipt.position).await;
            let job = job::look_up(ctx, known.id).await?;
            Ok(JobPayload { receipt: Some((&receipt).into()), job, user_errors: Vec::new() })
        }
        Err(error) => {
            let errors = vec![refused(error)?];
            note_refusal(ctx, Some(command_id), &errors);
            Ok(JobPayload::refused(errors))
        }
    }
}
