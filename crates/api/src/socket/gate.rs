//! What a client may send over a WebSocket, message by message: checked before the protocol gets it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;

use crate::run::MAX_OPERATIONS;

/// Bytes of one message before the greeting was accepted: a JWT fits in.
const MAX_GREETING_BYTES: usize = 12 << 10;
/// Bytes of an operation's id, which the client chooses.
const MAX_ID_BYTES: usize = 64;
/// Operations that may be known at a time, those that were refused and are not yet answered included.
const MAX_KNOWN: usize = MAX_OPERATIONS + 16;

/// Why the socket is closed: a code of the protocol, and a few words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: u16,
    pub(super) reason: &'static str,
}

fn refusal(code: u16, reason: &'static str) -> Refusal {
    Refusal { code, reason }
}

/// One socket's gate. Both directions pass it.
#[derive(Clone, Default)]
pub(super) struct Gate {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    refused: Option<Refusal>,
    /// Ids of operations under way.
    known: HashSet<Box<str>>,
}

/// As much of a message as concerns the gate.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
}

impl Gate {
    /// Whether a client's message goes on to the protocol; if not, the socket is to be closed.
    pub(super) fn lets_in(&self, message: &[u8], is_greeted: bool) -> bool {
        let mut state = self.state();
        let result = state.judge(message, is_greeted);
        state.refused = result.err();
        result.is_ok()
    }

    /// An answer goes out.
    pub(super) fn answered(&self, answer: &str) {
        // How the protocol writes it; looked at before all of a large answer is read.
        if answer.starts_with(r#"{"type":"complete""#)
            && let Ok(Head { id: Some(id), .. }) = serde_json::from_str(answer)
        {
            self.state().known.remove(id.as_ref());
        }
    }

    pub(super) fn refused(&self) -> Option<Refusal> {
        self.state().refused
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn judge(&mut self, message: &[u8], is_greeted: bool) -> Result<(), Refusal> {
        if !is_greeted && message.len() > MAX_GREETING_BYTES {
            return Err(refusal(4400, "a message before the greeting has at most 12288 bytes"));
        }
        // What is no message at all is the protocol's business.
        let Ok(Head { kind, id: Some(id) }) = serde_json::from_slice(message) else { return Ok(()) };
        if id.len() > MAX_ID_BYTES {
            return Err(refusal(4400, "an id has at most 64 bytes"));
        }
        match kind.as_ref() {
            "subscribe" | "start" if self.known.len() >= MAX_KNOWN => Err(refusal(4429, "Too many operations")),
            "subscribe" | "start" if !self.known.insert(id.as_ref().into()) => {
                Err(refusal(4409, "Subscriber for this id already exists"))
            }
            "complete" | "stop" => {
                self.known.remove(id.as_ref());
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocol_writes_the_end_of_an_operation_as_the_gate_reads_it() {
        let gate = Gate::default();
        let begin = br#"{"id": "1", "type": "subscribe", "payload": {}}"#;
        assert!(gate.lets_in(begin, true));
        gate.answered(r#"{"type":"complete","id":"1"}"#);
        assert!(gate.lets_in(begin, true));
        assert!(!gate.lets_in(begin, true));
        assert_eq!(gate.refused().map(|refusal| refusal.code), Some(4409));
    }
}
