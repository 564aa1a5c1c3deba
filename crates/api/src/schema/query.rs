//! What can be asked.

use std::sync::Arc;

use async_graphql::{Context, ID, Interface, Object, Result};
use daybook_domain::StreamId;
use daybook_views::query::Scope as ViewScope;
use uuid::Uuid;

use super::audit::{self, AuditConnection, AuditWhere};
use super::contributions::{self, ContributionConnection};
use super::dashboard::{self, Dashboard, Question, TimeRange};
use super::enums::{Basis, ExceptionKind, Metric, Scope};
use super::error::ApiError;
use super::evidence::{self, OrderEvidence};
use super::export::{self, ExportObject};
use super::filter::{OrderWhere, Seen};
use super::history::HistoryConnection;
use super::job::{self, JobConnection, JobObject};
use super::lookup::{self, AsOf, Named, OrderInput};
use super::merchant::{self, MerchantConnection, MerchantObject};
use super::moment::{self, Moment};
use super::order::OrderObject;
use super::orders::{self, OrderConnection, OrderSort, Paging};
use super::queue::{self, DeadlineConnection, ExceptionCount, OrderExceptionConnection, Whose};
use super::scalar::{DateTime, Position};
use super::stock::{self, StockConnection};
use super::subscription::{Viewer, viewer};
use super::token::{self, TokenConnection};
use super::{allowed, events, look, look_long, page, read, services};
use crate::access::{Relation, Tenant};
use crate::auth::Session;
use crate::reads::Reads;

pub(crate) struct QueryRoot;

/// What a question to the views counts for, beside what it answers: some twenty of them fit into a document.
const VIEW: usize = 2_000;
/// What looking an order up counts for: fifty fit.
const ORDER: usize = 900;
const MERCHANTS: usize = 500;
/// What one read of the ledger counts for at least.
pub(super) const READ: usize = 50;
/// What a moment that is past counts for, once more. How many are folded is bounded where they are.
const PAST: usize = VIEW;

fn past(as_of: Option<&AsOf>) -> usize {
    if as_of.is_some() { PAST } else { 0 }
}

/// Whatever has an id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID"))]
pub(crate) enum Node {
    Order(Arc<OrderObject>),
    Merchant(MerchantObject),
}

async fn by_stream(ctx: &Context<'_>, stream: StreamId, as_of: Option<AsOf>) -> Result<Option<OrderObject>> {
    let tenant = tenant(ctx)?.clone();
    read(ctx, move |services| {
        let as_of = as_of.map(|as_of| moment::settled(services, as_of)).transpose()?;
        // First: how long it takes to read a foreign order would tell that it is there.
        if lookup::relation(services, &tenant, stream)? == Relation::Foreign {
            return Ok(None);
        }
        OrderObject::load(services, &tenant, stream, |recorded| {
            as_of.as_ref().is_none_or(|as_of| as_of.includes(recorded))
        })
    })
    .await
}

/// Whose data is shown.
fn tenant<'a>(ctx: &Context<'a>) -> Result<&'a Tenant> {
    Ok(&ctx.data::<Session>()?.tenant)
}

fn seen(ctx: &Context<'_>, scope: Option<Scope>) -> Result<Seen> {
    Ok(Seen { scope: scope.unwrap_or_default(), tenant: tenant(ctx)?.clone() })
}

/// The merchants that are meant, if the token may ask about them.
pub(super) async fn meant(ctx: &Context<'_>, merchant: Option<String>, scope: Option<Scope>) -> Result<ViewScope> {
    let tenant = tenant(ctx)?.clone();
    let subtree = scope.unwrap_or_default().is_subtree();
    let is_other = |named: &str| tenant.own().is_some_and(|own| own.as_str() != named);
    if !merchant.as_deref().is_some_and(is_other) {
        return Ok(tenant.meant(merchant.as_deref(), subtree, |_, _| false)?);
    }
    let meant = look(ctx, move |_, views| {
        tenant.meant(merchant.as_deref(), subtree, |id, own| views.merchants().stands_below(id, own))
    });
    allowed(ctx, meant.await)
}

async fn whose(ctx: &Context<'_>, merchant: Option<String>, scope: Option<Scope>, at: At) -> Result<Whose> {
    let scope = meant(ctx, merchant, scope).await?;
    Ok(Whose { scope, tenant: tenant(ctx)?.clone(), moment: at.moment(ctx).await? })
}

/// Which views a question is about.
struct At {
    least: Option<Position>,
    as_of: Option<AsOf>,
}

