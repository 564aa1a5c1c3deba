use std::path::Path;
use std::sync::atomic::Ordering;

use daybook_domain::{Expected, Origin, Rejection, Timestamp};
use daybook_engine::{ClockBehind, ExecuteError, MAX_BRIDGED_SECONDS, Request};

use crate::repeats::copy_folder;
use crate::shop::*;

#[test]
fn an_expected_revision_must_be_the_actual_one() {
    let folder = tempfile::tempdir().unwrap();
    let shop = open(&folder.path().join("data")).with_merchant();
    let send = |n, expected, command| {
        let request = Request { expected, ..Request::live(id(n), clerk(), command) };
        shop.engine.submit(request).wait()
    };
    let conflict = |actual| Rejection::RevisionConflict { actual };
    assert_eq!(rejection(send(2, Expected::Exact(1), place("A", "ann"))), conflict(0));
    send(2, Expected::NoStream, place("A", "ann")).unwrap();
    assert_eq!(rejection(send(3, Expected::NoStream, pay("A", "T1"))), conflict(1));
    assert_eq!(rejection(send(3, Expected::Exact(2), pay("A", "T1"))), conflict(1));
    send(3, Expected::Exact(1), pay("A", "T1")).unwrap();
    let repeat = send(3, Expected::Exact(1), pay("A", "T1")).unwrap();
    assert!(repeat.repeated, "a repeat is recognised before expectations count");
}

#[test]
fn time_never_runs_backwards() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let shop = open(&dir).with_merchant();
    shop.micros.store(T0 + 5_000_000, std::sync::atomic::Ordering::Relaxed);
    shop.send(2, place("A", "ann")).unwrap();
    shop.micros.store(T0, std::sync::atomic::Ordering::Relaxed);
    shop.send(3, pay("A", "T1")).unwrap();
    shop.engine.shutdown().unwrap();
    drop(shop);
    let shop = open(&dir);
    shop.send(4, note("A", "later")).unwrap();
    let times: Vec<i64> = shop.engine.reader().events(1, 1 << 20).unwrap().iter().map(|e| e.recorded_at.0).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(*times.last().unwrap(), T0 + 5_000_000);
}

#[test]
fn a_clock_that_once_ran_far_ahead_is_not_kept_for_ever() {
    const BRIDGED: i64 = MAX_BRIDGED_SECONDS * 1_000_000;
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let shop = open(&dir).with_merchant();
    let clock = |shop: &Shop, micros| shop.micros.store(micros, Ordering::Relaxed);
    let (wrong, behind) =
        (T0 + BRIDGED + 1, ClockBehind { now: Timestamp(T0), last_recorded: Timestamp(T0 + BRIDGED + 1) });
    clock(&shop, wrong);
    shop.send(2, place("A", "ann")).unwrap();
    clock(&shop, T0);
    for round in 0..2 {
        let shop = if round == 0 { &shop } else { &again(&shop, &dir) };
        let refused = shop.send(3, pay("A", "T1"));
        assert!(matches!(refused, Err(ExecuteError::ClockBehind(why)) if why == behind), "{refused:?}");
        let import = Request { origin: Origin::Import, ..Request::live(id(4), clerk(), note("A", "old")) };
        let refused = shop.engine.submit(import).wait();
        assert!(matches!(refused, Err(ExecuteError::ClockBehind(_))), "{refused:?}");
        assert!(shop.send(2, place("A", "ann")).unwrap().repeated, "what is done already needs no clock");
        assert_eq!(shop.engine.reader().watermark(), 2);
        assert_eq!(shop.clock_behind, (round == 1).then_some(behind));
        if round == 1 {
            // As far as is bridged.
            clock(shop, T0 + 1);
            shop.send(3, pay("A", "T1")).unwrap();
            assert_eq!(shop.engine.reader().history(order("A")).unwrap()[1].recorded_at, Timestamp(wrong));
        }
    }
}

fn again(shop: &Shop, dir: &Path) -> Shop {
    shop.engine.shutdown().unwrap();
    let copy = dir.with_extension("copy");
    copy_folder(dir, &copy);
    open(&copy)
}
