use daybook_domain::{Expected, Rejection};
use daybook_engine::Request;

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
