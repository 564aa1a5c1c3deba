//! A job is opened: its orders are selected, and both are written down before anything is done.

use daybook_domain::command::{OpenJob, SelectForJob};
use daybook_domain::job::{ErrorPolicy, JobAction, JobRow, RowOrder, step_command};
use daybook_domain::limits::MAX_SELECTED_ROWS;
use daybook_domain::{Command, CommandId, MerchantId, Rejection, StreamId};
use daybook_engine::{ExecuteError, Receipt, Request};

use super::coming::Place;
use super::select::{self, Chosen, Selection};
use super::{Board, Writing};
use crate::auth::Session;
use crate::http::Services;
use crate::schema::enums::Scope;
use crate::schema::error::{ApiError, ErrorCode, UserError, refused};
use crate::schema::filter::Seen;

/// Jobs of one merchant, or of the platform, that have not ended.
const MAX_OPEN_JOBS: usize = 20;
/// Bytes of the rows of one command: a commit has 48 KiB.
const CHUNK_BYTES: usize = 32 << 10;
/// Of a row without texts of its own.
const ROW_BYTES: usize = 24;
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// All that is asked for.
pub(crate) struct Asked {
    pub(crate) command_id: CommandId,
    /// A hash of all of it.
    pub(crate) hash: [u8; 32],
    pub(crate) action: JobAction<String>,
    pub(crate) policy: ErrorPolicy,
    pub(crate) chosen: Chosen,
    pub(crate) merchant: Option<MerchantId>,
    pub(crate) scope: Scope,
    pub(crate) waits: bool,
}

type Opened = Result<Receipt, Vec<UserError>>;

/// Goes on to its end even if nobody waits for it any more: half a selection is worth nothing.
///
/// # Errors
///
/// [`ApiError::Busy`] when too many are being opened.
pub(crate) async fn open(services: &Services, session: &Session, asked: Asked) -> Result<Opened, ApiError> {
    let (services, session) = (services.clone(), session.clone());
    let owner = session.tenant.own().cloned();
    let job = StreamId::job(owner.as_ref(), asked.command_id);
    // Before the task, which nothing else bounds.
    let place = Place::take(&services.host, owner, job)?;
    let opening = tokio::spawn(async move { open_whole(&services, &session, asked, place).await });
    match opening.await {
        Ok(opened) => opened,
        Err(error) => match error.try_into_panic() {
            Ok(payload) => std::panic::resume_unwind(payload),
            // The server is shutting down.
            Err(_) => Err(ApiError::Stopped),
        },
    }
}

async fn open_whole(services: &Services, session: &Session, asked: Asked, place: Place) -> Result<Opened, ApiError> {
    let board: &Board = &services.host.jobs;
    let job = place.job;
    let is_known = services.reader.head(job).is_some();
    let Asked { command_id, hash, action, policy, chosen, merchant, scope, waits } = asked;
    let selection = if is_known {
        // It is answered as the one that was opened before; what is selected does not count.
        Selection { rows: Vec::new(), at: 0 }
    } else {
        if let Some(full) = full(services, &place)? {
            return Ok(Err(vec![full]));
        }
        // It may take a while, and some hundred bytes an order.
        let _turn = board.selecting.acquire().await.map_err(|_| ApiError::Stopped)?;
        // Others were opened meanwhile.
        if let Some(full) = full(services, &place)? {
            return Ok(Err(vec![full]));
        }
        let (services, kind) = (services.clone(), action.kind());
        let seen = Seen { scope, tenant: session.tenant.clone() };
        let selecting =
            tokio::task::spawn_blocking(move || select::select(&services, &seen, merchant.as_ref(), kind, chosen));
        match selecting.await.map_err(|error| ApiError::Internal(Box::new(error)))? {
            Ok(selection) => selection,
            Err(ApiError::TooMuchWork(why)) => {
                return Ok(Err(vec![UserError::new(vec!["input".into()], ErrorCode::TooManyOrders, why)]));
            }
            Err(error) => return Err(error),
        }
    };
    let _one_at_a_time = board.opening.lock().await;
    if !is_known && let Some(full) = full(services, &place)? {
        return Ok(Err(vec![full]));
    }
    let total = u32::try_from(selection.rows.len()).unwrap_or(u32::MAX);
    let open = OpenJob {
        asked: hash,
        action,
        policy,
        merchant: place.owner.clone(),
        selected_at: selection.at,
        total,
        waits,
        token: session.token(),
    };
    let request = |id, command| Request { correlation: Some(job.0), ..Request::live(id, session.actor, command) };
    let _writing = Writing::new(board, job);
    // All of them at once: they are decided in this order, and made durable together.
    let opening = services.engine.submit(request(command_id, Command::OpenJob(open)));
    let mut first = 0_u32;
    let mut selecting = Vec::new();
    for rows in chunks(selection.rows) {
        let length = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let select = Command::SelectForJob(SelectForJob { job, first, rows });
        selecting.push(services.engine.submit(request(step_command(job, "select", first), select)));
        first += length;
    }
    let receipt = match opening.await {
        Ok(receipt) => receipt,
        Err(error) => return refused(error).map(|error| Err(vec![error])),
    };
    let mut last = receipt.position;
    for pending in selecting {
        match pending.await {
            Ok(receipt) => last = last.max(receipt.position),
            // The same was opened by somebody else at the same moment, who selects.
            Err(ExecuteError::Rejected(Rejection::JobOutOfTurn | Rejection::CommandIdReused | Rejection::JobEnded)) => {
            }
            // The runner cancels what is left of it.
            Err(error) => return refused(error).map(|error| Err(vec![error])),
        }
    }
    // Whoever opens the next one counts this one; if the views stopped, nobody counts.
    let _ = services.host.wait_for(last, PATIENCE).await;
    Ok(Ok(receipt))
}

