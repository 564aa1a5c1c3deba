//! Buyers are forgotten.

use async_graphql::{Context, ID, InputObject, Result, SimpleObject};
use daybook_engine::{EraseError, Erasure};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::form::Form;
use super::payload::{self, Receipt};
use super::token::TURN_WITHIN;
use crate::auth::Session;
use crate::forget::Forgetting;
use crate::schema::enums::ReasonCode;
use crate::schema::error::{ApiError, UserError, refused};
use crate::schema::{allowed, look, orders, services};

#[derive(Clone, Debug, InputObject)]
pub(crate) struct EraseBuyerInput {
    /// A UUID that you choose; the same command sent again returns its first receipt, and erases nobody who came since.
    command_id: ID,
    /// Where they ordered: any merchant of its tree for the platform, the tree's root for its owner. They are erased in the
    /// whole tree.
    merchant: String,
    /// The account that they ordered with.
    buyer: String,
    /// Without words of yours, which would outlive what they are about.
    reason: ReasonCode,
    /// Also while orders of theirs are not finished: nobody will know any more where those go. No unless told otherwise.
    even_open: Option<bool>,
}

/// A buyer of whom nothing is known any more.
#[derive(Default, SimpleObject)]
pub(crate) struct EraseBuyerPayload {
    /// Null when the command was refused.
    receipt: Option<Receipt>,
    /// How many orders were theirs; null when the command was refused.
    orders: Option<i32>,
    /// Why the command was refused; empty when it was carried out.
    user_errors: Vec<UserError>,
}

pub(crate) async fn erase(ctx: &Context<'_>, input: EraseBuyerInput) -> Result<EraseBuyerPayload> {
    let services = services(ctx)?;
    let session = ctx.data::<Session>()?;
    let mut form = Form::new(services, &session.tenant);
    let (command_id, merchant) = (form.command_id(&input.command_id), form.merchant(&input.merchant));
    let (Some(command_id), Some(merchant), []) = (command_id, merchant, form.errors.as_slice()) else {
        payload::note_refusal(ctx, command_id, &form.errors);
        return Ok(EraseBuyerPayload { user_errors: form.errors, ..EraseBuyerPayload::default() });
    };
    orders::catch_up(ctx).await?;
    let own = session.tenant.own().cloned();
    let named = merchant.clone();
    let is_root =
        look(ctx, move |_, views| Ok(views.merchants().get(&named).is_none_or(|entry| entry.ancestors.is_empty())));
    if own.is_some() && !is_root.await? {
        // What they ordered from the others of the tree is not this one's to destroy.
        let why = "a buyer is one of a whole tree of merchants: the owner of its root erases them, or the platform";
        return allowed(ctx, Err(ApiError::Forbidden(why)));
    }
    let erasure = Erasure {
        command_id,
        actor: session.actor,
        merchant,
        account: input.buyer,
        even_open: input.even_open.unwrap_or(false),
        reason: input.reason.into(),
    };
    let (forgetting, host) = (Forgetting::of(services), services.host.clone());
    // Goes on when nobody waits for it any more: what is recorded must be done.
    let erasing = tokio::spawn(async move {
        let _turn = timeout(TURN_WITHIN, host.erasing.lock()).await.map_err(|_| ApiError::Busy)?;
        let erased = spawn_blocking(move || forgetting.erase(vec![erasure]).pop()).await;
        erased.map_err(|error| ApiError::Internal(Box::new(error)))
    });
    let erased = erasing.await.map_err(|error| ApiError::Internal(Box::new(error)))??;
    match erased {
        Some(Ok(forgotten)) => {
            payload::be_patient(ctx)?;
            Ok(EraseBuyerPayload {
                receipt: Some((&forgotten.erased.receipt).into()),
                orders: Some(i32::try_from(forgotten.orders.len()).unwrap_or(i32::MAX)),
                user_errors: Vec::new(),
            })
        }
        Some(Err(EraseError::Execute(error))) => {
            let user_errors = vec![refused(error)?];
            payload::note_refusal(ctx, Some(command_id), &user_errors);
            Ok(EraseBuyerPayload { user_errors, ..EraseBuyerPayload::default() })
        }
        Some(Err(error)) => Err(ApiError::Internal(Box::new(error)).into()),
        None => Ok(EraseBuyerPayload::default()),
    }
}
