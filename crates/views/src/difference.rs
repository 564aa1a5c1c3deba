//! Which rows of a view differ between two states of it: of two moments, or of the one that serves and one that was folded
//! again. Part by part, so that whoever holds one of them for a lock holds it for as long as a part takes.

mod figures;
mod order;
mod waiting;

use std::collections::BTreeMap;

use daybook_domain::job::Job;
use daybook_domain::{MerchantId, Sku, StreamId, Timestamp};

use crate::error::Stopped;
use crate::query::{StockEntry, TokenEntry};
use crate::registry::{DASHBOARD, JOBS, ORDERS, QUEUES, STOCK, TOKENS, ViewName};
use crate::views::Views;

/// Rows of a part.
#[cfg(not(test))]
const ROWS: usize = 2_048;
#[cfg(test)]
const ROWS: usize = 4;

/// A field of a row: what it is called, what it was and what it is. None: there was, or is, no such row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDifference {
    pub field: &'static str,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// A row that differs. Money is in minor units, times are microseconds since 1970 behind `@`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowDifference {
    /// Such as `MERCHANT/NUMBER`.
    pub row: String,
    /// At least one.
    pub fields: Vec<FieldDifference>,
}

/// What a row consists of, in words.
type Fields = Vec<(&'static str, String)>;

/// The rows of one part of a view that differ between `before` and `after`; none: there is no such part, nor any behind it.
/// Parts are numbered from 0, and what they hold stays where it is while the views go on.
///
/// Both must be folded from the same log.
///
/// # Errors
///
/// When the view has stopped in one of them.
pub fn differences(
    before: &Views,
    after: &Views,
    view: ViewName,
    part: usize,
) -> Result<Option<Vec<RowDifference>>, Stopped> {
    for views in [before, after] {
        if let Some(stopped) = views.registry.stopped(view) {
            return Err(stopped.clone());
        }
    }
    Ok(if view == ORDERS {
        order::differences(before, after, part)
    } else if view == DASHBOARD {
        figures::differences(before, after, part)
    } else if view == STOCK {
        numbered(&stock(before), &stock(after), part)
    } else if view == QUEUES {
        waiting::differences(before, after, part)
    } else if view == TOKENS {
        numbered(&tokens(before), &tokens(after), part)
    } else if view == JOBS {
        numbered(&jobs(before), &jobs(after), part)
    } else {
        None
    })
}

/// The reasons for which orders are kept out of the normal queue that differ.
///
/// # Errors
///
/// As [`differences`].
pub fn exception_differences(before: &Views, after: &Views) -> Result<Vec<RowDifference>, Stopped> {
    before.queues()?;
    after.queues()?;
    Ok(waiting::exceptions(before, after))
}

/// A view whose rows have numbers that stay.
struct Numbered<'a, K, V> {
    count: usize,
    at: Box<dyn Fn(usize) -> K + 'a>,
    get: Box<Find<'a, K, V>>,
    name: fn(&K, &V) -> String,
}

type Find<'a, K, V> = dyn Fn(&K) -> Option<V> + 'a;

/// Each row is in one part: by its number in `after`, or by that in `before` if it is there alone.
fn numbered<K, V: PartialEq + Words>(
    before: &Numbered<'_, K, V>,
    after: &Numbered<'_, K, V>,
    part: usize,
) -> Option<Vec<RowDifference>> {
    let numbers = part * ROWS..(part + 1) * ROWS;
    if numbers.start >= before.count.max(after.count) {
        return None;
    }
    let within = |count: usize| numbers.start.min(count)..numbers.end.min(count);
    let mut found = Vec::new();
    let mut tell = |key: &K, old: Option<V>, new: Option<V>| {
        if old != new
            && let Some(value) = old.as_ref().or(new.as_ref())
        {
            let row = (after.name)(key, value);
            found.extend(difference(row, old.as_ref().map(Words::words), new.as_ref().map(Words::words)));
        }
    };
    for number in within(after.count) {
        let key = (after.at)(number);
        tell(&key, (before.get)(&key), (after.get)(&key));
    }
    for number in within(before.count) {
        let key = (before.at)(number);
        if (after.get)(&key).is_none() {
            tell(&key, (before.get)(&key), None);
        }
    }
    found.sort_unstable_by(|one, other| one.row.cmp(&other.row));
    Some(found)
}

