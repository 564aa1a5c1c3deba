//! What the events of one order contributed, packed in the order in which they came. Everything else on the dashboard
//! follows from these.

use daybook_domain::posting::{Metric, Milestones, Posting, Stage, postings};
use daybook_domain::{Order, Recorded, Timestamp};

use super::series::day_and_quarter;
use crate::error::FoldError;
use crate::query::Basis;
use crate::wire::{Reader, put_i64, put_time, put_u64};

/// One event's contributions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    /// When the event happened.
    pub(crate) at: Timestamp,
    pub(crate) placed: bool,
    pub(crate) paid: bool,
    pub(crate) refunded: bool,
    /// The metrics that count one and are not among those above: a bit each, by their numbers.
    pub(crate) rare: u32,
    /// Minor units of the order's currency.
    pub(crate) amount_minor: i64,
    /// Seconds, by stage.
    pub(crate) stages: [Option<i64>; Stage::ALL.len()],
}

// The most frequent ones fit into one byte. Nothing at all: the order was placed, when it was.
const AMOUNT: u64 = 1;
const PAID: u64 = 1 << 1;
/// The stages took as long as [`Told`] says.
const AS_TOLD: u64 = 1 << 2;
const RARE: u64 = 1 << 3;
/// The first stage; the others follow.
const STAGE: u64 = 1 << 4;
const REFUNDED: u64 = STAGE << Stage::ALL.len();
const PLACED: u64 = REFUNDED << 1;
/// What stands in [`Entry::rare`] begins with this one: its bit is the lowest.
const FIRST_RARE: u8 = Metric::DeliveredOrders as u8;
/// How many there are.
pub(crate) const RARE_METRICS: usize = Metric::ALL.len() - FIRST_RARE as usize;

/// None: the event contributes to no figure.
pub(crate) fn entry_of(before: Milestones, after: &Order, recorded: &Recorded) -> Result<Option<Entry>, FoldError> {
    let mut entry = Entry { at: recorded.occurred_at, ..Entry::default() };
    let mut is_odd = false;
    postings(before, after, recorded, |posting| match posting {
        Posting::Count { metric: Metric::PlacedOrders, amount } => {
            entry.placed = true;
            is_odd |= amount != 1;
        }
        Posting::Count { metric: Metric::PaidOrders, amount } => {
            entry.paid = true;
            is_odd |= amount != 1;
        }
        Posting::Count { metric: Metric::RefundedOrders, amount } => {
            entry.refunded = true;
            is_odd |= amount != 1;
        }
        Posting::Count { metric: Metric::PaidAmount, amount } => entry.amount_minor = amount,
        Posting::Count { metric, amount } => {
            entry.rare |= rare_place(metric).map_or(0, |place| 1 << place);
            is_odd |= amount != 1;
        }
        Posting::Duration { stage, seconds } => entry.stages[stage as usize] = Some(seconds),
    });
    if is_odd {
        return Err(FoldError::OddCount);
    }
    let nothing = Entry { at: entry.at, ..Entry::default() };
    Ok((entry != nothing).then_some(entry))
}

/// Its place among the rare ones, from 0: those from [`FIRST_RARE`] on, whatever is added to them. None: it has a field of its
/// own.
pub(crate) fn rare_place(metric: Metric) -> Option<usize> {
    (metric as u8).checked_sub(FIRST_RARE).map(usize::from)
}

impl Entry {
    /// What it adds to a figure.
    pub(crate) fn amount_of(&self, metric: Metric) -> i64 {
        match metric {
            Metric::PlacedOrders => self.placed.into(),
            Metric::PaidOrders => self.paid.into(),
            Metric::RefundedOrders => self.refunded.into(),
            Metric::PaidAmount => self.amount_minor,
            rare => rare_place(rare).map_or(0, |place| i64::from(self.rare >> place & 1)),
        }
    }

    /// The UTC day on which the event happened.
    pub(crate) fn day(&self) -> i32 {
        day_and_quarter(self.at.0).0
    }

    /// It adds to figures that are told by the quarter of an hour.
    pub(crate) fn has_figures(&self) -> bool {
        self.placed || self.paid || self.refunded || self.amount_minor != 0
    }

