//! What may be the work of somebody who should not be here: failed sign-ins, look-ups, forbidden fields, refused commands. Told as
//! codes and names alone, never what was sent. Nobody waits for it to be written: what comes faster than that is counted.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use daybook_codec::format_time;
use daybook_domain::{Actor, CommandId, StreamId};
use daybook_engine::Clock;
use serde::Serialize;
use uuid::Uuid;

use crate::edge::{Buckets, Pace};
use crate::schema::error::UserError;

/// Incidents that wait to be written; some hundred bytes each.
const MAX_WAITING: usize = 1_024;
/// Lines a second that one actor fills, and how many at once: what others did is there for days whatever one does.
const PACE: Pace = Pace { units_per_second: 1, burst_units: 60 };
/// Paths of fields that one line names.
const MAX_FIELDS: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum What {
    SignInFailed,
    LookUp,
    LookUpFailed,
    Forbidden,
    CommandRefused,
}

/// As it is written; a name that is not known is left out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Incident {
    at: String,
    what: What,
    /// A stable code: of the refusal, or why a credential was not taken. What was not refused has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote: Option<IpAddr>,
    /// The field that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// What of its input was at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inputs: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command_id: Option<String>,
    /// The order that was looked up, or was to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<String>,
    /// The id of the credential that was given for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
    /// Incidents before this one that were not written.
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped: Option<u64>,
}

impl Incident {
    fn of(what: What, code: Option<&'static str>) -> Self {
        Self {
            at: String::new(),
            what,
            code,
            actor: None,
            role: None,
            remote: None,
            field: None,
            inputs: Vec::new(),
            command_id: None,
            order: None,
            credential: None,
            dropped: None,
        }
    }
}

/// Who is told of incidents. Clones tell the same.
#[derive(Clone)]
pub struct SecurityLog(Option<Arc<Inner>>);

struct Inner {
    clock: Clock,
    /// Lines that each actor fills: beyond them, what it does is only counted.
    paces: Buckets<Uuid>,
    /// As many of each code for look-ups that fail, whoever asks: anybody can, from as many addresses as he has.
    failing: Buckets<&'static str>,
    waiting: SyncSender<Incident>,
    dropped: Arc<AtomicU64>,
}

/// The other end: whoever writes them down.
pub struct Incidents {
    waiting: Receiver<Incident>,
    dropped: Arc<AtomicU64>,
}

/// Who asked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asker {
    pub(crate) actor: Option<Actor>,
    pub(crate) remote: Option<IpAddr>,
}

impl SecurityLog {
    /// What is told to it is forgotten.
    pub fn nowhere() -> Self {
        Self(None)
    }

    /// What is told comes out at the other end, until every clone of this end is gone.
    pub fn new(clock: Clock) -> (Self, Incidents) {
        let (sender, waiting) = sync_channel(MAX_WAITING);
        let dropped: Arc<AtomicU64> = Arc::default();
        let inner = Inner {
            clock,
            paces: Buckets::new(PACE),
            failing: Buckets::new(PACE),
            waiting: sender,
            dropped: Arc::clone(&dropped),
        };
        (Self(Some(Arc::new(inner))), Incidents { waiting, dropped })
    }

    pub(crate) fn sign_in_failed(&self, asker: Asker, code: &'static str) {
        self.tell(What::SignInFailed, asker, code, None, Vec::new(), None);
    }

    /// A code for an order's number was wrong, or was not looked at; `order` is that of this number, if there is just one.
    pub(crate) fn look_up_failed(&self, asker: Asker, code: &'static str, order: Option<StreamId>) {
        let Some(inner) = &self.0 else { return };
        if inner.failing.take(code, 1).is_err() {
            inner.dropped.fetch_add(1, Relaxed);
            return;
        }
        let order = order.map(|order| order.to_string());
        self.write(asker, Incident { order, ..Incident::of(What::LookUpFailed, Some(code)) });
    }

    /// Somebody knew an order's code, and was given a credential for it.
    pub(crate) fn looked_up(&self, asker: Asker, order: StreamId, credential: Uuid) {
        let (order, credential) = (Some(order.to_string()), Some(credential.to_string()));
        self.write(asker, Incident { order, credential, ..Incident::of(What::LookUp, None) });
    }

    /// `field`: as the schema names it.
    pub(crate) fn forbidden(&self, asker: Asker, field: &str) {
        self.tell(What::Forbidden, asker, "FORBIDDEN", Some(field), Vec::new(), None);
    }

    pub(crate) fn command_refused(
        &self,
        asker: Asker,
        field: &str,
        command_id: Option<CommandId>,
        errors: &[UserError],
    ) {
        let Some(first) = errors.first() else { return };
        let inputs = errors.iter().take(MAX_FIELDS).map(|error| error.field.join(".")).collect();
        self.tell(What::CommandRefused, asker, first.code.name(), Some(field), inputs, command_id);
    }

