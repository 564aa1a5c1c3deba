//! What the deciding thread is told, in order: as a channel, but who waits for many is woken once for some of them, not for each.
//! A wake-up takes longer than most decisions.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::decide_thread::Message;

/// Jobs that are waited for at once, at most: those that come later are decided while others are on their way.
const TOGETHER: usize = 16;

pub(crate) fn inbox() -> (Outbox, Inbox) {
    let queue = Queue { messages: VecDeque::new(), awaited: 0, is_urgent: false, senders: 1, is_closed: false };
    let shared = Arc::new(Shared { queue: Mutex::new(queue), changed: Condvar::new() });
    (Outbox(Arc::clone(&shared)), Inbox { shared, taken: VecDeque::new() })
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

struct Queue {
    messages: VecDeque<Message>,
    /// The reader sleeps until so many are there; 0 while it is awake.
    awaited: usize,
    /// One of them is no job: nothing else is waited for.
    is_urgent: bool,
    senders: usize,
    /// The reader is gone.
    is_closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The senders' end; the reader learns when the last one is dropped.
pub(crate) struct Outbox(Arc<Shared>);

/// Nobody reads any more.
#[derive(Debug)]
pub(crate) struct Closed;

impl Outbox {
    pub(crate) fn send(&self, message: Message) -> Result<(), Closed> {
        let mut queue = self.0.lock();
        if queue.is_closed {
            drop(queue);
            return Err(Closed);
        }
        queue.is_urgent |= !matches!(message, Message::Job(_));
        queue.messages.push_back(message);
        let wakes = queue.awaited > 0 && (queue.is_urgent || queue.messages.len() >= queue.awaited);
        if wakes {
            queue.awaited = 0;
        }
        drop(queue);
        if wakes {
            self.0.changed.notify_one();
        }
        Ok(())
    }
}

impl Clone for Outbox {
    fn clone(&self) -> Self {
        self.0.lock().senders += 1;
        Self(Arc::clone(&self.0))
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        let mut queue = self.0.lock();
        queue.senders -= 1;
        let is_last = queue.senders == 0;
        drop(queue);
        if is_last {
            self.0.changed.notify_one();
        }
    }
}

/// The reader's end.
pub(crate) struct Inbox {
    shared: Arc<Shared>,
    /// Taken out at once, to be read one by one.
    taken: VecDeque<Message>,
}

impl Inbox {
    /// The next message, if there is one already.
    pub(crate) fn next_now(&mut self) -> Option<Message> {
        self.wait(0, None);
        self.taken.pop_front()
    }

    /// The next message; none once nobody can send one.
    pub(crate) fn next(&mut self) -> Option<Message> {
        self.wait(1, None);
        self.taken.pop_front()
    }

    /// The next message once `wanted` jobs are there, or a part of them that is worth being woken for, or anything but a job;
    /// after `patience` whatever there is.
    pub(crate) fn next_of(&mut self, wanted: usize, patience: Duration) -> Option<Message> {
        self.wait(wanted.clamp(1, TOGETHER), Some(patience));
        self.taken.pop_front()
    }

    fn wait(&mut self, wanted: usize, patience: Option<Duration>) {
        if !self.taken.is_empty() {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let until = patience.map(|patience| Instant::now() + patience);
        let mut queue = shared.lock();
        while queue.messages.len() < wanted && !queue.is_urgent && queue.senders > 0 {
            queue.awaited = wanted;
            queue = match until {
                None => shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        break;
                    }
                    shared.changed.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        (queue.awaited, queue.is_urgent) = (0, false);
        std::mem::swap(&mut self.taken, &mut queue.messages);
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        let mut queue = self.shared.lock();
        queue.is_closed = true;
        // Outside of the lock: whoever waits for an answer is told that none comes.
        let left = std::mem::take(&mut queue.messages);
        drop(queue);
        drop(left);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::sync::mpsc::{Receiver, channel};

    use daybook_domain::command::AddNote;
    use daybook_domain::command::Origin;
    use daybook_domain::{Actor, Command, CommandId, Expected, Role, StreamId, Targets, Timestamp};
    use uuid::Uuid;

    use super::*;
    use crate::job::{Body, Job, Surroundings};
    use crate::request::Reply;

    /// Any message but a job.
    fn message(time: i64) -> (Message, Receiver<u64>) {
        let (tell, told) = channel();
        (Message::Pass { time: Timestamp(time), tell }, told)
    }

    fn job() -> Message {
        let (order, command_id) = (StreamId(Uuid::nil()), CommandId(Uuid::nil()));
        let command = Command::AddNote(AddNote { order, text: String::new() });
        let request = Surroundings {
            command_id,
            actor: Actor { id: Uuid::nil(), role: Role::Platform },
            origin: Origin::Live,
            expected: Expected::Any,
            occurred_at: None,
            causation: None,
            correlation: None,
        };
        Message::Job(Box::new(Job {
            targets: Targets::of(&command, command_id),
            body: Body::Plain(command),
            hash: [0; 16],
            request,
            reply: Reply::new(&Arc::new(AtomicUsize::new(0))).0,
            is_check: false,
            loaded: Vec::new(),
            arrival: 0,
            held: Vec::new(),
        }))
    }

    /// Sleeps until the reader does, as it does once it wants so many.
    fn await_reader(outbox: &Outbox, wanted: usize) {
        while outbox.0.lock().awaited != wanted {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn who_waits_for_many_jobs_is_woken_once_for_all_of_them() {
        let (outbox, mut inbox) = inbox();
        let reader = std::thread::spawn(move || {
            let first = inbox.next_of(4, Duration::from_secs(60));
            (std::iter::from_fn(|| inbox.next_now()).count(), first.is_some(), inbox)
        });
        for _ in 0..3 {
            await_reader(&outbox, 4);
            outbox.send(job()).unwrap();
            assert_eq!(outbox.0.lock().awaited, 4, "it sleeps on");
        }
        outbox.send(job()).unwrap();
        let (more, is_there, mut inbox) = reader.join().unwrap();
        assert_eq!((more, is_there), (3, true));
        // More than are waited for at once; what is no job is not kept waiting.
        let reader = std::thread::spawn(move || inbox.next_of(1_000, Duration::from_secs(60)).is_some());
        await_reader(&outbox, TOGETHER);
        outbox.send(message(1).0).unwrap();
        assert!(reader.join().unwrap());
    }

    fn time(message: Option<Message>) -> Option<i64> {
        message.map(|message| if let Message::Pass { time, .. } = message { time.0 } else { panic!("another") })
    }

    #[test]
    fn messages_come_in_order_and_end_with_the_last_sender() {
        let (outbox, mut inbox) = inbox();
        let other = outbox.clone();
        assert!(inbox.next_now().is_none());
        outbox.send(message(1).0).unwrap();
        other.send(message(2).0).unwrap();
        assert_eq!(time(inbox.next()), Some(1));
        outbox.send(message(3).0).unwrap();
        drop(outbox);
        assert_eq!(time(inbox.next_now()), Some(2));
        assert_eq!(time(inbox.next_of(9, Duration::from_secs(60))), Some(3), "it is no job, which would be waited for");
        let ends = std::thread::spawn(move || time(inbox.next()));
        drop(other);
        assert_eq!(ends.join().unwrap(), None);
    }

    #[test]
    fn who_sends_to_nobody_is_told() {
        let (outbox, inbox) = inbox();
        let (sent, told) = message(1);
        outbox.send(sent).unwrap();
        drop(inbox);
        assert!(told.recv().is_err(), "what was not read is dropped");
        assert!(outbox.send(message(2).0).is_err());
    }

    #[test]
    fn patience_ends() {
        let (_outbox, mut inbox) = inbox();
        assert!(inbox.next_of(2, Duration::from_millis(1)).is_none());
    }
}
