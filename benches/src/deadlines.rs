//! A million clocks that run: what is due is found without looking at every order.

#![expect(clippy::unwrap_used, reason = "a measurement has nobody to tell")]

use std::time::{Duration, Instant};

use daybook_domain::Timestamp;
use daybook_domain::time::MINUTE_MICROS;
use daybook_views::query::{DeadlineQuery, OrderQuery, Take};
use daybook_views::{QUEUES, Views};

use crate::views::source::{Source, T0};

const TIMES: u32 = 200;

fn each(name: &str, mut run: impl FnMut(u32)) -> Duration {
    let began = Instant::now();
    (0..TIMES).for_each(&mut run);
    let one = began.elapsed() / TIMES;
    println!("  {name:52} {one:>10.2?}");
    one
}

/// Half as many orders, none of them paid: each has two clocks.
pub(crate) fn run(clocks: u64) {
    let orders = clocks / 2;
    let mut source = Source::new(orders);
    let mut views = Views::new();
    source.merchants().iter().for_each(|recorded| views.apply(recorded).unwrap());
    let mut last = T0;
    while let Some(recorded) = source.next_placed() {
        last = recorded.recorded_at.0;
        views.apply(&recorded).unwrap();
    }
    let queues = views.queues().unwrap();
    let open = queues.deadline_count(&daybook_views::query::Scope::All, None);
    let bytes = views.footprint().into_iter().find(|(view, _)| *view == QUEUES).map_or(0, |(_, bytes)| bytes);
    println!("{open} open deadlines of {orders} orders, {} bytes each", bytes as u64 / open.max(1));
    each("nothing is due", |_| assert_eq!(queues.due(Timestamp(T0), |_| false, 512).len(), 0));
    let found = each("the 512 that are due first", |_| {
        assert_eq!(queues.due(Timestamp(i64::MAX), |_| false, 512).len(), 512);
    });
    each("when the next one is due", |n| {
        let at = T0 + (last - T0) / i64::from(TIMES) * i64::from(n);
        assert!(queues.next_due(Timestamp(at)).is_some());
    });
    each("a page of 50, with its orders", |_| {
        let query = DeadlineQuery { first: 50, ..DeadlineQuery::default() };
        assert_eq!(queues.deadlines(&query).entries.len(), 50);
    });
    // What it would be without the index: every order's clocks, one after another.
    let began = Instant::now();
    let (mut after, mut seen) = (None, 0_u64);
    loop {
        let query = OrderQuery { take: Take::First(10_000), after, ..OrderQuery::default() };
        let page = views.order_list().unwrap().page(&query).unwrap();
        for row in &page.rows {
            row.order.each_pending_clock(|running| seen += u64::from(running.due.0 < T0 + MINUTE_MICROS));
        }
        match page.rows.last() {
            Some(row) if page.has_next => after = Some(row.cursor(query.sort.field)),
            Some(_) | None => break,
        }
    }
    let scan = began.elapsed();
    let times = scan.as_nanos() / found.as_nanos().max(1);
    println!("  a look at every order ({seen} found)                          {scan:>10.2?}: {times} times as long");
}
