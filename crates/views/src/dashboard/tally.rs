//! An answer in the making.

use std::collections::HashMap;

use daybook_domain::posting::Stage;

use super::entry::{Entry, RARE_METRICS};
use super::histogram::Merged;
use super::series::Cell;
use super::zone::Local;
use crate::merchants::MerchantNumber;
use crate::query::{ByMerchant, Counts, DashboardAnswer, Day, Figures, Peak, StageAnswer};

pub(crate) struct Tally {
    figures: Figures,
    cells: Vec<Figures>,
    first_day: i64,
    days: Vec<Figures>,
    merchants: HashMap<MerchantNumber, Figures>,
    /// The merchant that was added to last: mostly the next one too. Not among the others yet.
    last: Option<(MerchantNumber, Figures)>,
    stages: Vec<Merged>,
    rare: [u64; RARE_METRICS],
}

pub(crate) fn add(figures: &mut Figures, more: &Figures) {
    figures.placed += more.placed;
    figures.paid += more.paid;
    figures.refunded += more.refunded;
    // As in a cell.
    figures.paid_amount_minor = figures.paid_amount_minor.saturating_add(more.paid_amount_minor);
}

fn of_entry(entry: &Entry) -> Figures {
    Figures {
        placed: entry.placed.into(),
        paid: entry.paid.into(),
        refunded: entry.refunded.into(),
        paid_amount_minor: entry.amount_minor,
    }
}

pub(crate) fn of_cell(cell: &Cell) -> Figures {
    Figures {
        placed: cell.placed.into(),
        paid: cell.paid.into(),
        refunded: cell.refunded.into(),
        paid_amount_minor: cell.amount_minor,
    }
}

impl Tally {
    /// For `days` local days from the first one on.
    pub(crate) fn new(first_day: i64, days: usize) -> Self {
        Self {
            figures: Figures::default(),
            cells: vec![Figures::default(); 168],
            first_day,
            days: vec![Figures::default(); days],
            merchants: HashMap::new(),
            last: None,
            stages: vec![Merged::default(); Stage::ALL.len()],
            rare: [0; RARE_METRICS],
        }
    }

    /// A whole day's.
    pub(crate) fn add_rare(&mut self, day: &[u32; RARE_METRICS]) {
        for (sum, count) in self.rare.iter_mut().zip(day) {
            *sum += u64::from(*count);
        }
    }

    pub(crate) fn add_entry(&mut self, entry: &Entry, local: Local, merchant: MerchantNumber) {
        self.add_entries(std::iter::once(*entry), local, merchant);
    }

    /// Entries that count at the same time.
    pub(crate) fn add_entries(&mut self, entries: impl Iterator<Item = Entry>, local: Local, merchant: MerchantNumber) {
        let mut figures = Figures::default();
        for entry in entries {
            add(&mut figures, &of_entry(&entry));
            self.add_rest(&entry);
        }
        if figures != Figures::default() {
            self.add_figures(&figures, local);
            self.add_to_merchant(merchant, &figures);
        }
    }

    /// What is no figure.
    fn add_rest(&mut self, entry: &Entry) {
        if entry.rare != 0 {
            for (place, sum) in self.rare.iter_mut().enumerate() {
                *sum += u64::from(entry.rare >> place & 1);
            }
        }
        for (merged, seconds) in self.stages.iter_mut().zip(entry.stages) {
            if let Some(seconds) = seconds {
                merged.add(seconds);
            }
        }
    }

    /// Not to a merchant.
    pub(crate) fn add_figures(&mut self, figures: &Figures, local: Local) {
        add(&mut self.figures, figures);
        add(&mut self.cells[local.cell], figures);
        if let Some(day) = usize::try_from(local.day - self.first_day).ok().and_then(|day| self.days.get_mut(day)) {
            add(day, figures);
        }
    }

    pub(crate) fn add_to_merchant(&mut self, merchant: MerchantNumber, figures: &Figures) {
        match &mut self.last {
            Some((last, sums)) if *last == merchant => add(sums, figures),
            Some(_) | None => {
                self.keep_last();
                self.last = Some((merchant, *figures));
            }
        }
    }

    fn keep_last(&mut self) {
        if let Some((merchant, figures)) = self.last.take() {
            add(self.merchants.entry(merchant).or_default(), &figures);
        }
    }

    pub(crate) fn stage(&mut self, stage: Stage) -> &mut Merged {
        &mut self.stages[stage as usize]
    }

    /// Whether the answer's amounts are what they should be: none is larger than their sum.
    pub(crate) fn is_exact(&self) -> bool {
        self.figures.paid_amount_minor < i64::MAX
    }

    pub(crate) fn answer<'a>(
        mut self,
        merchants: usize,
        id: impl Fn(MerchantNumber) -> &'a daybook_domain::MerchantId,
    ) -> DashboardAnswer {
        self.keep_last();
        let peak = self.cells.iter().enumerate().filter(|(_, figures)| figures.placed > 0);
        // Of equals the first: `max_by_key` would take the last.
        let peak = peak.rev().max_by_key(|(_, figures)| figures.placed).and_then(|(cell, figures)| {
            let (weekday, hour) = (u8::try_from(cell / 24).ok()?, u8::try_from(cell % 24).ok()?);
            Some(Peak { weekday, hour, placed: figures.placed })
        });
        let by_day = (self.first_day..).zip(self.days);
        let by_day = by_day.filter_map(|(day, figures)| Some(Day { number: i32::try_from(day).ok()?, figures }));
        DashboardAnswer {
            figures: self.figures,
            counts: Counts(self.rare),
            by_weekday_hour: self.cells,
            peak,
            by_day: by_day.collect(),
            by_merchant: ranked(self.merchants, merchants, id),
            stages: Stage::ALL
                .into_iter()
                .zip(self.stages)
                .map(|(stage, merged)| stage_answer(stage, &merged))
                .collect(),
        }
    }
}

fn ranked<'a>(
    merchants: HashMap<MerchantNumber, Figures>,
    wanted: usize,
    id: impl Fn(MerchantNumber) -> &'a daybook_domain::MerchantId,
) -> Vec<ByMerchant> {
    let with_figures = merchants.into_iter().filter(|(_, figures)| *figures != Figures::default());
    let mut ranked: Vec<(u64, &daybook_domain::MerchantId, Figures)> =
        with_figures.map(|(number, figures)| (figures.placed, id(number), figures)).collect();
    ranked.sort_unstable_by(|left, right| right.0.cmp(&left.0).then_with(|| left.1.cmp(right.1)));
    ranked.truncate(wanted);
    ranked.into_iter().map(|(_, id, figures)| ByMerchant { merchant: id.clone(), figures }).collect()
}

fn stage_answer(stage: Stage, merged: &Merged) -> StageAnswer {
    StageAnswer {
        stage,
        count: merged.count,
        median_seconds: merged.quantile(50),
        p90_seconds: merged.quantile(90),
        max_seconds: (merged.count > 0).then_some(merged.max),
        negative: merged.negative,
    }
}
