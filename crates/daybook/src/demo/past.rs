//! Sixty days in a few seconds.

use std::collections::VecDeque;

use daybook_domain::{Actor, CommandId, Role, Timestamp};
use daybook_engine::{Engine, Pending, Request};
use uuid::Uuid;

use super::clock::DemoClock;
use super::life::{self, Pace, Step};
use super::random::Random;
use super::{rhythm, shop, stock};
use crate::failure::Failure;

const PLATFORM: Actor = Actor { id: Uuid::from_u128(0x0F1A_7F00), role: Role::Platform };
/// Commands under way. Each stop to settle the clock costs a sync of the disk.
const UNDER_WAY: usize = 4_096;

/// All that happens, in order: the merchants first, then so many orders' lives; some of it lies after `now`.
pub(super) fn plan(seed: u64, orders: usize, now: Timestamp) -> Result<Vec<Step>, Failure> {
    let mut random = Random::new(seed);
    let mut plan = Vec::with_capacity(orders * 7);
    for command in shop::registrations()? {
        let request = Request::live(CommandId(random.id()), PLATFORM, command);
        plan.push(Step { at: rhythm::start(now), request });
    }
    for (serial, at) in (1..).zip(rhythm::times(&mut random, orders, now)) {
        plan.extend(life::of_order(&mut random, at, serial, Pace::Real)?);
    }
    plan.extend(stock::deliveries(&mut random, &plan, now)?);
    // Stable: what one order does at one moment stays in its order.
    plan.sort_by_key(|step| step.at);
    Ok(plan)
}

/// Carries out what happened before `now`, each at its own moment; returns the rest.
pub(super) fn live_through(
    engine: &Engine,
    clock: &DemoClock,
    plan: Vec<Step>,
    now: Timestamp,
) -> Result<Vec<Step>, Failure> {
    let mut under_way: VecDeque<Pending> = VecDeque::with_capacity(UNDER_WAY);
    let mut steps = plan.into_iter();
    let mut future = Vec::new();
    for step in steps.by_ref() {
        if step.at > now {
            future.push(step);
            break;
        }
        if under_way.len() == UNDER_WAY {
            wait(&mut under_way, UNDER_WAY / 2)?;
        }
        clock.push(step.at);
        under_way.push_back(engine.submit(step.request));
    }
    wait(&mut under_way, 0)?;
    clock.settle(now);
    future.extend(steps);
    Ok(future)
}

fn wait(under_way: &mut VecDeque<Pending>, until: usize) -> Result<(), Failure> {
    while under_way.len() > until {
        if let Some(pending) = under_way.pop_front() {
            pending.wait()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use daybook_domain::{Command, Event, Kind, Recorded};
    use daybook_engine::{FolderOptions, open_folder};

    use super::*;

    const NOW: Timestamp = Timestamp(1_780_000_000_000_000);

    fn live(seed: u64) -> (Vec<Recorded>, usize) {
        let dir = tempfile::tempdir().unwrap();
        let clock = DemoClock::new(rhythm::start(NOW), crate::clock::system());
        let options = FolderOptions { id_if_new: Some(Uuid::from_u128(1)), ..FolderOptions::default() };
        let folder = open_folder(dir.path(), &options, clock.clock()).unwrap();
        // A refused command would end it: every script keeps the rules.
        let future = live_through(&folder.engine, &clock, plan(seed, 1_500, NOW).unwrap(), NOW).unwrap();
        folder.engine.shutdown().unwrap();
        (folder.reader.events(1, usize::MAX / 2).unwrap(), future.len())
    }

    #[test]
    fn each_command_happens_at_its_own_moment() {
        let planned: HashMap<_, _> =
            plan(7, 1_500, NOW).unwrap().into_iter().map(|step| (step.request.command_id, step.at)).collect();
        let (events, _) = live(7);
        for recorded in &events {
            let at = planned[&recorded.command_id];
            assert_eq!(recorded.recorded_at, at, "{}", recorded.event.kind().name());
        }
        let placed = events.iter().filter(|recorded| matches!(recorded.event, Event::OrderPlaced(_))).count();
        assert_eq!(placed, 1_500);
    }

    #[test]
    fn the_same_seed_tells_the_same_story() {
        let told = |seed| -> Vec<_> {
            plan(seed, 300, NOW).unwrap().into_iter().map(|step| (step.at, step.request.command)).collect()
        };
        assert_eq!(told(1), told(1));
        assert_ne!(told(1), told(2));
    }

    /// What nothing but the rules can do so far: no mutation and no automation asks for it.
    const NOT_SHOWN: [Kind; 20] = [
        Kind::PolicySet,
        Kind::AlertRaised,
        Kind::AlertCleared,
        Kind::PaymentReminded,
        Kind::AddressChangeRequested,
        Kind::AddressChanged,
        Kind::AddressChangeRejected,
        Kind::DeliveryDue,
        Kind::CardsAssigned,
        Kind::CardsRevealed,
        Kind::TopUpSucceeded,
        Kind::TopUpFailed,
        Kind::OrderClosed,
        Kind::DisputeOpened,
        Kind::EvidenceAdded,
        Kind::DisputeResolved,
        Kind::DeadlineBreached,
        Kind::CardClaimed,
        Kind::CardsImported,
        Kind::CardsDrawn,
    ];

    #[test]
    fn every_kind_of_event_happens() {
        let (events, future) = live(3);
        let kinds: std::collections::BTreeSet<_> = events.iter().map(|recorded| recorded.event.kind()).collect();
        let missing: Vec<_> = Kind::ALL
            .iter()
            .filter(|kind| !kinds.contains(kind) && !kind.name().starts_with("token"))
            .map(|kind| kind.name())
            .collect();
        // One that is shown after all must leave that list.
        assert_eq!(missing, NOT_SHOWN.map(Kind::name));
        assert!(future > 0, "nothing is open at the end");
        assert!(events.iter().any(|recorded| matches!(&recorded.event, Event::OrderRated(_))));
    }

    #[test]
    fn only_automation_lets_orders_expire() {
        for step in plan(5, 500, NOW).unwrap() {
            let is_expiry = matches!(step.request.command, Command::Expire { .. });
            assert_eq!(is_expiry, step.request.origin == daybook_domain::Origin::System);
        }
    }
}
