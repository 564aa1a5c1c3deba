//! Following orders. Events are pulled by position, so nothing is buffered for a slow subscriber but the page that it is
//! at, and a subscription that is taken up again after a position misses nothing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject, Subscription};
use daybook_domain::event::Subject;
use daybook_domain::job::Job;
use daybook_domain::{Event, MerchantId, Recorded, StreamId};
use daybook_views::Views;
use daybook_views::query::Scope as ViewScope;
use futures_util::stream::{self, Stream};
use hashbrown::HashMap;
use tokio::time::{sleep, timeout};

use super::changes::{AlertChange, QueueChange};
use super::enums::{self, Scope};
use super::error::ApiError;
use super::export::{self, ExportObject};
use super::history::Actor;
use super::job::{self, JobObject};
use super::merchant;
use super::order::OrderObject;
use super::query::{READ, meant};
use super::scalar::{DateTime, Position};
use super::{allowed, look, read, services, zone};
use crate::auth::Session;
use crate::exports::TELL_EVERY;
use crate::http::Services;
use crate::reads::Reads;

/// Bytes of events that wait for a subscriber.
const PAGE_BYTES: usize = 64 << 10;
/// How long a subscription goes on in silence before its credential is looked at again.
const RENEW_EVERY: Duration = Duration::from_secs(30);
/// Orders whose merchant is remembered.
const MAX_KNOWN: usize = 4_096;

pub(crate) struct SubscriptionRoot;

/// What happened to an order.
pub(crate) struct OrderEvent {
    recorded: Arc<Recorded>,
}

#[Object]
impl OrderEvent {
    /// Give it as `after` to go on behind this event.
    async fn position(&self) -> Position {
        Position(self.recorded.position)
    }

    /// Such as `payment-captured`.
    async fn kind(&self) -> &'static str {
        self.recorded.event.kind().name()
    }

    async fn revision(&self) -> u32 {
        self.recorded.revision
    }

    async fn occurred_at(&self) -> DateTime {
        DateTime(self.recorded.occurred_at)
    }

    async fn recorded_at(&self) -> DateTime {
        DateTime(self.recorded.recorded_at)
    }

    async fn actor(&self) -> Actor {
        self.recorded.actor.into()
    }

    async fn reason(&self) -> Option<enums::ReasonCode> {
        self.recorded.reason.map(Into::into)
    }

    async fn order_id(&self) -> ID {
        ID(self.recorded.stream.to_string())
    }

    /// As of this event.
    #[graphql(complexity = "READ + child_complexity")]
    async fn order(&self, ctx: &Context<'_>) -> Result<Option<OrderObject>> {
        let (stream, revision) = (self.recorded.stream, self.recorded.revision);
        let tenant = ctx.data::<Session>()?.tenant.clone();
        read(ctx, move |services| OrderObject::load(services, &tenant, stream, |event| event.revision <= revision))
            .await
    }
}

/// What a subscriber follows: of which merchants.
struct Following {
    services: Services,
    reads: Arc<Reads>,
    session: Session,
    scope: ViewScope,
    /// Whether an order is one of theirs.
    known: HashMap<StreamId, bool>,
    page: VecDeque<Recorded>,
    next: u64,
    watermark: tokio::sync::watch::Receiver<u64>,
    failed: bool,
}

impl Following {
    fn is_ours(&self, merchant: &MerchantId, ancestors: &[MerchantId]) -> bool {
        let is_in = |wanted: &MerchantId, subtree| merchant == wanted || (subtree && ancestors.contains(wanted));
        match &self.scope {
            ViewScope::All => true,
            ViewScope::Merchants { ids, subtree } => ids.iter().any(|wanted| is_in(wanted, *subtree)),
            ViewScope::Below { under, id, subtree } => is_in(id, *subtree) && ancestors.contains(under),
        }
    }

    async fn follows(&mut self, recorded: &Recorded) -> Result<bool, ApiError> {
        match recorded.event.kind().subject() {
            Subject::Order => {}
            Subject::Merchant => return self.follows_merchant(recorded.stream).await,
            Subject::Token
            | Subject::Claim
            | Subject::Sku
            | Subject::Account
            | Subject::Job
            | Subject::Export
            | Subject::Erasure => return Ok(false),
        }
        if let Event::OrderPlaced(placed) = &recorded.event {
            let ours = self.is_ours(&placed.merchant, &placed.ancestors);
            self.remember(recorded.stream, ours);
            return Ok(ours);
        }
        if self.scope == ViewScope::All {
            return Ok(true);
        }
        if let Some(&ours) = self.known.get(&recorded.stream) {
            return Ok(ours);
        }
        let id = recorded.stream;
        let in_views = move |_: &Services, views: &Views| Ok(views.order_list().ok().and_then(|list| list.by_id(id)));
        let row = self.reads.look(&self.services, in_views).await?;
        let ours = match row {
            Some(row) => self.is_ours(&row.order.merchant, &row.order.ancestors),
            None => match self.first_event(recorded.stream).await? {
                Some(Event::OrderPlaced(placed)) => self.is_ours(&placed.merchant, &placed.ancestors),
                _ => false,
            },
        };
        self.remember(recorded.stream, ours);
        Ok(ours)
    }

