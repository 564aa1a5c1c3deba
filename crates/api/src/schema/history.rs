//! Events, alone and as an order's history.

use std::sync::Arc;

use async_graphql::{Context, ID, Json, Object, Result, SimpleObject};
use daybook_domain::change::{self, Value};
use daybook_domain::{Automatic, Event, Kind, MerchantId, Order, Recorded, Revision, State, StreamId};
use daybook_engine::Opened;

use super::error::ApiError;
use super::page::PageInfo;
use super::query::READ;
use super::scalar::{DateTime, Position};
use super::{enums, read};
use crate::auth::Session;
use crate::http::Services;

/// On whose behalf something was done.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Actor {
    /// Pseudonymous: a token's id.
    id: ID,
    role: enums::Role,
    /// Which policy it was, when it was no person: such as `system:pay-within`.
    name: Option<&'static str>,
}

impl From<daybook_domain::Actor> for Actor {
    fn from(actor: daybook_domain::Actor) -> Self {
        Self { id: ID(actor.id.to_string()), role: actor.role.into(), name: name(actor) }
    }
}

fn name(actor: daybook_domain::Actor) -> Option<&'static str> {
    let is_system = actor.role == daybook_domain::Role::System;
    Automatic::of_actor(actor.id).filter(|_| is_system).map(Automatic::name)
}

/// A field before and after an event; money as `9.90 CNY`, times in RFC 3339.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Change {
    /// Such as `line.1.unitPrice`.
    field: String,
    /// Null: it came to be.
    before: Option<String>,
    /// Null: it is gone.
    after: Option<String>,
}

fn written(value: Value) -> String {
    match value {
        Value::Text(text) => text,
        Value::Number(number) => number.to_string(),
        Value::Money(money) => money.to_string(),
        Value::Time(at) => daybook_codec::format_time(at),
    }
}

/// An order before an event (none before its first) and after it.
pub(crate) type Around = (Option<Order>, Order);

/// What of events somebody is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    All,
    /// Personal texts stay sealed, and nothing leads to the buyer.
    Masked,
    /// The buyer's own order: where its parcels are, but not what people of the shop write to each other, nor who paid how.
    Buyers,
}

impl Shown {
    pub(crate) fn masked(is_masked: bool) -> Self {
        if is_masked { Shown::Masked } else { Shown::All }
    }

    fn shows(self, kind: Kind) -> bool {
        self != Shown::Buyers || !matches!(kind, Kind::NoteAdded | Kind::TagAdded)
    }

    fn opens(self, kind: Kind) -> bool {
        match self {
            // Evidence is read by a mutation, so that who read it is recorded.
            Shown::All => kind != Kind::EvidenceAdded,
            Shown::Masked => false,
            Shown::Buyers => kind == Kind::TrackingUpdated,
        }
    }

    /// What leads to a buyer elsewhere: at a carrier, or a provider of payments.
    fn left_out(self) -> &'static [&'static str] {
        match self {
            Shown::All => &[],
            Shown::Masked => &["trackingNumber", "tradeNumber", "failure", "place"],
            Shown::Buyers => &["tradeNumber", "failure"],
        }
    }
}

/// One immutable fact about one stream.
#[derive(Clone, Debug)]
pub(crate) struct EventObject {
    pub(crate) recorded: Arc<Recorded>,
    /// The order before and after, where that is known; else it is looked up when asked for.
    pub(crate) around: Option<Arc<Around>>,
    pub(crate) shown: Shown,
}

impl EventObject {
    pub(crate) fn alone(recorded: Recorded, shown: Shown) -> Self {
        Self { recorded: Arc::new(recorded), around: None, shown }
    }

    async fn around(&self, ctx: &Context<'_>) -> Result<Option<Arc<Around>>> {
        if self.around.is_some() {
            return Ok(self.around.clone());
        }
        let (stream, revision) = (self.recorded.stream, self.recorded.revision);
        read(ctx, move |services| {
            let events = services.reader.history(stream)?;
            let upto = events.iter().take_while(|recorded| recorded.revision <= revision).count();
            Ok(fold_around(&events[..upto], |_| false).pop().map(Arc::new))
        })
        .await
    }

