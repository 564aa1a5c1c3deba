//! What became of a job's rows.

use daybook_domain::job::{Job, JobRow, Refusals, RowOrder, row_command};
use daybook_domain::{Event, OrderNumber, Position, StreamId};
use hashbrown::HashMap;

use crate::http::Services;
use crate::schema::error::ApiError;

/// What became of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RowFate {
    /// Not yet.
    Pending,
    Done,
    Refused {
        code: Box<str>,
        message: Box<str>,
    },
    /// The job ended before.
    NotDone,
}

#[derive(Clone, Debug)]
pub(crate) struct ResultRow {
    /// From 0.
    pub(crate) number: u32,
    pub(crate) order: Option<StreamId>,
    /// Where no order was found.
    pub(crate) named: Option<OrderNumber>,
    pub(crate) ticket: Option<u16>,
    pub(crate) fate: RowFate,
}

/// So many rows from `from` on, and whether more follow. Reads the ledger: as many events as the page touches.
pub(crate) fn results(
    services: &Services,
    job: &Job,
    from: u32,
    first: usize,
    only_refused: bool,
) -> Result<(Vec<ResultRow>, bool), ApiError> {
    let first = u32::try_from(first).unwrap_or(u32::MAX);
    let refusals = refused(services, job, from, first, only_refused)?;
    let mut numbers: Vec<u32> = if only_refused {
        let mut numbers: Vec<u32> = refusals.keys().copied().filter(|&row| row >= from).collect();
        numbers.sort_unstable();
        numbers
    } else {
        (from..job.selected).take(first as usize + 1).collect()
    };
    let has_more = numbers.len() > first as usize;
    numbers.truncate(first as usize);
    let mut selections: HashMap<Position, Vec<JobRow>> = HashMap::new();
    let mut found = Vec::with_capacity(numbers.len());
    for number in numbers {
        let Some(stretch) = job.selection_of(number) else { continue };
        if !selections.contains_key(&stretch.position) {
            let event = services.reader.event(stretch.position)?.map(|recorded| recorded.event);
            let Some(Event::JobSelected(selected)) = event else { continue };
            selections.insert(stretch.position, selected.rows);
        }
        let rows = selections.get(&stretch.position).map(Vec::as_slice).unwrap_or_default();
        let Some(row) = rows.get((number - stretch.first) as usize) else { continue };
        let (order, named) = match &row.order {
            RowOrder::Known(order) => (Some(*order), None),
            RowOrder::Unknown { number, .. } => (None, Some(number.clone())),
        };
        let fate = match refusals.get(&number) {
            Some((code, message)) => RowFate::Refused { code: code.clone(), message: message.clone() },
            None if number < job.next => RowFate::Done,
            None if job.end.is_some() => RowFate::NotDone,
            None => RowFate::Pending,
        };
        found.push(ResultRow { number, order, named, ticket: row.ticket, fate });
    }
    Ok((found, has_more))
}

type Why = (Box<str>, Box<str>);

/// The refused rows from `from` on, of so many rows; or with `only_refused` so many of these, and one more.
fn refused(
    services: &Services,
    job: &Job,
    from: u32,
    first: u32,
    only_refused: bool,
) -> Result<HashMap<u32, Why>, ApiError> {
    let mut found: HashMap<u32, Why> = HashMap::new();
    for stretch in job.refusals.iter().filter(|stretch| stretch.end > from) {
        let is_enough =
            if only_refused { found.len() > first as usize } else { stretch.first > from.saturating_add(first) };
        if is_enough {
            break;
        }
        let lists: Vec<Refusals> = match services.reader.event(stretch.position)?.map(|recorded| recorded.event) {
            Some(Event::JobAdvanced(event)) => event.refusals,
            Some(Event::JobChecked(event)) => event.refusals,
            _ => continue,
        };
        for Refusals { code, message, rows } in lists {
            let rows = rows.into_iter().filter(|&row| row >= from);
            found.extend(rows.map(|row| (row, (code.clone(), message.clone()))));
        }
    }
    Ok(found)
}

/// Where the commit of a row's command ends; none if it was not carried out. Reads the order's events.
pub(crate) fn position_of(
    services: &Services,
    job: StreamId,
    row: u32,
    order: StreamId,
) -> Result<Option<Position>, ApiError> {
    let command = row_command(job, row);
    let history = services.reader.history(order)?;
    Ok(history.iter().rev().find(|recorded| recorded.command_id == command).map(|recorded| recorded.commit_end))
}