    /// As the tree is now.
    async fn follows_merchant(&self, stream: StreamId) -> Result<bool, ApiError> {
        if self.scope == ViewScope::All {
            return Ok(true);
        }
        let found = move |services: &Services| {
            let Some(merchant) = merchant::state(services, stream)? else { return Ok(None) };
            let ancestors = merchant::ancestors(services, &merchant)?;
            Ok(Some((merchant.id, ancestors)))
        };
        let found = self.reads.run(&self.services, found).await?;
        Ok(found.is_some_and(|(id, ancestors)| self.is_ours(&id, &ancestors)))
    }

    async fn first_event(&self, stream: StreamId) -> Result<Option<Event>, ApiError> {
        let first = move |services: &Services| Ok(services.reader.history(stream)?.into_iter().next());
        Ok(self.reads.run(&self.services, first).await?.map(|first| first.event))
    }

    fn remember(&mut self, stream: StreamId, ours: bool) {
        if self.known.len() >= MAX_KNOWN {
            self.known.clear();
        }
        self.known.insert(stream, ours);
    }

    /// Waits for the next event of which `pick` makes something; none when the ledger is closed.
    async fn next<T>(&mut self, pick: fn(&Arc<Recorded>) -> Option<T>) -> Result<Option<T>, ApiError> {
        loop {
            while let Some(recorded) = self.page.pop_front() {
                self.next = recorded.position + 1;
                let recorded = Arc::new(recorded);
                if let Some(picked) = pick(&recorded)
                    && self.follows(&recorded).await?
                {
                    // What its token does not show any more, a slow subscriber is not told either.
                    self.session.renew(&self.services.engine)?;
                    return Ok(Some(picked));
                }
            }
            if *self.watermark.borrow_and_update() < self.next
                && let Ok(Err(_)) = timeout(RENEW_EVERY, self.watermark.changed()).await
            {
                return Ok(None);
            }
            // A credential that was revoked or ran out meanwhile ends what it began.
            self.session.renew(&self.services.engine)?;
            if *self.watermark.borrow() >= self.next {
                let next = self.next;
                let page = move |services: &Services| Ok(services.reader.events(next, PAGE_BYTES)?);
                self.page = self.reads.run(&self.services, page).await?.into();
            }
            // Others get their turn between pages.
            tokio::task::yield_now().await;
        }
    }
}

/// What `pick` makes of the events of these merchants, from behind a position on, or from now on.
fn follow<T: Send + 'static>(
    ctx: &Context<'_>,
    after: Option<Position>,
    scope: ViewScope,
    pick: fn(&Arc<Recorded>) -> Option<T>,
) -> Result<impl Stream<Item = Result<T>> + use<T>> {
    let services = services(ctx)?.clone();
    let session = ctx.data::<Session>()?.clone();
    let reads = Arc::clone(ctx.data::<Arc<Reads>>()?);
    // One new event wakes all subscribers at once: they take turns. A socket's operations are bounded.
    reads.be_patient();
    let watermark = services.reader.subscribe();
    let following = Following {
        scope,
        known: HashMap::new(),
        page: VecDeque::new(),
        next: after.map_or_else(|| services.reader.watermark(), |after| after.0).saturating_add(1),
        watermark,
        session,
        reads,
        services,
        failed: false,
    };
    Ok(stream::unfold(following, move |mut following| async move {
        if following.failed {
            return None;
        }
        match following.next(pick).await {
            Ok(Some(picked)) => Some((Ok(picked), following)),
            Ok(None) => None,
            Err(error) => {
                following.failed = true;
                Some((Err(error.into()), following))
            }
        }
    }))
}

fn order_event(recorded: &Arc<Recorded>) -> Option<OrderEvent> {
    (recorded.event.kind().subject() == Subject::Order).then(|| OrderEvent { recorded: Arc::clone(recorded) })
}

#[Subscription(name = "Subscription")]
impl SubscriptionRoot {
    /// What happens to orders from behind a position on, in the ledger's order; without `after` from now on. To take it
    /// up again, give the last `position` that was received.
    async fn order_events(
        &self,
        ctx: &Context<'_>,
        after: Option<Position>,
        merchant: Option<String>,
        #[graphql(desc = "OWN unless told otherwise.")] scope: Option<Scope>,
    ) -> Result<impl Stream<Item = Result<OrderEvent>>> {
        follow(ctx, after, meant(ctx, merchant, scope).await?, order_event)
    }

    /// Orders that come into the exception queue and go out of it; resumed as `orderEvents`.
    async fn queue_changes(
        &self,
        ctx: &Context<'_>,
        after: Option<Position>,
        merchant: Option<String>,
        #[graphql(desc = "OWN unless told otherwise.")] scope: Option<Scope>,
    ) -> Result<impl Stream<Item = Result<QueueChange>>> {
        follow(ctx, after, meant(ctx, merchant, scope).await?, QueueChange::of)
    }

