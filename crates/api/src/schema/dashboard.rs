//! Figures of a period.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use daybook_domain::event::Clock;
use daybook_domain::posting::Metric;
use daybook_domain::{Currency, MerchantId, Timestamp};
use daybook_views::query::{
    Basis, Breakdown, BreakdownQuery, ByMerchant, ByProduct, ByReason, DashboardAnswer, DashboardQuery, Day, Figures,
    ForecastError, ForecastQuery, Scope as ViewScope, StageAnswer,
};
use daybook_views::{MAX_FORECAST_HOURS, Merchants, Views};
use tokio::sync::OnceCell;

use super::actors::{self, ActorFigures};
use super::enums;
use super::error::ApiError;
use super::merchant::{self, MerchantObject};
use super::moment::Moment;
use super::money::MoneyObject;
use super::page::MAX_FIRST;
use super::scalar::{Date, DateTime, Decimal};
use super::{read, zone};
use crate::auth::Session;
use crate::http::Services;
use crate::reads::Reads;

/// At or after `gte` and before `lt`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct TimeRange {
    gte: DateTime,
    lt: DateTime,
}

#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) whose: ViewScope,
    pub(crate) range: TimeRange,
    /// None: the merchant's that is asked about.
    pub(crate) time_zone: Option<String>,
    pub(crate) currency: String,
    pub(crate) basis: enums::Basis,
}

pub(crate) struct Dashboard {
    answer: Arc<DashboardAnswer>,
    asked: Asked,
    moment: Moment,
    currency: Currency,
    /// Made when one of the fields that need it is asked for.
    breakdown: OnceCell<Arc<Breakdown>>,
}

/// A question that makes sense.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) merchant: Option<MerchantId>,
    pub(crate) subtree: bool,
    pub(crate) under: Option<MerchantId>,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) currency: Currency,
    pub(crate) basis: Basis,
    pub(crate) time_zone: String,
}

impl Question {
    pub(crate) fn read(&self, merchants: &Merchants) -> Result<Asked, ApiError> {
        let currency = Currency::new(&self.currency).map_err(|error| ApiError::Invalid(error.to_string()))?;
        let (from, to) = (self.range.gte.0, self.range.lt.0);
        if from > to {
            return Err(ApiError::Invalid("the range ends before it begins".into()));
        }
        let (merchant, subtree, under) = match &self.whose {
            ViewScope::All => (None, true, None),
            // A question names one merchant or none.
            ViewScope::Merchants { ids, subtree } => (ids.first().cloned(), *subtree, None),
            ViewScope::Below { under, id, subtree } => (Some(id.clone()), *subtree, Some(under.clone())),
        };
        // Who did not stand below whoever asks, as in the past, tells him nothing, his time zone neither.
        let named = match (&merchant, &under) {
            (Some(id), Some(under)) if !merchants.stands_below(id, under) => Some(under),
            (merchant, _) => merchant.as_ref(),
        };
        let time_zone = self.time_zone.clone().unwrap_or_else(|| zone::name_of(merchants, named));
        let basis = self.basis.into();
        Ok(Asked { merchant, subtree, under, from, to, currency, basis, time_zone })
    }
}

/// `moment` is that of the views.
pub(crate) fn ask(views: &Views, question: &Question, moment: Moment) -> Result<Dashboard, ApiError> {
    let asked = question.read(views.merchants())?;
    let zone = zone::offsets(&asked.time_zone)?;
    let query = DashboardQuery {
        merchant: asked.merchant.clone(),
        subtree: asked.subtree,
        under: asked.under.clone(),
        from: asked.from,
        to: asked.to,
        zone: &zone,
        currency: asked.currency,
        basis: asked.basis,
        merchants: MAX_FIRST,
    };
    let answer = views.dashboard()?.answer(&query)?;
    let (answer, currency) = (Arc::new(answer), asked.currency);
    Ok(Dashboard { answer, asked, moment, currency, breakdown: OnceCell::new() })
}

