//! Merchants and their tree.

use async_graphql::{Context, ID, InputObject, Result};
use daybook_domain::command::{MoveMerchant, RegisterMerchant};
use daybook_domain::limits::MAX_DEPTH;
use daybook_domain::{Command, MerchantId, Rejection};

use super::form::{Form, Input, boxed, input};
use super::payload::{self, MerchantPayload};
use crate::schema::error::{ApiError, UserError};
use crate::schema::look;

#[derive(Clone, Debug, InputObject)]
pub(crate) struct RegisterMerchantInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    pub(crate) command_id: ID,
    /// The revision that you believe the merchant to be at; 0: it is not there yet.
    expected_revision: Option<i32>,
    /// Chosen once: ASCII letters, digits, `-`, `_`, `.`.
    pub(crate) id: String,
    name: String,
    /// The merchant directly above; without one, a new tree.
    parent: Option<String>,
}

input!(RegisterMerchantInput, |it, form| {
    let id = form.read("id", MerchantId::new(&it.id));
    let parent = it.parent.as_deref().map(|parent| form.read("parent", MerchantId::new(parent)));
    let (Some(id), parent, false) = (id, parent.clone().flatten(), parent == Some(None)) else { return Ok(None) };
    Ok(Some(Command::RegisterMerchant(RegisterMerchant { id, name: boxed(it.name), parent })))
});

/// Which merchant is closed, or opened again.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct MerchantInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the merchant to be at.
    expected_revision: Option<i32>,
    pub(crate) merchant: String,
}

/// The same input, closing or opening again.
#[derive(Clone)]
pub(crate) struct Close(pub(crate) MerchantInput);
#[derive(Clone)]
pub(crate) struct Reopen(pub(crate) MerchantInput);

impl Input for Close {
    fn command_id(&self) -> &ID {
        &self.0.command_id
    }

    fn expected_revision(&self) -> Option<i32> {
        self.0.expected_revision
    }

    fn command(self, form: &mut Form<'_>) -> std::result::Result<Option<Command<String>>, ApiError> {
        Ok(form.merchant(&self.0.merchant).map(|merchant| Command::CloseMerchant { merchant }))
    }
}

impl Input for Reopen {
    fn command_id(&self) -> &ID {
        &self.0.command_id
    }

    fn expected_revision(&self) -> Option<i32> {
        self.0.expected_revision
    }

    fn command(self, form: &mut Form<'_>) -> std::result::Result<Option<Command<String>>, ApiError> {
        Ok(form.merchant(&self.0.merchant).map(|merchant| Command::ReopenMerchant { merchant }))
    }
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct MoveMerchantInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the merchant to be at.
    expected_revision: Option<i32>,
    pub(crate) merchant: String,
    /// The merchant that it stands directly below from now on, in the same tree.
    pub(crate) parent: String,
}

input!(MoveMerchantInput, |it, form| {
    let merchant = form.merchant(&it.merchant);
    let parent = form.read("parent", MerchantId::new(&it.parent));
    let (Some(merchant), Some(parent)) = (merchant, parent) else { return Ok(None) };
    Ok(Some(Command::MoveMerchant(MoveMerchant { merchant, parent })))
});

/// The rules see what stands above a merchant, not what stands below it: how deep that would come to stand, the views tell.
pub(crate) async fn move_below(ctx: &Context<'_>, input: MoveMerchantInput) -> Result<MerchantPayload> {
    if let (Ok(merchant), Ok(parent)) = (MerchantId::new(&input.merchant), MerchantId::new(&input.parent)) {
        let deepest = look(ctx, move |_, views| {
            let merchants = views.merchants();
            let above = merchants.get(&parent).map_or(0, |entry| entry.ancestors.len() + 1);
            // Below itself it would never end; the rules refuse that.
            let is_circle = parent == merchant || merchants.stands_below(&parent, &merchant);
            Ok(if is_circle { 0 } else { above + merchants.height(&merchant) })
        });
        if deepest.await? > MAX_DEPTH {
            let refused = UserError::of(&Rejection::TreeTooDeep { max: MAX_DEPTH });
            payload::note_refusal(ctx, None, std::slice::from_ref(&refused));
            return Ok(MerchantPayload::refused(refused));
        }
    }
    payload::merchant(ctx, input.merchant.clone(), input).await
}
