//! What changes in the exception queue, and what merchants are warned of: events of few kinds, followed as they come.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result};
use daybook_domain::{Event, Recorded};
use daybook_views::query::ExceptionKind;

use super::enums;
use super::merchant::{self, MerchantObject};
use super::order::OrderObject;
use super::query::READ;
use super::read;
use super::scalar::{DateTime, Position};
use crate::auth::Session;

/// Whether an order came into the queue or went out of it.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub(crate) enum QueueMove {
    Entered,
    Left,
}

/// An order came into the exception queue, or went out of it, for one reason; it may be there for others too.
pub(crate) struct QueueChange {
    recorded: Arc<Recorded>,
    moved: QueueMove,
    kind: ExceptionKind,
    ticket: Option<u16>,
}

impl QueueChange {
    /// None: the event changes nothing about the queue.
    pub(crate) fn of(recorded: &Arc<Recorded>) -> Option<Self> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "the queue is made of holds and tickets")]
        let (moved, kind, ticket) = match &recorded.event {
            Event::HoldPlaced(e) => (QueueMove::Entered, ExceptionKind::of(e.hold), None),
            Event::HoldReleased(e) => (QueueMove::Left, ExceptionKind::of(e.hold), None),
            Event::RefundRequested(e) => (QueueMove::Entered, ExceptionKind::Refund, Some(e.ticket)),
            Event::RefundRejected(e) => (QueueMove::Left, ExceptionKind::Refund, Some(e.ticket)),
            Event::RefundSettled(e) => (QueueMove::Left, ExceptionKind::Refund, Some(e.ticket)),
            _ => return None,
        };
        Some(Self { recorded: Arc::clone(recorded), moved, kind, ticket })
    }
}

#[Object]
impl QueueChange {
    /// Give it as `after` to go on behind this change.
    async fn position(&self) -> Position {
        Position(self.recorded.position)
    }

    async fn moved(&self) -> QueueMove {
        self.moved
    }

    async fn kind(&self) -> enums::ExceptionKind {
        self.kind.into()
    }

    /// The refund ticket, from 1.
    async fn ticket(&self) -> Option<u16> {
        self.ticket
    }

    async fn occurred_at(&self) -> DateTime {
        DateTime(self.recorded.occurred_at)
    }

    async fn order_id(&self) -> ID {
        ID(self.recorded.stream.to_string())
    }

    /// As of this change.
    #[graphql(complexity = "READ + child_complexity")]
    async fn order(&self, ctx: &Context<'_>) -> Result<Option<OrderObject>> {
        let (stream, revision) = (self.recorded.stream, self.recorded.revision);
        let tenant = ctx.data::<Session>()?.tenant.clone();
        read(ctx, move |services| OrderObject::load(services, &tenant, stream, |event| event.revision <= revision))
            .await
    }
}

/// A threshold of a merchant's policy was crossed, or what was measured is on its good side again.
pub(crate) struct AlertChange {
    recorded: Arc<Recorded>,
    raised: bool,
}

impl AlertChange {
    /// None: the event is about no alert.
    pub(crate) fn of(recorded: &Arc<Recorded>) -> Option<Self> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "two kinds are about alerts")]
        let raised = match &recorded.event {
            Event::AlertRaised(_) => true,
            Event::AlertCleared(_) => false,
            _ => return None,
        };
        Some(Self { recorded: Arc::clone(recorded), raised })
    }
}

#[Object]
impl AlertChange {
    /// Give it as `after` to go on behind this alert.
    async fn position(&self) -> Position {
        Position(self.recorded.position)
    }

    /// False: cleared.
    async fn raised(&self) -> bool {
        self.raised
    }

    async fn kind(&self) -> Option<enums::AlertKind> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "made of these two alone")]
        match &self.recorded.event {
            Event::AlertRaised(e) => Some(e.alert.into()),
            Event::AlertCleared(e) => Some(e.alert.into()),
            _ => None,
        }
    }

    /// Of which stock is low.
    async fn sku(&self) -> Option<&str> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "made of these two alone")]
        let sku = match &self.recorded.event {
            Event::AlertRaised(e) => e.sku.as_ref(),
            Event::AlertCleared(e) => e.sku.as_ref(),
            _ => None,
        };
        sku.map(daybook_domain::Sku::as_str)
    }

    /// In the threshold's unit: millionths of a rate, seconds, or pieces.
    async fn measured(&self) -> i64 {
        #[expect(clippy::wildcard_enum_match_arm, reason = "made of these two alone")]
        match &self.recorded.event {
            Event::AlertRaised(e) => e.measured,
            Event::AlertCleared(e) => e.measured,
            _ => 0,
        }
    }

    /// What was crossed; null when it is cleared.
    async fn threshold(&self) -> Option<i64> {
        if let Event::AlertRaised(e) = &self.recorded.event { Some(e.threshold) } else { None }
    }

    async fn occurred_at(&self) -> DateTime {
        DateTime(self.recorded.occurred_at)
    }

    #[graphql(complexity = "READ + child_complexity")]
    async fn merchant(&self, ctx: &Context<'_>) -> Result<Option<MerchantObject>> {
        let stream = self.recorded.stream;
        match read(ctx, move |services| merchant::state(services, stream)).await? {
            Some(merchant) => merchant::look_up(ctx, merchant.id).await,
            None => Ok(None),
        }
    }
}
