//! One job on its way: its rows are read as they are needed, sent so many at a time, and answered in their order.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use daybook_domain::command::{AdvanceJob, CancelJob, CheckJob, PreviewJob};
use daybook_domain::job::{
    CancelCause, ErrorPolicy, Job, JobAction, JobRow, JobState, RowOrder, row_command, step_command,
};
use daybook_domain::{Automatic, Command, Event, MerchantId, Money, Origin, Position, Rejection, Sku, State, StreamId};
use daybook_engine::{ExecuteError, Pending, Request};

use super::tally::{Refusal, Tally};
use crate::http::Services;
use crate::schema::error::ApiError;

/// Ids that one step of a job is tried under. People can use up no more than they can start and cancel it.
const MAX_ATTEMPTS: usize = 8;
/// Rows after which it is written down how far the job is …
const MARK_ROWS: u32 = 1_000;
/// … and how long after the last time at most, while there is something new.
const MARK_EVERY: Duration = Duration::from_millis(250);

/// What the rows are gone through for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Preview,
    Check,
    Carry,
}

enum Answer {
    Pending(Pending),
    /// Of an order without a ticket: it is only looked at, for why there is nothing to do.
    Looked(Pending),
    Refused(Refusal),
}

/// Why a job does not go on at the moment.
#[derive(Debug)]
pub(super) enum Trouble {
    Engine(ExecuteError),
    Read(String),
}

impl From<ExecuteError> for Trouble {
    fn from(error: ExecuteError) -> Self {
        Trouble::Engine(error)
    }
}

impl From<ApiError> for Trouble {
    fn from(error: ApiError) -> Self {
        Trouble::Read(error.message())
    }
}

impl From<daybook_engine::ReadError> for Trouble {
    fn from(error: daybook_engine::ReadError) -> Self {
        Trouble::Read(error.to_string())
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trouble::Engine(error) => error.fmt(f),
            Trouble::Read(why) => f.write_str(why),
        }
    }
}

pub(super) struct Run {
    pub(super) id: StreamId,
    job: Job,
    action: JobAction<String>,
    phase: Phase,
    /// Rows that were read and not sent yet.
    rows: VecDeque<JobRow>,
    /// The first row that was not read yet.
    unread: u32,
    /// The first row that was not sent yet.
    unsent: u32,
    under_way: VecDeque<Answer>,
    /// Rows before this one are answered.
    answered: u32,
    tally: Tally,
    totals: Vec<Money>,
    marked_at: Instant,
    /// Where the job's stream ends, as far as this knows.
    head: Position,
    token_head: Option<Position>,
    /// No more rows are sent.
    is_stopping: bool,
}

/// What became of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    GoesOn,
    /// This run is over; its last event stands at this position.
    Over(Position),
}

impl Run {
    /// Whose job it is; none: the platform's.
    pub(super) fn merchant(&self) -> Option<&MerchantId> {
        self.job.merchant.as_ref()
    }

    /// None: the job does not go on by itself. Reads the ledger.
    pub(super) fn new(services: &Services, id: StreamId) -> Result<Option<Self>, Trouble> {
        // Before the state: whoever writes in between is noticed.
        let head = services.reader.head(id).map_or(0, |(position, _)| position);
        let Some(job) = super::load(services, id)? else { return Ok(None) };
        let (phase, first) = match job.state() {
            JobState::Previewing => (Phase::Preview, 0),
            JobState::Checking => (Phase::Check, 0),
            JobState::Running => (Phase::Carry, job.next),
            JobState::Opening | JobState::Waiting | JobState::Done | JobState::Refused | JobState::Cancelled => {
                return Ok(None);
            }
        };
        let Some(action) = super::action(services, id, &job)? else {
            return Err(Trouble::Read("what the job does cannot be read any more".into()));
        };
        // That a refusal stopped it stands in the log as the refusal alone, until the job is cancelled for it.
        let is_stopping = phase == Phase::Carry && job.policy == ErrorPolicy::RejectAll && job.refused > 0;
        Ok(Some(Self {
            id,
            action,
            phase,
            rows: VecDeque::new(),
            unread: first,
            unsent: first,
            under_way: VecDeque::new(),
            answered: first,
            tally: Tally::default(),
            totals: Vec::new(),
            marked_at: Instant::now(),
            head,
            token_head: None,
            is_stopping,
            job,
        }))
    }

    /// Sends what there is room for, and takes the answers of half of it.
    pub(super) async fn turn(&mut self, services: &Services, share: usize) -> Result<Turn, Trouble> {
        if let Some(over) = self.look_up(services).await? {
            return Ok(over);
        }
        while !self.is_stopping && self.under_way.len() < share && self.unsent < self.job.total {
            self.send_one(services)?;
        }
        let is_last = self.is_stopping || self.unsent >= self.job.total;
        let keep = if is_last { 0 } else { share / 2 };
        while self.under_way.len() > keep {
            self.take_one().await?;
            if self.phase == Phase::Carry && self.tally.is_full() {
                self.mark(services).await?;
            }
        }
        if self.answered >= self.job.total || (self.is_stopping && self.under_way.is_empty()) {
            return self.finish(services).await;
        }
        let is_due = self.answered - self.job.next >= MARK_ROWS || self.marked_at.elapsed() >= MARK_EVERY;
        if self.phase == Phase::Carry && is_due && self.answered > self.job.next {
            self.mark(services).await?;
        }
        Ok(Turn::GoesOn)
    }

