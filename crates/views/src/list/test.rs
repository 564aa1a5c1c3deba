//! A filter made ready for one state of the list: names have become numbers, and what asks only for axes has become a
//! set of classes. Answers for one row, from columns.

use daybook_domain::Label;
use daybook_domain::order::Axes;

use super::class::ClassSet;
use super::effort::{Effort, TooMuch};
use super::index::{ListIndex, TimeKey, code_number, missed, node_below, node_own};
use crate::Row;
use crate::merchants::MerchantNumber;
use crate::orders::Orders;
use crate::query::{Condition, Filter, Scope};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    Class(ClassSet),
    /// Microseconds: at or after the first, before the second.
    Time {
        from: i64,
        to: Option<i64>,
    },
    Amount {
        /// A currency's code as a number.
        currency: Option<u32>,
        from: i64,
        to: i64,
    },
    /// Rising.
    Rows(Vec<Row>),
    Buyers(Vec<u32>),
    /// Numbers of texts.
    Skus(Vec<u32>),
    /// [`super::index::ListIndex::marks`].
    Marks(Vec<u32>),
    Merchants(MerchantSet),
    DueBefore(i64),
    And(Vec<Test>),
    Or(Vec<Test>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MerchantSet {
    /// Rising.
    pub(crate) merchants: Vec<MerchantNumber>,
    pub(crate) subtree: bool,
    /// None of their orders was placed below another one of them, if what is below is meant too: the lists of their nodes
    /// hold each order once.
    pub(crate) is_disjoint: bool,
}

impl MerchantSet {
    pub(crate) fn nodes(&self) -> impl Iterator<Item = u32> {
        let below = self.subtree.then(|| self.merchants.iter().map(|&merchant| node_below(merchant)));
        self.merchants.iter().map(|&merchant| node_own(merchant)).chain(below.into_iter().flatten())
    }

    pub(crate) fn contains(&self, orders: &Orders, row: Row) -> bool {
        let place = &orders.merchants.places[orders.places[row as usize] as usize];
        let is_in = |merchant: &MerchantNumber| self.merchants.binary_search(merchant).is_ok();
        is_in(&place.merchant) || (self.subtree && place.ancestors.iter().any(is_in))
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Data<'a> {
    pub(crate) orders: &'a Orders,
    pub(crate) index: &'a ListIndex,
    pub(crate) effort: &'a Effort,
}

impl Data<'_> {
    /// What an order must pass.
    pub(crate) fn test(self, scope: &Scope, filter: &Filter) -> Result<Test, TooMuch> {
        let mut tests = match scope {
            Scope::All => Vec::new(),
            Scope::Merchants { ids, subtree } => vec![self.merchants(ids, *subtree)?],
            Scope::Below { under, id, subtree } => {
                let one = |id| self.merchants(std::slice::from_ref(id), true);
                vec![self.merchants(std::slice::from_ref(id), *subtree)?, one(under)?]
            }
        };
        match self.compile(filter)? {
            Test::And(more) => tests.extend(more),
            other => tests.push(other),
        }
        Ok(Test::And(tests))
    }

    fn merchants(self, ids: &[daybook_domain::MerchantId], subtree: bool) -> Result<Test, TooMuch> {
        let mut merchants: Vec<MerchantNumber> = ids.iter().filter_map(|id| self.orders.merchants.number(id)).collect();
        merchants.sort_unstable();
        merchants.dedup();
        let mut is_disjoint = true;
        if subtree && merchants.len() > 1 {
            let places = &self.orders.merchants.places;
            // Each is compared with each.
            self.effort.spend(merchants.len() * merchants.len() + places.len())?;
            let all = merchants.clone();
            merchants.retain(|&one| !all.iter().any(|&other| self.orders.merchants.is_below(one, other)));
            // Those left out may have stood elsewhere when they had their first orders.
            is_disjoint = !places.iter().any(|place| {
                let is_wanted = |merchant: &MerchantNumber| all.binary_search(merchant).is_ok();
                let wanted = std::iter::once(&place.merchant).chain(&place.ancestors).filter(|it| is_wanted(it));
                let left: usize = wanted.clone().filter(|it| merchants.binary_search(it).is_ok()).count();
                left != 1 && wanted.count() > 0
            });
            if !is_disjoint {
                merchants = all;
            }
        }
        Ok(Test::Merchants(MerchantSet { merchants, subtree, is_disjoint }))
    }

    fn compile(self, filter: &Filter) -> Result<Test, TooMuch> {
        if let Some(classes) = self.classes(filter) {
            return Ok(Test::Class(classes));
        }
        Ok(match filter {
            Filter::And(parts) => {
                let mut classes: Option<ClassSet> = None;
                let mut tests = Vec::with_capacity(parts.len());
                for part in parts {
                    match self.compile(part)? {
                        Test::Class(set) => match &mut classes {
                            Some(classes) => classes.and(&set),
                            None => classes = Some(set),
                        },
                        Test::And(inner) => tests.extend(inner),
                        other => tests.push(other),
                    }
                }
                tests.extend(classes.map(Test::Class));
                Test::And(tests)
            }
            Filter::Or(parts) => Test::Or(parts.iter().map(|part| self.compile(part)).collect::<Result<_, _>>()?),
            Filter::Is(condition) => self.condition(condition)?,
        })
    }

    /// The classes that a filter asks for, if it asks for nothing else.
    fn classes(self, filter: &Filter) -> Option<ClassSet> {
        asks_only_for_axes(filter).then(|| {
            let seen = self.index.classes.seen.iter();
            ClassSet::of(seen.filter(|(_, axes)| holds_for(filter, *axes)).map(|(class, _)| *class))
        })
    }

    fn condition(self, condition: &Condition) -> Result<Test, TooMuch> {
        let texts = |texts: &mut dyn Iterator<Item = &str>| {
            let mut numbers: Vec<u32> = texts.filter_map(|text| self.orders.strings.find(text)).collect();
            numbers.sort_unstable();
            numbers.dedup();
            numbers
        };
        let rising = |mut rows: Vec<Row>| {
            rows.sort_unstable();
            rows.dedup();
            Test::Rows(rows)
        };
        Ok(match condition {
            // Handled where all that asks only for axes is.
            Condition::Label(_)
            | Condition::Lifecycle(_)
            | Condition::Payment(_)
            | Condition::Fulfilment(_)
            | Condition::AfterSales(_)
            | Condition::Hold(_) => Test::Or(Vec::new()),
            Condition::PlacedAt { gte, lt } => {
                Test::Time { from: gte.map_or(i64::MIN, |at| at.0), to: lt.map(|at| at.0) }
            }
            Condition::Number(numbers) => rising(
                numbers.iter().flat_map(|number| self.index.rows_of_number(self.orders, number.as_str())).collect(),
            ),
            Condition::Id(ids) => rising(ids.iter().filter_map(|&id| self.orders.find(id)).collect()),
            Condition::Nth(numbers) => {
                // Of few telephones that everybody gives there are many.
                self.effort.spend(numbers.len())?;
                rising(numbers.iter().copied().filter(|&row| (row as usize) < self.orders.len()).collect())
            }
            Condition::Buyer(slots) => {
                let mut buyers: Vec<u32> = slots.iter().filter_map(|&slot| self.orders.buyers.find(slot)).collect();
                buyers.sort_unstable();
                buyers.dedup();
                Test::Buyers(buyers)
            }
            Condition::Product(skus) => Test::Skus(texts(&mut skus.iter().map(|sku| sku.as_str()))),
            Condition::Tag(tags) => Test::Marks(texts(&mut tags.iter().map(|tag| tag.as_str()))),
            Condition::Breach(clocks) => {
                let mut marks: Vec<u32> = clocks.iter().map(|&clock| missed(clock)).collect();
                marks.sort_unstable();
                marks.dedup();
                Test::Marks(marks)
            }
            Condition::Merchant { ids, subtree } => self.merchants(ids, *subtree)?,
            Condition::Amount { currency, gte_minor, lte_minor } => Test::Amount {
                currency: currency.map(code_number),
                from: gte_minor.unwrap_or(i64::MIN),
                to: lte_minor.unwrap_or(i64::MAX),
            },
            Condition::DueBefore(at) => Test::DueBefore(at.0),
        })
    }

    pub(crate) fn passes(self, test: &Test, row: Row) -> bool {
        let at = row as usize;
        match test {
            Test::Class(set) => set.contains(self.index.class[at]),
            Test::Time { from, to } => {
                let placed_at = self.orders.placed_at[at].0;
                placed_at >= *from && to.is_none_or(|to| placed_at < to)
            }
            Test::Amount { currency, from, to } => {
                let total = self.index.total.get(row);
                total >= *from
                    && total <= *to
                    && currency.is_none_or(|code| code == code_number(self.orders.currency_of(row)))
            }
            Test::Rows(rows) => rows.binary_search(&row).is_ok(),
            Test::Buyers(buyers) => buyers.binary_search(&self.orders.buyer[at]).is_ok(),
            Test::Skus(skus) => crate::packed::sells_one_of(self.orders.packed.get(row), skus),
            Test::Marks(tags) => {
                tags.iter().any(|tag| self.index.marks.get(tag).is_some_and(|rows| self.stands_in(rows, row)))
            }
            Test::Merchants(set) => set.contains(self.orders, row),
            Test::DueBefore(at) => self.index.next_due.get(&row).is_some_and(|due| due < at),
            Test::And(tests) => tests.iter().all(|test| self.passes(test, row)),
            Test::Or(tests) => tests.iter().any(|test| self.passes(test, row)),
        }
    }

    fn stands_in(self, rows: &crate::sorted::SortedRows<TimeKey>, row: Row) -> bool {
        rows.contains(row, self.time_key(row), |row| self.time_key(row))
    }

    pub(crate) fn time_key(self, row: Row) -> TimeKey {
        ListIndex::time_key(self.orders, row)
    }
}

fn asks_only_for_axes(filter: &Filter) -> bool {
    match filter {
        // Nothing asked for is everything, which no set of classes needs to say.
        Filter::And(parts) => !parts.is_empty() && parts.iter().all(asks_only_for_axes),
        Filter::Or(parts) => !parts.is_empty() && parts.iter().all(asks_only_for_axes),
        Filter::Is(condition) => match condition {
            Condition::Label(_)
            | Condition::Lifecycle(_)
            | Condition::Payment(_)
            | Condition::Fulfilment(_)
            | Condition::AfterSales(_)
            | Condition::Hold(_) => true,
            Condition::PlacedAt { .. }
            | Condition::Number(_)
            | Condition::Id(_)
            | Condition::Nth(_)
            | Condition::Buyer(_)
            | Condition::Product(_)
            | Condition::Merchant { .. }
            | Condition::Tag(_)
            | Condition::Breach(_)
            | Condition::Amount { .. }
            | Condition::DueBefore(_) => false,
        },
    }
}

fn holds_for(filter: &Filter, axes: Axes) -> bool {
    match filter {
        Filter::And(parts) => parts.iter().all(|part| holds_for(part, axes)),
        Filter::Or(parts) => parts.iter().any(|part| holds_for(part, axes)),
        Filter::Is(condition) => match condition {
            Condition::Label(labels) => labels.contains(&Label::of(axes)),
            Condition::Lifecycle(list) => list.contains(&axes.lifecycle),
            Condition::Payment(list) => list.contains(&axes.payment),
            Condition::Fulfilment(list) => list.contains(&axes.fulfilment),
            Condition::AfterSales(list) => list.contains(&axes.after_sales),
            Condition::Hold(holds) => holds.iter().any(|&hold| axes.holds.contains(hold)),
            Condition::PlacedAt { .. }
            | Condition::Number(_)
            | Condition::Id(_)
            | Condition::Nth(_)
            | Condition::Buyer(_)
            | Condition::Product(_)
            | Condition::Merchant { .. }
            | Condition::Tag(_)
            | Condition::Breach(_)
            | Condition::Amount { .. }
            | Condition::DueBefore(_) => false,
        },
    }
}
