//! Who did how much, told by the histories of the orders themselves.

use async_graphql::SimpleObject;
use daybook_domain::posting::Metric;
use daybook_domain::{Actor as Who, Event, Origin, Role};
use daybook_views::query::{Basis, ContributorQuery, HoursOfWeek};
use hashbrown::HashMap;

use super::contributions::{self, LOOKS};
use super::dashboard::Asked;
use super::error::ApiError;
use super::history::Actor;
use super::moment::Moment;
use crate::http::Services;
use crate::reads::Going;

/// Orders whose histories one answer reads.
const MAX_ORDERS: usize = 10_000;

/// What one actor did to the orders that were placed in the range. Buyers, payment providers and imports are left out.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct ActorFigures {
    actor: Actor,
    /// Orders that it did anything to.
    orders: u64,
    events: u64,
    /// Shipments confirmed, cards delivered, top-ups completed.
    deliveries: u64,
    /// Refunds approved or rejected.
    refunds_answered: u64,
    /// Refunds paid out.
    refunds_settled: u64,
}

/// The busiest first. Reads the views in steps, then the ledger.
pub(crate) fn list(
    services: &Services,
    going: &Going,
    moment: &Moment,
    asked: &Asked,
    first: usize,
) -> Result<Vec<ActorFigures>, ApiError> {
    let mut query = ContributorQuery {
        merchant: asked.merchant.clone(),
        subtree: asked.subtree,
        under: asked.under.clone(),
        from: asked.from,
        to: asked.to,
        currency: asked.currency,
        basis: Basis::Cohort,
        metric: Metric::PlacedOrders,
        hours: HoursOfWeek::default(),
        zone: &[],
        from_order: None,
        first: MAX_ORDERS + 1,
        looks: LOOKS,
    };
    let (some, position) = contributions::step(services, going, moment, &query)?;
    let (mut orders, mut next) = (some.found, some.next);
    while next.is_some() && orders.len() <= MAX_ORDERS {
        query.from_order = next;
        let (some, _) = contributions::step(services, going, moment, &query)?;
        orders.extend(some.found);
        next = some.next;
    }
    if orders.len() > MAX_ORDERS {
        let message = format!("byActor reads the histories of at most {MAX_ORDERS} orders: choose a shorter range");
        return Err(ApiError::TooMuchWork(message));
    }
    let mut figures: HashMap<Who, ActorFigures> = HashMap::new();
    for found in orders {
        going.check()?;
        let mut seen: Vec<Who> = Vec::new();
        for recorded in services.reader.history(found.order)?.iter().take_while(|it| it.position <= position) {
            if recorded.origin == Origin::Import || !is_counted(recorded.actor.role) {
                continue;
            }
            let of_actor = figures.entry(recorded.actor).or_insert_with(|| ActorFigures {
                actor: recorded.actor.into(),
                orders: 0,
                events: 0,
                deliveries: 0,
                refunds_answered: 0,
                refunds_settled: 0,
            });
            if !seen.contains(&recorded.actor) {
                seen.push(recorded.actor);
                of_actor.orders += 1;
            }
            of_actor.add(&recorded.event);
        }
    }
    let mut figures: Vec<(Who, ActorFigures)> = figures.into_iter().collect();
    figures.sort_unstable_by_key(|(who, figures)| (std::cmp::Reverse(figures.events), who.id));
    figures.truncate(first);
    Ok(figures.into_iter().map(|(_, figures)| figures).collect())
}

impl ActorFigures {
    #[expect(clippy::wildcard_enum_match_arm, reason = "all others count as events alone")]
    fn add(&mut self, event: &Event) {
        self.events += 1;
        match event {
            Event::ShipmentConfirmed(_) | Event::CardsAssigned(_) | Event::TopUpSucceeded(_) => self.deliveries += 1,
            Event::RefundApproved(_) | Event::RefundRejected(_) => self.refunds_answered += 1,
            Event::RefundSettled(_) => self.refunds_settled += 1,
            _ => {}
        }
    }
}

fn is_counted(role: Role) -> bool {
    match role {
        Role::Platform | Role::Owner | Role::Clerk | Role::Support | Role::System | Role::Auditor | Role::Analyst => {
            true
        }
        Role::Buyer | Role::Webhook | Role::Importer => false,
    }
}
