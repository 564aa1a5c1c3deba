//! Exports as files: opened by a mutation, made on threads of their own, fetched over HTTP for a day.
//!
//! ```text
//! exportX ─► look up ─► export-opened ─► queue ─► maker: <id>.part … <id>.csv ─► GET /exports/<id>: export-fetched
//! ```
//!
//! The log says who took what out; the file is no truth, and what was not whole when the server ended is opened anew.

mod fetch;
mod folder;
mod forget;
mod make;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::{io, time::Duration};

use daybook_domain::export::{Export, ExportFormat};
use daybook_domain::{MerchantId, Position, State, StreamId, Timestamp};
use daybook_sheets::{Format, Zone};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use uuid::Uuid;

use crate::access::Tenant;
use crate::auth::Session;
use crate::export::{EventColumn, OrderColumn, Selection};
use crate::http::Services;
use crate::schema::error::ApiError;
use crate::shares::{Share, Shares};

pub(crate) use fetch::fetch;
pub use make::ExportMaker;

/// What exports may take.
#[derive(Clone, Copy, Debug)]
pub struct ExportLimits {
    /// That wait or are being made, of everybody together.
    pub under_way: usize,
    /// That wait or are being made, of one merchant, or of the platform.
    pub under_way_of_one: usize,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes of all files that are whole: the oldest make room.
    pub total_bytes: u64,
    /// How long a file can be fetched, in seconds from when it was asked for.
    pub keep_seconds: i64,
}

impl Default for ExportLimits {
    fn default() -> Self {
        Self {
            under_way: 16,
            under_way_of_one: 4,
            file_bytes: 4 << 30,
            total_bytes: 8 << 30,
            keep_seconds: 24 * 60 * 60,
        }
    }
}

/// Files that are sent at the same time; each takes 64 KiB.
const DOWNLOADS: usize = 64;
/// Of these, that one token may have.
const DOWNLOADS_OF_ONE: usize = 8;
/// Of those that ended without a file, how many are remembered.
const ENDS: usize = 1_024;

/// Where files are made, and what is known of them. Clones share it.
#[derive(Clone)]
pub struct Exports(Option<Arc<Board>>);

impl Exports {
    /// Nobody exports anything.
    pub fn nowhere() -> Self {
        Self(None)
    }

    /// Makes the folder if it is not there. What an earlier server did not end is removed.
    ///
    /// # Errors
    /// The folder cannot be made, or not be read.
    pub fn in_folder(folder: PathBuf, limits: ExportLimits) -> io::Result<Self> {
        folder::prepare(&folder)?;
        Ok(Self(Some(Arc::new(Board {
            folder,
            limits,
            desk: Mutex::default(),
            work: Condvar::new(),
            changes: watch::Sender::new(0),
            fetching: tokio::sync::Mutex::default(),
            downloads: Arc::new(Semaphore::new(DOWNLOADS)),
            downloads_of_one: Shares::default(),
        }))))
    }

    pub(crate) fn board(&self) -> Result<&Arc<Board>, ApiError> {
        self.0.as_ref().ok_or_else(|| ApiError::Invalid("this server has no folder to export to".into()))
    }
}

pub(crate) struct Board {
    folder: PathBuf,
    pub(crate) limits: ExportLimits,
    desk: Mutex<Desk>,
    /// Told when there is a task, or the end.
    work: Condvar,
    /// Counts what changed of any.
    changes: watch::Sender<u64>,
    /// One at a time, so that each fetch is counted.
    fetching: tokio::sync::Mutex<()>,
    downloads: Arc<Semaphore>,
    downloads_of_one: Shares<Uuid>,
}

/// A file is being sent.
pub(crate) struct Download {
    _place: OwnedSemaphorePermit,
    _share: Share<Uuid>,
}

#[derive(Default)]
struct Desk {
    waiting: VecDeque<Task>,
    going: BTreeMap<StreamId, Arc<Going>>,
    /// Those that ended without a file, the newest last.
    ended: VecDeque<(StreamId, Ended)>,
    is_ending: bool,
}

#[derive(Clone, Debug)]
enum Ended {
    Cancelled,
    Failed(String),
}

/// One that is being opened, waits or is being made.
struct Going {
    merchant: Option<MerchantId>,
    is_made: AtomicBool,
    is_cancelled: AtomicBool,
    /// Cancelled because somebody who may stand in it was erased.
    is_stale: AtomicBool,
    rows: AtomicU64,
}

/// What a file is made from.
pub(crate) struct Task {
    pub(crate) id: StreamId,
    pub(crate) format: Format,
    pub(crate) zone: Zone,
    pub(crate) rows: Rows,
}

pub(crate) enum Rows {
    Orders {
        selection: Selection,
        columns: Vec<OrderColumn>,
        tenant: Tenant,
    },
    /// Without columns: each event whole, as a line of JSON.
    Events {
        after: Position,
        end: Position,
        columns: Option<Vec<EventColumn>>,
    },
}

/// How far an export is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Waiting,
    Running { rows: u64 },
    Done,
    Cancelled,
    Failed(String),
    Expired,
}

/// A place among those that are under way; given back unless it was used.
pub(crate) struct Place {
    board: Arc<Board>,
    id: StreamId,
    is_used: bool,
}

