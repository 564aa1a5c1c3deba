//! The tree, against the merchants themselves.

use std::collections::HashMap;

use daybook_domain::merchant::Merchant;
use daybook_domain::{MerchantId, State, StreamId};
use proptest::prelude::*;

use super::list::fold;
use super::world::{MERCHANTS, World, merchant};

fn state<'a>(world: &'a World, id: &MerchantId) -> &'a Merchant {
    match &world.states[&StreamId::merchant(id)] {
        Some(State::Merchant(merchant)) => merchant,
        other => panic!("{id} is no merchant: {other:?}"),
    }
}

/// Root first.
fn above(world: &World, id: &MerchantId) -> Vec<MerchantId> {
    let parent = |id: &MerchantId| state(world, id).parent.clone();
    let mut all: Vec<MerchantId> = std::iter::successors(parent(id), parent).collect();
    all.reverse();
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_tree_is_the_one_that_moves_made(seed: u64) {
        let world = World::random(seed, 700);
        let views = fold(&world);
        let merchants = views.merchants();
        let ids = MERCHANTS.map(|(id, _)| merchant(id));
        let paths: HashMap<&MerchantId, Vec<MerchantId>> = ids.iter().map(|id| (id, above(&world, id))).collect();
        for id in &ids {
            let entry = merchants.get(id).unwrap();
            prop_assert_eq!(&entry.ancestors, &paths[id]);
            prop_assert_eq!(entry.is_closed, state(&world, id).is_closed);
            let nearest_first = || paths[id].iter().chain([id]).rev().map(|id| &state(&world, id).profile);
            prop_assert_eq!(&entry.profile.time_zone, &nearest_first().find_map(|profile| profile.time_zone.clone()));
            prop_assert_eq!(&entry.profile.pay_url, &nearest_first().find_map(|profile| profile.pay_url.clone()));
            let below: Vec<&MerchantId> = ids.iter().filter(|other| paths[other].last() == Some(id)).collect();
            prop_assert_eq!(entry.children, below.len());
            let mut listed: Vec<MerchantId> =
                merchants.children(id, None, 10).merchants.into_iter().map(|entry| entry.id).collect();
            listed.sort_by_key(|id| ids.iter().position(|other| other == id));
            prop_assert_eq!(listed.iter().collect::<Vec<_>>(), below);
            let deepest = ids.iter().filter_map(|other| paths[other].iter().rev().position(|above| above == id));
            prop_assert_eq!(merchants.height(id), deepest.map(|levels| levels + 1).max().unwrap_or_default());
        }
    }
}
