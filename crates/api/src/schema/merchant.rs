//! Merchants and their tree.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use daybook_domain::merchant::Merchant;
use daybook_domain::profile::Profile;
use daybook_domain::{MerchantId, Position, State, StreamId};
use daybook_views::Views;
use daybook_views::query::{MerchantEntry, MerchantPage};

use super::error::ApiError;
use super::moment::Moment;
use super::page::{MAX_FIRST, PageInfo};
use super::policy::{self, DatedPolicy, Policy, RaisedAlert};
use super::query::READ;
use super::{look, read, services};
use crate::access;
use crate::auth::Session;
use crate::http::Services;
use crate::reads::Reads;

/// A merchant, and as of when.
#[derive(Clone, Debug)]
pub(crate) struct MerchantObject(pub(crate) Arc<MerchantEntry>, pub(crate) Moment);

/// From the views, or from the ledger where the views have not got to it yet.
pub(crate) async fn look_up(ctx: &Context<'_>, id: MerchantId) -> Result<Option<MerchantObject>> {
    let wanted = id.clone();
    match look(ctx, move |_, views| Ok(in_views(views, &wanted, &Moment::Now))).await? {
        Some(found) => Ok(Some(found)),
        None => read(ctx, move |services| in_ledger(services, &id)).await,
    }
}

/// How long a mutation waits until the views know what it did.
const SOON: Duration = Duration::from_secs(1);

/// From the views if they get to this position soon, or from the ledger, which does not tell how many stand below.
pub(crate) async fn as_of(ctx: &Context<'_>, id: MerchantId, position: Position) -> Result<Option<MerchantObject>> {
    match ctx.data::<Arc<Reads>>()?.follow_for(services(ctx)?, position, SOON).await {
        Ok(()) => look_up(ctx, id).await,
        Err(_) => read(ctx, move |services| in_ledger(services, &id)).await,
    }
}

/// As [`look_up`], at any moment. One that was not registered then is told by its id alone.
pub(super) async fn at(ctx: &Context<'_>, moment: &Moment, id: &MerchantId) -> Result<MerchantObject> {
    let found = match moment {
        Moment::Now => look_up(ctx, id.clone()).await?,
        Moment::Then(_) => {
            let (wanted, then) = (id.clone(), moment.clone());
            moment.look(ctx, move |_, views| Ok(in_views(views, &wanted, &then))).await?
        }
    };
    Ok(found.unwrap_or_else(|| unregistered(id)))
}

/// `moment` is that of the views.
pub(super) fn in_views(views: &Views, id: &MerchantId, moment: &Moment) -> Option<MerchantObject> {
    views.merchants().get(id).map(|entry| MerchantObject(Arc::new(entry), moment.clone()))
}

fn in_ledger(services: &Services, id: &MerchantId) -> Result<Option<MerchantObject>, ApiError> {
    if let Some(merchant) = state(services, StreamId::merchant(id))? {
        let above = above(services, &merchant)?;
        let profile = above.iter().rev().fold(merchant.profile, |profile, above| profile.or(&above.profile));
        let entry = Arc::new(MerchantEntry {
            id: merchant.id,
            name: merchant.name,
            ancestors: above.into_iter().map(|above| above.id).collect(),
            children: 0,
            is_closed: merchant.is_closed,
            profile,
        });
        return Ok(Some(MerchantObject(entry, Moment::Now)));
    }
    Ok(None)
}

/// Those above a merchant as the tree is now, root first. Reads the ledger.
fn above(services: &Services, merchant: &Merchant) -> Result<Vec<Merchant>, ApiError> {
    let mut above: Vec<Merchant> = Vec::new();
    let mut parent = merchant.parent.clone();
    while let Some(id) = parent {
        let Some(found) = state(services, StreamId::merchant(&id))? else { break };
        parent = found.parent.clone();
        above.push(found);
    }
    above.reverse();
    Ok(above)
}

/// As [`above`], their names alone.
pub(crate) fn ancestors(services: &Services, merchant: &Merchant) -> Result<Vec<MerchantId>, ApiError> {
    Ok(above(services, merchant)?.into_iter().map(|above| above.id).collect())
}

