//! The stock against sums of what each event moved, which do not look at the balances that the events carry.

use std::collections::{BTreeMap, HashMap, HashSet};

use daybook_domain::event::Event;
use daybook_domain::stock::SkuStreams;
use daybook_domain::{MerchantId, Sku, StreamId};
use proptest::prelude::*;

use super::list::fold;
use super::world::{MERCHANTS, World, merchant};
use crate::query::{Scope, StockEntry, StockQuery};
use crate::views::Views;

/// Received, reserved, deducted, the mark.
type Sums = BTreeMap<(MerchantId, Sku), [i64; 4]>;

fn sums(world: &World) -> Sums {
    let mut names: HashMap<StreamId, (MerchantId, Sku)> = HashMap::new();
    let mut sums = Sums::new();
    let mut booked: HashSet<(StreamId, Sku)> = HashSet::new();
    for recorded in &world.recorded {
        let mut name = |merchant: &MerchantId, sku: &Sku| {
            let streams = SkuStreams::of(merchant, sku);
            assert_eq!(streams.sku, recorded.stream);
            for stream in [streams.sku, streams.account] {
                names.insert(stream, (merchant.clone(), sku.clone()));
            }
            sums.entry((merchant.clone(), sku.clone())).or_default();
        };
        match &recorded.event {
            Event::StockReceived(e) => name(&e.merchant, &e.sku),
            Event::StockCounted(e) => name(&e.merchant, &e.sku),
            Event::StockMarkSet(e) => name(&e.merchant, &e.sku),
            Event::CardsImported(e) => name(&e.merchant, &e.sku),
            Event::OrderPlaced(e) => {
                let skus = e.reserved.iter().map(|goods| (recorded.stream, goods.sku.clone()));
                booked.extend(skus);
            }
            _ => {}
        }
        let Some(name) = names.get(&recorded.stream) else { continue };
        let Some(sum) = sums.get_mut(name) else { continue };
        match &recorded.event {
            Event::StockReceived(e) => sum[0] += i64::from(e.quantity),
            Event::StockCorrected(e) => sum[0] += e.difference,
            Event::CardsImported(e) => sum[0] += i64::try_from(e.secrets.len()).unwrap(),
            Event::CardsDrawn(e) if !booked.contains(&(e.order, name.1.clone())) => sum[2] += i64::from(e.quantity),
            Event::StockReserved(e) => sum[1] += i64::from(e.quantity),
            Event::StockReleased(e) => sum[1] -= i64::from(e.quantity),
            Event::StockTaken(e) => {
                sum[1] -= i64::from(e.quantity);
                sum[2] += i64::from(e.quantity);
            }
            Event::StockReturned(e) => sum[2] -= i64::from(e.quantity),
            Event::StockMarkSet(e) => sum[3] = i64::from(e.low_at),
            _ => {}
        }
    }
    sums
}

/// All pages of so many, one after another.
fn pages(views: &Views, query: &StockQuery, first: usize) -> Vec<StockEntry> {
    let stock = views.stock().unwrap();
    let mut query = StockQuery { first, ..query.clone() };
    let mut all = Vec::new();
    loop {
        let page = stock.page(&query);
        query.after = page.entries.last().map(|entry| (entry.merchant.clone(), entry.sku.clone()));
        all.extend(page.entries);
        if !page.has_next {
            assert_eq!(stock.count(&query), all.len() as u64);
            return all;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn stock_is_what_was_received_less_what_was_taken(seed: u64, steps in 1_usize..900, first in 1_usize..9) {
        println!("seed {seed} steps {steps} first {first}");
        let world = World::random(seed, steps);
        let views = fold(&world);
        let sums = sums(&world);
        let all = pages(&views, &StockQuery::default(), first);
        assert_eq!(all.len(), sums.len());
        for (entry, ((merchant, sku), [received, reserved, deducted, low_at])) in all.iter().zip(&sums) {
            assert_eq!((&entry.merchant, &entry.sku), (merchant, sku));
            let units = |units: u64| i64::try_from(units).unwrap();
            assert_eq!((units(entry.balance.reserved), units(entry.balance.deducted)), (*reserved, *deducted));
            assert_eq!((entry.state.received, i64::from(entry.state.low_at)), (*received, *low_at));
            assert_eq!(entry.free(), received - reserved - deducted);
            assert!(*received >= *deducted, "more was sold than there is");
            assert_eq!(views.stock().unwrap().get(merchant, sku).as_ref(), Some(entry));
        }
        for (id, _) in MERCHANTS {
            for subtree in [false, true] {
                let root = merchant(id);
                let below = |other: &MerchantId| {
                    let above = views.merchants().get(other).unwrap().ancestors;
                    *other == root || (subtree && above.contains(&root))
                };
                let scope = Scope::Merchants { ids: vec![root.clone()], subtree };
                for only_low in [false, true] {
                    let query = StockQuery { scope: scope.clone(), only_low, ..StockQuery::default() };
                    let wanted: Vec<_> = all
                        .iter()
                        .filter(|entry| below(&entry.merchant))
                        .filter(|entry| !only_low || entry.state.is_counted && entry.free() <= i64::from(entry.state.low_at))
                        .cloned()
                        .collect();
                    assert_eq!(pages(&views, &query, first), wanted);
                }
            }
        }
    }
}
