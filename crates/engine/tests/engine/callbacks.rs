//! Payment providers call back more than once, out of order, and from several machines at a time.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use daybook_domain::Kind;
use daybook_testkit::random::{Random, seed};

use crate::shop::*;

const ORDERS: usize = 10_000;
const CALLERS: usize = 16;

#[test]
fn of_ten_thousand_payments_told_again_and_again_each_is_captured_once() {
    let mut random = Random::new(seed("DAYBOOK_CALLBACKS_SEED"));
    let folder = tempfile::tempdir().unwrap();
    let shop = open_large(&folder.path().join("data")).with_merchant();
    let number = |n: usize| format!("P-{n}");
    let placed: Vec<_> = (0..ORDERS)
        .map(|n| {
            let command = place(&number(n), &format!("buyer {}", n % 500));
            shop.engine.submit(daybook_engine::Request::live(id(0x1_0000 + n as u128), clerk(), command))
        })
        .collect();
    placed.into_iter().for_each(|pending| drop(pending.wait().unwrap()));
    // Each payment up to five times: a caller that repeats itself, or does not know that another was told.
    let mut calls: Vec<(usize, u128)> = Vec::new();
    for n in 0..ORDERS {
        for time in 0..=random.below(5) {
            let command = if random.per_mille(500) { 0 } else { u128::from(time) };
            calls.push((n, 0x10_0000 + (n as u128) * 8 + command));
        }
    }
    for last in (1..calls.len()).rev() {
        calls.swap(last, usize::try_from(random.below(last as u64 + 1)).unwrap());
    }
    let answers: Mutex<HashMap<usize, HashSet<u64>>> = Mutex::default();
    std::thread::scope(|scope| {
        for caller in 0..CALLERS {
            let (calls, answers, shop) = (&calls, &answers, &shop);
            scope.spawn(move || {
                let own = calls.iter().skip(caller).step_by(CALLERS);
                let pending: Vec<_> = own
                    .map(|&(n, command)| {
                        let request = daybook_engine::Request::live(id(command), clerk(), pay(&number(n), &number(n)));
                        (n, shop.engine.submit(request))
                    })
                    .collect();
                for (n, pending) in pending {
                    let position = pending.wait().unwrap().position;
                    answers.lock().unwrap().entry(n).or_default().insert(position);
                }
            });
        }
    });
    let answers = answers.into_inner().unwrap();
    assert_eq!(answers.len(), ORDERS);
    assert!(answers.values().all(|positions| positions.len() == 1), "all calls of a payment have one receipt");
    let (mut captured, mut claimed) = (0, 0);
    shop.engine
        .reader()
        .each_of(&[Kind::PaymentCaptured, Kind::PaymentClaimed], |recorded| match recorded.event.kind() {
            Kind::PaymentCaptured => captured += 1,
            _ => claimed += 1,
        })
        .unwrap();
    assert_eq!((captured, claimed), (ORDERS, ORDERS));
    for n in 0..ORDERS {
        let order = shop.order(&number(n));
        assert_eq!((order.captures, order.captured_minor, order.excess_minor), (1, 990, 0), "{n}");
    }
    println!("{} calls for {ORDERS} payments", calls.len());
}
