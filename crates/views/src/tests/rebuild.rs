//! However a state came about — event by event, from a checkpoint in memory, from one on disk — it is the same.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use daybook_domain::event::Subject;
use daybook_domain::{Recorded, Timestamp};
use proptest::prelude::*;

use super::list::fold;
use super::queues::waiting;
use super::world::{T0, World};
use crate::bulk::BulkFold;
use crate::checkpoint::{ChunkId, Since};
use crate::query::{Condition, Filter, OrderQuery, Scope, StockQuery};
use crate::registry::{DASHBOARD, ORDERS, STOCK, VIEWS};
use crate::store::Store;
use crate::views::Views;

const LEDGER: [u8; 16] = [7; 16];

/// Everything that the views hold, in words that do not depend on how it came there.
fn dump(views: &Views) -> Vec<String> {
    let mut out = vec![format!("position {}", views.position())];
    for view in views.checkpoint(&Since::default()) {
        out.extend(view.changed.iter().map(|(id, bytes)| format!("{id:?} {bytes:?}")));
        assert_eq!(view.all.len(), view.changed.len());
    }
    let index = &views.registry.list.view;
    let data = |row| crate::list::index::ListIndex::time_key(&views.orders, row);
    let rows = |list: &crate::sorted::SortedRows<_>| list.range(None, None, data).collect::<Vec<u32>>();
    for (number, node) in index.nodes.iter().enumerate() {
        for (class, list) in node.by_time.iter().filter(|(_, list)| !list.is_empty()) {
            out.push(format!("node {number:05} class {class} {:?}", rows(list)));
        }
        let amounts = node.by_amount.range(None, None, |row| index.amount_key(&views.orders, row));
        out.push(format!("node {number:05} amounts {:?}", amounts.collect::<Vec<_>>()));
    }
    for (name, lists) in [("sku", &index.skus), ("mark", &index.marks), ("buyer", &index.busy_buyers)] {
        out.extend(lists.iter().map(|(text, list)| format!("{name} {text} {:?}", rows(list))));
    }
    out.push(format!("due {:?}", index.by_due));
    out.push(format!("dues {:?}", index.next_due.iter().collect::<BTreeMap<_, _>>()));
    out.push(format!("columns {:?} {:?}", index.class, index.total.all()));
    for buyer in (0..).take(views.orders.buyers.len()) {
        out.push(format!("chain {buyer} {:?}", index.buyer_chain(buyer).collect::<Vec<_>>()));
    }
    let dashboard = &views.registry.dashboard.view;
    let nodes =
        [("all", std::slice::from_ref(&dashboard.all)), ("place", &dashboard.places), ("below", &dashboard.below)];
    for (kind, nodes) in nodes {
        for (number, node) in nodes.iter().enumerate() {
            out.push(format!("{kind} {number} {} {:?}", node.has_details, node.rows()));
            let series = node.series.iter();
            out.extend(
                series.map(|(currency, basis, series)| {
                    format!("{kind} {number} {currency} {basis:?} {:?}", series.told())
                }),
            );
        }
    }
    let stock = views.stock().unwrap();
    for only_low in [false, true] {
        let all = stock.page(&StockQuery { only_low, first: usize::MAX, ..StockQuery::default() });
        out.push(format!("stock, only low: {only_low} {all:?}"));
    }
    let tokens = views.tokens().unwrap();
    out.push(format!("tokens {:?}", tokens.page(None, None, usize::MAX)));
    out.extend(waiting(views));
    let jobs = views.jobs().unwrap();
    out.push(format!("jobs {:?}", jobs.page(None, None, usize::MAX)));
    out.push(format!("open jobs {:?}", jobs.open().map(|(id, _)| *id).collect::<Vec<_>>()));
    out.push(format!("placed on {:?}", dashboard.placed_on));
    let later = dashboard.later_on.iter().map(|(day, rows)| {
        let mut rows: Vec<_> = rows.iter().collect();
        rows.sort_unstable();
        (day, rows)
    });
    out.push(format!("later on {:?}", later.collect::<Vec<_>>()));
    out.sort_unstable();
    out
}

fn apply(views: &mut Views, recorded: &[Recorded]) {
    recorded.iter().for_each(|recorded| views.apply(recorded).unwrap());
}

