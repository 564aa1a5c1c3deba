//! Figures of a period.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use daybook_domain::Currency;
use daybook_views::Views;
use daybook_views::query::{ByMerchant, DashboardAnswer, DashboardQuery, Day, Figures, StageAnswer};

use super::enums::{self, Scope};
use super::error::ApiError;
use super::merchant::{self, MerchantObject};
use super::money::MoneyObject;
use super::page::MAX_FIRST;
use super::scalar::{Date, DateTime, Decimal};
use super::zone;

/// At or after `gte` and before `lt`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct TimeRange {
    gte: DateTime,
    lt: DateTime,
}

#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) merchant: Option<String>,
    pub(crate) scope: Scope,
    pub(crate) range: TimeRange,
    pub(crate) time_zone: String,
    pub(crate) currency: String,
    pub(crate) basis: enums::Basis,
}

pub(crate) struct Dashboard {
    answer: Arc<DashboardAnswer>,
    currency: Currency,
}

pub(crate) fn ask(views: &Views, question: &Question) -> Result<Dashboard, ApiError> {
    let currency = Currency::new(&question.currency).map_err(|error| ApiError::Invalid(error.to_string()))?;
    let merchant = question.merchant.as_deref().map(super::lookup::merchant_id).transpose()?;
    let (from, to) = (question.range.gte.0, question.range.lt.0);
    if from > to {
        return Err(ApiError::Invalid("the range ends before it begins".into()));
    }
    let zone = zone::offsets(&question.time_zone)?;
    let query = DashboardQuery {
        // Without a merchant everything counts, whatever the scope.
        subtree: question.scope.is_subtree() || merchant.is_none(),
        merchant,
        from,
        to,
        zone: &zone,
        currency,
        basis: question.basis.into(),
        merchants: MAX_FIRST,
    };
    let answer = views.dashboard()?.answer(&query)?;
    Ok(Dashboard { answer: Arc::new(answer), currency })
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
}

#[Object]
impl MerchantFigures {
    async fn merchant(&self, ctx: &Context<'_>) -> Result<MerchantObject> {
        let id = &self.found.merchant;
        Ok(merchant::look_up(ctx, id.clone()).await?.unwrap_or_else(|| merchant::unregistered(id)))
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

impl Dashboard {
    fn figures(&self) -> &Figures {
        &self.answer.figures
    }
}

#[Object]
impl Dashboard {
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
        cells
            .map(|(cell, figures)| WeekdayHour {
                weekday: cell / 24 + 1,
                hour: cell % 24,
                placed_orders: figures.placed,
                paid_orders: figures.paid,
                refunded_orders: figures.refunded,
            })
            .collect()
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
        Ok(found.map(|found| MerchantFigures { found: found.clone(), currency: self.currency }).collect())
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
