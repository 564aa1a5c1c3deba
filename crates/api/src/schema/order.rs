//! An order, whichever way it came here: as a row of the list, or folded from its events.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use daybook_domain::order::{Axes, Lifecycle};
use daybook_domain::{
    Event, Kind, Label, MerchantId, Money, Order, OrderNumber, Position, Recorded, Revision, StreamId, Timestamp,
};
use daybook_engine::Opened;
use daybook_views::query::{Row, RowLine};

use super::actions::{self, OrderAction};
use super::delivery::{self, Delivery};
use super::enums;
use super::error::ApiError;
use super::history::{self, HistoryConnection, Shown};
use super::merchant::{self, MerchantObject};
use super::moment::Moment;
use super::money::MoneyObject;
use super::query::READ;
use super::scalar::{DateTime, Position as PositionScalar};
use super::{read, services};
use crate::access::{Relation, Tenant};
use crate::auth::Session;
use crate::http::Services;
use crate::mask;

/// All rules are asked once: too much for each row of a full page.
const ACTIONS: usize = 150;
/// Events of an order that a mutation reads again where it stands.
const AT_HAND: Revision = 8;

/// An order as of its `revision`.
#[derive(Clone, Debug)]
pub(crate) struct OrderObject {
    pub(crate) id: StreamId,
    pub(crate) number: OrderNumber,
    pub(crate) order: Order,
    /// As many as `order.lines`.
    pub(crate) lines: Vec<RowLine>,
    pub(crate) label: Label,
    pub(crate) total_minor: i64,
    pub(crate) revision: Revision,
    /// Of the order's last event.
    pub(crate) position: Position,
    pub(crate) merchant: MerchantObject,
    /// None: erased, or damaged.
    pub(crate) account: Option<Arc<str>>,
    /// Who the buyer is, and what is said of people, is not shown.
    is_masked: bool,
    /// What the shop's people write to each other is not shown either.
    is_the_buyers: bool,
    /// More has happened to it since.
    is_past: bool,
}

fn masked(account: Option<Arc<str>>, is_masked: bool) -> Option<Arc<str>> {
    if is_masked { account.map(|account| mask::text(&account).into()) } else { account }
}

impl OrderObject {
    pub(crate) fn from_row(row: Row, merchant: MerchantObject, account: Option<Arc<str>>, tenant: &Tenant) -> Self {
        let Row { id, number, mut order, lines, label, total_minor, revision, position } = row;
        let is_masked = tenant.masks(tenant.relation(id, &order));
        let account = masked(account, is_masked);
        let is_the_buyers = tenant.is_a_buyers();
        if is_the_buyers {
            order.tags.clear();
        }
        Self {
            id,
            number,
            order,
            lines,
            label,
            total_minor,
            revision,
            position,
            merchant,
            account,
            is_masked,
            is_the_buyers,
            is_past: false,
        }
    }

    /// Whether more has happened to it since.
    pub(crate) fn of_the_past(self, is_past: bool) -> Self {
        Self { is_past, ..self }
    }

    /// Folds events of one stream, oldest first. None: they are not of an order that the tenant is shown.
    fn fold(
        services: &Services,
        tenant: &Tenant,
        events: &[Recorded],
        merchant: impl FnOnce(&MerchantId) -> Result<MerchantObject, ApiError>,
    ) -> Result<Option<Self>, ApiError> {
        let Some((first, rest)) = events.split_first() else { return Ok(None) };
        let Event::OrderPlaced(placed) = &first.event else { return Ok(None) };
        let mut order = Order::placed(placed, first.origin, first.occurred_at);
        rest.iter().for_each(|recorded| order.apply(recorded));
        let relation = tenant.relation(first.stream, &order);
        if relation == Relation::Foreign {
            return Ok(None);
        }
        let (is_masked, is_the_buyers) = (tenant.masks(relation), tenant.is_a_buyers());
        if is_the_buyers {
            order.tags.clear();
        }
        let last = rest.last().unwrap_or(first);
        let lines = placed.lines.iter().map(|line| RowLine { sku: line.sku.clone(), title: (&*line.title).into() });
        let opened = services.reader.open_text(&placed.account, order.tree_root(), first.stream, Kind::OrderPlaced);
        Ok(Some(Self {
            id: first.stream,
            number: placed.number.clone(),
            lines: lines.collect(),
            label: Label::of(order.axes()),
            total_minor: order.total_minor(),
            revision: last.revision,
            position: last.position,
            merchant: merchant(&order.merchant)?,
            account: match opened {
                Opened::Text(text) => masked(Some(text.into()), is_masked),
                Opened::Erased | Opened::Damaged => None,
            },
            is_masked,
            is_the_buyers,
            is_past: false,
            order,
        }))
    }

