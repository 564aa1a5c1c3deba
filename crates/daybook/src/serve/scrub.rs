//! Reads the sealed volumes again and again, slowly, so that damage that nobody reads is found while there is a backup
//! without it. What it finds is logged by the ledger, and counted in /metrics.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use daybook_ledger::{Ledger, Position, Scrubbed};

/// From one page to the next: reading never shows in anybody's answers.
const PAUSE: Duration = Duration::from_millis(100);

/// The thread that does it. It holds the ledger, and with it the folder, until it is stopped.
pub(super) struct Scrub {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Scrub {
    pub(super) fn start(ledger: Ledger) -> io::Result<Self> {
        let (stop, told) = channel();
        let thread = std::thread::Builder::new().name("daybook-scrub".into()).spawn(move || scrub(&ledger, &told))?;
        Ok(Self { stop, thread })
    }

    pub(super) fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.thread.join();
    }
}

fn scrub(ledger: &Ledger, told: &Receiver<()>) {
    let (mut from, mut damaged) = (Position::FIRST, 0_u64);
    while let Err(RecvTimeoutError::Timeout) = told.recv_timeout(PAUSE) {
        from = match ledger.scrub_step(from) {
            Scrubbed::Sound { next, .. } => next,
            Scrubbed::Damaged { next, .. } => {
                damaged += 1;
                next
            }
            Scrubbed::End => {
                if damaged > 0 {
                    tracing::error!(damaged, "sealed pages are damaged; run `daybook verify`, then restore a backup");
                }
                damaged = 0;
                Position::FIRST
            }
        };
    }
}
