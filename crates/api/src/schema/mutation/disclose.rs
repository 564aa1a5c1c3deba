//! What is shown only to those who say that they look: that they did is an event, durable before anything is shown.

use async_graphql::{Context, ID, InputObject, Result, SimpleObject};
use daybook_domain::command::RevealContact;
use daybook_domain::{Command, Event, Kind, Order, Position, StreamId};
use daybook_engine::Opened;

use super::form::{ReasonInput, input};
use super::payload::{self, Receipt};
use crate::http::Services;
use crate::schema::delivery::{self, Delivery};
use crate::schema::error::{ApiError, UserError};
use crate::schema::history::Actor;
use crate::schema::lookup::OrderInput;
use crate::schema::read;
use crate::schema::scalar::DateTime;

#[derive(Clone, Debug, InputObject)]
pub(crate) struct RevealContactInput {
    /// A UUID that you choose; sent again by the same caller, it shows the same without another event.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    reason: ReasonInput,
}

input!(RevealContactInput, |it, form| {
    let Some(order) = form.order(&it.order)? else { return Ok(None) };
    Ok(Some(Command::RevealContact(RevealContact { order, reason: it.reason.into() })))
});

#[derive(Clone, Debug, InputObject)]
pub(crate) struct ReadEvidenceInput {
    /// A UUID that you choose; sent again by the same caller, it shows the same without another event.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
}

input!(ReadEvidenceInput, |it, form| {
    let Some(order) = form.order(&it.order)? else { return Ok(None) };
    Ok(Some(Command::ReadEvidence { order }))
});

/// Who the buyer of an order is, and where it goes.
#[derive(Default, SimpleObject)]
pub(crate) struct RevealContactPayload {
    /// Null when the command was refused.
    receipt: Option<Receipt>,
    /// Null when it was erased, too.
    account: Option<String>,
    delivery: Option<Delivery>,
    /// Why the command was refused; empty when it was carried out.
    user_errors: Vec<UserError>,
}

/// What somebody said for one side of a dispute.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Evidence {
    /// From 1 within the order.
    dispute: u16,
    /// Null: erased.
    text: Option<String>,
    added_at: DateTime,
    actor: Actor,
}

#[derive(Default, SimpleObject)]
pub(crate) struct ReadEvidencePayload {
    /// Null when the command was refused.
    receipt: Option<Receipt>,
    /// In the order in which it was added.
    evidence: Vec<Evidence>,
    /// Why the command was refused; empty when it was carried out.
    user_errors: Vec<UserError>,
}

fn opened(text: Opened) -> Option<String> {
    match text {
        Opened::Text(text) => Some(text),
        Opened::Erased | Opened::Damaged => None,
    }
}

pub(crate) async fn contact(ctx: &Context<'_>, input: RevealContactInput) -> Result<RevealContactPayload> {
    let receipt = match payload::disclose(ctx, input).await? {
        Ok(receipt) => receipt,
        Err(user_errors) => return Ok(RevealContactPayload { user_errors, ..RevealContactPayload::default() }),
    };
    let (order, position) = (receipt.stream, receipt.position);
    let (account, delivery) = read(ctx, move |services| contact_of(services, order, position)).await?;
    Ok(RevealContactPayload { receipt: Some((&receipt).into()), account, delivery, user_errors: Vec::new() })
}

/// As of a position. Reads the ledger.
fn contact_of(
    services: &Services,
    order: StreamId,
    position: Position,
) -> std::result::Result<(Option<String>, Option<Delivery>), ApiError> {
    let history = services.reader.history(order)?;
    let revision = history.iter().take_while(|recorded| recorded.position <= position).last();
    let (Some(first), Some(last)) = (history.first(), revision) else { return Ok((None, None)) };
    let Event::OrderPlaced(placed) = &first.event else { return Ok((None, None)) };
    let folded = Order::placed(placed, first.origin, first.occurred_at);
    let account = services.reader.open_text(&placed.account, folded.tree_root(), order, Kind::OrderPlaced);
    Ok((opened(account), delivery::load(services, order, last.revision)?))
}

pub(crate) async fn evidence(ctx: &Context<'_>, input: ReadEvidenceInput) -> Result<ReadEvidencePayload> {
    let receipt = match payload::disclose(ctx, input).await? {
        Ok(receipt) => receipt,
        Err(user_errors) => return Ok(ReadEvidencePayload { user_errors, ..ReadEvidencePayload::default() }),
    };
    let (order, position) = (receipt.stream, receipt.position);
    let evidence = read(ctx, move |services| evidence_of(services, order, position)).await?;
    Ok(ReadEvidencePayload { receipt: Some((&receipt).into()), evidence, user_errors: Vec::new() })
}

/// As of a position. Reads the ledger.
fn evidence_of(
    services: &Services,
    order: StreamId,
    position: Position,
) -> std::result::Result<Vec<Evidence>, ApiError> {
    let history = services.reader.history(order)?;
    let Some(Event::OrderPlaced(placed)) = history.first().map(|first| &first.event) else { return Ok(Vec::new()) };
    let root = daybook_domain::event::tree_root(&placed.ancestors, &placed.merchant);
    let seen = history.iter().take_while(|recorded| recorded.position <= position);
    Ok(seen
        .filter_map(|recorded| {
            let Event::EvidenceAdded(added) = &recorded.event else { return None };
            let text = services.reader.open_text(&added.text, root, order, Kind::EvidenceAdded);
            Some(Evidence {
                dispute: added.dispute,
                text: opened(text),
                added_at: DateTime(recorded.recorded_at),
                actor: recorded.actor.into(),
            })
        })
        .collect())
}
