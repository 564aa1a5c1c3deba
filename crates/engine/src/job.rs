//! A command on its way through the writer: hashed, and sealed where that could be done outside the writer.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use daybook_domain::state::Facts;
use daybook_domain::{Command, CommandId, Sealed, StreamId, Targets, missing};
use daybook_vault::Vault;

use crate::Reader;
use crate::cache::Stream;
use crate::error::ExecuteError;
use crate::request::{Pending, Reply, Request};
use crate::seal::{self, Merchants};

pub(crate) enum Body {
    /// Its texts are sealed under the key of an order that only the writer knows for sure.
    Plain(Command<String>),
    Sealed(Command<Sealed>),
}

impl Body {
    pub(crate) fn missing(&self, targets: &Targets, facts: &Facts<'_>) -> Vec<StreamId> {
        match self {
            Body::Plain(command) => missing(command, targets, facts),
            Body::Sealed(command) => missing(command, targets, facts),
        }
    }
}

pub(crate) struct Job {
    pub(crate) body: Body,
    pub(crate) targets: Targets,
    pub(crate) hash: [u8; 16],
    /// The command itself has moved to `body`.
    pub(crate) request: Surroundings,
    pub(crate) reply: Reply,
    /// It is decided, and nothing is written.
    pub(crate) is_check: bool,
    /// What the loader brought for this job.
    pub(crate) loaded: Vec<(StreamId, Stream)>,
    /// Its place in the order of arrival; 0 until it arrived.
    pub(crate) arrival: u64,
    /// The streams that later jobs must not pass it on while it is with the loader.
    pub(crate) held: Vec<StreamId>,
}

/// A [`Request`] without its command.
pub(crate) struct Surroundings {
    pub(crate) command_id: CommandId,
    pub(crate) actor: daybook_domain::Actor,
    pub(crate) origin: daybook_domain::Origin,
    pub(crate) expected: daybook_domain::Expected,
    pub(crate) occurred_at: Option<daybook_domain::Timestamp>,
    pub(crate) causation: Option<daybook_domain::Position>,
    pub(crate) correlation: Option<uuid::Uuid>,
}

impl Job {
    /// Runs on the caller's thread: hashing and sealing need not wait for the writer.
    pub(crate) fn new(
        request: Request,
        reader: &Reader,
        vault: &Vault,
        merchants: &Merchants,
        waiting: &Arc<AtomicUsize>,
    ) -> Result<(Job, Pending), ExecuteError> {
        let mut command = request.command;
        let hash = vault.command_hash(&daybook_codec::canonical(&command, request.occurred_at));
        let targets = Targets::of(&command, request.command_id);
        if let Command::ImportCards(import) = &mut command {
            for card in &mut import.cards {
                // Within which tree it is unique the rules know; nobody without the key can tell what it stands for.
                card.fingerprint = vault.lookup_hash("card", "", card.secret.as_bytes());
            }
        }
        let request = Surroundings {
            command_id: request.command_id,
            actor: request.actor,
            origin: request.origin,
            expected: request.expected,
            occurred_at: request.occurred_at,
            causation: request.causation,
            correlation: request.correlation,
        };
        let body = match command {
            Command::Place(place) => seal::place(place, &targets, &request, reader, vault, merchants)?,
            command => Body::Plain(command),
        };
        let (reply, pending) = Reply::new(waiting);
        let job = Job {
            body,
            targets,
            hash,
            request,
            reply,
            is_check: false,
            loaded: Vec::new(),
            arrival: 0,
            held: Vec::new(),
        };
        Ok((job, pending))
    }
}