/// An hour of the week.
#[derive(SimpleObject)]
struct WeekdayHour {
    /// 1 is Monday.
    weekday: usize,
    /// 0 to 23, local time.
    hour: usize,
    placed_orders: u64,
    paid_orders: u64,
    refunded_orders: u64,
    /// Paid of placed orders; null without placed orders.
    conversion_rate: Option<Decimal>,
    /// Refunded of paid orders; null without paid orders.
    refund_rate: Option<Decimal>,
}

impl WeekdayHour {
    fn of(weekday: usize, hour: usize, figures: &Figures) -> Self {
        Self {
            weekday,
            hour,
            placed_orders: figures.placed,
            paid_orders: figures.paid,
            refunded_orders: figures.refunded,
            conversion_rate: figures.conversion_millionths().map(Decimal::from_millionths),
            refund_rate: figures.refund_rate_millionths().map(Decimal::from_millionths),
        }
    }
}

/// An hour of the day, of all days of the range.
#[derive(SimpleObject)]
struct HourFigures {
    /// 0 to 23, local time.
    hour: usize,
    placed_orders: u64,
    paid_orders: u64,
    refunded_orders: u64,
    /// Paid of placed orders; null without placed orders.
    conversion_rate: Option<Decimal>,
    /// Refunded of paid orders; null without paid orders.
    refund_rate: Option<Decimal>,
}

/// How often a clock was missed.
#[derive(SimpleObject)]
struct BreachCount {
    clock: enums::Clock,
    count: u64,
}

/// Refunds of goods that were asked for, for the same reason.
#[derive(SimpleObject)]
struct ReasonFigures {
    /// Null: none was recorded.
    reason: Option<enums::ReasonCode>,
    requests: u64,
    amount: MoneyObject,
}

/// What one SKU of a merchant sold.
struct ProductSales {
    found: ByProduct,
    currency: Currency,
    moment: Moment,
}

#[Object(name = "ProductFigures")]
impl ProductSales {
    async fn merchant(&self, ctx: &Context<'_>) -> Result<MerchantObject> {
        merchant::at(ctx, &self.moment, &self.found.merchant).await
    }

    async fn sku(&self) -> &str {
        self.found.sku.as_str()
    }

    /// As it stood in the first order.
    async fn title(&self) -> &str {
        &self.found.title
    }

    /// In which it was, paid or not.
    async fn orders(&self) -> u64 {
        self.found.figures.orders
    }

    async fn units(&self) -> u64 {
        self.found.figures.units
    }

    async fn paid_orders(&self) -> u64 {
        self.found.figures.paid_orders
    }

    /// Its lines in paid orders, before what was added to or taken off their sums.
    async fn paid_amount(&self) -> MoneyObject {
        MoneyObject::of(self.found.figures.paid_amount_minor, self.currency)
    }

    async fn refunded_orders(&self) -> u64 {
        self.found.figures.refunded_orders
    }
}

/// One hour ahead.
#[derive(SimpleObject)]
struct HourForecast {
    /// When it begins.
    at: DateTime,
    /// Whole or with a half: a median of an even number of weeks may lie between two.
    placed_orders: Decimal,
}

/// What is to be expected after the range.
#[derive(SimpleObject)]
#[graphql(name = "OrderForecast")]
struct OrderForecast {
    /// From the full local hour before the range's end on; empty where nothing was ordered in the weeks before.
    hours: Vec<HourForecast>,
    /// How many weeks it was learned from: eight, or as many as there are.
    weeks: usize,
    /// How far off the last week before the range's end would have been, as a share of its orders; null without a week
    /// before it.
    error: Option<Decimal>,
    /// The same of a forecast that says: as the week before.
    naive_error: Option<Decimal>,
}

/// The busiest hour of the week by placed orders.
#[derive(SimpleObject)]
struct PeakHour {
    /// 1 is Monday.
    weekday: u8,
    hour: u8,
    placed_orders: u64,
}

