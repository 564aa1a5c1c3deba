//! After the past: what the plan still holds comes when its time has come, and new orders are placed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use daybook_domain::time::SECOND_MICROS;
use daybook_domain::{Origin, Timestamp};
use daybook_engine::{Clock, Engine, ExecuteError};

use super::life::{self, Pace, Step};
use super::policies::Policies;
use super::random::Random;

/// By moment, then as they were planned.
struct Due {
    at: Timestamp,
    turn: u64,
    step: Step,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.turn) == (other.at, other.turn)
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.turn).cmp(&(other.at, other.turn))
    }
}

/// Goes on until it is aborted or the engine stops.
pub(super) async fn go_on(engine: Engine, seed: u64, orders: usize, future: Vec<Step>, clock: Clock) {
    let mut random = Random::new(seed.wrapping_add(1));
    let mut due = BinaryHeap::new();
    let mut turn = 0;
    let mut add = |due: &mut BinaryHeap<Reverse<Due>>, step: Step| {
        // From now on automation itself does what it does.
        if step.request.origin != Origin::System {
            turn += 1;
            due.push(Reverse(Due { at: step.at, turn, step }));
        }
    };
    for step in future {
        add(&mut due, step);
    }
    let mut serial = orders;
    let mut next_order = clock();
    let policies = Policies::new(next_order);
    loop {
        let now = clock();
        if now >= next_order {
            serial += 1;
            next_order = now.plus_micros(random.between(SECOND_MICROS / 2, SECOND_MICROS * 3 / 2));
            match life::of_order(&mut random, policies, now, serial, Pace::Quick) {
                Ok(steps) => steps.into_iter().for_each(|step| add(&mut due, step)),
                Err(error) => tracing::error!(%error, "no order"),
            }
        }
        while due.peek().is_some_and(|Reverse(first)| first.at <= now) {
            let Some(Reverse(Due { step, .. })) = due.pop() else { break };
            match engine.execute(step.request).await {
                Ok(_) => {}
                // Somebody who looks around may have acted on the order first.
                Err(ExecuteError::Rejected(rejection)) => tracing::debug!(%rejection, "not carried out"),
                Err(ExecuteError::Stopped { .. }) => return,
                Err(error) => tracing::warn!(%error, "not carried out"),
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
