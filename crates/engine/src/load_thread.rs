//! Reads streams that the writer has forgotten, so that the writer never waits for the disk to read.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use daybook_domain::StreamId;

use crate::alarm::{Alarm, Stopped, Thread};
use crate::cache::Stream;
use crate::decide_thread::Message;
use crate::erase::Erasures;
use crate::error::{ExecuteError, ReadError};
use crate::inbox::Outbox;
use crate::job::Job;
use crate::{Reader, relearn};

pub(crate) enum Load {
    /// Bring this stream and send the job back.
    Stream(StreamId, Box<Job>),
    /// Only send the job back: it must not pass one that is being loaded.
    Behind(Box<Job>),
    /// Make durable which buyer has which key, up to what is durable now.
    Keys,
    /// Ends with a bug while it has the next one.
    #[cfg(test)]
    Break,
}

/// One thread, so that two jobs on one stream keep their order.
pub(crate) fn spawn(
    reader: Reader,
    erasures: Arc<Erasures>,
    back: Outbox,
    stopped: Stopped,
) -> (Sender<Load>, JoinHandle<()>) {
    let (sender, inbox) = channel();
    let handle = std::thread::Builder::new()
        .name("daybook-load".into())
        .spawn(move || {
            let _alarm = Alarm::new(Thread::Load, stopped, Some(back.clone()));
            run(&reader, &erasures, &inbox, &back);
        })
        .expect("the system can start a thread");
    (sender, handle)
}

fn run(reader: &Reader, erasures: &Erasures, inbox: &Receiver<Load>, back: &Outbox) {
    while let Ok(load) = inbox.recv() {
        match load {
            Load::Stream(id, mut job) => match stream(reader, id) {
                Ok(stream) => {
                    job.loaded.push((id, stream));
                    if back.send(Message::Job(job)).is_err() {
                        return;
                    }
                }
                Err(error) => {
                    tracing::error!(stream = %id, %error, "a stream could not be read");
                    let (arrival, held) = (job.arrival, std::mem::take(&mut job.held));
                    job.reply.send(Err(ExecuteError::Read(error.into())));
                    if back.send(Message::LoadFailed { arrival, held }).is_err() {
                        return;
                    }
                }
            },
            Load::Behind(job) => {
                if back.send(Message::Job(job)).is_err() {
                    return;
                }
            }
            #[cfg(test)]
            Load::Break => {
                let _in_hand = inbox.recv();
                panic!("a test breaks the load thread");
            }
            Load::Keys => {
                if let Err(error) = relearn::checkpoint(reader, erasures) {
                    tracing::error!(%error, "the key file could not be synced; it is relearned at the next start");
                }
            }
        }
    }
}

pub(crate) fn stream(reader: &Reader, id: StreamId) -> Result<Stream, ReadError> {
    let mut stream = Stream::default();
    for owned in reader.state_records(id)? {
        let record = owned.record();
        stream.apply(&reader.decode(&record)?, record.command_hash);
    }
    Ok(stream)
}