    /// The order as of the events that `keep` lets through, which must be a beginning of its history. Reads the ledger.
    pub(crate) fn load(
        services: &Services,
        tenant: &Tenant,
        stream: StreamId,
        keep: impl Fn(&Recorded) -> bool,
    ) -> Result<Option<Self>, ApiError> {
        let events = services.reader.history(stream)?;
        Self::begun(services, tenant, events, keep, |id| merchant::of_order(services, id))
    }

    /// The same, if nobody need be waited for: the order is new and short, the views are free, and its merchant is in them. So a
    /// mutation's answer needs no thread beside the one that makes it.
    pub(crate) fn at_hand(
        services: &Services,
        tenant: &Tenant,
        stream: StreamId,
        keep: impl Fn(&Recorded) -> bool,
    ) -> Result<Option<Option<Self>>, ApiError> {
        let Some(events) = services.reader.history_at_hand(stream, AT_HAND)? else { return Ok(None) };
        let Some(Event::OrderPlaced(placed)) = events.first().map(|first| &first.event) else { return Ok(None) };
        let merchant =
            services.host.try_views().and_then(|views| merchant::in_views(&views, &placed.merchant, &Moment::Now));
        let Some(merchant) = merchant else { return Ok(None) };
        Self::begun(services, tenant, events, keep, |_| Ok(merchant)).map(Some)
    }

    fn begun(
        services: &Services,
        tenant: &Tenant,
        mut events: Vec<Recorded>,
        keep: impl Fn(&Recorded) -> bool,
        merchant: impl FnOnce(&MerchantId) -> Result<MerchantObject, ApiError>,
    ) -> Result<Option<Self>, ApiError> {
        let kept = events.iter().take_while(|recorded| keep(recorded)).count();
        let is_past = kept < events.len();
        events.truncate(kept);
        Ok(Self::fold(services, tenant, &events, merchant)?.map(|order| Self { is_past, ..order }))
    }

    pub(crate) fn money(&self, minor: i64) -> MoneyObject {
        MoneyObject::of(minor, self.order.currency)
    }
}

/// Who bought.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Buyer {
    /// Null when the buyer's data was erased.
    pub(crate) account: Option<String>,
}

/// The separate sides of an order's state; its label is a function of them.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "OrderAxes")]
pub(crate) struct AxesObject {
    lifecycle: enums::Lifecycle,
    payment: enums::Payment,
    fulfilment: enums::Fulfilment,
    after_sales: enums::AfterSales,
    holds: Vec<enums::Hold>,
}

impl From<Axes> for AxesObject {
    fn from(axes: Axes) -> Self {
        Self {
            lifecycle: axes.lifecycle.into(),
            payment: axes.payment.into(),
            fulfilment: axes.fulfilment.into(),
            after_sales: axes.after_sales.into(),
            holds: axes.holds.iter().map(Into::into).collect(),
        }
    }
}

#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct OrderLine {
    /// For caches of clients: the order's id and the line's number.
    id: ID,
    /// From 1 within the order.
    number: u16,
    sku: String,
    title: String,
    kind: enums::SkuKind,
    quantity: u32,
    unit_price: MoneyObject,
    /// Units shipped so far.
    shipped: u32,
    /// Units that were not shipped, and will not be.
    cancelled: u32,
}

/// A refund that was asked for.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct RefundTicket {
    /// From 1 within the order.
    pub(crate) number: u16,
    pub(crate) kind: enums::RefundKind,
    pub(crate) amount: MoneyObject,
    pub(crate) state: enums::TicketState,
    pub(crate) requested_at: DateTime,
    pub(crate) approved_at: Option<DateTime>,
    /// Missed: the merchant is warned.
    pub(crate) answer_by: Option<DateTime>,
    /// Missed: it goes to the platform.
    pub(crate) escalate_at: Option<DateTime>,
    /// Once it is approved: when the money must be back.
    pub(crate) pay_by: Option<DateTime>,
}

/// A reason why the order is kept out of the normal queue.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct OrderHold {
    pub(crate) hold: enums::Hold,
    pub(crate) since: Option<DateTime>,
}

/// A clock that runs: what it waits for has not happened yet.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct RunningClock {
    pub(crate) kind: enums::Clock,
    pub(crate) due_at: DateTime,
    /// The refund ticket, from 1.
    pub(crate) ticket: Option<u16>,
    /// It ran out, and that was recorded.
    pub(crate) missed: bool,
}

