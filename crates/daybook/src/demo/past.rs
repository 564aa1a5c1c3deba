//! Sixty days in a few seconds.

use std::collections::VecDeque;

use daybook_domain::time::{DAY_MICROS, MINUTE_MICROS};
use daybook_domain::{CommandId, Timestamp};
use daybook_engine::{Engine, Pending, Request};

use super::clock::DemoClock;
use super::life::{self, Pace, Step};
use super::people::{self, PLATFORM};
use super::policies::Policies;
use super::random::Random;
use super::stock::{self, Demand};
use super::{card_stock, exports, jobs, rhythm, shop, warnings};
use crate::failure::Failure;

/// Commands under way. Each stop to settle the clock costs a sync of the disk.
const UNDER_WAY: usize = 4_096;

/// All that happens, in order: the merchants first, then so many orders' lives; some of it lies after `now`.
pub(super) fn plan(seed: u64, orders: usize, now: Timestamp) -> Result<Vec<Step>, Failure> {
    let mut random = Random::new(seed);
    let policies = Policies::new(now);
    let mut plan = Vec::with_capacity(orders * 9);
    for command in shop::registrations()? {
        let request = Request::live(CommandId(random.id()), PLATFORM, command);
        plan.push(Step { at: rhythm::start(now), request });
    }
    for (days, command) in shop::trial()? {
        let request = Request::live(CommandId(random.id()), PLATFORM, command);
        plan.push(Step { at: rhythm::start(now).plus_micros(days * DAY_MICROS), request });
    }
    plan.extend(policies.steps(&mut random)?);
    // How many numbers a life takes depends on its moment, and that on now: the next order must not.
    for (serial, at) in (1..).zip(rhythm::times(&mut random.fork(), orders, now)) {
        plan.extend(life::of_order(&mut random.fork(), policies, at, serial, Pace::Real)?);
    }
    let demand = Demand::of(&plan, now);
    plan.extend(stock::deliveries(&mut random, &demand, now)?);
    plan.extend(card_stock::imports(&mut random, &demand, now)?);
    // Stable: what one order does at one moment stays in its order.
    plan.sort_by_key(|step| step.at);
    plan.extend(warnings::low_stock(&mut random, &plan));
    plan.extend(warnings::refund_rates(&mut random, policies, &plan, now)?);
    plan.sort_by_key(|step| step.at);
    plan.extend(jobs::campaigns(&mut random, &plan, now)?);
    plan.extend(exports::taken(&mut random, now)?);
    for (merchant, command) in shop::profiles() {
        let request = Request::live(CommandId(random.id()), people::owner(merchant), command?);
        plan.push(Step { at: rhythm::start(now).plus_micros(5 * MINUTE_MICROS), request });
    }
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

    use daybook_domain::time::SECOND_MICROS;
    use daybook_domain::{Command, Event, Kind, Origin, Recorded, Role};
    use daybook_engine::{FolderOptions, open_folder};
    use uuid::Uuid;

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

    #[test]
    fn the_same_seed_sells_the_same_at_another_time() {
        let sold = |now| -> Vec<_> {
            let placed = |step: Step| match step.request.command {
                Command::Place(place) => Some((place.number, place.account, place.contact, place.lines)),
                _ => None,
            };
            plan(1, 300, now).unwrap().into_iter().filter_map(placed).collect()
        };
        assert_eq!(sold(NOW), sold(NOW.plus_micros(17 * DAY_MICROS + 5 * SECOND_MICROS)));
    }

    #[test]
    fn every_kind_of_event_happens() {
        let (events, future) = live(3);
        let kinds: std::collections::BTreeSet<_> = events.iter().map(|recorded| recorded.event.kind()).collect();
        let missing: Vec<_> = Kind::ALL
            .iter()
            .filter(|kind| !kinds.contains(kind) && !kind.name().starts_with("token") && **kind != Kind::SubjectErased)
            .map(|kind| kind.name())
            .collect();
        assert_eq!(missing, [""; 0]);
        assert!(future > 0, "nothing is open at the end");
        assert!(events.iter().any(|recorded| matches!(&recorded.event, Event::OrderRated(_))));
    }

    /// All of it, as if nobody else did anything: a refused command would end it.
    fn live_to_the_end(plan: Vec<Step>) -> Vec<Recorded> {
        let dir = tempfile::tempdir().unwrap();
        let clock = DemoClock::new(rhythm::start(NOW), crate::clock::system());
        let options = FolderOptions { id_if_new: Some(Uuid::from_u128(1)), ..FolderOptions::default() };
        let folder = open_folder(dir.path(), &options, clock.clock()).unwrap();
        assert!(live_through(&folder.engine, &clock, plan, Timestamp(i64::MAX)).unwrap().is_empty());
        folder.engine.shutdown().unwrap();
        folder.reader.events(1, usize::MAX / 2).unwrap()
    }

    #[test]
    fn what_is_still_to_come_keeps_the_rules_too() {
        let events = live_to_the_end(plan(11, 1_000, NOW).unwrap());
        let closed = events.iter().filter(|recorded| recorded.event.kind() == Kind::OrderClosed).count();
        assert!(closed > 800, "{closed}");
    }

    /// Automation that starts now finds nothing that was forgotten before.
    #[test]
    fn no_clock_ran_out_unseen() {
        let (events, _) = live(17);
        let mut views = daybook_views::Views::new();
        events.iter().for_each(|recorded| views.apply(recorded).unwrap());
        let queues = views.queues().unwrap();
        let a_minute_ago = NOW.plus_micros(-60 * SECOND_MICROS);
        assert_eq!(queues.due(a_minute_ago, |_| false, 10), []);
        assert!(queues.next_due(NOW).is_some());
    }

    #[test]
    fn quick_lives_keep_the_rules() {
        let mut plan = plan(12, 10, NOW).unwrap();
        let mut random = Random::new(13);
        for serial in 11..600 {
            let at = NOW.plus_micros(i64::try_from(serial).unwrap() * SECOND_MICROS);
            plan.extend(life::of_order(&mut random, Policies::new(NOW), at, serial, Pace::Quick).unwrap());
        }
        plan.sort_by_key(|step| step.at);
        live_to_the_end(plan);
    }

    #[test]
    fn what_clocks_bring_about_is_automations_and_nothing_else_but_cards_and_warnings() {
        for step in plan(5, 500, NOW).unwrap() {
            let is_automations = step.request.origin == Origin::System;
            assert_eq!(is_automations, step.request.actor.role == Role::System);
            let (is_clocks, may_be) = match &step.request.command {
                Command::Expire { .. } | Command::Remind { .. } | Command::Close { .. } | Command::Breach { .. } => {
                    (true, true)
                }
                Command::DeliverCards { .. }
                | Command::ReleaseHold(_)
                | Command::RaiseAlert(_)
                | Command::ClearAlert(_)
                | Command::PreviewJob(_)
                | Command::CheckJob(_)
                | Command::AdvanceJob(_) => (false, true),
                _ => (false, false),
            };
            assert!(is_automations || !is_clocks, "{:?}", step.request.command);
            assert!(may_be || !is_automations, "{:?}", step.request.command);
        }
    }

    /// How many events of a kind there are for each thousand orders.
    #[test]
    fn everything_happens_in_a_believable_share() {
        let (events, _) = live(3);
        let count = |kind: Kind| events.iter().filter(|recorded| recorded.event.kind() == kind).count() * 1000 / 1_500;
        for (kind, least, most) in [
            (Kind::PaymentReminded, 50, 250),
            (Kind::DeadlineBreached, 20, 120),
            (Kind::OrderClosed, 500, 900),
            (Kind::AddressChangeRequested, 3, 30),
            (Kind::TopUpFailed, 3, 30),
            (Kind::DisputeOpened, 3, 25),
            (Kind::RestockRequested, 1, 12),
            (Kind::CardsRevealed, 150, 400),
        ] {
            let share = count(kind);
            assert!((least..=most).contains(&share), "{}: {share} of 1000", kind.name());
        }
    }
}