/// Why no more jobs can be opened now.
fn full(services: &Services, place: &Place) -> Result<Option<UserError>, ApiError> {
    let views = services.host.views();
    let jobs = views.jobs()?;
    let coming = place.before().into_iter().filter(|job| jobs.get(*job).is_none()).count();
    if jobs.open_of(place.owner.as_ref()) + coming < MAX_OPEN_JOBS {
        return Ok(None);
    }
    let why = format!("{MAX_OPEN_JOBS} jobs are under way or wait: wait for one, start it or cancel it");
    Ok(Some(UserError::new(vec!["input".into()], ErrorCode::TooManyJobs, why)))
}

/// As many rows as fit into a commit each.
fn chunks(rows: Vec<JobRow>) -> Vec<Vec<JobRow>> {
    let mut chunks: Vec<Vec<JobRow>> = Vec::new();
    let mut room = 0;
    for row in rows {
        let bytes = ROW_BYTES + bytes_of(&row);
        match chunks.last_mut().filter(|chunk| chunk.len() < MAX_SELECTED_ROWS && room >= bytes) {
            Some(chunk) => chunk.push(row),
            None => {
                room = CHUNK_BYTES;
                chunks.push(vec![row]);
            }
        }
        room -= bytes;
    }
    chunks
}

fn bytes_of(row: &JobRow) -> usize {
    let number = match &row.order {
        RowOrder::Known(_) => 0,
        RowOrder::Unknown { number, .. } => number.as_str().len(),
    };
    number
        + row.carrier.as_ref().map_or(0, |text| text.len())
        + row.tracking_number.as_ref().map_or(0, |text| text.len())
}

#[cfg(test)]
mod tests {
    use daybook_domain::OrderNumber;

    use super::*;

    #[test]
    fn rows_are_cut_into_what_a_commit_holds_and_none_is_lost() {
        let row = |n: usize, text: usize| JobRow {
            order: RowOrder::Unknown { number: OrderNumber::new(&format!("N{n}")).unwrap(), is_ambiguous: false },
            ticket: None,
            carrier: Some("c".repeat(text).into()),
            tracking_number: None,
        };
        for text in [0, 1, 100, 512] {
            let rows: Vec<JobRow> = (0..5_000).map(|n| row(n, text)).collect();
            let cut = chunks(rows.clone());
            assert_eq!(cut.concat(), rows);
            for chunk in &cut {
                let bytes: usize = chunk.iter().map(|row| ROW_BYTES + bytes_of(row)).sum();
                assert!(chunk.len() <= MAX_SELECTED_ROWS && bytes <= CHUNK_BYTES, "{} {bytes}", chunk.len());
            }
        }
        assert_eq!(chunks(Vec::new()), Vec::<Vec<JobRow>>::new());
    }
}