/// A clock that was missed.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct MissedClock {
    pub(crate) kind: enums::Clock,
    /// The refund ticket, from 1.
    pub(crate) ticket: Option<u16>,
}

/// A new address or account that nobody has decided on yet.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct AddressChange {
    /// From 1 within the order.
    pub(crate) number: u16,
    /// Who asked for it, and so cannot decide on it: a token's id.
    pub(crate) requested_by: ID,
}

#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Shipment {
    /// From 1 within the order.
    pub(crate) number: u16,
    /// Null before the carrier's first checkpoint.
    pub(crate) status: Option<enums::TrackingStatus>,
    pub(crate) delivered: bool,
}

/// Due times as the events set them, whether they are still open or not.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct DueTimes {
    pub(crate) pay_by: Option<DateTime>,
    pub(crate) ship_virtual_by: Option<DateTime>,
    pub(crate) collect_by: Option<DateTime>,
    pub(crate) observed_until: Option<DateTime>,
}

fn time(at: Option<Timestamp>) -> Option<DateTime> {
    at.map(DateTime)
}

/// What the resolvers and rows of lists both tell.
impl OrderObject {
    pub(crate) fn sum(&self, minor: i64) -> Money {
        Money::new(minor, self.order.currency)
    }

    pub(crate) fn due_minor(&self) -> i64 {
        if self.order.lifecycle == Lifecycle::Cancelled { 0 } else { self.order.due_minor() }
    }

    pub(crate) fn refund_tickets(&self) -> Vec<RefundTicket> {
        (1..)
            .zip(&self.order.tickets)
            .map(|(number, ticket)| RefundTicket {
                number,
                kind: ticket.kind.into(),
                amount: self.money(ticket.amount_minor),
                state: ticket.state.into(),
                requested_at: DateTime(ticket.requested_at),
                approved_at: time(ticket.approved_at),
                answer_by: time(ticket.due.map(|due| due.answer_by)),
                escalate_at: time(ticket.due.map(|due| due.escalate_at)),
                pay_by: time(ticket.pay_by),
            })
            .collect()
    }

    pub(crate) fn parcels(&self) -> Vec<Shipment> {
        (1..)
            .zip(&self.order.shipments)
            .map(|(number, shipment)| Shipment {
                number,
                status: shipment.status.map(Into::into),
                delivered: shipment.delivered,
            })
            .collect()
    }

    pub(crate) fn times(&self) -> DueTimes {
        DueTimes {
            pay_by: time(self.order.pay_due.map(|due| due.pay_by)),
            ship_virtual_by: time(self.order.ship_due.and_then(|due| due.virtual_by)),
            collect_by: time(self.order.ship_due.and_then(|due| due.collect_by)),
            observed_until: time(self.order.observed_until),
        }
    }

    pub(crate) fn held(&self) -> Vec<OrderHold> {
        let holds = self.order.holds.iter();
        holds.map(|hold| OrderHold { hold: hold.into(), since: time(self.order.held_since(hold)) }).collect()
    }

    pub(crate) fn running(&self) -> Vec<RunningClock> {
        let mut running = Vec::new();
        self.order.each_clock(|clock| running.push(clock));
        running.sort_unstable();
        running
            .into_iter()
            .map(|clock| RunningClock {
                kind: clock.clock.into(),
                due_at: DateTime(clock.due),
                ticket: clock.ticket,
                missed: self.order.has_missed(clock.clock, clock.ticket),
            })
            .collect()
    }

    pub(crate) fn missed(&self) -> Vec<MissedClock> {
        let missed = self.order.breaches.iter();
        missed.map(|missed| MissedClock { kind: missed.clock.into(), ticket: missed.ticket }).collect()
    }

    pub(crate) fn address_change(&self) -> Option<AddressChange> {
        let pending = self.order.pending_change?;
        Some(AddressChange { number: pending.number, requested_by: ID(pending.by.to_string()) })
    }
}

#[Object(name = "Order")]
impl OrderObject {
    pub(crate) async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// Unique within the merchant.
    async fn number(&self) -> &str {
        self.number.as_str()
    }

    async fn merchant(&self) -> &MerchantObject {
        &self.merchant
    }

    /// Masked, such as `a***@example.com`, for those who need not know.
    async fn buyer(&self) -> Buyer {
        Buyer { account: self.account.as_deref().map(str::to_owned) }
    }

    async fn placed_at(&self) -> DateTime {
        DateTime(self.order.placed_at)
    }

    async fn label(&self) -> enums::Label {
        self.label.into()
    }

    async fn axes(&self) -> AxesObject {
        self.order.axes().into()
    }

