//! A job: one action on many orders, selected beforehand, carried out one order after another.
//!
//! Its stream says what was asked for, which orders were selected, how far it got, and which orders refused. What was
//! done to an order stands in the order's own stream, under the job's id as correlation.

use crate::command::{
    AddNote, AddTag, ApproveRefund, Cancel, Command, ConfirmShipment, EditPrice, NewPrice, RecordTracking, SettleRefund,
};
use crate::event::{Event, JobOpened, Recorded, TrackingStatus};
use crate::ids::{Actor, CommandId, MerchantId, OrderNumber, Position, Sku, StreamId, Tag};
use crate::money::Money;
use crate::reason::Reason;
use crate::time::Timestamp;

/// What a job does to each order. `T` is a text about people: plain at the edge, sealed further in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobAction<T> {
    /// Every unit that is left; a row's own carrier and tracking number go before these.
    Ship {
        carrier: Option<Box<str>>,
        tracking_number: Option<Box<str>>,
    },
    DeliverCards,
    RecordTracking {
        checkpoint: Box<str>,
        status: TrackingStatus,
        occurred_at: Option<Timestamp>,
        place: Option<T>,
    },
    Cancel {
        reason: Reason<T>,
    },
    AddNote {
        text: T,
    },
    AddTag {
        tag: Tag,
    },
    EditPrice {
        prices: Vec<JobPrice>,
        reason: Reason<T>,
    },
    /// A row for each ticket.
    ApproveRefunds {
        note: Option<T>,
    },
    /// A row for each ticket.
    SettleRefunds {
        provider: Option<Box<str>>,
    },
}

/// The kind of an action. The numbers are stored: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum JobKind {
    Ship = 1,
    DeliverCards = 2,
    RecordTracking = 3,
    Cancel = 4,
    AddNote = 5,
    AddTag = 6,
    EditPrice = 7,
    ApproveRefunds = 8,
    SettleRefunds = 9,
}

impl JobKind {
    /// Whether it has a row for each ticket.
    pub fn is_on_tickets(self) -> bool {
        matches!(self, JobKind::ApproveRefunds | JobKind::SettleRefunds)
    }
}

/// Which lines get another price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PriceOf {
    /// From 1.
    Line(u16),
    /// Every line that sells it.
    Sku(Sku),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobPrice {
    pub of: PriceOf,
    pub unit: Money,
}

/// What an order's refusal means for the others. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ErrorPolicy {
    /// Every order is checked first; if any refuses, nothing is done.
    RejectAll = 0,
    /// One refusal never stops the others.
    SkipRefused = 1,
}

/// Why a job ended early. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CancelCause {
    /// Somebody cancelled it.
    Asked = 0,
    /// The token that it was opened with was revoked.
    TokenRevoked = 1,
    /// An order refused that had not when all were checked.
    Refusal = 2,
    /// The server ended before the selection was whole.
    Incomplete = 3,
}

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowOrder {
    Known(StreamId),
    /// No order of that number was found, or several were; the row is refused.
    Unknown {
        number: OrderNumber,
        is_ambiguous: bool,
    },
}

/// One thing that a job does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    pub order: RowOrder,
    /// Of jobs on refund tickets: from 1 within the order. None: the order had none open.
    pub ticket: Option<u16>,
    pub carrier: Option<Box<str>>,
    pub tracking_number: Option<Box<str>>,
}

/// Rows that were refused alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusals {
    pub code: Box<str>,
    /// For a person.
    pub message: Box<str>,
    /// Rows from 0, rising.
    pub rows: Vec<u32>,
}

/// How many rows are refused with a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalCount {
    pub code: Box<str>,
    pub count: u32,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobState {
    /// Its selection is being written down.
    Opening,
    /// Every order is checked, for the preview.
    Previewing,
    /// It waits to be started or cancelled.
    Waiting,
    /// Every order is checked before anything is done.
    Checking,
    Running,
    Done,
    /// Orders refused when they were checked: nothing was done.
    Refused,
    Cancelled,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEnd {
    Done,
    Refused,
    Cancelled(CancelCause),
}

/// What is to be expected of a job that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobPreview {
    /// Of the orders, one a currency.
    pub totals: Vec<Money>,
    pub refusals: Vec<RefusalCount>,
}

/// Where a stretch of rows stands in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// From 0.
    pub first: u32,
    /// Not included.
    pub end: u32,
    pub position: Position,
}