    /// Thresholds of merchants' policies that are crossed, and crossed back; resumed as `orderEvents`.
    async fn alerts(
        &self,
        ctx: &Context<'_>,
        after: Option<Position>,
        merchant: Option<String>,
        #[graphql(desc = "OWN unless told otherwise.")] scope: Option<Scope>,
    ) -> Result<impl Stream<Item = Result<AlertChange>>> {
        let scope = meant(ctx, merchant, scope).await?;
        let tenant = &ctx.data::<Session>()?.tenant;
        let scope = match (tenant.own(), scope) {
            (Some(_), ViewScope::Below { .. }) => {
                let why = "your token shows the warnings of its own merchant alone";
                return allowed(ctx, Err(ApiError::Forbidden(why)));
            }
            (Some(own), _) => ViewScope::Merchants { ids: vec![own.clone()], subtree: false },
            (None, scope) => scope,
        };
        follow(ctx, after, scope, AlertChange::of)
    }

    /// A bulk job each time that it got further, as it is now first; ends with the job.
    async fn job_progress(&self, ctx: &Context<'_>, id: ID) -> Result<impl Stream<Item = Result<JobObject>>> {
        progress(ctx, &id).await
    }

    /// An export each time that it got further, as it is now first; ends with the export.
    async fn export_progress(&self, ctx: &Context<'_>, id: ID) -> Result<impl Stream<Item = Result<ExportObject>>> {
        export::progress(ctx, &id).await
    }
}

/// What a subscriber to a job's progress is at.
struct Watching {
    services: Services,
    reads: Arc<Reads>,
    session: Session,
    changes: tokio::sync::watch::Receiver<u64>,
    id: StreamId,
    told: Option<Arc<Job>>,
}

impl Watching {
    /// The next time that the job got further; none once it has ended.
    async fn next(&mut self) -> Result<Option<JobObject>, ApiError> {
        if self.told.as_ref().is_some_and(|told| told.end.is_some()) {
            return Ok(None);
        }
        loop {
            self.changes.mark_unchanged();
            self.session.renew(&self.services.engine)?;
            let (tenant, id, told) = (self.session.tenant.clone(), self.id, self.told.clone());
            let look = move |_: &Services, views: &Views| {
                let now = job::in_views(views, &tenant, id)?.filter(|now| told.as_deref() != Some(now));
                Ok(now.map(|now| Arc::new(now.clone())))
            };
            if let Some(job) = self.reads.look(&self.services, look).await? {
                self.told = Some(Arc::clone(&job));
                return Ok(Some(JobObject { id, job }));
            }
            if self.changes.changed().await.is_err() {
                return Ok(None);
            }
            // What others' jobs get done must not make everybody look at once, again and again.
            sleep(TELL_EVERY).await;
        }
    }
}

async fn progress(ctx: &Context<'_>, id: &ID) -> Result<impl Stream<Item = Result<JobObject>> + use<>> {
    let (services, session) = (services(ctx)?.clone(), ctx.data::<Session>()?.clone());
    let unknown = || ApiError::Invalid("there is no such job".into());
    let id = job::id_of(id).ok_or_else(unknown)?;
    job::look_up(ctx, id).await?.ok_or_else(unknown)?;
    let reads = Arc::clone(ctx.data::<Arc<Reads>>()?);
    // It goes on for as long as the job. A socket's operations are bounded.
    reads.be_patient();
    let watching = Watching { changes: services.host.jobs.watch(), services, reads, session, id, told: None };
    Ok(stream::unfold(Some(watching), |watching| async move {
        let mut watching = watching?;
        match watching.next().await {
            Ok(Some(job)) => Some((Ok(job), Some(watching))),
            Ok(None) => None,
            Err(error) => Some((Err(error.into()), None)),
        }
    }))
}

/// Who is asking.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Viewer {
    /// The token's public id, which stands in every event that it caused.
    id: ID,
    role: enums::Role,
    /// Whose data its token shows; null: everybody's.
    merchant: Option<ID>,
    /// The only order that its token shows: that of a buyer who looked it up; null: it shows others, too.
    order: Option<ID>,
}

#[ComplexObject]
impl Viewer {
    /// An IANA name, such as `Asia/Shanghai`: that of its merchant, UTC without one. Figures and
    /// files that are asked for without a `timeZone` and without a merchant are told in it.
    async fn time_zone(&self, ctx: &Context<'_>) -> Result<String> {
        let own = ctx.data::<Session>()?.tenant.own().cloned();
        look(ctx, move |_, views| Ok(zone::name_of(views.merchants(), own.as_ref()))).await
    }
}

pub(crate) fn viewer(session: &Session) -> Viewer {
    let merchant = session.tenant.own().map(|own| ID(own.as_str().to_owned()));
    let order = session.tenant.only().map(|order| ID(order.to_string()));
    Viewer { id: ID(session.actor.id.to_string()), role: session.actor.role.into(), merchant, order }
}
