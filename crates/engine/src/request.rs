//! What a caller hands in and gets back.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use daybook_domain::{Actor, Command, CommandId, Expected, Origin, Position, Rejection, StreamId, Timestamp};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::error::ExecuteError;

/// A command and what surrounds it.
#[derive(Clone, Debug)]
pub struct Request {
    pub command_id: CommandId,
    pub command: Command<String>,
    pub actor: Actor,
    pub origin: Origin,
    pub expected: Expected,
    /// When it happened in the world; only imports, payments and tracking bring one.
    pub occurred_at: Option<Timestamp>,
    /// The event that made automation send this.
    pub causation: Option<Position>,
    /// What belongs together across streams.
    pub correlation: Option<Uuid>,
}

impl Request {
    /// What a person asks for now.
    pub fn live(command_id: CommandId, actor: Actor, command: Command<String>) -> Self {
        Self {
            command_id,
            command,
            actor,
            origin: Origin::Live,
            expected: Expected::Any,
            occurred_at: None,
            causation: None,
            correlation: None,
        }
    }
}

/// What a command that was carried out returns: durable when it is returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The last position of the command's commit.
    pub position: Position,
    /// The command's id. For a payment that was recorded before under another id: that one's.
    pub command_id: CommandId,
    /// The stream that the command acted on.
    pub stream: StreamId,
    /// Nothing was written now: the same was done before.
    pub repeated: bool,
    /// Rules that an imported fact broke.
    pub remarks: Vec<Rejection>,
}

/// What a caller gets back.
pub(crate) type Answer = Result<Receipt, ExecuteError>;

/// An answer that is on its way. Await it, or block on [`Pending::wait`].
#[derive(Debug)]
pub struct Pending(Inner);

#[derive(Debug)]
enum Inner {
    Ready(Option<Answer>),
    Waiting(oneshot::Receiver<Answer>),
}

fn lost() -> ExecuteError {
    ExecuteError::Stopped { why: "the writer ended before it answered".into() }
}

impl Pending {
    pub(crate) fn refused(error: ExecuteError) -> Self {
        Self(Inner::Ready(Some(Err(error))))
    }

    /// Blocks this thread until the answer is there; not for use in async code.
    pub fn wait(self) -> Answer {
        match self.0 {
            Inner::Ready(answer) => answer.unwrap_or_else(|| Err(lost())),
            Inner::Waiting(receiver) => receiver.blocking_recv().unwrap_or_else(|_| Err(lost())),
        }
    }
}

impl Future for Pending {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        match &mut self.0 {
            Inner::Ready(answer) => Poll::Ready(answer.take().unwrap_or_else(|| Err(lost()))),
            Inner::Waiting(receiver) => {
                Pin::new(receiver).poll(cx).map(|answer| answer.unwrap_or_else(|_| Err(lost())))
            }
        }
    }
}

/// The writer's end of a [`Pending`]; counts as waiting until it is used or dropped.
pub(crate) struct Reply {
    sender: Option<oneshot::Sender<Answer>>,
    waiting: Arc<AtomicUsize>,
}

impl Reply {
    pub(crate) fn new(waiting: &Arc<AtomicUsize>) -> (Reply, Pending) {
        let (sender, receiver) = oneshot::channel();
        waiting.fetch_add(1, Ordering::Relaxed);
        (Reply { sender: Some(sender), waiting: Arc::clone(waiting) }, Pending(Inner::Waiting(receiver)))
    }

    pub(crate) fn send(mut self, answer: Answer) {
        if let Some(sender) = self.sender.take() {
            // A caller that went away is no error.
            let _ = sender.send(answer);
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
