//! Secrets that come in, and secrets that are shown.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use daybook_domain::is_seen_whole;
use daybook_domain::limits::MAX_CARD_BYTES;
use daybook_domain::{Position, Sku, StreamId};
use daybook_engine::{CardImport, CardsCutOff};

use super::deliver::RevealCardsInput;
use super::form::Form;
use super::payload::{self, Receipt};
use crate::auth::Session;
use crate::limits::MAX_COMPLEXITY;
use crate::reads::Reads;
use crate::schema::cards::{self, RevealedCard};
use crate::schema::error::{ErrorCode, UserError, refused};
use crate::schema::order::OrderObject;
use crate::schema::stock::{self, Stock};
use crate::schema::{orders, read, services};
use std::sync::Arc;

/// What revealing an order's cards counts for: a third of a document.
pub(super) const REVEAL: usize = MAX_COMPLEXITY / 3 - 100;
/// Secrets that one mutation brings; more come in from the command line.
const MAX_SECRETS: usize = 10_000;

#[derive(Clone, Debug, InputObject)]
pub(crate) struct ImportCardsInput {
    /// A UUID that you choose; sent again, an import that was cut off goes on, and one that was not is answered as before.
    command_id: ID,
    /// The revision that you believe the SKU to be at; 0: nobody received, counted or marked it yet.
    expected_revision: Option<i32>,
    merchant: String,
    sku: String,
    /// One card each, kept sealed; the first ones go out first. At most 10,000, of 1,024 bytes each.
    secrets: Vec<String>,
}

/// A secret that stands in the list twice, or had been imported before within the merchants' tree.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub(crate) struct DuplicateCard {
    /// Its place in the list, from 1.
    line: u64,
}

/// What became of the cards.
#[derive(SimpleObject)]
pub(crate) struct ImportCardsPayload {
    /// Of the last commit; null when nothing was imported.
    receipt: Option<Receipt>,
    imported: u64,
    /// The cards that were refused, in the list's order; the others came in.
    duplicates: Vec<DuplicateCard>,
    /// As of now; null when nothing was imported.
    stock: Option<Stock>,
    /// Why nothing, or not all, was imported.
    user_errors: Vec<UserError>,
}

impl ImportCardsPayload {
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { receipt: None, imported: 0, duplicates: Vec::new(), stock: None, user_errors }
    }
}

fn check(form: &mut Form<'_>, secrets: &[String]) {
    if secrets.is_empty() || secrets.len() > MAX_SECRETS {
        form.wrong("secrets", ErrorCode::InvalidInput, format!("give 1 to {MAX_SECRETS} secrets"));
        return;
    }
    for (place, secret) in secrets.iter().enumerate() {
        let wrong = if secret.len() > MAX_CARD_BYTES || secret.contains(char::is_control) || secret.trim().is_empty() {
            format!("must be one line of 1 to {MAX_CARD_BYTES} bytes")
        } else if !is_seen_whole(secret) {
            "must hold nothing that cannot be seen, and no blanks at its ends".to_owned()
        } else {
            continue;
        };
        form.wrong(&format!("secrets.{place}"), ErrorCode::InvalidInput, wrong);
    }
}

pub(crate) async fn import(ctx: &Context<'_>, input: ImportCardsInput) -> Result<ImportCardsPayload> {
    let services = services(ctx)?;
    let session = ctx.data::<Session>()?;
    let mut form = Form::new(services, &session.tenant);
    let command_id = form.command_id(&input.command_id);
    let expected = form.expected(input.expected_revision);
    let merchant = form.merchant(&input.merchant);
    let sku = form.read("sku", Sku::new(&input.sku));
    check(&mut form, &input.secrets);
    let (Some(command_id), Some(expected), Some(merchant), Some(sku), []) =
        (command_id, expected, merchant, sku, form.errors.as_slice())
    else {
        payload::note_refusal(ctx, command_id, &form.errors);
        return Ok(ImportCardsPayload::refused(form.errors));
    };
    let actor = session.actor;
    let import = CardImport { command_id, actor, expected, merchant, sku, secrets: input.secrets };
    let (report, user_errors) = match services.engine.import_cards(import).await {
        Ok(report) if report.receipt.is_none() => (report, vec![UserError::of(&daybook_domain::Rejection::CardsKnown)]),
        Ok(report) => (report, Vec::new()),
        Err(CardsCutOff { report, error }) => (report, vec![refused(error)?]),
    };
    payload::note_refusal(ctx, Some(command_id), &user_errors);
    let duplicates = report.duplicates.iter().map(|place| DuplicateCard { line: *place as u64 + 1 }).collect();
    let Some(receipt) = &report.receipt else {
        return Ok(ImportCardsPayload { duplicates, ..ImportCardsPayload::refused(user_errors) });
    };
    payload::be_patient(ctx)?;
    let (merchant, sku) = (input.merchant, input.sku);
    Ok(ImportCardsPayload {
        receipt: Some(receipt.into()),
        imported: report.imported,
        duplicates,
        stock: Some(read(ctx, move |services| stock::load(services, &merchant, &sku)).await?),
        user_errors,
    })
}

/// The secrets of an order's cards.
#[derive(Default)]
pub(crate) struct RevealCardsPayload {
    receipt: Option<Receipt>,
    at: Option<(StreamId, Position)>,
    cards: Vec<RevealedCard>,
    user_errors: Vec<UserError>,
}

#[Object]
impl RevealCardsPayload {
    /// Null when the command was refused.
    async fn receipt(&self) -> Option<&Receipt> {
        self.receipt.as_ref()
    }

    /// The order as of the receipt; null when the command was refused.
    async fn order(&self, ctx: &Context<'_>) -> Result<Option<OrderObject>> {
        let Some((stream, position)) = self.at else { return Ok(None) };
        let tenant = ctx.data::<Session>()?.tenant.clone();
        read(ctx, move |services| {
            OrderObject::load(services, &tenant, stream, |recorded| recorded.position <= position)
        })
        .await
    }

    /// In the order of the order's lines; what cannot be opened any more is left out.
    async fn secrets(&self) -> Vec<&str> {
        self.cards.iter().filter_map(|card| card.secret.as_deref()).collect()
    }

    async fn cards(&self) -> &[RevealedCard] {
        &self.cards
    }

    /// Why the command was refused; empty when it was carried out.
    async fn user_errors(&self) -> &[UserError] {
        &self.user_errors
    }
}

/// That somebody saw the secrets is recorded, and durable, before anybody sees them.
pub(crate) async fn reveal(ctx: &Context<'_>, input: RevealCardsInput) -> Result<RevealCardsPayload> {
    let receipt = match payload::disclose(ctx, input).await? {
        Ok(receipt) => receipt,
        Err(user_errors) => return Ok(RevealCardsPayload { user_errors, ..RevealCardsPayload::default() }),
    };
    let (stream, position) = (receipt.stream, receipt.position);
    orders::follow_done(ctx, position).await?;
    let going = ctx.data::<Arc<Reads>>()?.going();
    let cards = read(ctx, move |services| cards::of_order(services, &going, stream, position)).await?;
    Ok(RevealCardsPayload {
        receipt: Some((&receipt).into()),
        at: Some((stream, position)),
        cards,
        user_errors: Vec::new(),
    })
}
