//! Bulk work: an owner marks some days' orders for a campaign, once at once, once after a look at what is to be expected,
//! and once thinks better of it.

use daybook_domain::command::{AdvanceJob, CancelJob, CheckJob, OpenJob, PreviewJob, SelectForJob};
use daybook_domain::job::{CancelCause, ErrorPolicy, JobAction, JobRow, RowOrder, row_command, step_command};
use daybook_domain::time::{DAY_MICROS, MINUTE_MICROS, SECOND_MICROS};
use daybook_domain::{Actor, Command, CommandId, Currency, Money, StreamId, Tag, Timestamp};
use daybook_engine::Request;

use super::life::Step;
use super::random::Random;
use super::{people, shop};
use crate::data::merchant_id;
use crate::failure::Failure;

/// Orders that one job marks.
const ROWS: usize = 12;

struct Job<'a> {
    id: StreamId,
    at: Timestamp,
    owner: Actor,
    action: &'a JobAction<String>,
    steps: Vec<Step>,
}

impl Job<'_> {
    fn step(&mut self, actor: Actor, id: CommandId, command: Command<String>) {
        let request = Request { correlation: Some(self.id.0), ..people::request(id, actor, command) };
        self.steps.push(Step { at: self.at, request });
        self.at = self.at.plus_micros(SECOND_MICROS);
    }

    fn by_itself(&mut self, name: &str, command: Command<String>) {
        self.step(people::SYSTEM, step_command(self.id, name, 0), command);
    }

    /// Every row is carried out.
    fn run(&mut self, orders: &[StreamId]) {
        for (row, order) in (0..).zip(orders) {
            let command = self.action.command(*order, &row_of(*order), |_| Vec::new());
            self.step(self.owner, row_command(self.id, row), command);
        }
        let next = u32::try_from(orders.len()).unwrap_or(u32::MAX);
        self.by_itself("advance", Command::AdvanceJob(AdvanceJob { job: self.id, next, refusals: Vec::new() }));
    }
}

fn row_of(order: StreamId) -> JobRow {
    JobRow { order: RowOrder::Known(order), ticket: None, carrier: None, tracking_number: None }
}

/// From a plan in the order of its times.
pub(super) fn campaigns(random: &mut Random, plan: &[Step], now: Timestamp) -> Result<Vec<Step>, Failure> {
    let mut steps = Vec::new();
    for (number, merchant) in (0..3).zip(shop::MERCHANTS.iter().cycle().skip(1)) {
        let id = merchant_id(merchant.id)?;
        let owner = people::owner(merchant);
        let at = now.plus_micros(-(12 - 2 * number) * DAY_MICROS);
        let (mut orders, mut total_minor) = (Vec::with_capacity(ROWS), 0);
        for step in plan.iter().take_while(|step| step.at < at).collect::<Vec<_>>().into_iter().rev() {
            if let Command::Place(place) = &step.request.command
                && place.merchant == id
                && place.currency == Currency::CNY
                && orders.len() < ROWS
                && let Some(order) = &place.number
            {
                orders.push(StreamId::order(&id, order));
                let lines = place.lines.iter().map(|line| i64::from(line.quantity) * line.unit_minor);
                let adjustments = place.adjustments.iter().map(|adjustment| adjustment.amount_minor);
                total_minor += lines.chain(adjustments).sum::<i64>();
            }
        }
        let action = JobAction::AddTag { tag: Tag::new(&format!("campaign-{}", number + 1))? };
        let opening = CommandId(random.id());
        let mut job = Job { id: StreamId::job(Some(&id), opening), at, owner, action: &action, steps: Vec::new() };
        let waits = number > 0;
        let open = OpenJob {
            asked: [u8::try_from(number)?; 32],
            action: action.clone(),
            policy: if waits { ErrorPolicy::RejectAll } else { ErrorPolicy::SkipRefused },
            merchant: Some(id),
            // A plan knows no positions.
            selected_at: 0,
            total: u32::try_from(orders.len())?,
            waits,
            token: None,
        };
        job.step(owner, opening, Command::OpenJob(open));
        let (of, rows) = (job.id, orders.iter().copied().map(row_of).collect::<Vec<_>>());
        if !rows.is_empty() {
            let select = Command::SelectForJob(SelectForJob { job: of, first: 0, rows });
            job.step(owner, step_command(of, "select", 0), select);
        }
        if waits {
            let totals = vec![Money::new(total_minor, Currency::CNY)];
            job.by_itself("preview", Command::PreviewJob(PreviewJob { job: of, totals, refusals: Vec::new() }));
            job.at = job.at.plus_micros(5 * MINUTE_MICROS);
        }
        match number {
            0 => job.run(&orders),
            1 => {
                job.step(owner, CommandId(random.id()), Command::StartJob { job: of });
                job.by_itself("check", Command::CheckJob(CheckJob { job: of, refused: 0, refusals: Vec::new() }));
                job.run(&orders);
            }
            _ => {
                let cancel = CancelJob { job: of, cause: CancelCause::Asked };
                job.step(owner, CommandId(random.id()), Command::CancelJob(cancel));
            }
        }
        steps.append(&mut job.steps);
    }
    Ok(steps)
}