fn save(store: &mut Store, views: &Views) {
    let checkpoint = store.checkpoint(views).expect("something changed");
    store.save(&checkpoint).unwrap();
}

fn head(world: &World) -> u64 {
    world.recorded.len() as u64
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_restored_state_goes_on_as_if_nothing_had_been(seed: u64, steps in 1_usize..900, cut in 0.0..1.0_f64) {
        println!("seed {seed} steps {steps} cut {cut}");
        let world = World::random(seed, steps);
        #[expect(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "a random place to cut at")]
        let cut = (cut * world.recorded.len() as f64) as usize;
        let (before, after) = world.recorded.split_at(cut);
        let mut views = Views::new();
        apply(&mut views, before);
        let saved = views.checkpoint(&Since::default());
        let chunks: BTreeMap<ChunkId, Vec<u8>> = saved.iter().flat_map(|view| view.changed.clone()).collect();
        let ids = saved.iter().map(|view| (view.view, view.all.clone())).collect();
        let mut restored = Views::restore(views.position(), &ids, &|id| chunks.get(&id).cloned()).unwrap();
        assert_eq!(dump(&restored), dump(&views));
        apply(&mut restored, after);
        assert_eq!(dump(&restored), dump(&fold(&world)));
    }

    #[test]
    fn folding_in_bulk_comes_to_the_same(seed: u64, steps in 1_usize..900, cut in 0.0..1.0_f64) {
        println!("seed {seed} steps {steps} cut {cut}");
        let world = World::random(seed, steps);
        let wanted = fold(&world);
        #[expect(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "a random place to cut at")]
        let cut = (cut * world.recorded.len() as f64) as usize;
        let (before, after) = world.recorded.split_at(cut);
        // One in bulk then one by one, the other the other way round; each starts with events that were folded already.
        let mut bulk = BulkFold::default();
        before.iter().for_each(|recorded| bulk.apply(recorded).unwrap());
        let mut first = bulk.finish();
        apply(&mut first, &world.recorded);
        assert_eq!(dump(&first), dump(&wanted));
        let mut second = Views::new();
        apply(&mut second, before);
        let mut bulk = BulkFold::new(second);
        before.iter().chain(after).for_each(|recorded| bulk.apply(recorded).unwrap());
        let second = bulk.finish();
        assert_eq!(dump(&second), dump(&wanted));
        // What changed since when is known too.
        let since = Since(VIEWS.map(|view| (view, cut as u64)).into());
        assert_eq!(second.checkpoint(&since), wanted.checkpoint(&since));
    }
}

/// The same history as a shop would bring it in that lists its newest orders first.
fn newest_first(world: &World) -> Vec<Recorded> {
    let mut placed_at = HashMap::new();
    let moved = world.recorded.iter().map(|recorded| {
        let placed_at = *placed_at.entry(recorded.stream).or_insert(recorded.occurred_at);
        let occurred_at = Timestamp(recorded.occurred_at.0 - 2 * (placed_at.0 - T0));
        Recorded { occurred_at, ..recorded.clone() }
    });
    moved.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn orders_that_come_newest_first_are_rebuilt_as_they_were_kept(seed: u64, steps in 1_usize..900) {
        println!("seed {seed} steps {steps}");
        let recorded = newest_first(&World::random(seed, steps));
        let mut wanted = Views::new();
        apply(&mut wanted, &recorded);
        let mut bulk = BulkFold::default();
        recorded.iter().for_each(|recorded| bulk.apply(recorded).unwrap());
        assert_eq!(dump(&bulk.finish()), dump(&wanted));
        let saved = wanted.checkpoint(&Since::default());
        let chunks: BTreeMap<ChunkId, Vec<u8>> = saved.iter().flat_map(|view| view.changed.clone()).collect();
        let ids = saved.iter().map(|view| (view.view, view.all.clone())).collect();
        let restored = Views::restore(wanted.position(), &ids, &|id| chunks.get(&id).cloned()).unwrap();
        assert_eq!(dump(&restored), dump(&wanted));
    }
}

