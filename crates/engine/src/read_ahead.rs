//! Reading a long stretch of the log: decoded on a thread of its own, while the caller folds what came before.

use std::ops::ControlFlow;
use std::sync::mpsc::sync_channel;

use daybook_domain::{Position, Recorded};

use crate::{ReadError, Reader};

/// Bytes of the log that are decoded at a time.
const CHUNK_BYTES: usize = 512 << 10;
/// Chunks that may wait to be folded.
const CHUNKS_AHEAD: usize = 3;

impl Reader {
    /// Hands on the events from `from` up to `end` or to what is durable, some thousand at a time, until `each` breaks;
    /// returns where to read on.
    pub fn read_ahead(
        &self,
        from: Position,
        end: Position,
        mut each: impl FnMut(&[Recorded]) -> ControlFlow<()>,
    ) -> Result<Position, ReadError> {
        let end = end.min(self.watermark());
        let (chunks, decoded) = sync_channel::<Vec<Recorded>>(CHUNKS_AHEAD);
        // Events go back to be dropped where they were made: freeing what another thread allocated costs much more.
        let (folded, back) = sync_channel::<Vec<Recorded>>(CHUNKS_AHEAD + 2);
        std::thread::scope(|scope| {
            let reading = scope.spawn(move || {
                let mut next = from;
                while next <= end {
                    let mut events = back.try_recv().unwrap_or_default();
                    events.clear();
                    next = self.for_each(next, CHUNK_BYTES, |recorded| events.push(recorded))?;
                    if next > end {
                        events.retain(|recorded| recorded.position <= end);
                        next = end + 1;
                    }
                    if chunks.send(events).is_err() {
                        break;
                    }
                }
                Ok(next)
            });
            let mut broke = None;
            for events in &decoded {
                let flow = each(&events);
                if flow.is_break() {
                    broke = events.last().map(|last| last.position + 1);
                    break;
                }
                let _ = folded.try_send(events);
            }
            drop(decoded);
            let read = reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            broke.map_or(read, Ok)
        })
    }
}
