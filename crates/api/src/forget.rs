//! Forgetting a buyer: what is not finished is looked for, the key is destroyed, and whatever keeps opened texts lets go of them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use daybook_domain::{MerchantId, Position, Slot, StreamId};
use daybook_engine::{Engine, EraseError, Erased, Erasure, Reader, Unfinished};

use crate::credentials::Credentials;
use crate::exports::Exports;
use crate::host::Host;
use crate::http::Services;
use crate::lookups::Guests;

/// How long the views may take to come up to what is durable.
const PATIENCE: Duration = Duration::from_secs(10);

/// All that knows anything of buyers. Clones share it.
#[derive(Clone)]
pub struct Forgetting {
    engine: Engine,
    reader: Reader,
    host: Arc<Host>,
    exports: Exports,
    guests: Arc<Guests>,
}

/// Whom nothing is known of any more, and which orders were theirs.
#[derive(Clone, Debug)]
pub struct Forgotten {
    pub erased: Erased,
    pub orders: Vec<StreamId>,
}

impl Forgetting {
    /// In a process that serves.
    pub(crate) fn of(services: &Services) -> Self {
        let Services { engine, reader, host, exports, credentials, .. } = services.clone();
        Self { engine, reader, host, exports, guests: credentials.guests }
    }

    /// `credentials`: of a process that serves. The views must follow the log, or be up to what is durable if nobody else
    /// writes.
    pub fn new(engine: Engine, host: Arc<Host>, exports: Exports, credentials: Option<&Credentials>) -> Self {
        let guests = credentials.map(|credentials| Arc::clone(&credentials.guests)).unwrap_or_default();
        Self { reader: engine.reader(), engine, host, exports, guests }
    }

    /// Blocks this thread, for some syncs however many there are; not for use in async code.
    ///
    /// # Errors
    /// As [`Engine::erase`], one for each.
    pub fn erase(&self, asked: Vec<Erasure>) -> Vec<Result<Forgotten, EraseError>> {
        let wanted = self.reader.watermark();
        let erased = self.engine.erase(asked, |slots| self.unfinished(slots, wanted));
        let roots: BTreeSet<MerchantId> = erased.iter().flatten().map(|erased| erased.root.clone()).collect();
        let forgotten = erased
            .into_iter()
            .map(|erased| {
                erased.map(|erased| {
                    let orders: Vec<StreamId> = erased.slots.iter().flat_map(|slot| self.host.forget(*slot)).collect();
                    self.guests.end_of(&orders);
                    Forgotten { erased, orders }
                })
            })
            .collect();
        // What a crash leaves here is removed at the next start.
        if !roots.is_empty()
            && let Err(error) = self.exports.forget(&self.reader, &roots)
        {
            tracing::error!(%error, "exports in which a buyer may stand who was erased could not be removed");
        }
        forgotten
    }

    /// What is newer than the views the writer looks at itself.
    fn unfinished(&self, slots: &[Slot], wanted: Position) -> Result<Unfinished, String> {
        let start = Instant::now();
        while self.host.position() < wanted {
            if start.elapsed() > PATIENCE {
                return Err(format!("the views are at position {}, not yet at {wanted}", self.host.position()));
            }
            sleep(Duration::from_millis(2));
        }
        let views = self.host.views();
        let list = views.order_list().map_err(|stopped| stopped.to_string())?;
        let orders = slots.iter().flat_map(|slot| list.ids_of(*slot)).filter_map(|id| list.by_id(id));
        let unfinished = orders.filter(|row| !row.order.is_finished()).count();
        Ok(Unfinished { orders: u32::try_from(unfinished).unwrap_or(u32::MAX), seen: views.position() })
    }
}
