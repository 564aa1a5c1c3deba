//! Somebody who asked to be forgotten: whoever ordered first.

use daybook_domain::{Command, CommandId, MerchantId, ReasonCode};
use daybook_engine::{Engine, Erasure, Unfinished};

use super::life::Step;
use super::random::Random;
use crate::data::OPERATOR;
use crate::failure::Failure;

/// Whom a plan begins with.
pub(super) fn first(plan: &[Step]) -> Option<(MerchantId, String)> {
    plan.iter().find_map(|step| match &step.request.command {
        Command::Place(place) => Some((place.merchant.clone(), place.account.clone())),
        _ => None,
    })
}

/// What they ordered is long over.
pub(super) fn forget(engine: &Engine, seed: u64, whom: Option<(MerchantId, String)>) -> Result<(), Failure> {
    let Some((merchant, account)) = whom else { return Ok(()) };
    let erasure = Erasure {
        command_id: CommandId(Random::new(seed).id()),
        actor: OPERATOR,
        merchant,
        account,
        even_open: true,
        reason: ReasonCode::BuyerRequest,
    };
    let erased = engine.erase(vec![erasure], |_| Ok(Unfinished::default()));
    erased.into_iter().try_for_each(|erased| erased.map(drop).map_err(Failure::from))
}
