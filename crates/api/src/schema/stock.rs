//! How much of a SKU there is.

use std::collections::BTreeSet;

use async_graphql::{Context, Object, Result, SimpleObject};
use daybook_domain::stock::{Balance, SkuState, SkuStreams};
use daybook_domain::{MerchantId, Sku, State};
use daybook_views::query::{Scope as ViewScope, StockEntry, StockQuery};
use daybook_views::{Merchants, Views};

use super::error::ApiError;
use super::look_long;
use super::lookup;
use super::merchant::{self, MerchantObject};
use super::moment::Moment;
use super::page::{PageInfo, from_hex, to_hex};
use crate::access::Tenant;
use crate::http::Services;

/// The stock of a merchant's SKU, in units.
#[derive(Clone, Debug)]
pub(crate) struct Stock {
    entry: StockEntry,
    moment: Moment,
}

#[Object]
impl Stock {
    #[graphql(complexity = "10 + child_complexity")]
    async fn merchant(&self, ctx: &Context<'_>) -> Result<MerchantObject> {
        merchant::at(ctx, &self.moment, &self.entry.merchant).await
    }

    async fn sku(&self) -> &str {
        self.entry.sku.as_str()
    }

    /// Stock was received or counted once; a SKU of which it never was is unlimited.
    async fn counted(&self) -> bool {
        self.entry.state.is_counted
    }

    /// What ever came in, corrected by what was counted: free + reserved + deducted.
    async fn received(&self) -> i64 {
        self.entry.state.received
    }

    /// What can be ordered. Below zero: more is reserved than there is.
    async fn free(&self) -> i64 {
        self.entry.free()
    }

    /// For orders that are not paid, or that wait for stock.
    async fn reserved(&self) -> u64 {
        self.entry.balance.reserved
    }

    /// For paid orders.
    async fn deducted(&self) -> u64 {
        self.entry.balance.deducted
    }

    /// Card secrets that no order has yet.
    async fn cards(&self) -> u64 {
        self.entry.state.cards.saturating_sub(self.entry.balance.assigned)
    }

    /// No more is free than `lowAt`.
    async fn low(&self) -> bool {
        self.entry.is_low()
    }

    /// 0 for a SKU without a mark: it is low when nothing is free.
    async fn low_at(&self) -> u32 {
        self.entry.state.low_at
    }
}

#[derive(SimpleObject)]
pub(crate) struct StockEdge {
    cursor: String,
    node: Stock,
}

#[derive(SimpleObject)]
pub(crate) struct StockConnection {
    nodes: Vec<Stock>,
    edges: Vec<StockEdge>,
    page_info: PageInfo,
}

/// What is asked of the stock.
pub(crate) struct Question {
    pub(crate) scope: ViewScope,
    pub(crate) only_low: bool,
    /// That of the views which are asked.
    pub(crate) moment: Moment,
    /// Of the past only what these show; none: all.
    pub(crate) shown: Option<Shown>,
}

/// Whose stock of the past a merchant's token shows: its own, and that of those who stood below it then and do so now.
pub(crate) struct Shown {
    own: MerchantId,
    now: BTreeSet<MerchantId>,
}

impl Shown {
    fn includes(&self, id: &MerchantId, then: &Merchants) -> bool {
        *id == self.own || (self.now.contains(id) && then.stands_below(id, &self.own))
    }
}

impl Question {
    fn query(&self, views: &Views) -> StockQuery {
        StockQuery { scope: self.scope_then(views.merchants()), only_low: self.only_low, ..StockQuery::default() }
    }

    fn scope_then(&self, then: &Merchants) -> ViewScope {
        let Some(shown) = &self.shown else { return self.scope.clone() };
        let (ids, subtree) = match &self.scope {
            // A merchant's token names one of its merchants, or none.
            ViewScope::All => (std::slice::from_ref(&shown.own), true),
            ViewScope::Merchants { ids, subtree } => (ids.as_slice(), *subtree),
            ViewScope::Below { id, subtree, .. } => (std::slice::from_ref(id), *subtree),
        };
        let mut ids = then.all_of(ids, subtree);
        ids.retain(|id| shown.includes(id, then));
        ViewScope::Merchants { ids, subtree: false }
    }
}

/// What limits a question about the past. None: it is about now, or the token shows all.
pub(crate) async fn shown(ctx: &Context<'_>, moment: &Moment, tenant: &Tenant) -> Result<Option<Shown>> {
    let Some(own) = tenant.own().filter(|_| moment.is_past()).cloned() else { return Ok(None) };
    let root = own.clone();
    let below = look_long(ctx, move |_, views| Ok(views.merchants().all_of(&[root], true))).await?;
    Ok(Some(Shown { own, now: below.into_iter().collect() }))
}

pub(crate) fn list(
    views: &Views,
    question: &Question,
    first: Option<i32>,
    after: Option<&str>,
) -> Result<StockConnection, ApiError> {
    let first = super::page::first(first)?;
    let after = after.map(read_cursor).transpose()?;
    let has_previous = after.is_some();
    let page = views.stock()?.page(&StockQuery { after, first, ..question.query(views) });
    let nodes: Vec<Stock> =
        page.entries.into_iter().map(|entry| Stock { entry, moment: question.moment.clone() }).collect();
    let edges: Vec<StockEdge> =
        nodes.iter().map(|node| StockEdge { cursor: cursor(&node.entry), node: node.clone() }).collect();
    let page_info = PageInfo::of(edges.iter().map(|edge| edge.cursor.as_str()), page.has_next, has_previous);
    Ok(StockConnection { nodes, edges, page_info })
}

pub(crate) fn count(views: &Views, question: &Question) -> Result<u64, ApiError> {
    Ok(views.stock()?.count(&question.query(views)))
}

fn cursor(entry: &StockEntry) -> String {
    to_hex(format!("{} {}", entry.merchant, entry.sku).as_bytes())
}

fn read_cursor(text: &str) -> Result<(MerchantId, Sku), ApiError> {
    let bytes = from_hex(text).and_then(|bytes| String::from_utf8(bytes).ok());
    let names = bytes.as_deref().and_then(|text| text.split_once(' '));
    let read = names.and_then(|(merchant, sku)| Some((MerchantId::new(merchant).ok()?, Sku::new(sku).ok()?)));
    read.ok_or_else(|| ApiError::Invalid("after is not a cursor of this list".into()))
}

/// As of now, from the ledger. May read the disk.
pub(crate) fn load(services: &Services, merchant: &str, sku: &str) -> Result<Stock, ApiError> {
    let merchant = lookup::merchant_id(merchant)?;
    let sku = Sku::new(sku).map_err(|error| ApiError::Invalid(format!("sku {error}")))?;
    let streams = SkuStreams::of(&merchant, &sku);
    let state = match services.reader.state(streams.sku)? {
        Some(State::Sku(state)) => state,
        Some(_) | None => SkuState::default(),
    };
    let balance = match services.reader.state(streams.account)? {
        Some(State::Stock(balance)) => balance,
        Some(_) | None => Balance::default(),
    };
    Ok(Stock { entry: StockEntry { merchant, sku, state, balance }, moment: Moment::Now })
}
