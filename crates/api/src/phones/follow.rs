//! The thread that reads contacts, behind the views.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use daybook_engine::{ReadError, Reader};
use hashbrown::HashMap;

use super::READ_BYTES;
use super::note::{self, Note};
use crate::host::Host;

/// How long nobody looks for what is new: less than it takes for more to come than whoever asks reads himself.
const NAP: Duration = Duration::from_millis(10);
/// Until what could not be read is tried again.
const AFTER_FAULT: Duration = Duration::from_secs(1);

/// Keeps the telephones that can be asked for behind the views until it is stopped.
pub struct PhoneFollower {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl PhoneFollower {
    /// # Errors
    ///
    /// When the system starts no thread.
    pub fn start(reader: Reader, host: Arc<Host>) -> io::Result<Self> {
        let (stop, told) = channel();
        let follow = move || follow(&reader, &host, &told);
        let thread = std::thread::Builder::new().name("daybook-phones".into()).spawn(follow)?;
        Ok(Self { stop, thread })
    }

    pub fn stop(self) {
        // A thread that ended already needs no telling.
        let _ = self.stop.send(());
        if self.thread.join().is_err() {
            tracing::error!("the thread that reads telephones ended with a bug");
        }
    }
}

/// Reads whatever contacts there are up to where the views are, while `go_on` says so: for those who ask without a server.
///
/// # Errors
///
/// The ledger cannot be read.
pub fn read_phones(reader: &Reader, host: &Host, mut go_on: impl FnMut() -> bool) -> Result<(), ReadError> {
    while go_on() && step(reader, host)? {}
    Ok(())
}

fn follow(reader: &Reader, host: &Host, told: &Receiver<()>) {
    let mut is_faulty = false;
    loop {
        let nap = match step(reader, host) {
            Ok(true) => {
                is_faulty = false;
                Duration::ZERO
            }
            Ok(false) => NAP,
            Err(error) => {
                if !is_faulty {
                    tracing::error!(%error, "a contact could not be read; telephones are not found until it can be");
                }
                is_faulty = true;
                AFTER_FAULT
            }
        };
        match told.recv_timeout(nap) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// Reads some more, up to where the views are; whether there was any. Neither the views nor the index are held meanwhile, and
/// never the one while the other is waited for.
fn step(reader: &Reader, host: &Host) -> Result<bool, ReadError> {
    let from = host.phones.index().position + 1;
    let end = host.position();
    if from > end {
        return Ok(false);
    }
    let (noted, next) = note::read(reader, (from, end), READ_BYTES)?;
    let changed = noted.iter().filter(|noted| matches!(noted.note, Note::Changed { .. })).map(|noted| noted.order);
    let changed: Vec<_> = changed.collect();
    let mut nths = HashMap::new();
    if !changed.is_empty() {
        let views = host.views();
        for order in changed {
            // The views stopped: others will take their place, which know it.
            let Some(nth) = views.nth(order) else { return Ok(false) };
            nths.insert(order, nth);
        }
    }
    let mut index = host.phones.index();
    // Else somebody who asked has read this meanwhile.
    if index.position + 1 == from && next > from {
        index.apply(noted, |order| nths.get(&order).copied());
        index.position = next - 1;
    }
    Ok(true)
}