/// The merchant of that id, if the token shows it: its own, and those that stand below it.
pub(crate) async fn shown(ctx: &Context<'_>, id: &str) -> Result<Option<MerchantObject>> {
    if !access::sees_merchants(ctx.data::<Session>()?.actor.role) {
        return Ok(None);
    }
    // What cannot be a name names nothing.
    let Ok(id) = MerchantId::new(id) else { return Ok(None) };
    let tenant = &ctx.data::<Session>()?.tenant;
    if tenant.is_own(&id) {
        return look_up(ctx, id).await;
    }
    let own = tenant.own().cloned();
    look(ctx, move |_, views| {
        let is_below = own.is_some_and(|own| views.merchants().stands_below(&id, &own));
        Ok(if is_below { in_views(views, &id, &Moment::Now) } else { None })
    })
    .await
}

/// The merchant whose stream it is, as of now. Reads the ledger.
pub(crate) fn state(services: &Services, stream: StreamId) -> Result<Option<Merchant>, ApiError> {
    Ok(match services.reader.state(stream)? {
        Some(State::Merchant(merchant)) => Some(merchant),
        Some(
            State::Order(_)
            | State::Claim(_)
            | State::Card(_)
            | State::Token(_)
            | State::Sku(_)
            | State::Stock(_)
            | State::Job(_)
            | State::Export(_),
        )
        | None => None,
    })
}

/// An order's merchant is always known; an import may name one that was never registered. May read the ledger.
pub(crate) fn of_order(services: &Services, id: &MerchantId) -> Result<MerchantObject, ApiError> {
    let found = match in_views(&services.host.views(), id, &Moment::Now) {
        Some(found) => Some(found),
        None => in_ledger(services, id)?,
    };
    Ok(found.unwrap_or_else(|| unregistered(id)))
}

pub(crate) fn unregistered(id: &MerchantId) -> MerchantObject {
    let entry = MerchantEntry {
        id: id.clone(),
        name: id.as_str().into(),
        ancestors: Vec::new(),
        children: 0,
        is_closed: false,
        profile: Profile::default(),
    };
    MerchantObject(Arc::new(entry), Moment::Now)
}

/// Whether the token shows more of a merchant than its name: its own, to those who may ask about merchants at all.
fn is_shown(ctx: &Context<'_>, id: &MerchantId) -> Result<bool> {
    let session = ctx.data::<Session>()?;
    Ok(session.tenant.is_own(id) && access::sees_merchants(session.actor.role))
}

/// Whether the token shows what stands below a merchant: its own, and those below it now.
fn shows_below(ctx: &Context<'_>, entry: &MerchantEntry) -> Result<bool> {
    let session = ctx.data::<Session>()?;
    let is_below = |own: &MerchantId| *own == entry.id || entry.ancestors.contains(own);
    Ok(session.tenant.own().is_none_or(is_below) && access::sees_merchants(session.actor.role))
}

#[Object(name = "Merchant")]
impl MerchantObject {
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.as_str().to_owned())
    }

    pub(crate) async fn name(&self) -> &str {
        &self.0.name
    }

    /// The merchant directly above; null for a tree's root, and where the token does not show it.
    #[graphql(complexity = "10 + child_complexity")]
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<MerchantObject>> {
        match self.0.parent() {
            Some(parent) if is_shown(ctx, parent)? => Ok(Some(at(ctx, &self.1, parent).await?)),
            Some(_) | None => Ok(None),
        }
    }

    /// It takes no more orders; those that it has go on to their end.
    async fn closed(&self) -> bool {
        self.0.is_closed
    }

    /// An IANA name, such as `Asia/Shanghai`: its own, or that of the nearest merchant above it that has one, or UTC.
    /// Figures and files that are asked for without a `timeZone` are told in it.
    async fn time_zone(&self) -> &str {
        self.0.profile.time_zone()
    }

    /// Where its buyers pay: its own link, or that of the nearest merchant above it that has one. `{number}`, `{amount}` and
    /// `{currency}` in it stand for what the order has, to be percent-encoded.
    async fn pay_url(&self) -> Option<&str> {
        self.0.profile.pay_url.as_deref()
    }

    /// How many merchants stand directly below; 0 where the token does not show them.
    async fn children_count(&self, ctx: &Context<'_>) -> Result<u64> {
        if !shows_below(ctx, &self.0)? {
            return Ok(0);
        }
        if !self.1.is_past() {
            return Ok(self.0.children as u64);
        }
        Ok(self.children_of(ctx, usize::MAX, None).await?.merchants.len() as u64)
    }

    /// What holds now, also where the merchant is shown as of a past moment; of this merchant alone: what stands above it in the tree sets nothing for it. Null for a merchant
    /// that was never registered.
    #[graphql(complexity = "READ + child_complexity")]
    async fn policy(&self, ctx: &Context<'_>) -> Result<Option<Policy>> {
        let id = self.0.id.clone();
        if !is_shown(ctx, &id)? {
            return Ok(None);
        }
        read(ctx, move |services| policy::load(services, &id)).await
    }

    /// What was set with `validFrom` or `validTo` and is not over, in the order of setting: of several that hold at a
    /// moment the last one counts. What has begun and has no end is no longer listed once something is set for good.
    #[graphql(complexity = "READ + 10 * child_complexity")]
    async fn dated_policies(&self, ctx: &Context<'_>) -> Result<Vec<DatedPolicy>> {
        let id = self.0.id.clone();
        if !is_shown(ctx, &id)? {
            return Ok(Vec::new());
        }
        read(ctx, move |services| policy::dated(services, &id)).await
    }

    /// The thresholds of its policy that are crossed now, also where the merchant is shown as of a past moment.
    #[graphql(complexity = "READ + 10 * child_complexity")]
    async fn alerts(&self, ctx: &Context<'_>) -> Result<Vec<RaisedAlert>> {
        let id = self.0.id.clone();
        if !is_shown(ctx, &id)? {
            return Ok(Vec::new());
        }
        read(ctx, move |services| policy::alerts(services, &id)).await
    }

    /// The merchants directly below, by id.
    #[graphql(complexity = "10 + super::page::cost(first, None, child_complexity)")]
    async fn children(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<MerchantConnection> {
        let (first, after) = arguments(first, after)?;
        if !shows_below(ctx, &self.0)? {
            return Ok(connection(Vec::new(), false, false, &self.1));
        }
        let has_previous = after.is_some();
        let page = self.children_of(ctx, first, after).await?;
        Ok(connection(page.merchants, page.has_next, has_previous, &self.1))
    }
}