/// A local day.
#[derive(SimpleObject)]
struct DayFigures {
    date: Date,
    placed_orders: u64,
    paid_orders: u64,
    refunded_orders: u64,
    paid_amount: MoneyObject,
}

/// How long a span of orders' lives took. Median and 90th percentile within 1 %.
#[derive(SimpleObject)]
struct StageDuration {
    stage: enums::Stage,
    /// Samples that are not negative.
    count: u64,
    median_seconds: Option<u64>,
    p90_seconds: Option<u64>,
    max_seconds: Option<u64>,
    /// Samples in which the later moment came first: the source's clocks disagree.
    negative: u64,
}

/// A merchant's own orders.
struct MerchantFigures {
    found: ByMerchant,
    currency: Currency,
    moment: Moment,
}

#[Object]
impl MerchantFigures {
    async fn merchant(&self, ctx: &Context<'_>) -> Result<MerchantObject> {
        merchant::at(ctx, &self.moment, &self.found.merchant).await
    }

    async fn placed_orders(&self) -> u64 {
        self.found.figures.placed
    }

    async fn paid_orders(&self) -> u64 {
        self.found.figures.paid
    }

    async fn refunded_orders(&self) -> u64 {
        self.found.figures.refunded
    }

    async fn paid_amount(&self) -> MoneyObject {
        MoneyObject::of(self.found.figures.paid_amount_minor, self.currency)
    }
}

/// What looking at a range's orders one by one counts for.
const BREAKDOWN: usize = 2_000;

impl Dashboard {
    fn figures(&self) -> &Figures {
        &self.answer.figures
    }

    async fn breakdown(&self, ctx: &Context<'_>) -> Result<Arc<Breakdown>> {
        let make = || async {
            let Asked { merchant, subtree, under, from, to, currency, .. } = self.asked.clone();
            let query = BreakdownQuery { merchant, subtree, under, from, to, currency, products: MAX_FIRST };
            let make = move |_: &Services, views: &Views| Ok(Arc::new(views.dashboard()?.breakdown(&query)?));
            self.moment.look_long(ctx, make).await
        };
        self.breakdown.get_or_try_init(make).await.cloned()
    }
}

#[Object]
impl Dashboard {
    /// The one that days and hours are told in.
    async fn time_zone(&self) -> &str {
        &self.asked.time_zone
    }

    async fn placed_orders(&self) -> u64 {
        self.figures().placed
    }

    /// Captured in full for the first time.
    async fn paid_orders(&self) -> u64 {
        self.figures().paid
    }

    /// With a settled refund of goods.
    async fn refunded_orders(&self) -> u64 {
        self.figures().refunded
    }

    /// Paid of placed orders, six decimals; null without placed orders.
    async fn conversion_rate(&self) -> Option<Decimal> {
        self.figures().conversion_millionths().map(Decimal::from_millionths)
    }

    /// Refunded of paid orders, six decimals; null without paid orders.
    async fn refund_rate(&self) -> Option<Decimal> {
        self.figures().refund_rate_millionths().map(Decimal::from_millionths)
    }

    /// Captured, less what was paid above the total, before refunds.
    async fn paid_amount(&self) -> MoneyObject {
        MoneyObject::of(self.figures().paid_amount_minor, self.currency)
    }

    /// Rounded half to even; null without paid orders.
    async fn average_order_value(&self) -> Option<MoneyObject> {
        self.figures().average_order_value_minor().map(|minor| MoneyObject::of(minor, self.currency))
    }

    /// Null when nothing was placed.
    async fn peak(&self) -> Option<PeakHour> {
        let peak = self.answer.peak?;
        Some(PeakHour { weekday: peak.weekday + 1, hour: peak.hour, placed_orders: peak.placed })
    }

    /// Always 168 cells, Monday 0 o'clock first.
    #[graphql(complexity = "168 + 168 * child_complexity")]
    async fn by_weekday_hour(&self) -> Vec<WeekdayHour> {
        let cells = self.answer.by_weekday_hour.iter().enumerate();
        cells.map(|(cell, figures)| WeekdayHour::of(cell / 24 + 1, cell % 24, figures)).collect()
    }

