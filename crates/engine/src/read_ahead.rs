//! Reading a long stretch of the log: decoded on a thread of its own, while the caller folds what came before.

use std::sync::mpsc::sync_channel;

use daybook_domain::{Position, Recorded};

use crate::{ReadError, Reader};

/// Bytes of the log that are decoded at a time.
const CHUNK_BYTES: usize = 512 << 10;
/// Chunks that may wait to be folded.
const CHUNKS_AHEAD: usize = 3;

impl Reader {
    /// Hands on all events from `from` up to what is durable now, some thousand at a time; returns where to read on.
    pub fn read_ahead(&self, from: Position, mut each: impl FnMut(&[Recorded])) -> Result<Position, ReadError> {
        let end = self.watermark();
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
                    if chunks.send(events).is_err() {
                        break;
                    }
                }
                Ok(next)
            });
            for events in decoded {
                each(&events);
                let _ = folded.try_send(events);
            }
            reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}
