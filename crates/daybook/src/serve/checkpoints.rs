//! Signs a checkpoint every so often, if something was recorded since the last, and one at the end.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use daybook_engine::Reader;
use daybook_proof::Notary;

/// The thread that does it. It holds the ledger, and with it the folder, until it is stopped.
pub(super) struct Checkpoints {
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// `every` 0: never.
    pub(super) fn start(reader: &Reader, notary: &Arc<Notary>, every: Duration) -> io::Result<Self> {
        let (stop, told) = channel();
        if every.is_zero() {
            return Ok(Self { stop, thread: None });
        }
        let (reader, notary) = (reader.clone(), Arc::clone(notary));
        let sign = move || {
            // A key may be made while it runs.
            if notary.verifier().is_none() || reader.watermark() == 0 {
                return;
            }
            if let Err(error) = notary.sign() {
                tracing::error!(%error, "no checkpoint was signed");
            }
        };
        let thread = std::thread::Builder::new().name("daybook-checkpoints".into()).spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = told.recv_timeout(every) {
                sign();
            }
            sign();
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }

    pub(super) fn stop(self) {
        let _ = self.stop.send(());
        if let Some(thread) = self.thread {
            let _ = thread.join();
        }
    }
}