proptest! {
    // Each case waits for the disk some hundred times.
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn checkpoints_on_disk_hold_what_changed_since(seed: u64, steps in 1_usize..900) {
        println!("seed {seed} steps {steps}");
        let world = World::random(seed, steps);
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::new(folder.path(), LEDGER);
        let mut views = Views::new();
        for part in world.recorded.chunks(world.recorded.len() / 5 + 1) {
            apply(&mut views, part);
            save(&mut store, &views);
        }
        let mut reopened = Store::new(folder.path(), LEDGER);
        let (loaded, ignored) = reopened.load(head(&world)).unwrap();
        assert_eq!(ignored, []);
        let loaded = loaded.unwrap();
        assert_eq!(dump(&loaded), dump(&views));
        // Nothing changed since.
        assert!(reopened.checkpoint(&loaded).is_none());
    }

    #[test]
    fn positions_below_are_ignored(seed: u64) {
        println!("seed {seed}");
        let world = World::random(seed, 200);
        let mut views = fold(&world);
        let wanted = dump(&views);
        apply(&mut views, &world.recorded);
        assert_eq!(dump(&views), wanted);
    }
}

#[test]
fn only_changed_chunks_are_written() {
    let mut world = World::random(21, 2_000);
    println!("seed 21");
    let mut views = fold(&world);
    let since = Since(VIEWS.map(|view| (view, views.position())).into());
    let seen = world.recorded.len();
    let order = world.orders[0];
    let note = daybook_domain::command::AddNote {
        order,
        text: daybook_domain::Sealed { slot: daybook_domain::Slot(1), bytes: vec![1] },
    };
    world.act(daybook_domain::Command::AddNote(note), daybook_domain::Origin::Live, None);
    apply(&mut views, &world.recorded[seen..]);
    let saved = views.checkpoint(&since);
    let changed: Vec<_> = saved[0].changed.iter().map(|(id, _)| *id).collect();
    assert_eq!(changed.len(), 2, "the names, and the first orders: {changed:?}");
    assert_eq!(saved[1].changed, [], "a note contributes to no figure");
    assert_eq!(saved[2].changed, [], "and to no stock");
}

/// A world's checkpoint at two positions.
fn saved_twice(folder: &Path) -> (World, Vec<String>, Vec<String>) {
    let world = World::random(31, 600);
    println!("seed 31");
    let mut store = Store::new(folder, LEDGER);
    let mut views = Views::new();
    let (first, second) = world.recorded.split_at(world.recorded.len() / 2);
    apply(&mut views, first);
    save(&mut store, &views);
    let older = dump(&views);
    apply(&mut views, second);
    save(&mut store, &views);
    let newer = dump(&views);
    (world, older, newer)
}

fn files(folder: &Path, what: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.file_name().unwrap().to_str().unwrap().contains(what));
    files.sort();
    files
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn damage_makes_an_older_checkpoint_do_and_never_a_wrong_one() {
    for view in [ORDERS, DASHBOARD] {
        let folder = tempfile::tempdir().unwrap();
        let (world, older, newer) = saved_twice(folder.path());
        let of_view = folder.path().join(format!("{}-v{}", view.name, view.version));
        let manifests = files(&of_view, "manifest-");
        assert_eq!(manifests.len(), 2);
        flip(&manifests[1]);
        let (views, ignored) = Store::new(folder.path(), LEDGER).load(head(&world)).unwrap();
        assert_eq!(dump(&views.unwrap()), older);
        assert_eq!((ignored[0].view, ignored[0].reason.as_str()), (view, "its manifest is damaged"));

        // Every file once: what comes out is one of the two states, the orders alone, or nothing.
        flip(&manifests[1]);
        for file in files(&of_view, "") {
            flip(&file);
            let (views, ignored) = Store::new(folder.path(), LEDGER).load(head(&world)).unwrap();
            if let Some(views) = views {
                match views.dashboard() {
                    // A file of the older one alone may be damaged without notice.
                    Ok(_) if ignored.is_empty() => assert_eq!(dump(&views), newer),
                    Ok(_) => assert_eq!(dump(&views), older),
                    Err(stopped) => assert_eq!((stopped.view, view), ("dashboard", DASHBOARD)),
                }
            }
            flip(&file);
        }
        let (views, ignored) = Store::new(folder.path(), LEDGER).load(head(&world)).unwrap();
        assert_eq!((dump(&views.unwrap()), ignored), (newer, vec![]));
    }
}