    /// Always 24, of all days of the range.
    #[graphql(complexity = "24 + 24 * child_complexity")]
    async fn by_hour(&self) -> Vec<HourFigures> {
        let hour = |hour: usize| {
            let mut sum = Figures::default();
            for figures in self.answer.by_weekday_hour.iter().skip(hour).step_by(24) {
                sum.placed += figures.placed;
                sum.paid += figures.paid;
                sum.refunded += figures.refunded;
            }
            HourFigures {
                hour,
                placed_orders: sum.placed,
                paid_orders: sum.paid,
                refunded_orders: sum.refunded,
                conversion_rate: sum.conversion_millionths().map(Decimal::from_millionths),
                refund_rate: sum.refund_rate_millionths().map(Decimal::from_millionths),
            }
        };
        (0..24).map(hour).collect()
    }

    async fn delivered_orders(&self) -> u64 {
        self.answer.counts.of(Metric::DeliveredOrders)
    }

    /// Delivered orders to which nobody of the shop did anything, of all that were delivered; null without any.
    async fn unattended_share(&self) -> Option<Decimal> {
        self.answer.counts.unattended_share_millionths().map(Decimal::from_millionths)
    }

    async fn exception_orders(&self) -> u64 {
        self.answer.counts.of(Metric::ExceptionOrders)
    }

    /// Orders that ever came into the exception queue, of all that were placed; null without any.
    async fn exception_rate(&self) -> Option<Decimal> {
        self.answer.exception_rate_millionths().map(Decimal::from_millionths)
    }

    /// Refunds of goods that were asked for.
    async fn refund_requests(&self) -> u64 {
        self.answer.counts.of(Metric::RefundRequests)
    }

    /// Refunds that were approved or rejected before their clock ran out, of all that were; null without any.
    async fn answered_in_time_share(&self) -> Option<Decimal> {
        self.answer.counts.answered_in_time_millionths().map(Decimal::from_millionths)
    }

    /// How often each clock was missed.
    #[graphql(complexity = "5 + 5 * child_complexity")]
    async fn breaches(&self) -> Vec<BreachCount> {
        let of = |clock: Clock| {
            let metric = Metric::of_breach(clock)?;
            Some(BreachCount { clock: clock.into(), count: self.answer.counts.of(metric) })
        };
        Clock::VARIANTS.iter().copied().filter_map(of).collect()
    }

    /// What was sold, by the orders that were placed in the range: the highest paid amount first.
    #[graphql(complexity = "BREAKDOWN + super::page::cost(first, None, child_complexity)")]
    async fn by_product(&self, ctx: &Context<'_>, first: Option<i32>) -> Result<Vec<ProductSales>> {
        let first = super::page::first(first)?;
        let products = self.breakdown(ctx).await?.products.clone();
        let (currency, moment) = (self.currency, &self.moment);
        let of = |found| ProductSales { found, currency, moment: moment.clone() };
        Ok(products.into_iter().take(first).map(of).collect())
    }

    /// Why refunds were asked for, by the orders that were placed in the range: the most frequent first.
    #[graphql(complexity = "BREAKDOWN + 30 * child_complexity")]
    async fn by_refund_reason(&self, ctx: &Context<'_>) -> Result<Vec<ReasonFigures>> {
        let reasons = self.breakdown(ctx).await?.reasons.clone();
        let of = |found: ByReason| ReasonFigures {
            reason: found.reason.map(Into::into),
            requests: found.requests,
            amount: MoneyObject::of(found.amount_minor, self.currency),
        };
        Ok(reasons.into_iter().map(of).collect())
    }

    /// Who did how much to the orders that were placed in the range: the busiest first. At most 10,000 orders.
    #[graphql(complexity = "2 * BREAKDOWN + super::page::cost(first, None, child_complexity)")]
    async fn by_actor(&self, ctx: &Context<'_>, first: Option<i32>) -> Result<Vec<ActorFigures>> {
        let first = super::page::first(first)?;
        let asked = self.asked.clone();
        let going = ctx.data::<Arc<Reads>>()?.going();
        let moment = self.moment.clone();
        read(ctx, move |services| actors::list(services, &going, &moment, &asked, first)).await
    }