impl At {
    /// Waits for them.
    async fn moment(self, ctx: &Context<'_>) -> Result<Moment> {
        orders::follow(ctx, self.least.map(|at| at.0)).await?;
        Moment::of(ctx, self.as_of).await
    }
}

/// Telephones are known as they are now.
fn no_phones_of_the_past(wanted: Option<&OrderWhere>, moment: &Moment) -> Result<()> {
    if moment.is_past() && wanted.is_some_and(OrderWhere::asks_for_phones) {
        let message = "phoneTail is known of now alone: leave it out, or ask without asOf";
        return Err(ApiError::Invalid(message.into()).into());
    }
    Ok(())
}

#[Object(name = "Query")]
#[allow(clippy::too_many_arguments, reason = "a field's arguments")]
impl QueryRoot {
    /// Orders, newest first unless told otherwise; at most 250 at a time. `scope` says whether the merchants below those
    /// named in `where.merchant` count too.
    #[graphql(complexity = "VIEW + page::cost(first, last, child_complexity) + past(as_of.as_ref())")]
    async fn orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "where")] wanted: Option<OrderWhere>,
        #[graphql(desc = "OWN unless told otherwise.")] scope: Option<Scope>,
        sort_by: Option<OrderSort>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        #[graphql(desc = "Wait until the list knows this position, such as a receipt's.")] at_least: Option<Position>,
        #[graphql(desc = "As it was known then, at a position or at a time; today's rights hold.")] as_of: Option<AsOf>,
    ) -> Result<OrderConnection> {
        let moment = At { least: at_least, as_of }.moment(ctx).await?;
        no_phones_of_the_past(wanted.as_ref(), &moment)?;
        let paging = Paging { first, after, last, before };
        let (seen, sort_by) = (seen(ctx, scope)?, sort_by.unwrap_or_default());
        let then = moment.clone();
        let page = moment.look_in_steps(ctx, move |services, views, steps| {
            orders::list(services, views, steps, &then, wanted.clone(), &seen, sort_by, &paging)
        });
        allowed(ctx, page.await)
    }

    #[graphql(complexity = "VIEW + past(as_of.as_ref())")]
    async fn orders_count(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "where")] wanted: Option<OrderWhere>,
        #[graphql(desc = "OWN unless told otherwise.")] scope: Option<Scope>,
        at_least: Option<Position>,
        #[graphql(desc = "As it was known then, at a position or at a time; today's rights hold.")] as_of: Option<AsOf>,
    ) -> Result<u64> {
        let moment = At { least: at_least, as_of }.moment(ctx).await?;
        no_phones_of_the_past(wanted.as_ref(), &moment)?;
        let seen = seen(ctx, scope)?;
        let count = moment.look_in_steps(ctx, move |services, views, steps| {
            orders::count(services, views, steps, wanted.clone(), &seen)
        });
        allowed(ctx, count.await)
    }

    /// One order, from its own events: always up to date. With `asOf` as it was; null if it was not there then.
    #[graphql(complexity = "ORDER + child_complexity")]
    async fn order(&self, ctx: &Context<'_>, by: OrderInput, as_of: Option<AsOf>) -> Result<Option<OrderObject>> {
        let stream = match lookup::named(services(ctx)?, tenant(ctx)?, &by) {
            Named::At(stream) => Some(stream),
            Named::Nowhere => None,
            Named::InViews(by) => lookup::in_views(ctx, by).await?,
        };
        match stream {
            Some(stream) => by_stream(ctx, stream, as_of).await,
            None => Ok(None),
        }
    }

    /// Everything that happened to one of your own orders, with proofs that others can check without the ledger; null if
    /// there is no such order, or it stands below yours.
    #[graphql(complexity = "10 * ORDER + child_complexity")]
    async fn order_evidence(&self, ctx: &Context<'_>, by: OrderInput) -> Result<Option<OrderEvidence>> {
        let tenant = tenant(ctx)?.clone();
        let stream = match lookup::named(services(ctx)?, &tenant, &by) {
            Named::At(stream) => stream,
            Named::Nowhere => return Ok(None),
            Named::InViews(by) => match lookup::in_views(ctx, by).await? {
                Some(stream) => stream,
                None => return Ok(None),
            },
        };
        read(ctx, move |services| evidence::make(services, &tenant, stream)).await
    }

    /// The figures of a period. Without `merchant`, of all.
    #[graphql(complexity = "VIEW + child_complexity + past(as_of.as_ref())")]
    async fn dashboard(
        &self,
        ctx: &Context<'_>,
        merchant: Option<String>,
        #[graphql(desc = "OWN unless told otherwise.")] scope: Option<Scope>,
        range: TimeRange,
        #[graphql(desc = "An IANA name, such as Asia/Shanghai; the merchant's unless told otherwise.")]
        time_zone: Option<String>,
        currency: String,
        #[graphql(desc = "COHORT unless told otherwise.")] basis: Option<Basis>,
        at_least: Option<Position>,
        #[graphql(desc = "As it was known then, at a position or at a time; today's rights hold.")] as_of: Option<AsOf>,
    ) -> Result<Dashboard> {
        let whose = meant(ctx, merchant, scope).await?;
        let moment = At { least: at_least, as_of }.moment(ctx).await?;
        let question = Question { whose, range, time_zone, currency, basis: basis.unwrap_or(Basis::Cohort) };
        let then = moment.clone();
        moment.look_long(ctx, move |_, views| dashboard::ask(views, &question, then)).await
    }

    /// The events behind a figure of the dashboard: what they contribute is the figure. By the UTC day on which they count,
    /// then by order.
    #[graphql(complexity = "VIEW + page::cost(first, None, READ + child_complexity) + past(as_of.as_ref())")]
    async fn dashboard_events(
        &self,
        ctx: &Context<'_>,
        merchant: Option<String>,
        #[graphql(desc = "OWN unless told otherwise.")] scope: Option<Scope>,
        range: TimeRange,
        #[graphql(desc = "Of `weekday` and `hour`; the merchant's unless told otherwise.")] time_zone: Option<String>,
        #[graphql(desc = "1 is Monday. Only what counts on it, such as a cell of byWeekdayHour.")] weekday: Option<i32>,
        #[graphql(desc = "0 to 23, local time. Only what counts in it.")] hour: Option<i32>,
        currency: String,
        #[graphql(desc = "COHORT unless told otherwise.")] basis: Option<Basis>,
        metric: Metric,
        first: Option<i32>,
        after: Option<String>,
        at_least: Option<Position>,
        #[graphql(desc = "As it was known then, at a position or at a time; today's rights hold.")] as_of: Option<AsOf>,
    ) -> Result<ContributionConnection> {
        let whose = meant(ctx, merchant, scope).await?;
        let moment = At { least: at_least, as_of }.moment(ctx).await?;
        let question = Question { whose, range, time_zone, currency, basis: basis.unwrap_or(Basis::Cohort) };
        let hours = contributions::hours(weekday, hour)?;
        let going = ctx.data::<Arc<Reads>>()?.going();
        read(ctx, move |services| {
            let asked = moment.with(services, |views| question.read(views.merchants()))?;
            contributions::list(services, &going, &moment, &asked, hours, metric.into(), first, after.as_deref())
        })
        .await
    }

    /// The log from behind a position on, oldest first. Cursors are positions. A page of few kinds may end early, with
    /// `hasNextPage`: go on from `endCursor`.
    #[graphql(complexity = "events::cost(kinds.is_some()) + page::cost(first, None, child_complexity)")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        after: Option<Position>,
        first: Option<i32>,
        #[graphql(desc = "Such as order-placed.")] kinds: Option<Vec<String>>,
    ) -> Result<HistoryConnection> {
        if !tenant(ctx)?.shows_all() {
            let message = "the log is the whole ledger's: it is shown to tokens that belong to no merchant";
            return Err(ApiError::Forbidden(message).into());
        }
        let is_masked = tenant(ctx)?.is_masked;
        let kinds = events::kinds(kinds)?;
        let after = after.map_or(0, |after| after.0);
        let going = ctx.data::<Arc<Reads>>()?.going();
        read(ctx, move |services| events::list(services, &going, after, first, kinds.as_ref(), is_masked)).await
    }

    /// Who did what, across all streams, the newest first; of a token that belongs to a merchant what was done to its own
    /// orders, stock, policy, tokens and jobs. A page of few may end early, with `hasNextPage`: go on from `endCursor`.
    #[graphql(complexity = "10 * READ + page::cost(first, None, child_complexity)")]
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "where")] wanted: Option<AuditWhere>,
        first: Option<i32>,
        after: Option<String>,
        #[graphql(desc = "Wait until the log is known up to this position, such as a receipt's.")] at_least: Option<
            Position,
        >,
    ) -> Result<AuditConnection> {
        orders::follow(ctx, at_least.map(|at| at.0)).await?;
        let (tenant, wanted) = (tenant(ctx)?.clone(), wanted.unwrap_or_default());
        let going = ctx.data::<Arc<Reads>>()?.going();
        read(ctx, move |services| audit::list(services, &going, &tenant, &wanted, first, after.as_deref())).await
    }

    /// Who is asking.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Viewer> {
        Ok(viewer(ctx.data::<Session>()?))
    }

    /// Merchants by id; with `root` only that one and those below it. Without one, all that the token shows.
    #[graphql(complexity = "MERCHANTS + page::cost(first, None, child_complexity)")]
    async fn merchants(
        &self,
        ctx: &Context<'_>,
        root: Option<String>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<MerchantConnection> {
        let root = match meant(ctx, root, Some(Scope::Subtree)).await? {
            ViewScope::All => None,
            ViewScope::Merchants { ids, .. } => ids.into_iter().next(),
            ViewScope::Below { id, .. } => Some(id),
        };
        if root.is_some() {
            // Goes through all of them.
            return look_long(ctx, move |_, views| merchant::list(views, root.as_ref(), first, after)).await;
        }
        look(ctx, move |_, views| merchant::list(views, None, first, after)).await
    }

    #[graphql(complexity = "READ + child_complexity")]
    async fn merchant(&self, ctx: &Context<'_>, id: ID) -> Result<Option<MerchantObject>> {
        merchant::shown(ctx, &id).await
    }

    /// The stock of SKUs that were received, counted or marked, by merchant and SKU. Without `merchant`, of all.
    #[graphql(complexity = "MERCHANTS + page::cost(first, None, child_complexity) + past(as_of.as_ref())")]
    async fn stock(
        &self,
        ctx: &Context<'_>,
        merchant: Option<String>,
        #[graphql(desc = "OWN unless told otherwise.")] scope: Option<Scope>,
        #[graphql(desc = "Only what is low.")] low: Option<bool>,
        first: Option<i32>,
        after: Option<String>,
        at_least: Option<Position>,
        #[graphql(desc = "As it was known then, at a position or at a time; today's rights hold.")] as_of: Option<AsOf>,
    ) -> Result<StockConnection> {
        let scope = meant(ctx, merchant, scope).await?;
        let moment = At { least: at_least, as_of }.moment(ctx).await?;
        let shown = stock::shown(ctx, &moment, tenant(ctx)?).await?;
        let question = stock::Question { scope, only_low: low.unwrap_or_default(), moment: moment.clone(), shown };
        moment.look_long(ctx, move |_, views| stock::list(views, &question, first, after.as_deref())).await
    }

    #[graphql(complexity = "VIEW + past(as_of.as_ref())")]
    async fn stock_count(
        &self,
        ctx: &Context<'_>,
        merchant: Option<String>,
        #[graphql(desc = "OWN unless told otherwise.")] scope: Option<Scope>,
        #[graphql(desc = "Only what is low.")] low: Option<bool>,
        at_least: Option<Position>,
        #[graphql(desc = "As it was known then, at a position or at a time; today's rights hold.")] as_of: Option<AsOf>,
    ) -> Result<u64> {
        let scope = meant(ctx, merchant, scope).await?;
        let moment = At { least: at_least, as_of }.moment(ctx).await?;
        let shown = stock::shown(ctx, &moment, tenant(ctx)?).await?;
        let question = stock::Question { scope, only_low: low.unwrap_or_default(), moment: moment.clone(), shown };
        moment.look_long(ctx, move |_, views| stock::count(views, &question)).await
    }

    /// The exception queue: orders that are kept out of the normal queue, the longest first.
    #[graphql(complexity = "MERCHANTS + page::cost(first, None, child_complexity) + past(as_of.as_ref())")]
    async fn exceptions(
        &self,
        ctx: &Context<'_>,
        merchant: Option<String>,
        #[graphql(desc = "OWN unless told otherwise.")] scope: Option<Scope>,
        #[graphql(desc = "All unless told otherwise.")] kind: Option<Vec<ExceptionKind>>,
        first: Option<i32>,
        after: Option<String>,
        at_least: Option<Position>,
        #[graphql(desc = "As it was known then, at a position or at a time; today's rights hold.")] as_of: Option<AsOf>,
    ) -> Result<OrderExceptionConnection> {
        let whose = whose(ctx, merchant, scope, At { least: at_least, as_of }).await?;
        let moment = whose.moment.clone();
        moment
            .look(ctx, move |services, views| {
                queue::exceptions(services, views, &whose, kind.as_deref(), first, after.as_deref())
            })
            .await
    }

    /// How many wait for which reason, and how long; of each kind.
    #[graphql(complexity = "MERCHANTS + child_complexity + past(as_of.as_ref())")]
    async fn exceptions_count(
        &self,
        ctx: &Context<'_>,
        merchant: Option<String>,
        #[graphql(desc = "OWN unless told otherwise.")] scope: Option<Scope>,
        at_least: Option<Position>,
        #[graphql(desc = "As it was known then, at a position or at a time; today's rights hold.")] as_of: Option<AsOf>,
    ) -> Result<Vec<ExceptionCount>> {
        let whose = whose(ctx, merchant, scope, At { least: at_least, as_of }).await?;
        let moment = whose.moment.clone();
        moment.look(ctx, move |services, views| queue::exception_counts(services, views, &whose)).await
    }

    /// Clocks that will ring, the next one first. Those that were missed have rung.
    #[graphql(complexity = "MERCHANTS + page::cost(first, None, child_complexity) + past(as_of.as_ref())")]
    async fn deadlines(
        &self,
        ctx: &Context<'_>,
        merchant: Option<String>,
        #[graphql(desc = "OWN unless told otherwise.")] scope: Option<Scope>,
        #[graphql(desc = "Only those that run out before this.")] before: Option<DateTime>,
        first: Option<i32>,
        after: Option<String>,
        at_least: Option<Position>,
        #[graphql(desc = "As it was known then, at a position or at a time; today's rights hold.")] as_of: Option<AsOf>,
    ) -> Result<DeadlineConnection> {
        let whose = whose(ctx, merchant, scope, At { least: at_least, as_of }).await?;
        let moment = whose.moment.clone();
        let before = before.map(|at| at.0);
        moment
            .look(ctx, move |services, views| {
                queue::deadlines(services, views, &whose, before, first, after.as_deref())
            })
            .await
    }

    #[graphql(complexity = "VIEW + past(as_of.as_ref())")]
    async fn deadlines_count(
        &self,
        ctx: &Context<'_>,
        merchant: Option<String>,
        #[graphql(desc = "OWN unless told otherwise.")] scope: Option<Scope>,
        #[graphql(desc = "Only those that run out before this.")] before: Option<DateTime>,
        at_least: Option<Position>,
        #[graphql(desc = "As it was known then, at a position or at a time; today's rights hold.")] as_of: Option<AsOf>,
    ) -> Result<u64> {
        let whose = whose(ctx, merchant, scope, At { least: at_least, as_of }).await?;
        let moment = whose.moment.clone();
        let before = before.map(|at| at.0);
        moment.look_long(ctx, move |_, views| queue::deadlines_count(views, &whose, before)).await
    }

    /// Credentials, newest first, without their secrets; an owner's own merchant's alone.
    #[graphql(complexity = "MERCHANTS + page::cost(first, None, child_complexity)")]
    async fn tokens(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        at_least: Option<Position>,
    ) -> Result<TokenConnection> {
        orders::follow(ctx, at_least.map(|at| at.0)).await?;
        let tenant = tenant(ctx)?.clone();
        look(ctx, move |services, views| token::list(services, views, &tenant, first, after.as_deref())).await
    }

    /// A bulk job; null if there is none of that id.
    #[graphql(complexity = "READ + child_complexity")]
    async fn job(&self, ctx: &Context<'_>, id: ID) -> Result<Option<JobObject>> {
        match job::id_of(&id) {
            Some(id) => job::look_up(ctx, id).await,
            None => Ok(None),
        }
    }

    /// An export, with where to fetch its file; null if there is none of that id, or it is somebody else's.
    #[graphql(complexity = "READ + child_complexity")]
    async fn export(&self, ctx: &Context<'_>, id: ID) -> Result<Option<ExportObject>> {
        match export::id_of(&id) {
            Some(id) => export::look_up(ctx, id).await,
            None => Ok(None),
        }
    }

    /// Bulk jobs, the newest first.
    #[graphql(complexity = "READ + page::cost(first, None, child_complexity)")]
    async fn jobs(&self, ctx: &Context<'_>, first: Option<i32>, after: Option<String>) -> Result<JobConnection> {
        job::list(ctx, first, after).await
    }

    /// Anything by its id.
    #[graphql(complexity = "ORDER + child_complexity")]
    async fn node(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Node>> {
        if let Ok(stream) = Uuid::parse_str(&id)
            && let Some(order) = by_stream(ctx, StreamId(stream), None).await?
        {
            return Ok(Some(Node::Order(Arc::new(order))));
        }
        Ok(merchant::shown(ctx, &id).await?.map(Node::Merchant))
    }
}