/// A job as far as it got. What it does and which rows it has stand in its events alone, at these positions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub kind: JobKind,
    pub policy: ErrorPolicy,
    /// Whose job it is; none: the platform's.
    pub merchant: Option<MerchantId>,
    pub opener: Actor,
    /// The stream of the token that it was opened with.
    pub token: Option<StreamId>,
    /// Of the event that opened it.
    pub opened: Position,
    pub opened_at: Timestamp,
    /// The selection is of this position.
    pub selected_at: Position,
    pub total: u32,
    pub waits: bool,
    /// Rows that are written down.
    pub selected: u32,
    pub preview: Option<JobPreview>,
    pub is_started: bool,
    pub is_checked: bool,
    /// Rows before this one are decided.
    pub next: u32,
    pub refused: u32,
    pub end: Option<JobEnd>,
    /// The rows, in order.
    pub selections: Vec<Stretch>,
    /// Events that name refused rows, and which rows they are about, in order.
    pub refusals: Vec<Stretch>,
}

impl Job {
    pub fn opened(event: &JobOpened, recorded: &Recorded) -> Self {
        Self {
            kind: event.action.kind(),
            policy: event.policy,
            merchant: event.merchant.clone(),
            opener: recorded.actor,
            token: event.token,
            opened: recorded.position,
            opened_at: recorded.recorded_at,
            selected_at: event.selected_at,
            total: event.total,
            waits: event.waits,
            selected: 0,
            preview: None,
            is_started: false,
            is_checked: false,
            next: 0,
            refused: 0,
            end: None,
            selections: Vec::new(),
            refusals: Vec::new(),
        }
    }

    pub fn state(&self) -> JobState {
        match self.end {
            Some(JobEnd::Done) => JobState::Done,
            Some(JobEnd::Refused) => JobState::Refused,
            Some(JobEnd::Cancelled(_)) => JobState::Cancelled,
            None if self.selected < self.total => JobState::Opening,
            None if self.waits && self.preview.is_none() => JobState::Previewing,
            None if self.waits && !self.is_started => JobState::Waiting,
            None if self.policy == ErrorPolicy::RejectAll && !self.is_checked => JobState::Checking,
            None => JobState::Running,
        }
    }

    /// Rows whose command was carried out.
    pub fn done(&self) -> u32 {
        // What a check refused was not counted on.
        if self.next == 0 { 0 } else { self.next.saturating_sub(self.refused) }
    }

    /// Where the row stands in the ledger, and its place there.
    pub fn selection_of(&self, row: u32) -> Option<Stretch> {
        let after = self.selections.partition_point(|stretch| stretch.first <= row);
        self.selections.get(after.checked_sub(1)?).copied().filter(|stretch| row < stretch.end)
    }

    /// Folds one more event in; what is no event of a job changes nothing.
    #[expect(clippy::wildcard_enum_match_arm, reason = "all others are of other streams")]
    pub fn apply(&mut self, recorded: &Recorded) {
        let position = recorded.position;
        match &recorded.event {
            Event::JobSelected(e) => {
                let end = e.first.saturating_add(count(e.rows.len()));
                self.selections.push(Stretch { first: e.first, end, position });
                self.selected = end;
            }
            Event::JobPreviewed(e) => {
                self.preview = Some(JobPreview { totals: e.totals.clone(), refusals: e.refusals.clone() });
            }
            Event::JobStarted(_) => self.is_started = true,
            Event::JobChecked(e) => {
                self.is_checked = true;
                self.refused = e.refused;
                if e.refused > 0 {
                    self.refusals.push(Stretch { first: 0, end: self.total, position });
                    self.end = Some(JobEnd::Refused);
                }
            }
            Event::JobAdvanced(e) => {
                let refused: u32 = e.refusals.iter().map(|refusals| count(refusals.rows.len())).sum();
                if refused > 0 {
                    self.refusals.push(Stretch { first: self.next, end: e.next, position });
                    self.refused = self.refused.saturating_add(refused);
                }
                self.next = e.next;
            }
            Event::JobCancelled(e) => self.end = Some(JobEnd::Cancelled(e.cause)),
            Event::JobFinished(_) => self.end = Some(JobEnd::Done),
            _ => {}
        }
    }
}

fn count(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}

/// The id of a row's command: whoever carries the job on asks for the same.
pub fn row_command(job: StreamId, row: u32) -> CommandId {
    CommandId::derived(&["job-row", &job.to_string(), &row.to_string()])
}

/// The id of a step of the job itself, such as the selection that begins with row `at`.
pub fn step_command(job: StreamId, step: &str, at: u32) -> CommandId {
    CommandId::derived(&["job-step", &job.to_string(), step, &at.to_string()])
}

