//! The canonical lines of what is done about jobs. Only hashed: jobs are not imported.

use daybook_domain::Command;
use daybook_domain::event::{JobAdvanced, JobPreviewed, JobSelected};
use daybook_domain::job::{CancelCause, Refusals};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::action_name;
use crate::json::data_to_json;
use crate::values::{Id, One, Time};

#[derive(Default, Serialize)]
pub(super) struct JobLine<'a> {
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Time>,
    /// Of all that was asked for; what was selected for it follows from when it was.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "hex")]
    asked: Option<&'a [u8; 32]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<One<CancelCause>>,
    /// As the event says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
}

impl<'a> JobLine<'a> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "all others have lines of their own")]
    pub(super) fn new(at: Option<Time>, command: &'a Command<String>) -> Self {
        let line = Self { action: action_name(command), at, ..Self::default() };
        let of = |job: daybook_domain::StreamId| Some(Id::from(job));
        match command {
            Command::OpenJob(c) => Self { asked: Some(&c.asked), ..line },
            Command::SelectForJob(c) => {
                let data = data(JobSelected { first: c.first, rows: c.rows.clone() });
                Self { job: of(c.job), data, ..line }
            }
            Command::PreviewJob(c) => {
                let data = data(JobPreviewed { totals: c.totals.clone(), refusals: c.refusals.clone() });
                Self { job: of(c.job), data, ..line }
            }
            Command::CheckJob(c) => {
                let data = advanced(c.refused, &c.refusals);
                Self { job: of(c.job), refused: Some(c.refused), data, ..line }
            }
            Command::AdvanceJob(c) => Self { job: of(c.job), data: advanced(c.next, &c.refusals), ..line },
            Command::CancelJob(c) => Self { job: of(c.job), cause: Some(One(c.cause)), ..line },
            Command::StartJob { job } => Self { job: of(*job), ..line },
            _ => line,
        }
    }
}

fn data(event: impl Into<daybook_domain::Event>) -> Option<Value> {
    Some(data_to_json(&event.into(), &mut |_, _| None))
}

fn advanced(next: u32, refusals: &[Refusals]) -> Option<Value> {
    data(JobAdvanced { next, refusals: refusals.to_vec() })
}

fn hex<S: Serializer>(bytes: &Option<&[u8; 32]>, serializer: S) -> Result<S::Ok, S::Error> {
    match bytes {
        Some(bytes) => super::write::hex(bytes, serializer),
        None => serializer.serialize_none(),
    }
}
