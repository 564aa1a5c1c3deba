//! From an input to its answer.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use daybook_domain::{CommandId, Position, Recorded, StreamId};
use daybook_engine::Request;

use super::form::{Form, Input};
use crate::auth::Session;
use crate::reads::Reads;
use crate::schema::error::{ApiError, UserError, refused};
use crate::schema::merchant::{self, MerchantObject};
use crate::schema::order::OrderObject;
use crate::schema::policy::{self, Policy};
use crate::schema::scalar::Position as PositionScalar;
use crate::schema::stock::{self, Stock};
use crate::schema::{read, services};

/// Proof that a command was carried out: durable when it is answered.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Receipt {
    /// The last position of the command's commit; give it as `atLeast` to see its effect in a list.
    position: PositionScalar,
    /// The command's id; for a payment that was recorded before under another id, that one's.
    command_id: ID,
    /// Nothing was written now: the same was done before.
    repeated: bool,
}

impl From<&daybook_engine::Receipt> for Receipt {
    fn from(receipt: &daybook_engine::Receipt) -> Self {
        Self {
            position: PositionScalar(receipt.position),
            command_id: ID(receipt.command_id.to_string()),
            repeated: receipt.repeated,
        }
    }
}

/// What a mutation of an order answers.
#[derive(Default)]
pub(crate) struct OrderPayload {
    receipt: Option<Receipt>,
    at: Option<(StreamId, Position)>,
    user_errors: Vec<UserError>,
}

#[Object]
impl OrderPayload {
    /// Null when the command was refused.
    async fn receipt(&self) -> Option<&Receipt> {
        self.receipt.as_ref()
    }

    /// The order as of the receipt; null when the command was refused.
    async fn order(&self, ctx: &Context<'_>) -> Result<Option<OrderObject>> {
        let Some((stream, position)) = self.at else { return Ok(None) };
        let tenant = ctx.data::<Session>()?.tenant.clone();
        let as_of_then = move |recorded: &Recorded| recorded.position <= position;
        if let Some(found) = OrderObject::at_hand(services(ctx)?, &tenant, stream, as_of_then)? {
            return Ok(found);
        }
        read(ctx, move |services| OrderObject::load(services, &tenant, stream, as_of_then)).await
    }

    /// Why the command was refused; empty when it was carried out.
    async fn user_errors(&self) -> &[UserError] {
        &self.user_errors
    }
}

/// What a mutation of a merchant answers.
#[derive(SimpleObject)]
pub(crate) struct MerchantPayload {
    /// Null when the command was refused.
    receipt: Option<Receipt>,
    merchant: Option<MerchantObject>,
    /// Why the command was refused; empty when it was carried out.
    user_errors: Vec<UserError>,
}

impl MerchantPayload {
    pub(crate) fn refused(error: UserError) -> Self {
        Self { receipt: None, merchant: None, user_errors: vec![error] }
    }
}

/// What a mutation of a merchant's policy answers.
#[derive(SimpleObject)]
pub(crate) struct PolicyPayload {
    /// Null when the command was refused.
    receipt: Option<Receipt>,
    /// What holds now; null when the command was refused.
    policy: Option<Policy>,
    /// Why the command was refused; empty when it was carried out.
    user_errors: Vec<UserError>,
}

/// What a mutation of a SKU's stock answers.
#[derive(SimpleObject)]
pub(crate) struct StockPayload {
    /// Null when the command was refused.
    receipt: Option<Receipt>,
    /// As of now; null when the command was refused.
    stock: Option<Stock>,
    /// Why the command was refused; empty when it was carried out.
    user_errors: Vec<UserError>,
}

/// What was carried out must not be answered as if it had not been. The engine bounds how many wait.
pub(crate) fn be_patient(ctx: &Context<'_>) -> Result<(), ApiError> {
    ctx.data::<Arc<Reads>>().map_err(|_| no_data())?.be_patient();
    Ok(())
}