impl<T> JobAction<T> {
    pub fn kind(&self) -> JobKind {
        match self {
            JobAction::Ship { .. } => JobKind::Ship,
            JobAction::DeliverCards => JobKind::DeliverCards,
            JobAction::RecordTracking { .. } => JobKind::RecordTracking,
            JobAction::Cancel { .. } => JobKind::Cancel,
            JobAction::AddNote { .. } => JobKind::AddNote,
            JobAction::AddTag { .. } => JobKind::AddTag,
            JobAction::EditPrice { .. } => JobKind::EditPrice,
            JobAction::ApproveRefunds { .. } => JobKind::ApproveRefunds,
            JobAction::SettleRefunds { .. } => JobKind::SettleRefunds,
        }
    }

    /// When it happened in the world, where the action says.
    pub fn occurred_at(&self) -> Option<Timestamp> {
        if let JobAction::RecordTracking { occurred_at, .. } = self { *occurred_at } else { None }
    }

    /// The same with each text made into something else.
    pub fn map<U, E>(&self, mut text: impl FnMut(&T) -> Result<U, E>) -> Result<JobAction<U>, E> {
        let reason = |reason: &Reason<T>, text: &mut dyn FnMut(&T) -> Result<U, E>| {
            Ok(Reason { code: reason.code, text: reason.text.as_ref().map(text).transpose()? })
        };
        Ok(match self {
            JobAction::Ship { carrier, tracking_number } => {
                JobAction::Ship { carrier: carrier.clone(), tracking_number: tracking_number.clone() }
            }
            JobAction::DeliverCards => JobAction::DeliverCards,
            JobAction::RecordTracking { checkpoint, status, occurred_at, place } => JobAction::RecordTracking {
                checkpoint: checkpoint.clone(),
                status: *status,
                occurred_at: *occurred_at,
                place: place.as_ref().map(text).transpose()?,
            },
            JobAction::Cancel { reason: why } => JobAction::Cancel { reason: reason(why, &mut text)? },
            JobAction::AddNote { text: note } => JobAction::AddNote { text: text(note)? },
            JobAction::AddTag { tag } => JobAction::AddTag { tag: tag.clone() },
            JobAction::EditPrice { prices, reason: why } => {
                JobAction::EditPrice { prices: prices.clone(), reason: reason(why, &mut text)? }
            }
            JobAction::ApproveRefunds { note } => {
                JobAction::ApproveRefunds { note: note.as_ref().map(text).transpose()? }
            }
            JobAction::SettleRefunds { provider } => JobAction::SettleRefunds { provider: provider.clone() },
        })
    }
}

impl<T: Clone> JobAction<T> {
    /// What a row does to its order. `lines_of`: the order's lines that sell a SKU, from 1.
    pub fn command(&self, order: StreamId, row: &JobRow, lines_of: impl Fn(&Sku) -> Vec<u16>) -> Command<T> {
        match self {
            JobAction::Ship { carrier, tracking_number } => Command::ConfirmShipment(ConfirmShipment {
                order,
                lines: None,
                carrier: row.carrier.clone().or_else(|| carrier.clone()),
                tracking_number: row.tracking_number.clone().or_else(|| tracking_number.clone()),
            }),
            JobAction::DeliverCards => Command::DeliverCards { order },
            JobAction::RecordTracking { checkpoint, status, place, occurred_at: _ } => {
                let (checkpoint, place) = (checkpoint.clone(), place.clone());
                Command::RecordTracking(RecordTracking { order, shipment: None, checkpoint, status: *status, place })
            }
            JobAction::Cancel { reason } => Command::Cancel(Cancel { order, reason: reason.clone() }),
            JobAction::AddNote { text } => Command::AddNote(AddNote { order, text: text.clone() }),
            JobAction::AddTag { tag } => Command::AddTag(AddTag { order, tag: tag.clone() }),
            JobAction::EditPrice { prices, reason } => {
                let lines = |price: &JobPrice| match &price.of {
                    PriceOf::Line(line) => vec![*line],
                    PriceOf::Sku(sku) => lines_of(sku),
                };
                let new = prices
                    .iter()
                    .flat_map(|price| lines(price).into_iter().map(|line| NewPrice { line, unit: price.unit }));
                Command::EditPrice(EditPrice { order, prices: new.collect(), reason: reason.clone() })
            }
            JobAction::ApproveRefunds { note } => {
                Command::ApproveRefund(ApproveRefund { order, ticket: row.ticket, note: note.clone() })
            }
            JobAction::SettleRefunds { provider } => {
                let (ticket, provider) = (row.ticket, provider.clone());
                Command::SettleRefund(SettleRefund { order, ticket, provider, trade_number: None })
            }
        }
    }

    /// What any order would be asked: for what can be said of the action before there is one.
    pub(crate) fn sample(&self) -> Command<T> {
        let order = StreamId(uuid::Uuid::nil());
        let row = JobRow { order: RowOrder::Known(order), ticket: None, carrier: None, tracking_number: None };
        self.command(order, &row, |_| vec![1])
    }
}