/// None: they are the same. Fields come in the same order on both sides, where a row is on both.
fn difference(row: String, before: Option<Fields>, after: Option<Fields>) -> Option<RowDifference> {
    let fields: Vec<FieldDifference> = match (before, after) {
        (None, None) => return None,
        (Some(before), None) => {
            let gone = |(field, text)| FieldDifference { field, before: Some(text), after: None };
            before.into_iter().map(gone).collect()
        }
        (None, Some(after)) => {
            let new = |(field, text)| FieldDifference { field, before: None, after: Some(text) };
            after.into_iter().map(new).collect()
        }
        (Some(before), Some(after)) => {
            let both = before.into_iter().zip(after).filter(|((_, before), (_, after))| before != after);
            both.map(|((field, before), (_, after))| FieldDifference {
                field,
                before: Some(before),
                after: Some(after),
            })
            .collect()
        }
    };
    (!fields.is_empty()).then_some(RowDifference { row, fields })
}

fn compare<K: Ord + ToString, V: PartialEq + Words>(
    before: &BTreeMap<K, V>,
    after: &BTreeMap<K, V>,
) -> Vec<RowDifference> {
    let words = |found: Option<&V>| found.map(Words::words);
    let gone_or_changed = before.iter().filter_map(|(key, old)| {
        let new = after.get(key);
        if new == Some(old) { None } else { difference(key.to_string(), Some(old.words()), words(new)) }
    });
    let new = after.iter().filter(|(key, _)| !before.contains_key(key));
    gone_or_changed.chain(new.filter_map(|(key, new)| difference(key.to_string(), None, Some(new.words())))).collect()
}

trait Words {
    fn words(&self) -> Fields;
}

fn time(at: Timestamp) -> String {
    format!("@{}", at.0)
}

fn time_or_none(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "none".to_owned(), time)
}

fn stock(views: &Views) -> Numbered<'_, (MerchantId, Sku), StockEntry> {
    let stock = &views.registry.stock.view;
    Numbered {
        count: stock.count(),
        at: Box::new(|number| stock.name_at(number).clone()),
        get: Box::new(|name| stock.entry_of(name)),
        name: |(merchant, sku), _| format!("{merchant}/{sku}"),
    }
}

impl Words for StockEntry {
    fn words(&self) -> Fields {
        let Self { merchant: _, sku: _, state, balance } = self;
        vec![
            ("counted", state.is_counted.to_string()),
            ("received", state.received.to_string()),
            ("free", self.free().to_string()),
            ("reserved", balance.reserved.to_string()),
            ("deducted", balance.deducted.to_string()),
            ("cards", state.cards.to_string()),
            ("assigned", balance.assigned.to_string()),
            ("lowAt", state.low_at.to_string()),
        ]
    }
}

fn tokens(views: &Views) -> Numbered<'_, StreamId, TokenEntry> {
    let tokens = &views.registry.tokens.view;
    Numbered {
        count: tokens.rows().len(),
        at: Box::new(|number| tokens.rows()[number].stream),
        get: Box::new(|stream| tokens.of_stream(*stream).cloned()),
        name: |_, token| token.id.to_string(),
    }
}

impl Words for TokenEntry {
    fn words(&self) -> Fields {
        let Self { stream: _, id: _, role, merchant, buyer, label, issued, expires_at, revoked_at } = self;
        vec![
            ("role", role.name().to_owned()),
            ("merchant", merchant.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)),
            ("buyer", buyer.map_or_else(|| "none".to_owned(), |slot| slot.0.to_string())),
            ("label", label.as_ref().to_owned()),
            ("issued", format!("position {}, {}", issued.position, time(issued.at))),
            ("expiresAt", time_or_none(*expires_at)),
            ("revokedAt", time_or_none(*revoked_at)),
        ]
    }
}

fn jobs(views: &Views) -> Numbered<'_, StreamId, Job> {
    let jobs = &views.registry.jobs.view;
    Numbered {
        count: jobs.rows().len(),
        at: Box::new(|number| jobs.rows()[number].0),
        get: Box::new(|id| crate::jobs::Jobs::new(jobs).get(*id).cloned()),
        name: |id, _| id.to_string(),
    }
}

impl Words for Job {
    fn words(&self) -> Fields {
        vec![("job", format!("{self:?}"))]
    }
}