#[test]
fn a_damaged_chunk_is_written_again_by_the_next_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let (world, _, newer) = saved_twice(folder.path());
    let of_view = folder.path().join(format!("orders-v{}", ORDERS.version));
    files(&of_view, ".chunk").iter().for_each(|file| flip(file));
    let mut store = Store::new(folder.path(), LEDGER);
    let (views, ignored) = store.load(head(&world)).unwrap();
    assert!(views.is_none() && !ignored.is_empty());
    save(&mut store, &fold(&world));
    let (views, ignored) = Store::new(folder.path(), LEDGER).load(head(&world)).unwrap();
    assert_eq!((dump(&views.unwrap()), ignored), (newer, vec![]));
}

#[test]
fn foreign_and_future_checkpoints_are_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let (world, older, _) = saved_twice(folder.path());
    let (views, ignored) = Store::new(folder.path(), [8; 16]).load(head(&world)).unwrap();
    assert!(views.is_none());
    assert!(ignored.iter().all(|ignored| ignored.reason == "it was folded from another ledger"), "{ignored:?}");
    let mut store = Store::new(folder.path(), LEDGER);
    let (views, ignored) = store.load(head(&world) - 1).unwrap();
    let views = views.unwrap();
    assert_eq!(dump(&views), older);
    assert!(ignored[0].reason.starts_with("it is ahead of the ledger"), "{ignored:?}");
    // What the next checkpoint finds ahead of itself goes away.
    let mut views = views;
    apply(&mut views, &world.recorded[..world.recorded.len() - 1]);
    save(&mut store, &views);
    assert_eq!(files(&folder.path().join(format!("orders-v{}", ORDERS.version)), "manifest-").len(), 2);
    assert!(
        files(&folder.path().join(format!("orders-v{}", ORDERS.version)), &format!("manifest-{:020}", head(&world)))
            .is_empty()
    );
}

#[test]
fn a_dashboard_that_was_rebuilt_beside_takes_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let (world, _, newer) = saved_twice(folder.path());
    fs::remove_dir_all(folder.path().join(format!("dashboard-v{}", DASHBOARD.version))).unwrap();
    let mut store = Store::new(folder.path(), LEDGER);
    let (views, ignored) = store.load(head(&world)).unwrap();
    let mut views = views.unwrap();
    assert!(ignored.iter().all(|ignored| ignored.view == DASHBOARD) && !ignored.is_empty());
    assert!(views.dashboard().is_err());
    let query = OrderQuery {
        scope: Scope::All,
        filter: Filter::Is(Condition::Label(daybook_domain::Label::ALL.to_vec())),
        ..OrderQuery::default()
    };
    assert!(!views.order_list().unwrap().page(&query).unwrap().rows.is_empty());

    let mut beside = Box::new(Views::new());
    apply(&mut beside, &world.recorded[..10]);
    let mut beside = views.replace(&[DASHBOARD], beside).unwrap_err();
    apply(&mut beside, &world.recorded);
    views.replace(&[DASHBOARD], beside).unwrap();
    assert_eq!(dump(&views), newer);
    save(&mut store, &views);
    let (views, ignored) = Store::new(folder.path(), LEDGER).load(head(&world)).unwrap();
    assert_eq!((dump(&views.unwrap()), ignored), (newer, vec![]));
}

#[test]
fn views_that_went_wrong_are_replaced_as_a_whole_or_one_by_one() {
    let world = World::random(51, 600);
    println!("seed 51");
    let right = dump(&fold(&world));
    // An index that lost its rows: the list alone is exchanged.
    let mut views = fold(&world);
    views.registry.list.view.nodes.clear();
    assert_ne!(dump(&views), right);
    views.replace(&[ORDERS], Box::new(fold(&world))).unwrap();
    assert_eq!(dump(&views), right);
    // Orders that could not be folded on: nothing of what stands on them can stay.
    let (first, second) = world.recorded.split_at(world.recorded.len() / 2);
    let mut views = Views::new();
    apply(&mut views, first);
    let is_orders = |recorded: &&Recorded| recorded.event.kind().subject() == Subject::Order;
    let changed = second.iter().find(|recorded| recorded.revision > 1 && is_orders(recorded)).unwrap();
    assert!(views.apply(&Recorded { revision: 99, ..changed.clone() }).is_err());
    apply(&mut views, second);
    views.replace(&[DASHBOARD], Box::new(fold(&world))).unwrap();
    assert_eq!(dump(&views), right);
}