    #[graphql(complexity = "10 + 10 * child_complexity")]
    async fn lines(&self) -> Vec<OrderLine> {
        let both = (1..).zip(self.lines.iter().zip(&self.order.lines));
        both.map(|(number, (line, state))| OrderLine {
            id: ID(format!("{}:{number}", self.id)),
            number,
            sku: line.sku.as_str().to_owned(),
            title: line.title.as_str().to_owned(),
            kind: state.kind.into(),
            quantity: state.quantity,
            unit_price: self.money(state.unit_minor),
            shipped: state.shipped,
            cancelled: state.cancelled,
        })
        .collect()
    }

    async fn total(&self) -> MoneyObject {
        self.money(self.total_minor)
    }

    /// What is still to be paid; nothing of a cancelled order.
    async fn due(&self) -> MoneyObject {
        self.money(self.due_minor())
    }

    /// All that was captured, what was paid above the total included; what came after the order was cancelled is told by its
    /// refunds of the kind LATE.
    async fn captured(&self) -> MoneyObject {
        self.money(self.order.captured_minor)
    }

    /// Settled refunds of goods.
    async fn refunded(&self) -> MoneyObject {
        self.money(self.order.refunded_minor)
    }

    #[graphql(complexity = "20 + 20 * child_complexity")]
    async fn refunds(&self) -> Vec<RefundTicket> {
        self.refund_tickets()
    }

    #[graphql(complexity = "20 + 20 * child_complexity")]
    async fn shipments(&self) -> Vec<Shipment> {
        self.parcels()
    }

    #[graphql(complexity = "20")]
    /// Nothing for the buyer: they are the shop's own.
    async fn tags(&self) -> Vec<&str> {
        self.order.tags.iter().map(AsRef::as_ref).collect()
    }

    async fn due_times(&self) -> DueTimes {
        self.times()
    }

    /// Why it is kept out of the normal queue, beside open refunds.
    #[graphql(complexity = "10 + 4 * child_complexity")]
    async fn holds(&self) -> Vec<OrderHold> {
        self.held()
    }

    /// The clocks that run, the next one first.
    #[graphql(complexity = "10 + 10 * child_complexity")]
    async fn clocks(&self) -> Vec<RunningClock> {
        self.running()
    }

    /// The clocks that were missed.
    #[graphql(complexity = "10 + 10 * child_complexity")]
    async fn breaches(&self) -> Vec<MissedClock> {
        self.missed()
    }

    async fn pending_address_change(&self) -> Option<AddressChange> {
        self.address_change()
    }

    /// Since when a dispute is open; null: none is.
    async fn disputed_since(&self) -> Option<DateTime> {
        time(self.order.disputed_since)
    }

    /// How many cards were delivered; `revealCards` shows them.
    async fn cards(&self) -> u32 {
        self.order.cards
    }

    /// Whether a person of the shop did something to it before it was delivered.
    async fn attended(&self) -> bool {
        self.order.is_attended
    }

    /// Where it goes, opened for this answer; masked as the buyer is.
    #[graphql(complexity = "READ + 10 * child_complexity")]
    async fn delivery(&self, ctx: &Context<'_>) -> Result<Option<Delivery>> {
        let (id, revision, is_masked) = (self.id, self.revision, self.is_masked);
        let found = read(ctx, move |services| delivery::load(services, id, revision)).await?;
        Ok(if is_masked { found.map(Delivery::masked) } else { found })
    }

    /// What the caller might do to it, and what would be refused now: all that its role may ask for of an order of its own, and
    /// nothing of one that it is only shown, or that is shown as it was before more happened to it.
    #[graphql(complexity = "ACTIONS + 25 * child_complexity")]
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<OrderAction>> {
        if self.is_past {
            return Ok(Vec::new());
        }
        Ok(actions::of(services(ctx)?, ctx.data::<Session>()?, (self.id, &self.order, self.revision)))
    }

    /// How many events the order has had.
    async fn revision(&self) -> u32 {
        self.revision
    }

    /// Of the order's last event.
    async fn position(&self) -> PositionScalar {
        PositionScalar(self.position)
    }

    /// Who did what, when and why, oldest first. Its buyer is not shown the shop's notes and tags, so that revisions are missing.
    #[graphql(complexity = "READ + super::page::cost(first, None, child_complexity)")]
    async fn history(&self, ctx: &Context<'_>, first: Option<i32>, after: Option<String>) -> Result<HistoryConnection> {
        let shown = if self.is_the_buyers { Shown::Buyers } else { Shown::masked(self.is_masked) };
        let of = history::Of { order: self.id, revision: self.revision, shown };
        read(ctx, move |services| history::page(services, of, first, after.as_deref())).await
    }
}