    /// When it counts.
    pub(crate) fn counts_at(&self, basis: Basis, placed_at: Timestamp) -> Timestamp {
        match basis {
            Basis::Cohort => placed_at,
            Basis::Booked => self.at,
        }
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>, told: Told) {
        let placed_at = told.placed_at;
        if *self == (Entry { at: placed_at, placed: true, ..Entry::default() }) {
            out.push(0);
            return;
        }
        let mut flags = 0;
        for (shift, stage) in self.stages.iter().enumerate() {
            flags |= if stage.is_some() { STAGE << shift } else { 0 };
        }
        let as_told = Stage::ALL
            .into_iter()
            .zip(self.stages)
            .all(|(stage, seconds)| seconds.is_none() || seconds == told.seconds(stage, self.at));
        for (flag, set) in [
            (AMOUNT, self.amount_minor != 0),
            (PAID, self.paid),
            (REFUNDED, self.refunded),
            (PLACED, self.placed),
            (RARE, self.rare != 0),
            (AS_TOLD, flags != 0 && as_told),
        ] {
            flags |= if set { flag } else { 0 };
        }
        put_u64(out, flags);
        put_time(out, self.at, placed_at);
        if self.amount_minor != 0 {
            put_i64(out, self.amount_minor);
        }
        if !as_told {
            self.stages.iter().flatten().for_each(|&seconds| put_i64(out, seconds));
        }
        if self.rare != 0 {
            put_u64(out, self.rare.into());
        }
    }

    fn read(reader: &mut Reader<'_>, told: Told) -> Self {
        let flags = reader.u64();
        if flags == 0 {
            return Self { at: told.placed_at, placed: true, ..Self::default() };
        }
        let at = reader.time(told.placed_at);
        let amount_minor = if flags & AMOUNT != 0 { reader.i64() } else { 0 };
        let mut stages = [None; Stage::ALL.len()];
        if flags & (REFUNDED - STAGE) != 0 {
            for ((shift, place), stage) in stages.iter_mut().enumerate().zip(Stage::ALL) {
                if flags & (STAGE << shift) != 0 {
                    *place = if flags & AS_TOLD != 0 { told.seconds(stage, at) } else { Some(reader.i64()) };
                }
            }
        }
        let rare = if flags & RARE != 0 { reader.u32() } else { 0 };
        let has = |flag| flags & flag != 0;
        Self { at, placed: has(PLACED), paid: has(PAID), refunded: has(REFUNDED), rare, amount_minor, stages }
    }
}

/// What an order's earlier entries say about how long the next stage took: mostly as long as the entries are apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    placed_at: Timestamp,
    paid_at: Option<Timestamp>,
    shipped_at: Option<Timestamp>,
}

impl Told {
    fn new(placed_at: Timestamp) -> Self {
        Self { placed_at, paid_at: None, shipped_at: None }
    }

    fn seconds(self, stage: Stage, until: Timestamp) -> Option<i64> {
        let from = match stage {
            Stage::PlacedToPaid => Some(self.placed_at),
            Stage::PaidToShipped => self.paid_at,
            Stage::ShippedToDelivered => self.shipped_at,
            Stage::RefundRequestedToApproved | Stage::RefundApprovedToSettled => None,
        };
        from.map(|from| until.seconds_since(from))
    }

    fn see(&mut self, entry: &Entry) {
        if entry.paid {
            self.paid_at = Some(entry.at);
        }
        if entry.stages[Stage::PaidToShipped as usize].is_some() {
            self.shipped_at = Some(entry.at);
        }
    }
}

/// The entries of one order.
pub(crate) struct Entries<'a> {
    reader: Reader<'a>,
    told: Told,
}

impl<'a> Entries<'a> {
    pub(crate) fn new(bytes: &'a [u8], placed_at: Timestamp) -> Self {
        Self { reader: Reader::new(bytes), told: Told::new(placed_at) }
    }

    /// All were read, and nothing was damaged.
    pub(crate) fn is_whole(&self) -> bool {
        self.reader.is_whole()
    }

    /// By those that were read.
    pub(crate) fn told(&self) -> Told {
        self.told
    }
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        if self.reader.is_at_end() || self.reader.has_failed() {
            return None;
        }
        let entry = Entry::read(&mut self.reader, self.told);
        self.told.see(&entry);
        (!self.reader.has_failed()).then_some(entry)
    }
}
