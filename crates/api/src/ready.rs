//! Whether the server is fit to be sent requests.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use crate::http::Services;

/// So many events may the views be behind for any time,
const MAX_LAG_EVENTS: u64 = 10_000;
/// and more than that for so long.
const MAX_LAG_TIME: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub(crate) struct Readiness {
    /// The views have had all once: lists are not half empty any more.
    has_caught_up: AtomicBool,
    /// Since when every look found the views too far behind.
    behind_since: Mutex<Option<Instant>>,
}

/// Why requests should go elsewhere.
#[derive(Debug, Serialize)]
pub(crate) struct Unready {
    /// Stable.
    reason: &'static str,
    /// For a person; may change.
    message: String,
}

fn unready(reason: &'static str, message: String) -> Result<(), Unready> {
    Err(Unready { reason, message })
}

impl Readiness {
    pub(crate) fn look(&self, services: &Services) -> Result<(), Unready> {
        // The views first: what the ledger got meanwhile must not look like a lag of nothing.
        let (at, of) = (services.host.position(), services.reader.watermark());
        let lag = of.saturating_sub(at);
        if lag == 0 {
            self.has_caught_up.store(true, Ordering::Relaxed);
        }
        let is_late = self.is_late(lag);
        if services.engine.watch_stopped().borrow().is_some() {
            return unready("WRITER_STOPPED", "the ledger takes no more writes; restart Daybook".into());
        }
        if let Some(stopped) = services.host.status().into_iter().find_map(|view| view.stopped) {
            let message = format!("the view {} stopped at position {}; rebuild it", stopped.view, stopped.at);
            return unready("VIEW_STOPPED", message);
        }
        if !self.has_caught_up.load(Ordering::Relaxed) {
            return unready("VIEWS_STARTING", format!("the views are at {at} of {of}"));
        }
        if is_late {
            let seconds = MAX_LAG_TIME.as_secs();
            let message = format!("the views are at {at} of {of}, too far behind for more than {seconds} seconds");
            return unready("VIEWS_BEHIND", message);
        }
        Ok(())
    }

    fn is_late(&self, lag: u64) -> bool {
        let mut since = self.behind_since.lock().unwrap_or_else(PoisonError::into_inner);
        if lag <= MAX_LAG_EVENTS {
            *since = None;
            return false;
        }
        since.get_or_insert_with(Instant::now).elapsed() > MAX_LAG_TIME
    }
}