    /// Whether somebody else wrote to the job's stream, or revoked the token that it was opened with.
    async fn look_up(&mut self, services: &Services) -> Result<Option<Turn>, Trouble> {
        let head = services.reader.head(self.id).map_or(0, |(position, _)| position);
        if head > self.head {
            self.head = head;
            self.job = super::load(services, self.id)?.unwrap_or_else(|| self.job.clone());
            if self.job.end.is_some() {
                return self.wind_up(services).await.map(Some);
            }
        }
        if let Some(token) = self.job.token {
            let head = services.reader.head(token).map(|(position, _)| position);
            if head != self.token_head {
                self.token_head = head;
                if let Some(State::Token(token)) = services.reader.state(token)?
                    && token.revoked
                {
                    self.cancel(services, CancelCause::TokenRevoked).await?;
                    return self.wind_up(services).await.map(Some);
                }
            }
        }
        Ok(None)
    }

    /// No more is sent: what is under way is still answered, and counted.
    pub(super) async fn wind_up(&mut self, services: &Services) -> Result<Turn, Trouble> {
        while !self.under_way.is_empty() {
            self.take_one().await?;
            // A refusal that has no room would count as done.
            if self.phase == Phase::Carry && self.tally.is_full() {
                self.mark(services).await?;
            }
        }
        if self.phase == Phase::Carry && self.answered > self.job.next {
            self.mark(services).await?;
        }
        Ok(Turn::Over(self.head))
    }

    fn read_rows(&mut self, services: &Services) -> Result<(), Trouble> {
        let lost = || Trouble::Read(format!("row {} of the job is not where it must be", self.unread));
        let stretch = self.job.selection_of(self.unread).ok_or_else(lost)?;
        let Some(Event::JobSelected(selected)) = services.reader.event(stretch.position)?.map(|it| it.event) else {
            return Err(lost());
        };
        let skip = (self.unread - selected.first) as usize;
        self.rows.extend(selected.rows.into_iter().skip(skip));
        self.unread = stretch.end;
        Ok(())
    }

    fn send_one(&mut self, services: &Services) -> Result<(), Trouble> {
        if self.rows.is_empty() {
            self.read_rows(services)?;
        }
        let Some(row) = self.rows.pop_front() else { return Ok(()) };
        let number = self.unsent;
        self.unsent += 1;
        if self.phase == Phase::Preview {
            self.add_total(services, &row);
        }
        let is_without_ticket = row.ticket.is_none() && self.action.kind().is_on_tickets();
        let answer = match self.request(services, number, &row)? {
            Ok(request) if is_without_ticket => Answer::Looked(services.engine.check(request)),
            Ok(request) if self.phase == Phase::Carry => Answer::Pending(services.engine.submit(request)),
            Ok(request) => Answer::Pending(services.engine.check(request)),
            Err(refusal) => Answer::Refused(refusal),
        };
        self.under_way.push_back(answer);
        Ok(())
    }

    /// What the row asks for, or why it asks for nothing.
    fn request(&self, services: &Services, number: u32, row: &JobRow) -> Result<Result<Request, Refusal>, Trouble> {
        let order = match (&row.order, Refusal::of_unknown(&row.order)) {
            (RowOrder::Known(order), None) => *order,
            (_, refusal) => return Ok(Err(refusal.unwrap_or_else(|| Refusal::of(&Rejection::OrderUnknown)))),
        };
        let skus = if let JobAction::EditPrice { .. } = &self.action { skus_of(services, order)? } else { Vec::new() };
        let lines_of = |wanted: &Sku| {
            let lines = (1_u16..).zip(&skus).filter(|(_, sku)| *sku == wanted);
            lines.map(|(line, _)| line).collect()
        };
        let command = self.action.command(order, row, lines_of);
        if let Command::EditPrice(edit) = &command
            && edit.prices.is_empty()
        {
            return Ok(Err(Refusal::new("LINE_UNKNOWN", "no line of the order sells any of these SKUs")));
        }
        Ok(Ok(Request {
            occurred_at: self.action.occurred_at(),
            correlation: Some(self.id.0),
            ..Request::live(row_command(self.id, number), self.job.opener, command)
        }))
    }

    fn add_total(&mut self, services: &Services, row: &JobRow) {
        let RowOrder::Known(order) = row.order else { return };
        let views = services.host.views();
        let Some(found) = views.order_list().ok().and_then(|list| list.by_id(order)) else { return };
        let currency = found.order.currency;
        match self.totals.iter_mut().find(|total| total.currency == currency) {
            Some(total) => total.minor = total.minor.saturating_add(found.total_minor),
            None => self.totals.push(Money::new(found.total_minor, currency)),
        }
    }

