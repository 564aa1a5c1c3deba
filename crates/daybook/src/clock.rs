//! The clock and the ids: read and made here and nowhere else.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use daybook_domain::{CommandId, Timestamp};
use daybook_engine::Clock;
use uuid::Uuid;

/// The system's clock.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub(crate) fn system() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    })
}

/// An id for a command that is sent once.
#[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
pub(crate) fn new_command_id() -> CommandId {
    CommandId(Uuid::now_v7())
}

/// An id that tells nothing, not even when it was made.
#[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
pub(crate) fn random_id() -> Uuid {
    Uuid::new_v4()
}
