//! What each shop says of its clocks, of cards that go out alone, and of what it wants to be warned of.

use daybook_domain::command::{Command, SetPolicy};
use daybook_domain::event::PolicySet;
use daybook_domain::policy::{Policy, Terms};
use daybook_domain::time::{DAY_MICROS, HOUR_MICROS, MINUTE_MICROS};
use daybook_domain::{CommandId, Timestamp};
use daybook_engine::Request;

use super::life::Step;
use super::random::Random;
use super::shop::{self, Merchant};
use super::{people, rhythm};
use crate::data::merchant_id;
use crate::failure::Failure;

const HOUR_SECONDS: u32 = 3_600;

/// For good.
fn always(id: &str) -> Option<Terms> {
    let none = Terms::default();
    match id {
        "xinghe" => Some(Terms { auto_deliver: Some(true), warn_refund_rate: Some(50_000), ..none }),
        "xinghe-2" => Some(Terms { auto_deliver: Some(true), manual_review: Some(true), ..none }),
        "fengche" => Some(Terms {
            remind_after: Some(300),
            ship_virtual_within: Some(HOUR_SECONDS),
            warn_refund_rate: Some(60_000),
            warn_queue_age: Some(8 * HOUR_SECONDS),
            ..none
        }),
        "lantian" => {
            Some(Terms { collect_physical_within: Some(36 * HOUR_SECONDS), warn_conversion: Some(750_000), ..none })
        }
        "pixelport" => Some(Terms { pay_within: Some(HOUR_SECONDS), warn_queue_age: Some(24 * HOUR_SECONDS), ..none }),
        _ => None,
    }
}

/// For some days: the storehouse of the shops with parcels was closed.
fn holidays(id: &str, now: Timestamp) -> Option<PolicySet> {
    let closed = matches!(id, "lantian" | "qingmu");
    closed.then(|| PolicySet {
        terms: Terms { collect_physical_within: Some(96 * HOUR_SECONDS), ..Terms::default() },
        valid_from: Some(now.plus_micros(-26 * DAY_MICROS)),
        valid_to: Some(now.plus_micros(-23 * DAY_MICROS)),
    })
}

/// The policies as they were set, for whoever plans what fits them.
#[derive(Clone, Copy)]
pub(super) struct Policies {
    now: Timestamp,
}

impl Policies {
    /// `now`: the end of the past.
    pub(super) fn new(now: Timestamp) -> Self {
        Self { now }
    }

    /// What holds for a shop at a moment.
    pub(super) fn at(self, merchant: &Merchant, at: Timestamp) -> Policy {
        let policy = always(merchant.id).map_or(Policy::DEFAULT, |terms| Policy::DEFAULT.under(&terms));
        let holds =
            |set: &PolicySet| set.valid_from.is_none_or(|from| from <= at) && set.valid_to.is_none_or(|to| at < to);
        match holidays(merchant.id, self.now).filter(holds) {
            Some(set) => policy.under(&set.terms),
            None => policy,
        }
    }

    /// They are set before the first order, and the holidays some days ahead.
    pub(super) fn steps(self, random: &mut Random) -> Result<Vec<Step>, Failure> {
        let mut steps = Vec::new();
        for merchant in shop::MERCHANTS {
            let for_good = always(merchant.id).map(|terms| PolicySet { terms, valid_from: None, valid_to: None });
            let first = rhythm::start(self.now).plus_micros(10 * MINUTE_MICROS);
            let dated = holidays(merchant.id, self.now);
            let ahead = self.now.plus_micros(-30 * DAY_MICROS - 3 * HOUR_MICROS);
            for (at, set) in [(first, for_good), (ahead, dated)] {
                let Some(set) = set else { continue };
                let command = Command::SetPolicy(SetPolicy { merchant: merchant_id(merchant.id)?, set });
                let request = Request::live(CommandId(random.id()), people::owner(merchant), command);
                steps.push(Step { at, request });
            }
        }
        Ok(steps)
    }
}