    /// The tree that the event's texts are sealed for; only orders carry any. May read the ledger.
    fn tree_root(&self, services: &Services) -> Result<Option<MerchantId>, ApiError> {
        if let Some(around) = &self.around {
            return Ok(Some(around.1.tree_root().clone()));
        }
        if let Event::OrderPlaced(placed) = &self.recorded.event {
            return Ok(Some(daybook_domain::event::tree_root(&placed.ancestors, &placed.merchant).clone()));
        }
        Ok(match services.reader.state(self.recorded.stream)? {
            Some(State::Order(order)) => Some(order.tree_root().clone()),
            Some(State::Job(job)) => crate::jobs::tree_root(services, &job)?,
            Some(
                State::Merchant(_)
                | State::Claim(_)
                | State::Card(_)
                | State::Token(_)
                | State::Sku(_)
                | State::Stock(_)
                | State::Export(_),
            )
            | None => None,
        })
    }

    /// What it says, with its personal texts opened. May read the ledger and the key file.
    fn opened(&self, services: &Services) -> Result<serde_json::Value, ApiError> {
        let mut root = None;
        let mut failed = None;
        let data = daybook_codec::data_to_json(&self.recorded.event, &mut |sealed, kind| {
            if !self.shown.opens(kind) {
                return None;
            }
            if root.is_none() {
                match self.tree_root(services) {
                    Ok(found) => root = found,
                    Err(error) => failed = Some(error),
                }
            }
            match services.reader.open_text(sealed, root.as_ref()?, self.recorded.stream, kind) {
                Opened::Text(text) => Some(text),
                Opened::Erased | Opened::Damaged => None,
            }
        });
        failed.map_or(Ok(data), Err)
    }
}

#[Object(name = "Event")]
impl EventObject {
    async fn position(&self) -> Position {
        Position(self.recorded.position)
    }

    /// What it is about: an order's id, for one.
    async fn stream(&self) -> ID {
        ID(self.recorded.stream.to_string())
    }

    /// Its place in its stream, from 1.
    async fn revision(&self) -> u32 {
        self.recorded.revision
    }

    /// Such as `order-placed`.
    async fn kind(&self) -> &'static str {
        self.recorded.event.kind().name()
    }

    /// Of the schema that it was stored with.
    async fn version(&self) -> u16 {
        self.recorded.version
    }

    /// When it happened in the world.
    async fn occurred_at(&self) -> DateTime {
        DateTime(self.recorded.occurred_at)
    }

    /// When the ledger learnt of it.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.recorded.recorded_at)
    }

    async fn actor(&self) -> Actor {
        self.recorded.actor.into()
    }

    async fn origin(&self) -> enums::Origin {
        self.recorded.origin.into()
    }

    async fn command_id(&self) -> ID {
        ID(self.recorded.command_id.to_string())
    }

    async fn reason(&self) -> Option<enums::ReasonCode> {
        self.recorded.reason.map(Into::into)
    }

    /// The event that caused this one, for what automation does.
    async fn causation(&self) -> Option<Position> {
        self.recorded.causation.map(Position)
    }

    /// What belongs together across streams.
    async fn correlation(&self) -> Option<ID> {
        self.recorded.correlation.map(|id| ID(id.to_string()))
    }

    /// The order's fields that it changed; empty for other streams.
    #[graphql(complexity = "READ + 10 * child_complexity")]
    async fn changes(&self, ctx: &Context<'_>) -> Result<Vec<Change>> {
        let Some(around) = self.around(ctx).await? else { return Ok(Vec::new()) };
        let (before, after) = &*around;
        let found = change::changes(before.as_ref(), after).into_iter();
        let text = |value: Option<Value>| value.map(written);
        Ok(found
            .map(|change| Change { field: change.field, before: text(change.before), after: text(change.after) })
            .collect())
    }

    /// What it says, in the shape of `schemas/events`. Personal texts are opened, but where the order's buyer is masked, and but
    /// evidence, which `readEvidence` shows; of those that are not, and of erased ones, the slot is left. To its buyer an order's
    /// events tell where its parcels are, and of no texts.
    #[graphql(complexity = "READ")]
    async fn data(&self, ctx: &Context<'_>) -> Result<Json<serde_json::Value>> {
        let event = self.clone();
        let mut data = read(ctx, move |services| event.opened(services)).await?;
        let tenant = &ctx.data::<Session>()?.tenant;
        if !tenant.shows_all() {
            // The key of a buyer is the same in the whole tree, so it would tell whose a masked order is.
            without_keys(&mut data);
        }
        without(self.shown.left_out(), &mut data);
        // Who stands above is not a merchant's to see.
        if !ctx.data::<Session>()?.tenant.shows_all()
            && let Some(ancestors) = data.get_mut("ancestors")
        {
            *ancestors = serde_json::json!([]);
        }
        if self.recorded.event.kind() == Kind::MerchantMoved && !ctx.data::<Session>()?.tenant.shows_all() {
            data = serde_json::json!({});
        }
        Ok(Json(data))
    }
}

