//! An event with its envelope.

use std::borrow::Cow;

use daybook_domain::event::{Kind, Recorded};
use daybook_domain::{Actor, CommandId, Origin, ReasonCode, Role, Sealed, StreamId};
use serde_json::Value;

use super::{JsonError, data_schema, data_to_json, event_from_json, value_of};
use crate::problem;
use crate::shape::{Shape, shapes};
use crate::stored::versions;
use crate::values::{Id, One, Time};

shapes! {
    struct EnvelopeJson<'a> {
        /// The event's place in the whole ledger, from 1.
        position: u64,
        /// What the event belongs to: an order, a merchant, a payment claim, a token.
        stream: Id,
        /// The event's place in its stream, from 1.
        revision: u32,
        kind: Cow<'a, str>,
        /// The version that it was stored with; `data` has the shape of the current one.
        version: u16,
        /// The last position of the commit that the event is part of.
        commit_end: u64,
        command_id: Id,
        actor: ActorJson,
        origin: One<Origin>,
        reason: Option<One<ReasonCode>>,
        /// The position of the event that caused this one.
        causation: Option<u64>,
        /// What belongs together across streams.
        correlation: Option<Id>,
        /// By the engine's clock, which never runs backwards.
        recorded_at: Time,
        /// When it happened in the world.
        occurred_at: Time,
        data: Value,
    }

    struct ActorJson {
        /// Pseudonymous.
        id: Id,
        role: One<Role>,
    }
}

impl Shape for Value {
    fn schema() -> Value {
        Value::Bool(true)
    }
}

/// An event as export lines, histories and stories show it. Personal texts are what `open` returns, or only the number
/// of their slot: `{"sealed": 7}`.
pub fn to_json(recorded: &Recorded, open: &mut dyn FnMut(&Sealed, Kind) -> Option<String>) -> Value {
    value_of(&EnvelopeJson {
        position: recorded.position,
        stream: recorded.stream.into(),
        revision: recorded.revision,
        kind: recorded.event.kind().name().into(),
        version: recorded.version,
        commit_end: recorded.commit_end,
        command_id: Id(recorded.command_id.0),
        actor: ActorJson { id: Id(recorded.actor.id), role: One(recorded.actor.role) },
        origin: One(recorded.origin),
        reason: recorded.reason.map(One),
        causation: recorded.causation,
        correlation: recorded.correlation.map(Id),
        recorded_at: Time(recorded.recorded_at),
        occurred_at: Time(recorded.occurred_at),
        data: data_to_json(&recorded.event, open),
    })
}

/// The inverse of [`to_json`], where every personal text was opened; `seal` closes them again.
///
/// # Errors
///
/// As [`event_from_json`], for the envelope too.
pub fn recorded_from_json(json: &Value, seal: &mut dyn FnMut(&str) -> Sealed) -> Result<Recorded, JsonError> {
    let envelope: EnvelopeJson<'_> = problem::from_value(json)?;
    let kind = Kind::from_name(&envelope.kind)
        .ok_or_else(|| JsonError::new("kind", format!("{:?} is no kind of event", envelope.kind)))?;
    if !versions(kind).contains(&envelope.version) {
        return Err(JsonError::new("version", format!("{} of {} is not known", envelope.version, kind.name())));
    }
    let event = event_from_json(kind, &envelope.data, seal)
        .map_err(|error| JsonError { field: format!("data.{}", error.field), problem: error.problem })?;
    Ok(Recorded {
        position: envelope.position,
        stream: StreamId(envelope.stream.0),
        revision: envelope.revision,
        version: envelope.version,
        commit_end: envelope.commit_end,
        command_id: CommandId(envelope.command_id.0),
        actor: Actor { id: envelope.actor.id.0, role: envelope.actor.role.0 },
        origin: envelope.origin.0,
        reason: envelope.reason.map(|reason| reason.0),
        causation: envelope.causation,
        correlation: envelope.correlation.map(|id| id.0),
        recorded_at: envelope.recorded_at.0,
        occurred_at: envelope.occurred_at.0,
        event,
    })
}

/// The schema of one kind and version with its envelope.
pub(crate) fn envelope_schema(kind: Kind, version: u16) -> Value {
    let mut schema = EnvelopeJson::schema();
    let properties = &mut schema["properties"];
    properties["kind"] = serde_json::json!({ "const": kind.name() });
    properties["version"]["const"] = version.into();
    properties["data"] = data_schema(kind);
    schema
}