impl MerchantObject {
    /// Those that stand below it at its moment, and that the token shows now: whoever was moved away since is not shown, so
    /// that a page of the past may have fewer than were asked for.
    async fn children_of(&self, ctx: &Context<'_>, first: usize, after: Option<MerchantId>) -> Result<MerchantPage> {
        let id = self.0.id.clone();
        let children = move |_: &Services, views: &Views| Ok(views.merchants().children(&id, after.as_ref(), first));
        let page = self.1.look(ctx, children).await?;
        let own = ctx.data::<Session>()?.tenant.own().cloned();
        let Some(own) = own.filter(|_| self.1.is_past()) else { return Ok(page) };
        look(ctx, move |_, views| {
            let MerchantPage { mut merchants, has_next } = page;
            merchants.retain(|entry| views.merchants().stands_below(&entry.id, &own));
            Ok(MerchantPage { merchants, has_next })
        })
        .await
    }
}

#[derive(SimpleObject)]
pub(crate) struct MerchantEdge {
    cursor: String,
    node: MerchantObject,
}

#[derive(SimpleObject)]
pub(crate) struct MerchantConnection {
    nodes: Vec<MerchantObject>,
    edges: Vec<MerchantEdge>,
    page_info: PageInfo,
}

fn arguments(first: Option<i32>, after: Option<String>) -> Result<(usize, Option<MerchantId>), ApiError> {
    let first = super::page::first(first)?;
    let bad = |_| ApiError::Invalid("after is not a cursor of this list".into());
    Ok((first, after.map(|cursor| MerchantId::new(&cursor)).transpose().map_err(bad)?))
}

fn connection(
    merchants: Vec<MerchantEntry>,
    has_next: bool,
    has_previous: bool,
    moment: &Moment,
) -> MerchantConnection {
    debug_assert!(merchants.len() <= MAX_FIRST);
    let nodes: Vec<MerchantObject> =
        merchants.into_iter().map(|entry| MerchantObject(Arc::new(entry), moment.clone())).collect();
    let edges: Vec<MerchantEdge> =
        nodes.iter().map(|node| MerchantEdge { cursor: node.0.id.as_str().to_owned(), node: node.clone() }).collect();
    let page_info = PageInfo::of(edges.iter().map(|edge| edge.cursor.as_str()), has_next, has_previous);
    MerchantConnection { nodes, edges, page_info }
}

/// All merchants by id; with `root` only it and those below it.
pub(crate) fn list(
    views: &Views,
    root: Option<&MerchantId>,
    first: Option<i32>,
    after: Option<String>,
) -> Result<MerchantConnection, ApiError> {
    let (first, after) = arguments(first, after)?;
    let page = views.merchants().page(root, after.as_ref(), first);
    Ok(connection(page.merchants, page.has_next, after.is_some(), &Moment::Now))
}