/// Why there is no place.
#[derive(Debug)]
pub(crate) enum NoPlace {
    /// The same is being opened.
    Opening,
    TooMany(String),
}

impl Place {
    /// The file is going to be made.
    pub(crate) fn use_for(mut self, task: Task) {
        self.is_used = true;
        self.board.desk().waiting.push_back(task);
        self.board.work.notify_one();
        self.board.changed();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.is_used {
            self.board.desk().going.remove(&self.id);
        }
    }
}

impl Board {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// None: too many files are being sent, to this one or to all together.
    pub(crate) fn download(&self, actor: Uuid) -> Option<Download> {
        let share = self.downloads_of_one.take(vec![actor], |_| DOWNLOADS_OF_ONE)?;
        let place = Arc::clone(&self.downloads).try_acquire_owned().ok()?;
        Some(Download { _place: place, _share: share })
    }

    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(crate) fn place(self: &Arc<Self>, id: StreamId, merchant: Option<&MerchantId>) -> Result<Place, NoPlace> {
        let mut desk = self.desk();
        if desk.going.contains_key(&id) {
            return Err(NoPlace::Opening);
        }
        let of_one = desk.going.values().filter(|going| going.merchant.as_ref() == merchant).count();
        let ExportLimits { under_way, under_way_of_one, .. } = self.limits;
        if of_one >= under_way_of_one {
            let why = format!("{under_way_of_one} exports of yours are under way: wait for one, or cancel it");
            return Err(NoPlace::TooMany(why));
        }
        if desk.going.len() >= under_way {
            let why = format!("{under_way} exports are under way: try again when one of them has ended");
            return Err(NoPlace::TooMany(why));
        }
        let going = Going {
            merchant: merchant.cloned(),
            is_made: AtomicBool::new(false),
            is_cancelled: AtomicBool::new(false),
            is_stale: AtomicBool::new(false),
            rows: AtomicU64::new(0),
        };
        desk.going.insert(id, Arc::new(going));
        Ok(Place { board: Arc::clone(self), id, is_used: false })
    }

    /// How far an export of the ledger is. Looks into the folder.
    pub(crate) fn progress(&self, id: StreamId, export: &Export, now: Timestamp) -> Progress {
        {
            let desk = self.desk();
            if let Some(going) = desk.going.get(&id) {
                return match going.is_made.load(Relaxed) {
                    true => Progress::Running { rows: going.rows.load(Relaxed) },
                    false => Progress::Waiting,
                };
            }
            match desk.ended.iter().rev().find(|(known, _)| *known == id) {
                Some((_, Ended::Cancelled)) => return Progress::Cancelled,
                Some((_, Ended::Failed(why))) => return Progress::Failed(why.clone()),
                None => {}
            }
        }
        if now >= self.expires_at(export) {
            return Progress::Expired;
        }
        if self.path(id, format_of(export.format)).is_file() {
            return Progress::Done;
        }
        let why = "there is no file any more: the server ended before it was whole, or it was cancelled, or made room \
                   for newer ones; export again under another command id";
        Progress::Failed(why.into())
    }

    /// From then on it cannot be fetched.
    pub(crate) fn expires_at(&self, export: &Export) -> Timestamp {
        export.opened_at.plus_micros(self.limits.keep_seconds.saturating_mul(1_000_000))
    }

    /// Nothing is made of it, and what was made is removed.
    pub(crate) fn cancel(&self, id: StreamId, export: &Export) {
        let mut desk = self.desk();
        match desk.going.get(&id) {
            Some(going) => {
                going.is_cancelled.store(true, Relaxed);
                // One that is being opened or made is ended by whoever does that.
                if let Some(at) = desk.waiting.iter().position(|task| task.id == id) {
                    desk.waiting.remove(at);
                    desk.going.remove(&id);
                    desk.end(id, Ended::Cancelled);
                }
            }
            None => {
                if std::fs::remove_file(self.path(id, format_of(export.format))).is_ok() {
                    desk.end(id, Ended::Cancelled);
                }
            }
        }
        drop(desk);
        self.changed();
    }
}

impl Desk {
    fn end(&mut self, id: StreamId, how: Ended) {
        if self.ended.len() >= ENDS {
            self.ended.pop_front();
        }
        self.ended.push_back((id, how));
    }
}

/// The export as the log has it, if this caller may know of it: whoever opened it, and the platform. Reads the ledger.
pub(crate) fn shown(services: &Services, session: &Session, id: StreamId) -> Result<Option<Export>, ApiError> {
    let Some(State::Export(export)) = services.reader.state(id)? else { return Ok(None) };
    let is_openers = session.actor == export.opener && session.tenant.own() == export.merchant.as_ref();
    let is_platform = session.actor.role == daybook_domain::Role::Platform && session.tenant.shows_all();
    Ok((is_openers || is_platform).then_some(*export))
}

pub(crate) fn format_of(format: ExportFormat) -> Format {
    match format {
        ExportFormat::Xlsx => Format::Xlsx,
        ExportFormat::Csv => Format::Csv,
        ExportFormat::Jsonl => Format::Jsonl,
    }
}

/// How often whoever watches is told of rows, at most.
pub(crate) const TELL_EVERY: Duration = Duration::from_millis(200);