    async fn take_one(&mut self) -> Result<(), Trouble> {
        let Some(answer) = self.under_way.pop_front() else { return Ok(()) };
        let refusal = match answer {
            Answer::Refused(refusal) => Some(refusal),
            Answer::Pending(pending) => match pending.await {
                Ok(_) => None,
                Err(error) => Some(Refusal::of_error(error)?),
            },
            Answer::Looked(pending) => match pending.await {
                // There is one by now, which nobody selected.
                Ok(_) => {
                    let why = "no such ticket was open when the orders were selected";
                    Some(Refusal::new(Rejection::NoOpenTicket.code(), why))
                }
                Err(error) => Some(Refusal::of_error(error)?),
            },
        };
        if let Some(refusal) = refusal {
            self.tally.add(self.answered, &refusal);
            // Those under way are answered as they are.
            self.is_stopping |= self.phase == Phase::Carry && self.job.policy == ErrorPolicy::RejectAll;
        }
        self.answered += 1;
        Ok(())
    }

    /// A step of the job itself. Of one that somebody else took meanwhile, the next look tells.
    async fn step(
        &mut self,
        services: &Services,
        name: &str,
        at: u32,
        command: Command<String>,
    ) -> Result<bool, Trouble> {
        // Anybody can work a step's id out and use it up, with the few commands that a job takes from people: then it is
        // sent under another one.
        for attempt in 0..MAX_ATTEMPTS {
            let name = if attempt == 0 { name.to_owned() } else { format!("{name} {attempt}") };
            let request = Request {
                origin: Origin::System,
                correlation: Some(self.id.0),
                ..Request::live(step_command(self.id, &name, at), Automatic::Jobs.actor(), command.clone())
            };
            match services.engine.submit(request).await {
                Ok(receipt) => {
                    self.head = self.head.max(receipt.position);
                    return Ok(true);
                }
                Err(ExecuteError::Rejected(Rejection::CommandIdReused)) => {}
                Err(ExecuteError::Rejected(_)) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(false)
    }

    /// Writes down how far the job is: from here it is carried on after whatever happens.
    async fn mark(&mut self, services: &Services) -> Result<(), Trouble> {
        let (from, next) = (self.job.next, self.answered);
        let refusals = self.tally.take();
        let refused: usize = refusals.iter().map(|refusals| refusals.rows.len()).sum();
        let advance = Command::AdvanceJob(AdvanceJob { job: self.id, next, refusals });
        if self.step(services, "advance", from, advance).await? {
            self.job.next = next;
            self.job.refused = self.job.refused.saturating_add(u32::try_from(refused).unwrap_or(u32::MAX));
            self.marked_at = Instant::now();
        }
        Ok(())
    }

    async fn cancel(&mut self, services: &Services, cause: CancelCause) -> Result<bool, Trouble> {
        let cancel = Command::CancelJob(CancelJob { job: self.id, cause });
        self.step(services, "cancel", 0, cancel).await
    }

    /// Every row is answered, or no more are sent.
    async fn finish(&mut self, services: &Services) -> Result<Turn, Trouble> {
        match self.phase {
            Phase::Preview => {
                let (totals, refusals) = (std::mem::take(&mut self.totals), std::mem::take(&mut self.tally).counts());
                let preview = Command::PreviewJob(PreviewJob { job: self.id, totals, refusals });
                self.step(services, "preview", 0, preview).await?;
            }
            Phase::Check => {
                let refused = self.tally.refused;
                let check = CheckJob { job: self.id, refused, refusals: self.tally.take() };
                let is_checked = self.step(services, "check", 0, Command::CheckJob(check)).await?;
                if is_checked && refused == 0 {
                    // The rows are gone through once more.
                    (self.phase, self.job.is_checked) = (Phase::Carry, true);
                    (self.unread, self.unsent, self.answered) = (0, 0, 0);
                    self.rows.clear();
                    return Ok(Turn::GoesOn);
                }
            }
            Phase::Carry => {
                if self.answered > self.job.next || self.job.total == 0 {
                    self.mark(services).await?;
                }
                if self.job.next < self.job.total {
                    self.cancel(services, CancelCause::Refusal).await?;
                }
            }
        }
        Ok(Turn::Over(self.head))
    }
}

/// What each line of an order sells: that never changes. Reads the ledger where the views do not know the order yet.
fn skus_of(services: &Services, order: StreamId) -> Result<Vec<Sku>, Trouble> {
    if let Ok(list) = services.host.views().order_list()
        && let Some(row) = list.by_id(order)
    {
        return Ok(row.lines.into_iter().map(|line| line.sku).collect());
    }
    let first = services.reader.history(order)?.into_iter().next().map(|first| first.event);
    let Some(Event::OrderPlaced(placed)) = first else { return Ok(Vec::new()) };
    Ok(placed.lines.into_iter().map(|line| line.sku).collect())
}
