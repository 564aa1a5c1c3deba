//! What waits: exceptions, and clocks that will ring.

use std::collections::BTreeMap;

use super::{Fields, RowDifference, Words, compare, time};
use crate::views::Views;

/// Since when, or until when; and by how many lists it is told.
#[derive(PartialEq)]
struct At {
    word: &'static str,
    micros: i64,
    lists: usize,
}

impl Words for At {
    fn words(&self) -> Fields {
        let at = time(daybook_domain::Timestamp(self.micros));
        vec![(self.word, at), ("lists", self.lists.to_string())]
    }
}

/// Exceptions are the first part, clocks the second.
pub(super) fn differences(before: &Views, after: &Views, part: usize) -> Option<Vec<RowDifference>> {
    match part {
        0 => Some(exceptions(before, after)),
        1 => Some(compare(&clocks_of(before), &clocks_of(after))),
        _ => None,
    }
}

pub(super) fn exceptions(before: &Views, after: &Views) -> Vec<RowDifference> {
    compare(&exceptions_of(before), &exceptions_of(after))
}

fn name(views: &Views, row: crate::Row) -> String {
    format!("{}/{}", views.orders.merchant_of(row), &*views.orders.number(row))
}

fn exceptions_of(views: &Views) -> BTreeMap<String, At> {
    let mut found = BTreeMap::new();
    views.registry.queues.view.each_exception(|kind, (since, row, ticket)| {
        let ticket = if ticket == 0 { String::new() } else { format!(" {ticket}") };
        let kind = format!("{kind:?}").to_uppercase();
        let at = found.entry(format!("{} {kind}{ticket}", name(views, row)));
        at.or_insert(At { word: "since", micros: since, lists: 0 }).lists += 1;
    });
    found
}

fn clocks_of(views: &Views) -> BTreeMap<String, At> {
    let mut found = BTreeMap::new();
    views.registry.queues.view.each_deadline(|key| {
        let ticket = if key.ticket == 0 { String::new() } else { format!(" {}", key.ticket) };
        let at = found.entry(format!("{} clock {}{ticket}", name(views, key.order), key.clock));
        at.or_insert(At { word: "dueAt", micros: key.due.0, lists: 0 }).lists += 1;
    });
    found
}
