//! What the shops with parcels have in store: delivered each week, about as much as will be ordered.

use std::collections::BTreeMap;

use daybook_domain::command::{Command, CountStock, ReceiveStock, SetStockMark};
use daybook_domain::event::SkuKind;
use daybook_domain::time::{DAY_MICROS, HOUR_MICROS};
use daybook_domain::{CommandId, MerchantId, Sku, Timestamp};
use daybook_engine::Request;

use super::life::Step;
use super::people::STOREKEEPER;
use super::random::Random;
use super::{rhythm, shop};
use crate::data::merchant_id;
use crate::failure::Failure;

pub(super) const WEEK_MICROS: i64 = 7 * DAY_MICROS;
/// Units that are there beside what is ordered; at the end more, for the orders that go on coming.
const SPARE: u32 = 40;
const SPARE_AT_LAST: u32 = 600;

/// Units of each SKU that are ordered, week by week.
pub(super) struct Demand {
    start: Timestamp,
    units: BTreeMap<(MerchantId, Sku, i64), u32>,
}

impl Demand {
    pub(super) fn of(plan: &[Step], now: Timestamp) -> Self {
        let mut demand = Self { start: rhythm::start(now), units: BTreeMap::new() };
        for step in plan {
            if let Command::Place(place) = &step.request.command {
                for line in &place.lines {
                    let of = (place.merchant.clone(), line.sku.clone(), demand.week(step.at));
                    *demand.units.entry(of).or_default() += line.quantity;
                }
            }
        }
        demand
    }

    pub(super) fn week(&self, at: Timestamp) -> i64 {
        (at.0 - self.start.0).max(0) / WEEK_MICROS
    }

    pub(super) fn in_week(&self, merchant: &MerchantId, sku: &Sku, week: i64) -> u32 {
        self.units.get(&(merchant.clone(), sku.clone(), week)).copied().unwrap_or(0)
    }
}

/// What each SKU receives, week by week, so that no order of the plan is refused.
pub(super) fn deliveries(random: &mut Random, demand: &Demand, now: Timestamp) -> Result<Vec<Step>, Failure> {
    let (start, last_week) = (demand.start, demand.week(now));
    let mut steps = Vec::new();
    for merchant in shop::MERCHANTS {
        let id = merchant_id(merchant.id)?;
        for (at, product) in merchant.goods.iter().enumerate().filter(|(_, product)| product.kind == SkuKind::Physical)
        {
            let sku = Sku::new(product.sku)?;
            let mut add = |at: Timestamp, command| {
                let request = Request::live(CommandId(random.id()), STOREKEEPER, command);
                steps.push(Step { at, request });
            };
            let receive = |quantity, reference: String| {
                let (merchant, sku, reference) = (id.clone(), sku.clone(), Some(reference.into()));
                Command::ReceiveStock(ReceiveStock { merchant, sku, quantity, reference })
            };
            // Some pieces were missing when somebody opened the boxes.
            add(start, receive(SPARE + 2, "opening stock".into()));
            let counted = CountStock { merchant: id.clone(), sku: sku.clone(), counted: SPARE };
            add(start.plus_micros(HOUR_MICROS), Command::CountStock(counted));
            let low_at = if at == 0 { SPARE_AT_LAST * 2 } else { SPARE / 2 };
            let mark = SetStockMark { merchant: id.clone(), sku: sku.clone(), low_at };
            add(start.plus_micros(HOUR_MICROS), Command::SetStockMark(mark));
            for number in 0..=last_week {
                let ordered = demand.in_week(&id, &sku, number);
                let spare = if number == last_week { SPARE_AT_LAST } else { 0 };
                if ordered + spare > 0 {
                    // Before anybody orders: what the week after needs comes a little too early.
                    let at = start.plus_micros((number * WEEK_MICROS).max(2 * HOUR_MICROS));
                    add(at, receive(ordered + spare, format!("week {}", number + 1)));
                }
            }
        }
    }
    Ok(steps)
}