#[test]
fn what_takes_the_place_of_other_views_is_saved_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (world, _, newer) = saved_twice(folder.path());
    let mut store = Store::new(folder.path(), LEDGER);
    let mut views = store.load(head(&world)).unwrap().0.unwrap();
    assert!(store.checkpoint(&views).is_none(), "nothing came since");
    // What is on disk is wrong, and no event came since: each chunk has to be written again.
    for view in [&format!("orders-v{}", ORDERS.version), &format!("dashboard-v{}", DASHBOARD.version)] {
        files(&folder.path().join(view), ".chunk").iter().for_each(|file| flip(file));
    }
    views.replace(&[ORDERS, DASHBOARD], Box::new(fold(&world))).unwrap();
    save(&mut store, &views);
    assert!(store.checkpoint(&views).is_none());
    let (loaded, ignored) = Store::new(folder.path(), LEDGER).load(head(&world)).unwrap();
    assert_eq!((dump(&loaded.unwrap()), ignored), (newer.clone(), vec![]));
    // Views that were never saved are not built on what was saved of others.
    let mut other = Store::new(folder.path(), LEDGER);
    drop(other.load(head(&world)).unwrap());
    for view in [&format!("orders-v{}", ORDERS.version), &format!("dashboard-v{}", DASHBOARD.version)] {
        files(&folder.path().join(view), ".chunk").iter().for_each(|file| flip(file));
    }
    save(&mut other, &fold(&world));
    let (loaded, ignored) = Store::new(folder.path(), LEDGER).load(head(&world)).unwrap();
    assert_eq!((dump(&loaded.unwrap()), ignored), (newer, vec![]));
}

/// The manifests of a view that are there, rising.
fn manifests(folder: &Path) -> Vec<u64> {
    let names = fs::read_dir(folder.join(format!("{}-v{}", ORDERS.name, ORDERS.version))).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut found: Vec<u64> = names.filter_map(|name| name.strip_prefix("manifest-")?.parse().ok()).collect();
    found.sort_unstable();
    found
}

/// The views as of a position: what was saved nearest, and what came after it.
fn as_of(store: &Store, world: &World, at: u64) -> (Views, u64) {
    let (found, ignored) = store.nearest(at).unwrap();
    assert_eq!(ignored, []);
    let mut views = found.unwrap_or_default();
    let from = views.position();
    assert!(from <= at);
    apply(&mut views, &world.recorded[..usize::try_from(at).unwrap()]);
    (views, from)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_past_is_as_it_was_from_whatever_was_saved_nearest(seed: u64, steps in 100_usize..900, gap in 1_usize..60) {
        println!("seed {seed} steps {steps} gap {gap}");
        let world = World::random(seed, steps);
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::new(folder.path(), LEDGER);
        let mut views = Views::new();
        for some in world.recorded.chunks(gap) {
            apply(&mut views, some);
            save(&mut store, &views);
        }
        let kept = manifests(folder.path());
        assert!(kept.len() <= 34, "{kept:?}");
        let mut behind = 0;
        for at in [1, head(&world) / 7, head(&world) / 3, head(&world) / 2, head(&world) - 1, head(&world)] {
            let (views, from) = as_of(&store, &world, at);
            behind = behind.max(at - from);
            let mut then = Views::new();
            apply(&mut then, &world.recorded[..usize::try_from(at).unwrap()]);
            assert_eq!(dump(&views), dump(&then), "as of {at}, from {from}");
        }
        assert!(behind <= 16 * (2 + head(&world) / 256) + 2 * gap as u64, "{behind} events were folded, kept {kept:?}");
    }
}

