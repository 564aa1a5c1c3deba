//! The shops' cards: imported each week in files of some hundred, about as many as will be ordered.

use daybook_domain::command::{Command, ImportCards, NewCard, SetStockMark};
use daybook_domain::event::SkuKind;
use daybook_domain::limits::MAX_CARDS;
use daybook_domain::time::{HOUR_MICROS, SECOND_MICROS};
use daybook_domain::{CommandId, MerchantId, Sku, Timestamp};
use daybook_engine::Request;

use super::life::Step;
use super::people::STOREKEEPER;
use super::random::Random;
use super::stock::{Demand, WEEK_MICROS};
use super::{rhythm, shop};
use crate::data::merchant_id;
use crate::failure::Failure;

/// Cards that are there beside what is ordered; at the end more, for the orders that go on coming.
const SPARE: u32 = 30;
const SPARE_AT_LAST: u32 = 400;

/// So that no order of the plan is refused: from the first card on, placing takes from what was imported.
pub(super) fn imports(random: &mut Random, demand: &Demand, now: Timestamp) -> Result<Vec<Step>, Failure> {
    let start = rhythm::start(now);
    let mut steps = Vec::new();
    for merchant in shop::MERCHANTS {
        let id = merchant_id(merchant.id)?;
        for product in merchant.goods.iter().filter(|product| product.kind == SkuKind::Card) {
            let sku = Sku::new(product.sku)?;
            let mark = SetStockMark { merchant: id.clone(), sku: sku.clone(), low_at: SPARE / 2 };
            let marked_at = start.plus_micros(HOUR_MICROS);
            steps.push(step(random, marked_at, Command::SetStockMark(mark)));
            let mut newest = None;
            for week in 0..=demand.week(now) {
                let is_last = week == demand.week(now);
                let spare = if is_last { SPARE_AT_LAST } else { 0 } + if week == 0 { SPARE } else { 0 };
                let mut left = demand.in_week(&id, &sku, week) + spare;
                let mut at = start.plus_micros((week * WEEK_MICROS).max(2 * HOUR_MICROS));
                while left > 0 {
                    let count = left.min(u32::try_from(MAX_CARDS - 1)?);
                    left -= count;
                    let import = batch(random, (&id, &sku), merchant.prefix, count, &mut newest);
                    steps.push(step(random, at, Command::ImportCards(import)));
                    at = at.plus_micros(20 * SECOND_MICROS);
                }
            }
        }
    }
    Ok(steps)
}

fn step(random: &mut Random, at: Timestamp, command: Command<String>) -> Step {
    Step { at, request: Request::live(CommandId(random.id()), STOREKEEPER, command) }
}

fn batch(
    random: &mut Random,
    (merchant, sku): (&MerchantId, &Sku),
    prefix: &str,
    count: u32,
    newest: &mut Option<String>,
) -> ImportCards<String> {
    let mut secrets: Vec<String> = (0..count).map(|_| secret(random, prefix)).collect();
    // Now and then a supplier's file begins with the last line of the one before; a secret is imported once.
    let known = newest.take().filter(|_| random.chance(150));
    *newest = secrets.last().cloned();
    secrets.extend(known);
    let card = |secret| NewCard { secret, fingerprint: [0; 16] };
    ImportCards { merchant: merchant.clone(), sku: sku.clone(), cards: secrets.into_iter().map(card).collect() }
}

fn secret(random: &mut Random, prefix: &str) -> String {
    let bits = random.next();
    let part = |place: u32| bits >> (16 * place) & 0xFFFF;
    format!("{prefix}-{:04X}-{:04X}-{:04X}-{:04X}", part(3), part(2), part(1), part(0))
}