    fn tell(
        &self,
        what: What,
        asker: Asker,
        code: &'static str,
        field: Option<&str>,
        inputs: Vec<String>,
        command_id: Option<CommandId>,
    ) {
        let (field, command_id) = (field.map(str::to_owned), command_id.map(|id| id.to_string()));
        self.write(asker, Incident { field, inputs, command_id, ..Incident::of(what, Some(code)) });
    }

    fn write(&self, asker: Asker, incident: Incident) {
        let Some(inner) = &self.0 else { return };
        if asker.actor.is_some_and(|actor| inner.paces.take(actor.id, 1).is_err()) {
            inner.dropped.fetch_add(1, Relaxed);
            return;
        }
        let incident = Incident {
            at: format_time((inner.clock)()),
            actor: asker.actor.map(|actor| actor.id.to_string()),
            role: asker.actor.map(|actor| actor.role.name()),
            remote: asker.remote,
            ..incident
        };
        if inner.waiting.try_send(incident).is_err() {
            inner.dropped.fetch_add(1, Relaxed);
        }
    }
}

impl Incidents {
    /// The next one as a line of JSON, without its end; waits for it. None: there will be no more.
    pub fn next(&self) -> Option<String> {
        let mut incident = self.waiting.recv().ok()?;
        incident.dropped = Some(self.dropped.swap(0, Relaxed)).filter(|dropped| *dropped > 0);
        Some(serde_json::to_string(&incident).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}")))
    }

    /// A line could not be written: the next one says so.
    pub fn lost(&self) {
        self.dropped.fetch_add(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use daybook_domain::{Role, Timestamp};

    use super::*;

    fn log() -> (SecurityLog, Incidents) {
        SecurityLog::new(Arc::new(|| Timestamp(1_700_000_000_000_000)))
    }

    #[test]
    fn a_line_holds_what_is_known_and_nothing_else() {
        let (log, incidents) = log();
        let remote = Some(IpAddr::from([10, 0, 0, 7]));
        log.sign_in_failed(Asker { actor: None, remote }, "token-unknown");
        assert_eq!(
            incidents.next().unwrap(),
            r#"{"at":"2023-11-14T22:13:20Z","what":"sign-in-failed","code":"token-unknown","remote":"10.0.0.7"}"#
        );
        drop(log);
        assert_eq!(incidents.next(), None);
    }

    #[test]
    fn nobody_washes_out_what_others_did() {
        let (log, incidents) = log();
        let asker = |id| Asker { actor: Some(Actor { id: Uuid::from_u128(id), role: Role::Clerk }), remote: None };
        for _ in 0..1_000 {
            log.forbidden(asker(1), "auditLog");
        }
        log.forbidden(asker(2), "auditLog");
        drop(log);
        let lines: Vec<String> = std::iter::from_fn(|| incidents.next()).collect();
        // One more for each second that this takes.
        assert!((61..70).contains(&lines.len()), "{}", lines.len());
        assert!(lines[0].contains("\"dropped\":9"), "{}", lines[0]);
        assert!(lines.last().unwrap().contains("-000000000002"));
    }

    #[test]
    fn look_ups_that_fail_wash_out_neither_others_nor_each_other() {
        let (log, incidents) = log();
        for _ in 0..1_000 {
            log.look_up_failed(Asker::default(), "lookup-locked", None);
        }
        log.look_up_failed(Asker::default(), "lookup-wrong", None);
        log.looked_up(Asker::default(), StreamId(Uuid::nil()), Uuid::from_u128(1));
        drop(log);
        let lines: Vec<String> = std::iter::from_fn(|| incidents.next()).collect();
        assert!((62..70).contains(&lines.len()), "{}", lines.len());
        assert!(lines[lines.len() - 2].contains("lookup-wrong"));
        assert_eq!(
            lines[lines.len() - 1],
            r#"{"at":"2023-11-14T22:13:20Z","what":"look-up","order":"00000000-0000-0000-0000-000000000000","credential":"00000000-0000-0000-0000-000000000001"}"#
        );
    }

    #[test]
    fn a_flood_waits_for_nobody_and_what_is_dropped_is_counted_once() {
        let (log, incidents) = log();
        for _ in 0..MAX_WAITING + 5 {
            log.forbidden(Asker::default(), "events");
        }
        let next = || serde_json::from_str::<serde_json::Value>(&incidents.next().unwrap()).unwrap();
        assert_eq!(next()["dropped"], 5);
        incidents.lost();
        assert_eq!(next()["dropped"], 1);
        assert_eq!(next().get("dropped"), None);
    }
}