pub(crate) async fn execute(
    ctx: &Context<'_>,
    input: impl Input,
) -> Result<std::result::Result<daybook_engine::Receipt, Vec<UserError>>, ApiError> {
    let services = services(ctx).map_err(|_| no_data())?;
    let session = ctx.data::<Session>().map_err(|_| no_data())?;
    let reads = ctx.data::<Arc<Reads>>().map_err(|_| no_data())?;
    let mut form = Form::new(services, &session.tenant);
    let command_id = form.command_id(input.command_id());
    let expected = form.expected(input.expected_revision());
    let occurred_at = input.occurred_at();
    let noted = form.errors.len();
    let mut command = input.clone().command(&mut form)?;
    if form.views_are_held {
        // Whoever changes the views just now is waited for elsewhere.
        reads.look(services, |_, _| Ok(())).await?;
        form.again(noted);
        command = input.clone().command(&mut form)?;
    }
    if let Some(end) = form.awaits() {
        // Who was told that an order is there may name it at once.
        reads.follow(services, end).await?;
        reads.look(services, |_, _| Ok(())).await?;
        form.again(noted);
        command = input.command(&mut form)?;
    }
    let (Some(command_id), Some(expected), Some(command), []) = (command_id, expected, command, form.errors.as_slice())
    else {
        note_refusal(ctx, command_id, &form.errors);
        return Ok(Err(form.errors));
    };
    let request = Request { expected, occurred_at, ..Request::live(command_id, session.actor, command) };
    match services.engine.execute(request).await {
        Ok(receipt) => {
            be_patient(ctx)?;
            Ok(Ok(receipt))
        }
        Err(error) => {
            let errors = vec![refused(error)?];
            note_refusal(ctx, Some(command_id), &errors);
            Ok(Err(errors))
        }
    }
}

/// Tells the security log of a command that was refused.
pub(crate) fn note_refusal(ctx: &Context<'_>, command_id: Option<CommandId>, errors: &[UserError]) {
    if let (Ok(services), Ok(session)) = (services(ctx), ctx.data::<Session>()) {
        services.security.command_refused(session.asker(), ctx.field().name(), command_id, errors);
    }
}

/// As [`execute`], of what shows something. Who saw it is what the event says: a command that somebody else sent shows it to
/// them alone.
pub(crate) async fn disclose(
    ctx: &Context<'_>,
    input: impl Input,
) -> Result<std::result::Result<daybook_engine::Receipt, Vec<UserError>>> {
    let receipt = match execute(ctx, input).await? {
        Ok(receipt) => receipt,
        Err(user_errors) => return Ok(Err(user_errors)),
    };
    if receipt.repeated {
        let (actor, position) = (ctx.data::<Session>()?.actor, receipt.position);
        let event = read(ctx, move |services| Ok(services.reader.event(position)?)).await?;
        if event.is_none_or(|event| event.actor.id != actor.id) {
            return Ok(Err(vec![UserError::of(&daybook_domain::Rejection::CommandIdReused)]));
        }
    }
    Ok(Ok(receipt))
}

fn no_data() -> ApiError {
    ApiError::Unauthenticated("there is no session")
}

pub(crate) async fn order(ctx: &Context<'_>, input: impl Input) -> Result<OrderPayload> {
    Ok(match execute(ctx, input).await? {
        Ok(receipt) => OrderPayload {
            receipt: Some((&receipt).into()),
            at: Some((receipt.stream, receipt.position)),
            user_errors: Vec::new(),
        },
        Err(user_errors) => OrderPayload { user_errors, ..OrderPayload::default() },
    })
}

/// `id` is the input's.
pub(crate) async fn merchant(ctx: &Context<'_>, id: String, input: impl Input) -> Result<MerchantPayload> {
    Ok(match execute(ctx, input).await? {
        Ok(receipt) => MerchantPayload {
            receipt: Some((&receipt).into()),
            merchant: merchant::as_of(ctx, crate::schema::lookup::merchant_id(&id)?, receipt.position).await?,
            user_errors: Vec::new(),
        },
        Err(user_errors) => MerchantPayload { receipt: None, merchant: None, user_errors },
    })
}

pub(crate) async fn policy(ctx: &Context<'_>, input: super::SetPolicyInput) -> Result<PolicyPayload> {
    let merchant = input.merchant.clone();
    Ok(match execute(ctx, input).await? {
        Ok(receipt) => {
            let merchant = crate::schema::lookup::merchant_id(&merchant)?;
            PolicyPayload {
                receipt: Some((&receipt).into()),
                policy: read(ctx, move |services| policy::load(services, &merchant)).await?,
                user_errors: Vec::new(),
            }
        }
        Err(user_errors) => PolicyPayload { receipt: None, policy: None, user_errors },
    })
}

/// `merchant` and `sku` are the input's.
pub(crate) async fn stock(ctx: &Context<'_>, merchant: String, sku: String, input: impl Input) -> Result<StockPayload> {
    Ok(match execute(ctx, input).await? {
        Ok(receipt) => StockPayload {
            receipt: Some((&receipt).into()),
            stock: Some(read(ctx, move |services| stock::load(services, &merchant, &sku)).await?),
            user_errors: Vec::new(),
        },
        Err(user_errors) => StockPayload { receipt: None, stock: None, user_errors },
    })
}
