//! A job's action with all its fields side by side: what its stored form and its JSON form are made from.

use daybook_domain::event::TrackingStatus;
use daybook_domain::job::{JobAction, JobKind, JobPrice};
use daybook_domain::reason::Reason;
use daybook_domain::{ReasonCode, Sealed, Tag, Timestamp};

#[derive(Default)]
pub(crate) struct Flat {
    pub(crate) carrier: Option<Box<str>>,
    pub(crate) tracking_number: Option<Box<str>>,
    pub(crate) checkpoint: Option<Box<str>>,
    pub(crate) status: Option<TrackingStatus>,
    pub(crate) occurred_at: Option<Timestamp>,
    pub(crate) tag: Option<Tag>,
    pub(crate) prices: Vec<JobPrice>,
    pub(crate) provider: Option<Box<str>>,
    pub(crate) reason: Option<ReasonCode>,
    /// The note, the place, or the reason's text.
    pub(crate) text: Option<Sealed>,
}

impl Flat {
    pub(crate) fn of(action: &JobAction<Sealed>) -> Self {
        let because =
            |reason: &Reason<Sealed>| Self { reason: Some(reason.code), text: reason.text.clone(), ..Self::default() };
        match action {
            JobAction::Ship { carrier, tracking_number } => {
                Self { carrier: carrier.clone(), tracking_number: tracking_number.clone(), ..Self::default() }
            }
            JobAction::DeliverCards => Self::default(),
            JobAction::RecordTracking { checkpoint, status, occurred_at, place } => Self {
                checkpoint: Some(checkpoint.clone()),
                status: Some(*status),
                occurred_at: *occurred_at,
                text: place.clone(),
                ..Self::default()
            },
            JobAction::Cancel { reason } => because(reason),
            JobAction::AddNote { text } => Self { text: Some(text.clone()), ..Self::default() },
            JobAction::AddTag { tag } => Self { tag: Some(tag.clone()), ..Self::default() },
            JobAction::EditPrice { prices, reason } => Self { prices: prices.clone(), ..because(reason) },
            JobAction::ApproveRefunds { note } => Self { text: note.clone(), ..Self::default() },
            JobAction::SettleRefunds { provider } => Self { provider: provider.clone(), ..Self::default() },
        }
    }

    /// # Errors
    ///
    /// The name of the field that this kind of action needs and has not.
    pub(crate) fn into_action(self, kind: JobKind) -> Result<JobAction<Sealed>, &'static str> {
        let because =
            |code: Option<ReasonCode>, text| Ok::<_, &'static str>(Reason { code: code.ok_or("reason")?, text });
        Ok(match kind {
            JobKind::Ship => JobAction::Ship { carrier: self.carrier, tracking_number: self.tracking_number },
            JobKind::DeliverCards => JobAction::DeliverCards,
            JobKind::RecordTracking => JobAction::RecordTracking {
                checkpoint: self.checkpoint.ok_or("checkpoint")?,
                status: self.status.ok_or("status")?,
                occurred_at: self.occurred_at,
                place: self.text,
            },
            JobKind::Cancel => JobAction::Cancel { reason: because(self.reason, self.text)? },
            JobKind::AddNote => JobAction::AddNote { text: self.text.ok_or("text")? },
            JobKind::AddTag => JobAction::AddTag { tag: self.tag.ok_or("tag")? },
            JobKind::EditPrice => {
                JobAction::EditPrice { prices: self.prices, reason: because(self.reason, self.text)? }
            }
            JobKind::ApproveRefunds => JobAction::ApproveRefunds { note: self.text },
            JobKind::SettleRefunds => JobAction::SettleRefunds { provider: self.provider },
        })
    }
}
