//! Whether the server is fit to be sent requests.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use crate::http::Services;

/// So many events may the views be behind for as long as they move,
const MAX_LAG_EVENTS: u64 = 10_000;
/// more than that, or standing still, for so long.
const MAX_LAG_TIME: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub(crate) struct Readiness {
    /// The views have had all once: lists are not half empty any more.
    has_caught_up: AtomicBool,
    lag: Mutex<Lag>,
}

/// What the looks so far saw of the views' lag.
#[derive(Debug, Default)]
struct Lag {
    /// Since when every look found the views too far behind.
    far_since: Option<Instant>,
    /// Since when every look found the views behind, and at this position.
    still_since: Option<(u64, Instant)>,
}

/// What does not work, where all else does.
#[derive(Debug, Serialize)]
pub(crate) struct Ready {
    degraded: Option<Unready>,
}

/// Why requests should go elsewhere.
#[derive(Debug, Serialize)]
pub(crate) struct Unready {
    /// Stable.
    reason: &'static str,
    /// For a person; may change.
    message: String,
}

impl Unready {
    fn new(reason: &'static str, message: String) -> Self {
        Self { reason, message }
    }
}

impl Readiness {
    pub(crate) fn look(&self, services: &Services) -> Result<Ready, Unready> {
        // The views first: what the ledger got meanwhile must not look like a lag of nothing.
        let (at, of) = (services.host.position(), services.reader.watermark());
        let lag = of.saturating_sub(at);
        if lag == 0 {
            self.has_caught_up.store(true, Ordering::Relaxed);
        }
        let late = self.lateness(at, lag);
        if services.engine.watch_stopped().borrow().is_some() {
            return Err(Unready::new("WRITER_STOPPED", "the ledger takes no more writes; restart Daybook".into()));
        }
        if !self.has_caught_up.load(Ordering::Relaxed) {
            return Err(Unready::new("VIEWS_STARTING", format!("the views are at {at} of {of}")));
        }
        if let Some(late) = late {
            let seconds = MAX_LAG_TIME.as_secs();
            return Err(Unready::new(
                "VIEWS_BEHIND",
                format!("the views are at {at} of {of}, {late} {seconds} seconds"),
            ));
        }
        // What one view does not answer no other server on this folder would, and all else still works.
        let stopped = services.host.status().into_iter().find_map(|view| view.stopped);
        let degraded = stopped.map(|stopped| {
            let message = format!("the view {} stopped at position {}; rebuild it", stopped.view, stopped.at);
            Unready::new("VIEW_STOPPED", message)
        });
        Ok(Ready { degraded })
    }

    /// In what way the views have been behind for too long.
    fn lateness(&self, at: u64, lag: u64) -> Option<&'static str> {
        let mut seen = self.lag.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_too_long = |since: Instant| now.duration_since(since) > MAX_LAG_TIME;
        seen.far_since = if lag > MAX_LAG_EVENTS { seen.far_since.or(Some(now)) } else { None };
        seen.still_since = match seen.still_since {
            Some((before, since)) if lag > 0 && before == at => Some((at, since)),
            _ => (lag > 0).then_some((at, now)),
        };
        if seen.far_since.is_some_and(is_too_long) {
            return Some("too far behind for more than");
        }
        let stands_still = seen.still_since.is_some_and(|(_, since)| is_too_long(since));
        stands_still.then_some("and have not moved for more than")
    }
}
