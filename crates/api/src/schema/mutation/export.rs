//! Exports are opened: what is asked for is looked up at once, and written down; the file is made afterwards.

use async_graphql::{Context, ID, InputObject, Result, SimpleObject};
use daybook_domain::command::OpenExport;
use daybook_domain::profile::Profile;
use daybook_domain::{Command, CommandId, MerchantId, Position, Rejection, StreamId};
use daybook_engine::Request;
use daybook_sheets::Zone;

use super::bulk::hash_of;
use super::form::Form;
use super::payload::{self, Receipt, be_patient};
use crate::auth::Session;
use crate::export::{EventColumn, ExportError, Noted, OrderColumn, Selection, Which, time_zone};
use crate::exports::{NoPlace, Place, Rows, Task, format_of};
use crate::schema::enums::{ExportFormat, Scope};
use crate::schema::error::{ApiError, ErrorCode, UserError, refused};
use crate::schema::export::{self, ExportObject};
use crate::schema::filter::{OrderWhere, Seen};
use crate::schema::scalar;
use crate::schema::{look, look_long, lookup, orders, services, zone};

/// What a mutation that opens an export answers.
#[derive(SimpleObject)]
pub(crate) struct ExportPayload {
    /// Null when the command was refused.
    receipt: Option<Receipt>,
    /// As of now; null when the command was refused.
    export: Option<ExportObject>,
    /// Why the command was refused; empty when it was carried out.
    user_errors: Vec<UserError>,
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct ExportOrdersInput {
    /// A UUID that you choose; the same command sent again returns the export that it opened first.
    command_id: ID,
    /// As of the list.
    #[graphql(name = "where")]
    wanted: Option<OrderWhere>,
    /// Whose orders; without one, the token's own, or everybody's.
    merchant: Option<String>,
    /// OWN unless told otherwise.
    scope: Option<Scope>,
    format: ExportFormat,
    /// The names of columns, in the order that you want, or `all`; the usual ones if it is left out.
    columns: Option<Vec<String>>,
    /// An IANA name such as `Asia/Shanghai`, for times; that of `merchant`, or else of the token's own one, or UTC, if it is
    /// left out.
    time_zone: Option<String>,
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct ExportEventsInput {
    /// A UUID that you choose; the same command sent again returns the export that it opened first.
    command_id: ID,
    /// Events behind this position; all of them if it is left out.
    after: Option<scalar::Position>,
    format: ExportFormat,
    /// The names of columns, in the order that you want, or `all`. With JSONL, each event whole if it is left out.
    columns: Option<Vec<String>>,
    /// An IANA name such as `Asia/Shanghai`, for times; UTC if it is left out.
    time_zone: Option<String>,
}

/// What both have in common, once it is understood.
struct Asked {
    command_id: CommandId,
    hash: [u8; 32],
    format: ExportFormat,
    zone: Zone,
    columns: String,
    filter: Noted,
    subtree: bool,
}

/// What is looked up for the file.
struct Looked {
    rows: Rows,
    position: Position,
    total: u64,
}

fn refusal(user_errors: Vec<UserError>) -> ExportPayload {
    ExportPayload { receipt: None, export: None, user_errors }
}

/// The one that is named, or that of the merchant that is asked about, or of the token's own.
async fn zone_name(ctx: &Context<'_>, named: Option<&str>, merchant: Option<&str>) -> Result<String> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    // What cannot be a merchant's id is refused as such, later.
    let asked = merchant.and_then(|id| MerchantId::new(id).ok());
    let Some(id) = asked.or_else(|| ctx.data::<Session>().ok()?.tenant.own().cloned()) else {
        return Ok(Profile::DEFAULT_TIME_ZONE.to_owned());
    };
    orders::catch_up(ctx).await?;
    look(ctx, move |_, views| Ok(zone::name_of(views.merchants(), Some(&id)))).await
}

fn zone(form: &mut Form<'_>, name: &str) -> Option<Zone> {
    match time_zone(name) {
        Ok(zone) => Some(zone),
        Err(error) => {
            form.wrong("timeZone", ErrorCode::InvalidInput, error);
            None
        }
    }
}

fn columns<C>(
    form: &mut Form<'_>,
    names: Option<&[String]>,
    chosen: impl FnOnce(Option<&str>) -> std::result::Result<Vec<C>, ExportError>,
) -> Option<Vec<C>> {
    match chosen(names.map(|names| names.join(",")).as_deref()) {
        Ok(columns) => Some(columns),
        Err(error) => {
            form.wrong("columns", ErrorCode::InvalidInput, error);
            None
        }
    }
}

pub(crate) async fn orders(ctx: &Context<'_>, input: ExportOrdersInput) -> Result<ExportPayload> {
    let services = services(ctx)?;
    let session = ctx.data::<Session>()?;
    let hash = hash_of(&input);
    let zone_name = zone_name(ctx, input.time_zone.as_deref(), input.merchant.as_deref()).await?;
    let mut form = Form::new(services, &session.tenant);
    let command_id = form.command_id(&input.command_id);
    let chosen = columns(&mut form, input.columns.as_deref(), OrderColumn::chosen);
    let zone = zone(&mut form, &zone_name);
    let (Some(command_id), Some(chosen), Some(zone), []) = (command_id, chosen, zone, form.errors.as_slice()) else {
        payload::note_refusal(ctx, command_id, &form.errors);
        return Ok(refusal(form.errors));
    };
    let mut wanted = input.wanted;
    if let Some(merchant) = &input.merchant {
        let id = lookup::merchant_id(merchant)?;
        if let Some(unknown) = unknown(ctx, &id).await? {
            payload::note_refusal(ctx, Some(command_id), std::slice::from_ref(&unknown));
            return Ok(refusal(vec![unknown]));
        }
        wanted.get_or_insert_with(OrderWhere::default).of_merchant(&id)?;
    }
    let scope = input.scope.unwrap_or_default();
    let tenant = session.tenant.clone();
    let which = Which { wanted, seen: Seen { scope, tenant: tenant.clone() } };
    let asked = Asked {
        command_id,
        hash,
        format: input.format,
        zone,
        columns: OrderColumn::names(&chosen).join(","),
        filter: Noted::orders(&which),
        subtree: scope.is_subtree(),
    };
    let look = async || {
        orders::catch_up(ctx).await?;
        let which = which.clone();
        let selection = look_long(ctx, move |services, views| Selection::look(services, views, &which)).await?;
        let (position, total) = (selection.position(), selection.len());
        Ok(Looked { rows: Rows::Orders { selection, columns: chosen, tenant }, position, total })
    };
    open(ctx, daybook_domain::export::ExportKind::Orders, asked, look).await
}

/// A file without a row must not be what becomes of a merchant that is misspelt. One that the token does not show is answered
/// as one that is not there.
async fn unknown(ctx: &Context<'_>, id: &MerchantId) -> Result<Option<UserError>> {
    orders::catch_up(ctx).await?;
    let (tenant, asked) = (ctx.data::<Session>()?.tenant.clone(), id.clone());
    let is_shown = look(ctx, move |_, views| {
        let merchants = views.merchants();
        Ok(match tenant.own() {
            None => merchants.get(&asked).is_some(),
            Some(own) => *own == asked || merchants.that_stood_below(own).contains(&asked),
        })
    });
    Ok((!is_shown.await?).then(|| {
        let why = Rejection::MerchantUnknown { id: id.clone() };
        UserError::new(vec!["input".into(), "merchant".into()], ErrorCode::MerchantUnknown, why.to_string())
    }))
}

pub(crate) async fn events(ctx: &Context<'_>, input: ExportEventsInput) -> Result<ExportPayload> {
    let services = services(ctx)?;
    let session = ctx.data::<Session>()?;
    let hash = hash_of(&input);
    let zone_name = zone_name(ctx, input.time_zone.as_deref(), None).await?;
    let mut form = Form::new(services, &session.tenant);
    let command_id = form.command_id(&input.command_id);
    let is_whole = input.columns.is_none() && input.format == ExportFormat::Jsonl;
    let chosen = columns(&mut form, input.columns.as_deref(), EventColumn::chosen);
    let zone = zone(&mut form, &zone_name);
    let (Some(command_id), Some(chosen), Some(zone), []) = (command_id, chosen, zone, form.errors.as_slice()) else {
        payload::note_refusal(ctx, command_id, &form.errors);
        return Ok(refusal(form.errors));
    };
    let chosen = (!is_whole).then_some(chosen);
    let after = input.after.map_or(0, |after| after.0);
    let asked = Asked {
        command_id,
        hash,
        format: input.format,
        zone,
        columns: chosen.as_deref().map(|chosen| EventColumn::names(chosen).join(",")).unwrap_or_default(),
        filter: Noted::events(after),
        subtree: true,
    };
    let look = async || {
        let end = services.reader.watermark();
        let total = end.saturating_sub(after);
        Ok(Looked { rows: Rows::Events { after, end, columns: chosen }, position: end, total })
    };
    open(ctx, daybook_domain::export::ExportKind::Events, asked, look).await
}

async fn open(
    ctx: &Context<'_>,
    kind: daybook_domain::export::ExportKind,
    asked: Asked,
    look: impl AsyncFnOnce() -> Result<Looked>,
) -> Result<ExportPayload> {
    let services = services(ctx)?;
    let session = ctx.data::<Session>()?;
    let owner = session.tenant.own();
    let id = StreamId::export(session.actor.id, asked.command_id);
    let board = services.exports.board()?;
    let place: Option<Place> = if services.reader.head(id).is_some() {
        // It is answered as the one that was opened before.
        None
    } else {
        match board.place(id, owner) {
            Ok(place) => Some(place),
            Err(NoPlace::Opening) => return Err(ApiError::Busy.into()),
            Err(NoPlace::TooMany(why)) => {
                let errors = vec![UserError::new(vec!["input".into()], ErrorCode::TooManyExports, why)];
                payload::note_refusal(ctx, Some(asked.command_id), &errors);
                return Ok(refusal(errors));
            }
        }
    };
    let looked = if place.is_some() { Some(look().await?) } else { None };
    let (position, rows) = looked.as_ref().map_or((0, 0), |looked| (looked.position, looked.total));
    let command = Command::OpenExport(OpenExport {
        asked: asked.hash,
        opener: session.actor.id,
        kind,
        format: asked.format.into(),
        columns: asked.columns.into(),
        filter: asked.filter.text(),
        merchant: owner.cloned(),
        subtree: asked.subtree,
        position,
        rows,
    });
    let task =
        looked.map(|looked| Task { id, format: format_of(asked.format.into()), zone: asked.zone, rows: looked.rows });
    let request = Request::live(asked.command_id, session.actor, command);
    let engine = services.engine.clone();
    // On a task of its own: what the log says is opened is made, even if whoever asked hangs up meanwhile.
    let opening = tokio::spawn(async move {
        let receipt = engine.execute(request).await;
        if let (Ok(_), Some(place), Some(task)) = (&receipt, place, task) {
            place.use_for(task);
        }
        receipt
    });
    let receipt = match opening.await.map_err(|error| ApiError::Internal(Box::new(error)))? {
        Ok(receipt) => receipt,
        Err(error) => {
            let errors = vec![refused(error)?];
            payload::note_refusal(ctx, Some(asked.command_id), &errors);
            return Ok(refusal(errors));
        }
    };
    be_patient(ctx)?;
    let export = export::look_up(ctx, id).await?;
    Ok(ExportPayload { receipt: Some((&receipt).into()), export, user_errors: Vec::new() })
}
