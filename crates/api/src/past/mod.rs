//! The views as they were at a position that is past: folded from the nearest checkpoint before it, and kept for a while,
//! since whoever asks for a page asks for the next one too.
//!
//! Folding takes a processor, so it is done on one thread of its own that yields to everybody else's, one position after
//! another; whoever comes when some wait already, or has his share of those that do, is told to come again. All who ask for
//! the same position share its views.

mod fold;
mod kept;
mod quiet;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use daybook_domain::Position;
use daybook_engine::Reader;
use daybook_views::Views;
use daybook_views::store::Store;
use tokio::sync::watch;

use crate::schema::error::ApiError;
use crate::shares::{Share, Sharer, Shares};
pub use fold::views_at;
use kept::Kept;

/// Positions that may wait to be folded, beside the one that is.
const WAITING: usize = 8;
/// Of those that wait or are folded, that one token began.
const OF_TOKEN: usize = 3;
/// The same of the tokens of one merchant together.
const OF_MERCHANT: usize = 5;
/// How often it is looked whether there is room for what is to be folded.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// From how many events on what was folded is worth to be saved for the next one who asks: a tenth of a second's.
const WORTH_KEEPING: u64 = 1 << 16;

/// What became of a position: nothing yet, its views, or why there are none.
type Outcome = Option<Result<Arc<Views>, NotFolded>>;

/// Why there are no views of a position; the server's log says more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotFolded {
    Unreadable,
    Panicked,
    Stopped,
}

/// Shared by all who ask.
#[derive(Clone, Default)]
pub struct Past(Arc<Inner>);

#[derive(Default)]
struct Inner {
    kept: Mutex<Kept>,
    queue: Mutex<Queue>,
    shares: Shares<Sharer>,
    checkpoints: OnceLock<Checkpoints>,
    /// Rises when views are replaced: what was folded before may stand on what they were.
    generation: AtomicU64,
    is_ending: AtomicBool,
}

/// Where checkpoints are, and who saves more of them.
struct Checkpoints {
    folder: PathBuf,
    keeper: SyncSender<Folded>,
}

/// Views of the past that somebody folded far, so that saving them is worth it.
pub struct Folded {
    views: Arc<Views>,
    generation: u64,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Job>,
    /// The positions that are asked for, folded or not.
    asked: Vec<(Position, watch::Receiver<Outcome>)>,
    is_running: bool,
}

struct Job {
    position: Position,
    tell: watch::Sender<Outcome>,
    reader: Reader,
    share: Share<Sharer>,
}

