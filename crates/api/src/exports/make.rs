//! The threads on which files are made, two at a time.

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use daybook_sheets::Table;
use daybook_views::query::Row;

use super::folder::Bounded;
use super::forget::STALE;
use super::{Board, Ended, Going, Rows, TELL_EVERY, Task};
use crate::access::{Relation, Tenant};
use crate::export::{EventColumn, ExportError, OrderColumn, Shown, write_event_lines, write_events, write_orders};
use crate::http::Services;

/// Files that are made at the same time.
const AT_ONCE: usize = 2;
/// Bytes that are written at once.
const OUT_BYTES: usize = 1 << 16;
/// The longest without a look for what has expired.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Makes files until it is stopped.
pub struct ExportMaker {
    board: Option<Arc<Board>>,
    threads: Vec<JoinHandle<()>>,
}

impl ExportMaker {
    /// # Errors
    ///
    /// When the system starts no thread.
    pub fn start(services: &Services) -> io::Result<Self> {
        let mut maker = Self { board: services.exports.0.clone(), threads: Vec::new() };
        let Some(board) = &maker.board else { return Ok(maker) };
        board.forget_left_over(&services.reader)?;
        board.desk().is_ending = false;
        for _ in 0..AT_ONCE {
            let (services, board) = (services.clone(), Arc::clone(board));
            let work = move || while board.work_once(&services) {};
            maker.threads.push(std::thread::Builder::new().name("daybook-exports".into()).spawn(work)?);
        }
        Ok(maker)
    }

    /// What is not whole by now is not made any more.
    pub fn stop(self) {
        if let Some(board) = &self.board {
            board.desk().is_ending = true;
            board.work.notify_all();
        }
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the exports ended with a bug");
            }
        }
    }
}

impl Board {
    /// False: the end has come.
    fn work_once(&self, services: &Services) -> bool {
        let taken = {
            let mut desk = self.desk();
            if desk.waiting.is_empty() && !desk.is_ending {
                let (woken, _) = self.work.wait_timeout(desk, SWEEP_EVERY).unwrap_or_else(PoisonError::into_inner);
                desk = woken;
            }
            if desk.is_ending {
                return false;
            }
            let task = desk.waiting.pop_front();
            task.and_then(|task| desk.going.get(&task.id).map(|going| (task, Arc::clone(going))))
        };
        if let Some((task, going)) = taken {
            let id = task.id;
            going.is_made.store(true, Relaxed);
            self.changed();
            // A thread that ends without a word is missed by nobody.
            let made = std::panic::catch_unwind(AssertUnwindSafe(|| self.make(services, task, &going)));
            let ended = match made {
                Ok(Ok(())) => None,
                Ok(Err(ExportError::Ended)) if going.is_stale.load(Relaxed) => Some(Ended::Failed(STALE.into())),
                Ok(Err(ExportError::Ended)) if going.is_cancelled.load(Relaxed) => Some(Ended::Cancelled),
                Ok(Err(error)) => Some(Ended::Failed(told(&error))),
                Err(_) => Some(Ended::Failed("a bug of the server ended it; its log says more".into())),
            };
            if ended.is_some() {
                // It may not have been begun.
                let _ = std::fs::remove_file(self.part(id));
            }
            let mut desk = self.desk();
            desk.going.remove(&id);
            if let Some(ended) = ended {
                desk.end(id, ended);
            }
            drop(desk);
            self.changed();
        }
        if let Err(error) = self.sweep(services) {
            tracing::error!(%error, "old exports could not be removed");
        }
        true
    }

    fn make(&self, services: &Services, task: Task, going: &Going) -> Result<(), ExportError> {
        let Task { id, format, zone, rows } = task;
        let file = self.create(id)?;
        let out = Bounded { out: BufWriter::with_capacity(OUT_BYTES, &file), left: self.limits.file_bytes };
        let mut told = Instant::now();
        let mut advance = |rows| {
            going.rows.fetch_add(rows, Relaxed);
            if told.elapsed() >= TELL_EVERY {
                told = Instant::now();
                self.changed();
            }
            let is_over = going.is_cancelled.load(Relaxed) || self.desk().is_ending;
            if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let mut out = match rows {
            Rows::Orders { selection, columns, tenant } => {
                let mut table = Table::new(format, out, "orders", OrderColumn::headers(&columns), zone)?;
                write_orders(services, &selection, &columns, &|order| seen(&tenant, order), &mut table, &mut advance)?;
                table.finish()?.0
            }
            Rows::Events { after, end, columns: Some(columns) } => {
                let mut table = Table::new(format, out, "events", EventColumn::headers(&columns), zone)?;
                write_events(&services.reader, (after, end), &columns, &mut table, &mut advance)?;
                table.finish()?.0
            }
            Rows::Events { after, end, columns: None } => {
                let mut out = out;
                write_event_lines(&services.reader, (after, end), &mut out, &mut advance)?;
                out
            }
        };
        out.flush()?;
        drop(out);
        // Held, so that whoever removes files finds it, or ends it here.
        let _desk = self.desk();
        if going.is_cancelled.load(Relaxed) {
            return Err(ExportError::Ended);
        }
        Ok(self.keep(id, format, &file)?)
    }
}

/// As the list shows it to whoever opened the export.
fn seen(tenant: &Tenant, row: &Row) -> Shown {
    match tenant.relation(row.id, &row.order) {
        // The filter lets none through.
        Relation::Foreign => Shown::LeftOut,
        relation if tenant.masks(relation) => Shown::Masked,
        Relation::Below | Relation::Own => Shown::Clear,
    }
}

/// What whoever opened it is told; the log says more.
fn told(error: &ExportError) -> String {
    match error {
        ExportError::Ended => "the server ended before the file was whole: export again".into(),
        ExportError::Write(inner) if inner.kind() == io::ErrorKind::StorageFull => {
            "the disk is full: export less, or later".into()
        }
        ExportError::Write(inner) if inner.kind() == io::ErrorKind::Other => inner.to_string(),
        ExportError::Invalid(why) => why.clone(),
        ExportError::View(_) | ExportError::Read(_) | ExportError::NoOrder(_) | ExportError::Write(_) => {
            crate::schema::error::masked(error)
        }
    }
}