    /// Buyers with more than one order in the range, of all that ordered in it; null without any, and where orders count whose
    /// buyers the token shows masked: it would tell whether two of them are the same.
    #[graphql(complexity = "BREAKDOWN")]
    async fn repeat_buyer_rate(&self, ctx: &Context<'_>) -> Result<Option<Decimal>> {
        let tenant = &ctx.data::<Session>()?.tenant;
        if tenant.is_masked || (!tenant.shows_all() && (self.asked.subtree || self.asked.under.is_some())) {
            return Ok(None);
        }
        Ok(self.breakdown(ctx).await?.repeat_buyer_rate_millionths().map(Decimal::from_millionths))
    }

    /// Orders to be expected in the hours after the range: the median of the same weekday and hour of the eight weeks before.
    #[graphql(complexity = "BREAKDOWN + 168 * child_complexity")]
    async fn forecast(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 168, desc = "1 to 168.")] hours: i32,
    ) -> Result<OrderForecast> {
        let hours = usize::try_from(hours).ok().filter(|hours| (1..=MAX_FORECAST_HOURS).contains(hours));
        let hours = hours.ok_or_else(|| ApiError::Invalid(format!("ask for 1 to {MAX_FORECAST_HOURS} hours")))?;
        let asked = self.asked.clone();
        let look = move |_: &Services, views: &Views| {
            let zone = zone::offsets(&asked.time_zone)?;
            let Asked { merchant, subtree, under, to, currency, .. } = asked;
            let query = ForecastQuery { merchant, subtree, under, at: to, zone: &zone, currency, hours };
            Ok(views.dashboard()?.forecast(&query)?)
        };
        let forecast = self.moment.look_long(ctx, look).await?;
        let share =
            |of: fn(&ForecastError) -> Option<u64>| forecast.error.as_ref().and_then(of).map(Decimal::from_millionths);
        Ok(OrderForecast {
            weeks: forecast.weeks,
            error: share(ForecastError::share_millionths),
            naive_error: share(ForecastError::naive_share_millionths),
            hours: forecast
                .hours
                .iter()
                .map(|hour| HourForecast {
                    at: DateTime(hour.at),
                    placed_orders: Decimal::from_halves(hour.twice_placed),
                })
                .collect(),
        })
    }

    /// Every local day of the range, without gaps.
    #[graphql(complexity = "400 + 400 * child_complexity")]
    async fn by_day(&self) -> Vec<DayFigures> {
        let day = |day: &Day| DayFigures {
            date: Date::from_day_number(day.number),
            placed_orders: day.figures.placed,
            paid_orders: day.figures.paid,
            refunded_orders: day.figures.refunded,
            paid_amount: MoneyObject::of(day.figures.paid_amount_minor, self.currency),
        };
        self.answer.by_day.iter().map(day).collect()
    }

    /// Most placed orders first.
    #[graphql(complexity = "super::page::cost(first, None, child_complexity)")]
    async fn by_merchant(&self, first: Option<i32>) -> Result<Vec<MerchantFigures>> {
        let first = super::page::first(first)?;
        let found = self.answer.by_merchant.iter().take(first);
        let (currency, moment) = (self.currency, &self.moment);
        let of = |found: &ByMerchant| MerchantFigures { found: found.clone(), currency, moment: moment.clone() };
        Ok(found.map(of).collect())
    }

    async fn stages(&self) -> Vec<StageDuration> {
        let stage = |answer: &StageAnswer| StageDuration {
            stage: answer.stage.into(),
            count: answer.count,
            median_seconds: answer.median_seconds,
            p90_seconds: answer.p90_seconds,
            max_seconds: answer.max_seconds,
            negative: answer.negative,
        };
        self.answer.stages.iter().map(stage).collect()
    }
}