#[test]
fn a_checkpoint_of_the_past_that_is_damaged_or_gone_costs_time_alone() {
    let world = World::random(8, 400);
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::new(folder.path(), LEDGER);
    let mut views = Views::new();
    for some in world.recorded.chunks(20) {
        apply(&mut views, some);
        save(&mut store, &views);
    }
    let kept = manifests(folder.path());
    let (at, before) = (kept[5], kept[4]);
    assert_eq!(store.nearest(at + 1).unwrap().0.unwrap().position(), at);
    let orders = folder.path().join(format!("{}-v{}", ORDERS.name, ORDERS.version));
    let manifest = orders.join(format!("manifest-{at:020}"));
    fs::write(&manifest, b"nothing of the sort").unwrap();
    let (views_then, ignored) = store.nearest(at + 1).unwrap();
    assert_eq!(views_then.unwrap().position(), before);
    assert_eq!(ignored[0].position, at);
    fs::remove_file(&manifest).unwrap();
    let (again, from) = as_of(&store, &world, at + 1);
    assert_eq!((from, again.position()), (before, at + 1));
    // Whoever folded that far hands it in, so that the next one need not.
    assert!(store.keep(&again).unwrap());
    assert_eq!(store.nearest(at + 2).unwrap().0.unwrap().position(), at + 1);
    assert!(!store.keep(&again).unwrap(), "it is there");
    assert!(!store.keep(&views).unwrap(), "the newest is no past");
    assert_eq!(dump(&store.load(head(&world)).unwrap().0.unwrap()), dump(&views));
}

#[test]
fn what_was_saved_of_views_that_were_replaced_answers_for_no_past() {
    let world = World::random(9, 400);
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::new(folder.path(), LEDGER);
    let mut views = Views::new();
    for some in world.recorded.chunks(20) {
        apply(&mut views, some);
        save(&mut store, &views);
    }
    assert!(manifests(folder.path()).len() > 2);
    views.replace(&VIEWS, Box::new(fold(&world))).unwrap();
    save(&mut store, &views);
    assert_eq!(manifests(folder.path()), [head(&world)]);
    store.forget().unwrap();
    assert!(store.nearest(head(&world)).unwrap().0.is_none());
}

/// Of one of the views, as another version would have left them whose rules are others.
fn made_by_other_rules(folder: &Path, view: crate::registry::ViewName) {
    for path in files(&folder.join(format!("{}-v{}", view.name, view.version)), "manifest-") {
        let mut manifest = fs::read(&path).unwrap();
        manifest.truncate(manifest.len() - 32);
        // Behind what it is and the name; seven bits a byte.
        let at = 8 + 1 + view.name.len();
        assert_eq!(u16::from(manifest[at]), view.version);
        manifest.splice(at..=at, [manifest[at] | 0x80, 0x80, 0x1c]);
        let hash = blake3::hash(&manifest);
        manifest.extend_from_slice(hash.as_bytes());
        fs::write(path, manifest).unwrap();
    }
}

#[test]
fn what_other_rules_made_is_loaded_but_neither_saved_nor_taken_for_the_past() {
    let world = World::random(10, 400);
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::new(folder.path(), LEDGER);
    let mut views = Views::new();
    for some in world.recorded.chunks(20) {
        apply(&mut views, some);
        save(&mut store, &views);
    }
    assert!(store.nearest(head(&world)).unwrap().0.is_some());
    made_by_other_rules(folder.path(), STOCK);
    let mut store = Store::new(folder.path(), LEDGER);
    let (found, ignored) = store.load(head(&world)).unwrap();
    let mut found = found.unwrap();
    assert_eq!((found.of_other_folds(), ignored), (vec![STOCK], vec![]));
    assert!(found.status().iter().all(|status| status.is_of_other_fold == (status.view == STOCK)));
    assert!(store.checkpoint(&found).is_none());
    let (past, ignored) = store.nearest(head(&world)).unwrap();
    assert!(past.is_none() && ignored.iter().all(|why| why.view == STOCK), "{ignored:?}");

    found.replace(&[STOCK], Box::new(fold(&world))).unwrap();
    assert_eq!(found.of_other_folds(), []);
    save(&mut store, &found);
    let (again, ignored) = Store::new(folder.path(), LEDGER).load(head(&world)).unwrap();
    assert_eq!((again.unwrap().of_other_folds(), ignored), (vec![], vec![]));
}
