//! Which rows differ between two states of the views.

use std::collections::BTreeSet;

use daybook_domain::event::Subject;
use proptest::prelude::*;

use super::world::World;
use crate::bulk::BulkFold;
use crate::difference::{RowDifference, differences, exception_differences};
use crate::query::{ExceptionQuery, Scope};
use crate::registry::{ORDERS, STOCK, VIEWS, ViewName};
use crate::views::Views;

fn fold(world: &World, until: usize) -> Views {
    let mut views = Views::new();
    world.recorded[..until].iter().for_each(|recorded| views.apply(recorded).unwrap());
    views
}

fn all(before: &Views, after: &Views, view: ViewName) -> Vec<RowDifference> {
    (0..).map_while(|part| differences(before, after, view, part).unwrap()).flatten().collect()
}

fn exceptions(views: &Views) -> BTreeSet<String> {
    let query = ExceptionQuery {
        scope: Scope::All,
        kinds: crate::query::ExceptionKind::ALL.to_vec(),
        after: None,
        first: usize::MAX - 1,
    };
    let page = views.queues().unwrap().exceptions(&query);
    page.entries.iter().map(|entry| format!("{:?}", (entry.row.id, entry.kind, entry.ticket, entry.since))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_orders_that_differ_are_those_that_something_happened_to(seed: u64, steps in 1_usize..600, cut in 0_usize..1_000) {
        println!("seed {seed} steps {steps} cut {cut}");
        let world = World::random(seed, steps);
        let cut = world.recorded.len() * cut / 1_000;
        let (before, after) = (fold(&world, cut), fold(&world, world.recorded.len()));
        let is_order = |recorded: &&daybook_domain::Recorded| recorded.event.kind().subject() == Subject::Order;
        let touched: BTreeSet<String> = world.recorded[cut..].iter().filter(is_order).map(|it| it.stream.to_string()).collect();
        let found = all(&before, &after, ORDERS);
        let number = |views: &Views, id: &str| {
            let list = views.order_list().unwrap();
            let row = list.by_id(daybook_domain::StreamId(id.parse().unwrap())).unwrap();
            format!("{}/{}", row.order.merchant, row.number)
        };
        let names: BTreeSet<String> = touched.iter().map(|id| number(&after, id)).collect();
        prop_assert_eq!(found.iter().map(|row| row.row.clone()).collect::<BTreeSet<_>>(), names);
        prop_assert_eq!(found.len(), touched.len(), "each once");
        // The other way round the same rows, told the other way round.
        let back = all(&after, &before, ORDERS);
        for (there, back) in found.iter().zip(&back) {
            prop_assert_eq!(&there.row, &back.row);
            for (there, back) in there.fields.iter().zip(&back.fields) {
                prop_assert_eq!((&there.before, &there.after), (&back.after, &back.before));
            }
        }
        let waited = exception_differences(&before, &after).unwrap();
        let (old, new) = (exceptions(&before), exceptions(&after));
        prop_assert_eq!(waited.is_empty(), old == new);
    }

    /// Where the numbers of rows differ, as where another fold left some out.
    #[test]
    fn each_row_that_differs_is_told_once(seed: u64, steps in 1_usize..600, left_out in 0_usize..20) {
        println!("seed {seed} steps {steps} left out {left_out}");
        let world = World::random(seed, steps);
        let right = fold(&world, world.recorded.len());
        let mut other = Views::new();
        let (mut skus, mut skipped) = (BTreeSet::new(), BTreeSet::new());
        for recorded in &world.recorded {
            if recorded.event.kind().subject() == Subject::Sku && skus.insert(recorded.stream) && skus.len() <= left_out {
                let owner = right.owner_of(recorded.stream);
                let sku = daybook_domain::Sku::new(&owner.name.unwrap()).unwrap();
                let streams = daybook_domain::stock::SkuStreams::of(owner.merchant.unwrap(), &sku);
                skipped.extend([streams.sku, streams.account]);
            }
            if !skipped.contains(&recorded.stream) {
                other.apply(recorded).unwrap();
            }
        }
        let query = crate::query::StockQuery { first: usize::MAX - 1, ..Default::default() };
        let rows = |views: &Views| -> BTreeSet<String> {
            let entries = views.stock().unwrap().page(&query).entries;
            entries.iter().map(|entry| format!("{}/{}", entry.merchant, entry.sku)).collect()
        };
        let missing: Vec<String> = rows(&right).difference(&rows(&other)).cloned().collect();
        prop_assert_eq!(missing.len(), skus.len().min(left_out));
        let sorted = |found: Vec<RowDifference>| {
            let mut names: Vec<String> = found.into_iter().map(|row| row.row).collect();
            names.sort_unstable();
            names
        };
        prop_assert_eq!(&sorted(all(&other, &right, STOCK)), &missing);
        prop_assert_eq!(&sorted(all(&right, &other, STOCK)), &missing);
    }

    #[test]
    fn nothing_differs_however_it_was_folded(seed: u64, steps in 1_usize..600) {
        println!("seed {seed} steps {steps}");
        let world = World::random(seed, steps);
        let mut bulk = BulkFold::default();
        world.recorded.iter().for_each(|recorded| bulk.apply(recorded).unwrap());
        let (bulk, one_by_one) = (bulk.finish(), fold(&world, world.recorded.len()));
        for view in VIEWS {
            prop_assert_eq!(all(&bulk, &one_by_one, view), vec![], "{}", view.name);
        }
    }
}

#[test]
fn a_sku_that_differs_is_told_field_by_field() {
    let world = World::random(5, 500);
    let after = fold(&world, world.recorded.len());
    let found = all(&Views::new(), &after, STOCK);
    let skus = after.stock().unwrap().count(&crate::query::StockQuery::default());
    assert!(skus > 0);
    assert_eq!(found.len() as u64, skus);
    assert!(found.iter().all(|row| row.fields.iter().all(|field| field.before.is_none() && field.after.is_some())));
    assert_eq!(
        found[0].fields.iter().map(|field| field.field).collect::<Vec<_>>()[..3],
        ["counted", "received", "free"]
    );
}