#[derive(SimpleObject)]
pub(crate) struct HistoryEdge {
    cursor: String,
    node: EventObject,
}

#[derive(SimpleObject)]
pub(crate) struct HistoryConnection {
    nodes: Vec<EventObject>,
    edges: Vec<HistoryEdge>,
    page_info: PageInfo,
}

impl HistoryConnection {
    pub(crate) fn new(nodes: Vec<EventObject>, cursor: impl Fn(&Recorded) -> String, page_info: PageInfo) -> Self {
        let edge = |node: &EventObject| HistoryEdge { cursor: cursor(&node.recorded), node: node.clone() };
        Self { edges: nodes.iter().map(edge).collect(), nodes, page_info }
    }
}

/// What was sealed stays so, and does not tell under which key.
fn without_keys(data: &mut serde_json::Value) {
    match data {
        serde_json::Value::Object(object) => {
            if object.len() == 1
                && let Some(sealed) = object.get_mut("sealed")
            {
                *sealed = 0.into();
            }
            // Of a token.
            if object.get("buyer").is_some_and(serde_json::Value::is_number) {
                object.remove("buyer");
            }
            object.values_mut().for_each(without_keys);
        }
        serde_json::Value::Array(all) => all.iter_mut().for_each(without_keys),
        _ => {}
    }
}

/// These fields are null, wherever they are.
fn without(names: &[&str], data: &mut serde_json::Value) {
    match data {
        serde_json::Value::Object(object) => {
            for name in names {
                if let Some(value) = object.get_mut(*name) {
                    *value = serde_json::Value::Null;
                }
            }
            object.values_mut().for_each(|value| without(names, value));
        }
        serde_json::Value::Array(all) => all.iter_mut().for_each(|value| without(names, value)),
        _ => {}
    }
}

/// The order before and after each event that `keep` picks, and around the last one in any case.
fn fold_around(events: &[Recorded], keep: impl Fn(&Recorded) -> bool) -> Vec<Around> {
    let mut around = Vec::new();
    let mut order: Option<Order> = None;
    for (index, recorded) in events.iter().enumerate() {
        let is_kept = keep(recorded) || index + 1 == events.len();
        let before = if is_kept { order.clone() } else { None };
        match (&mut order, &recorded.event) {
            (Some(order), _) => order.apply(recorded),
            (None, Event::OrderPlaced(placed)) => {
                order = Some(Order::placed(placed, recorded.origin, recorded.occurred_at));
            }
            (None, _) => return Vec::new(),
        }
        if let (true, Some(after)) = (is_kept, &order) {
            around.push((before, after.clone()));
        }
    }
    around
}

/// An order's history up to a revision.
#[derive(Clone, Copy)]
pub(crate) struct Of {
    pub(crate) order: StreamId,
    pub(crate) revision: Revision,
    pub(crate) shown: Shown,
}

/// A page of an order's history. Cursors are revisions. Reads the ledger.
pub(crate) fn page(
    services: &Services,
    Of { order, revision, shown }: Of,
    first: Option<i32>,
    after: Option<&str>,
) -> Result<HistoryConnection, ApiError> {
    let first = super::page::first(first)?;
    let after: u32 = match after {
        Some(cursor) => cursor.parse().map_err(|_| ApiError::Invalid("after is not a cursor of this list".into()))?,
        None => 0,
    };
    if first == 0 {
        let page_info =
            PageInfo { has_next_page: after < revision, has_previous_page: after > 0, ..PageInfo::default() };
        return Ok(HistoryConnection::new(Vec::new(), |_| String::new(), page_info));
    }
    let mut events = services.reader.history(order)?;
    // What is not shown is not folded either: so no event tells what it changed.
    events.retain(|recorded| recorded.revision <= revision && shown.shows(recorded.event.kind()));
    let total = events.len();
    let from = events.partition_point(|recorded| recorded.revision <= after);
    events.truncate(from.saturating_add(first));
    let has_next = events.len() < total && events.len() >= from;
    let around = fold_around(&events, |recorded| recorded.revision > after);
    let nodes: Vec<EventObject> = events
        .into_iter()
        .skip(from)
        .zip(around)
        .map(|(recorded, around)| EventObject { recorded: Arc::new(recorded), around: Some(Arc::new(around)), shown })
        .collect();
    let cursor = |recorded: &Recorded| recorded.revision.to_string();
    let cursors: Vec<String> = nodes.iter().map(|node| cursor(&node.recorded)).collect();
    let info = PageInfo::of(cursors.iter().map(String::as_str), has_next, after > 0);
    Ok(HistoryConnection::new(nodes, cursor, info))
}