fn most(of: &Sharer) -> usize {
    match of {
        Sharer::Token(_) => OF_TOKEN,
        Sharer::Merchant(_) => OF_MERCHANT,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Past {
    /// From here on folds begin at the checkpoints in this folder, and what was folded far is handed to `keeper`, which may
    /// save it there; as much as it has room for, since each is as large as the views were.
    pub fn with_checkpoints(&self, folder: PathBuf, keeper: SyncSender<Folded>) {
        // Of two folders the first one is as good.
        let _ = self.0.checkpoints.set(Checkpoints { folder, keeper });
    }

    /// What was handed in, unless views were replaced since.
    pub fn trusted(&self, folded: Folded) -> Option<Arc<Views>> {
        (folded.generation == self.0.generation.load(Relaxed)).then_some(folded.views)
    }

    /// Nothing that was folded until now is used any more.
    pub fn distrust(&self) {
        // Held meanwhile: what is folded just now is put there before, or not at all.
        let mut kept = lock(&self.0.kept);
        self.0.generation.fetch_add(1, Relaxed);
        kept.clear();
    }

    /// Nothing that was folded or saved until now is used any more: call it when views were rebuilt.
    pub fn forget(&self, reader: &Reader) {
        // First: what begins at one of them just before is not trusted afterwards.
        if let Some(checkpoints) = self.0.checkpoints.get()
            && let Err(error) = store(checkpoints, reader).forget()
        {
            tracing::error!(%error, "checkpoints of views that were replaced could not be removed");
        }
        self.distrust();
    }

    /// Folds nothing any more.
    pub(crate) fn end(&self) {
        self.0.is_ending.store(true, Relaxed);
    }

    /// The views at a position that is durable, if they are kept; else what they will become.
    ///
    /// # Errors
    ///
    /// Busy when too many positions wait to be folded, or too many of those who ask.
    pub(crate) fn ask(&self, reader: &Reader, position: Position, who: Vec<Sharer>) -> Result<Asked, ApiError> {
        let mut queue = lock(&self.0.queue);
        // Looked for while the queue is held: what is folded meanwhile is either here or there.
        if let Some(views) = lock(&self.0.kept).get(position) {
            return Ok(Asked::There(views));
        }
        if let Some((_, told)) = queue.asked.iter().find(|(asked, _)| *asked == position) {
            return Ok(Asked::Coming(told.clone()));
        }
        if queue.waiting.len() >= WAITING {
            return Err(ApiError::Busy);
        }
        let share = self.0.shares.take(who, most).ok_or(ApiError::ManyMoments)?;
        let (tell, told) = watch::channel(None);
        queue.asked.push((position, told.clone()));
        queue.waiting.push(Job { position, tell, reader: reader.clone(), share });
        if !queue.is_running {
            let past = self.clone();
            let thread = std::thread::Builder::new().name("daybook-past".into()).spawn(move || past.run());
            if let Err(error) = thread {
                tracing::error!(%error, "no thread for the past");
                (queue.waiting, queue.asked) = (Vec::new(), Vec::new());
                return Err(ApiError::Busy);
            }
            queue.is_running = true;
        }
        Ok(Asked::Coming(told))
    }

    /// Folds what is asked for, until nothing is.
    fn run(&self) {
        quiet::yield_to_others();
        while let Some(job) = self.next() {
            let position = job.position;
            self.wait_for_room(position);
            let generation = self.0.generation.load(Relaxed);
            let folded = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.fold(&job, generation)));
            let outcome = folded.unwrap_or(Err(NotFolded::Panicked));
            let mut queue = lock(&self.0.queue);
            if let Ok(views) = &outcome {
                let mut kept = lock(&self.0.kept);
                if generation == self.0.generation.load(Relaxed) {
                    // The queue itself holds one end: whoever held another one was told to come again.
                    let is_owed = job.tell.receiver_count() <= 1;
                    kept.put(position, Arc::clone(views), is_owed, Instant::now());
                }
            }
            queue.asked.retain(|(asked, _)| *asked != position);
            drop(queue);
            let Job { tell, share, .. } = job;
            // Before whoever is told asks for the next one.
            drop(share);
            tell.send_replace(Some(outcome));
        }
    }

    /// The one that waited longest. None: the thread ends.
    fn next(&self) -> Option<Job> {
        let mut queue = lock(&self.0.queue);
        // The queue itself holds one end.
        let (wanted, given_up) =
            std::mem::take(&mut queue.waiting).into_iter().partition(|job| job.tell.receiver_count() > 1);
        queue.waiting = wanted;
        let given_up: Vec<Job> = given_up;
        queue.asked.retain(|(asked, _)| given_up.iter().all(|job| job.position != *asked));
        if queue.waiting.is_empty() || self.0.is_ending.load(Relaxed) {
            (queue.waiting, queue.asked, queue.is_running) = (Vec::new(), Vec::new(), false);
            return None;
        }
        Some(queue.waiting.remove(0))
    }

    /// Until what is kept and in use leaves room: questions end by themselves.
    fn wait_for_room(&self, position: Position) {
        while !self.0.is_ending.load(Relaxed) && !lock(&self.0.kept).make_room_for(position, Instant::now()) {
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn fold(&self, job: &Job, generation: u64) -> Result<Arc<Views>, NotFolded> {
        let checkpoints = self.0.checkpoints.get();
        let store = checkpoints.map(|checkpoints| store(checkpoints, &job.reader));
        let go_on = || !self.0.is_ending.load(Relaxed);
        let folded = views_at(&job.reader, store.as_ref(), job.position, |_| go_on());
        let (views, from) = match folded {
            Ok(Some(found)) => found,
            Ok(None) => return Err(NotFolded::Stopped),
            Err(error) => {
                tracing::error!(%error, position = job.position, "the log could not be read there: run `daybook verify`");
                return Err(NotFolded::Unreadable);
            }
        };
        let views = Arc::new(views);
        if job.position - from >= WORTH_KEEPING
            && let Some(checkpoints) = checkpoints
        {
            // Whoever saves may have enough to do, or have ended before.
            let _ = checkpoints.keeper.try_send(Folded { views: Arc::clone(&views), generation });
        }
        Ok(views)
    }
}

fn store(checkpoints: &Checkpoints, reader: &Reader) -> Store {
    Store::new(&checkpoints.folder, *reader.ledger().id().as_bytes())
}

/// Views that were asked for.
pub(crate) enum Asked {
    There(Arc<Views>),
    Coming(watch::Receiver<Outcome>),
}

impl Asked {
    /// The views, once they are folded.
    pub(crate) async fn views(self) -> Result<Arc<Views>, NotFolded> {
        match self {
            Asked::There(views) => Ok(views),
            Asked::Coming(mut told) => match told.wait_for(Option::is_some).await {
                Ok(outcome) => outcome.clone().unwrap_or(Err(NotFolded::Stopped)),
                // The queue was given up.
                Err(_) => Err(NotFolded::Stopped),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use daybook_domain::Timestamp;
    use daybook_engine::{FolderOptions, open_folder};
    use uuid::Uuid;

    use super::*;

    fn reader(dir: &std::path::Path) -> Reader {
        let options = FolderOptions { id_if_new: Some(Uuid::from_u128(1)), ..FolderOptions::default() };
        open_folder(dir, &options, Arc::new(|| Timestamp(1))).unwrap().reader
    }

    fn token(n: u64) -> Vec<Sharer> {
        vec![Sharer::Token(Uuid::from_u128(n.into()))]
    }

    /// As while another position is folded.
    fn busy() -> Past {
        let past = Past::default();
        lock(&past.0.queue).is_running = true;
        past
    }

    #[test]
    fn some_positions_wait_and_who_asks_for_another_one_is_told_to_come_again() {
        let dir = tempfile::tempdir().unwrap();
        let (past, reader) = (busy(), reader(&dir.path().join("data")));
        let mut asked: Vec<Asked> =
            (1..=8).map(|position| past.ask(&reader, position, token(position)).unwrap()).collect();
        assert!(matches!(past.ask(&reader, 9, token(9)), Err(ApiError::Busy)));
        // Whoever asks for what is asked for already takes no room.
        asked.push(past.ask(&reader, 8, token(9)).unwrap());
        assert_eq!(past.next().map(|job| job.position), Some(1));
        assert!(past.ask(&reader, 9, token(9)).is_ok(), "one is under way");
    }

    #[test]
    fn one_token_or_merchant_leaves_room_for_others() {
        let dir = tempfile::tempdir().unwrap();
        let (past, reader) = (busy(), reader(&dir.path().join("data")));
        let mut asked: Vec<Asked> = (1..=3).map(|position| past.ask(&reader, position, token(1)).unwrap()).collect();
        assert!(matches!(past.ask(&reader, 4, token(1)), Err(ApiError::ManyMoments)));
        asked.push(past.ask(&reader, 3, token(1)).unwrap());
        let of_shop = |n: u64| {
            let shop = daybook_domain::MerchantId::new("shop").unwrap();
            [token(n), vec![Sharer::Merchant(shop)]].concat()
        };
        asked.extend((4..=8).map(|position| past.ask(&reader, position, of_shop(position)).unwrap()));
        // The queue is full; once there is room, the shop still has its share.
        assert!(matches!(past.ask(&reader, 9, token(9)), Err(ApiError::Busy)));
        let first = past.next();
        assert!(matches!(past.ask(&reader, 9, of_shop(9)), Err(ApiError::ManyMoments)));
        assert!(matches!(past.ask(&reader, 9, token(1)), Err(ApiError::ManyMoments)), "it is being folded");
        drop(first);
        assert!(past.ask(&reader, 9, token(1)).is_ok());
    }

    #[test]
    fn what_nobody_waits_for_any_more_is_not_folded() {
        let dir = tempfile::tempdir().unwrap();
        let (past, reader) = (busy(), reader(&dir.path().join("data")));
        let (first, _second) = (past.ask(&reader, 1, token(1)).unwrap(), past.ask(&reader, 2, token(1)).unwrap());
        drop(first);
        assert_eq!(past.next().map(|job| job.position), Some(2));
        assert!(past.next().is_none(), "the thread ends");
        assert!(!lock(&past.0.queue).is_running);
    }

    #[tokio::test]
    async fn what_is_folded_is_there_for_the_next_one() {
        let dir = tempfile::tempdir().unwrap();
        let (past, reader) = (Past::default(), reader(&dir.path().join("data")));
        let views = past.ask(&reader, 0, token(1)).unwrap().views().await.unwrap();
        let Asked::There(again) = past.ask(&reader, 0, token(1)).unwrap() else { panic!("it is kept") };
        assert!(Arc::ptr_eq(&views, &again));
        let folded = |generation| Folded { views: Arc::clone(&views), generation };
        assert!(past.trusted(folded(0)).is_some());
        past.forget(&reader);
        assert!(matches!(past.ask(&reader, 0, token(1)), Ok(Asked::Coming(_))));
        assert!(past.trusted(folded(0)).is_none(), "it was folded before");
        past.end();
        let stopped = past.ask(&reader, 1, token(1)).unwrap().views().await;
        assert_eq!(stopped.err(), Some(NotFolded::Stopped));
    }
}
