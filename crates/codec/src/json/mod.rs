//! Events as JSON: for people, exports and stories. Old versions are shown in their current shape.

mod address;
mod card;
mod clock;
mod dispute;
mod erasure;
mod export;
mod hold;
mod job;
mod order;
mod parts;
mod party;
mod payment;
pub(crate) mod policy;
pub(crate) mod profile;
mod recorded;
mod refund;
mod remark;
pub(crate) mod shipment;
mod stock;
mod text;

use daybook_domain::Sealed;
use daybook_domain::event::{Event, Kind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

pub(crate) use self::recorded::envelope_schema;
pub use self::recorded::{recorded_from_json, to_json};

use self::address::{AddressChangeRejectedJson, AddressChangeRequestedJson, AddressChangedJson};
use self::card::{
    CardClaimedJson, CardsAssignedJson, CardsImportedJson, CardsRevealedJson, TopUpFailedJson, TopUpSucceededJson,
};
use self::clock::{DeadlineBreachedJson, DeliveryDueJson, OrderClosedJson, PaymentRemindedJson};
use self::dispute::{DisputeOpenedJson, DisputeResolvedJson, EvidenceAddedJson, EvidenceReadJson};
use self::erasure::SubjectErasedJson;
use self::export::{ExportFetchedJson, ExportOpenedJson};
use self::hold::{HoldPlacedJson, HoldReleasedJson};
use self::job::{
    JobAdvancedJson, JobCancelledJson, JobCheckedJson, JobFinishedJson, JobOpenedJson, JobPreviewedJson,
    JobSelectedJson, JobStartedJson,
};
use self::order::{
    ObservationStartedJson, OrderCancelledJson, OrderCompletedJson, OrderPlacedJson, OrderReinstatedJson,
    PriceEditedJson, RestCancelledJson,
};
use self::party::{
    MerchantClosedJson, MerchantMovedJson, MerchantRegisteredJson, MerchantReopenedJson, TokenIssuedJson,
    TokenRevokedJson,
};
use self::payment::{
    LatePaymentReceivedJson, PaymentCapturedJson, PaymentClaimedJson, PaymentFailedJson, PaymentMismatchedJson,
    ReminderDueJson,
};
use self::policy::{AlertClearedJson, AlertRaisedJson, PolicySetJson};
use self::profile::ProfileSetJson;
use self::refund::{RefundApprovedJson, RefundFailedJson, RefundRejectedJson, RefundRequestedJson, RefundSettledJson};
use self::remark::{ContactRevealedJson, NoteAddedJson, OrderRatedJson, TagAddedJson};
use self::shipment::{DeliveredJson, ShipmentConfirmedJson, TrackingUpdatedJson};
use self::stock::{
    CardsDrawnJson, OrderRestockedJson, RestockRequestedJson, StockCorrectedJson, StockCountedJson, StockMarkSetJson,
    StockReceivedJson, StockReleasedJson, StockReservedJson, StockReturnedJson, StockTakenJson,
};
use self::text::{Opener, Sealer};
use crate::problem;
use crate::shape::Shape;

/// Why a JSON value is not an event.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field}: {problem}")]
pub struct JsonError {
    /// Such as `lines[2].unitPrice`; `event` for the whole.
    pub field: String,
    pub problem: String,
}

impl JsonError {
    fn new(field: &str, problem: impl Into<String>) -> Self {
        let field = if field.is_empty() { "event" } else { field };
        Self { field: field.into(), problem: problem.into() }
    }
}

impl From<problem::Problem> for JsonError {
    fn from(found: problem::Problem) -> Self {
        Self::new(&found.field, found.problem)
    }
}

/// The JSON form of one kind of event.
trait JsonForm<'a>: Serialize + Shape {
    type Event;

    fn from_event(event: &'a Self::Event, opener: &mut Opener<'_>) -> Self;

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<Self::Event, JsonError>;
}

/// An event without its envelope. Personal texts are what `open` returns, or only the number of their slot.
pub fn data_to_json(event: &Event, open: &mut dyn FnMut(&Sealed, Kind) -> Option<String>) -> Value {
    let opener = &mut Opener { kind: event.kind(), open };
    match event {
        Event::MerchantRegistered(e) => write::<MerchantRegisteredJson<'_>>(e, opener),
        Event::MerchantMoved(e) => write::<MerchantMovedJson<'_>>(e, opener),
        Event::MerchantClosed(e) => write::<MerchantClosedJson>(e, opener),
        Event::MerchantReopened(e) => write::<MerchantReopenedJson>(e, opener),
        Event::TokenIssued(e) => write::<TokenIssuedJson<'_>>(e, opener),
        Event::TokenRevoked(e) => write::<TokenRevokedJson>(e, opener),
        Event::OrderPlaced(e) => write::<OrderPlacedJson<'_>>(e, opener),
        Event::PriceEdited(e) => write::<PriceEditedJson>(e, opener),
        Event::PaymentCaptured(e) => write::<PaymentCapturedJson<'_>>(e, opener),
        Event::PaymentMismatched(e) => write::<PaymentMismatchedJson<'_>>(e, opener),
        Event::PaymentFailed(e) => write::<PaymentFailedJson<'_>>(e, opener),
        Event::ReminderDue(e) => write::<ReminderDueJson>(e, opener),
        Event::LatePaymentReceived(e) => write::<LatePaymentReceivedJson<'_>>(e, opener),
        Event::OrderReinstated(e) => write::<OrderReinstatedJson>(e, opener),
        Event::OrderCancelled(e) => write::<OrderCancelledJson>(e, opener),
        Event::RestCancelled(e) => write::<RestCancelledJson>(e, opener),
        Event::HoldPlaced(e) => write::<HoldPlacedJson>(e, opener),
        Event::HoldReleased(e) => write::<HoldReleasedJson>(e, opener),
        Event::ShipmentConfirmed(e) => write::<ShipmentConfirmedJson<'_>>(e, opener),
        Event::TrackingUpdated(e) => write::<TrackingUpdatedJson<'_>>(e, opener),
        Event::Delivered(e) => write::<DeliveredJson>(e, opener),
        Event::OrderCompleted(e) => write::<OrderCompletedJson>(e, opener),
        Event::ObservationStarted(e) => write::<ObservationStartedJson>(e, opener),
        Event::RefundRequested(e) => write::<RefundRequestedJson>(e, opener),
        Event::RefundApproved(e) => write::<RefundApprovedJson>(e, opener),
        Event::RefundRejected(e) => write::<RefundRejectedJson>(e, opener),
        Event::RefundSettled(e) => write::<RefundSettledJson<'_>>(e, opener),
        Event::RefundFailed(e) => write::<RefundFailedJson<'_>>(e, opener),
        Event::NoteAdded(e) => write::<NoteAddedJson>(e, opener),
        Event::TagAdded(e) => write::<TagAddedJson<'_>>(e, opener),
        Event::OrderRated(e) => write::<OrderRatedJson>(e, opener),
        Event::PaymentClaimed(e) => write::<PaymentClaimedJson>(e, opener),
        Event::PolicySet(e) => write::<PolicySetJson>(e, opener),
        Event::ProfileSet(e) => write::<ProfileSetJson<'_>>(e, opener),
        Event::AlertRaised(e) => write::<AlertRaisedJson<'_>>(e, opener),
        Event::AlertCleared(e) => write::<AlertClearedJson<'_>>(e, opener),
        Event::PaymentReminded(e) => write::<PaymentRemindedJson>(e, opener),
        Event::DeliveryDue(e) => write::<DeliveryDueJson>(e, opener),
        Event::OrderClosed(e) => write::<OrderClosedJson>(e, opener),
        Event::DeadlineBreached(e) => write::<DeadlineBreachedJson>(e, opener),
        Event::AddressChangeRequested(e) => write::<AddressChangeRequestedJson>(e, opener),
        Event::AddressChanged(e) => write::<AddressChangedJson>(e, opener),
        Event::AddressChangeRejected(e) => write::<AddressChangeRejectedJson>(e, opener),
        Event::CardsImported(e) => write::<CardsImportedJson<'_>>(e, opener),
        Event::CardClaimed(e) => write::<CardClaimedJson>(e, opener),
        Event::CardsAssigned(e) => write::<CardsAssignedJson>(e, opener),
        Event::CardsRevealed(e) => write::<CardsRevealedJson>(e, opener),
        Event::TopUpSucceeded(e) => write::<TopUpSucceededJson>(e, opener),
        Event::TopUpFailed(e) => write::<TopUpFailedJson<'_>>(e, opener),
        Event::DisputeOpened(e) => write::<DisputeOpenedJson>(e, opener),
        Event::EvidenceAdded(e) => write::<EvidenceAddedJson>(e, opener),
        Event::EvidenceRead(e) => write::<EvidenceReadJson>(e, opener),
        Event::ContactRevealed(e) => write::<ContactRevealedJson>(e, opener),
        Event::DisputeResolved(e) => write::<DisputeResolvedJson>(e, opener),
        Event::CardsDrawn(e) => write::<CardsDrawnJson>(e, opener),
        Event::RestockRequested(e) => write::<RestockRequestedJson>(e, opener),
        Event::OrderRestocked(e) => write::<OrderRestockedJson>(e, opener),
        Event::StockReceived(e) => write::<StockReceivedJson<'_>>(e, opener),
        Event::StockCounted(e) => write::<StockCountedJson<'_>>(e, opener),
        Event::StockCorrected(e) => write::<StockCorrectedJson>(e, opener),
        Event::StockMarkSet(e) => write::<StockMarkSetJson<'_>>(e, opener),
        Event::StockReserved(e) => write::<StockReservedJson>(e, opener),
        Event::StockReleased(e) => write::<StockReleasedJson>(e, opener),
        Event::StockTaken(e) => write::<StockTakenJson>(e, opener),
        Event::StockReturned(e) => write::<StockReturnedJson>(e, opener),
        Event::JobOpened(e) => write::<JobOpenedJson<'_>>(e, opener),
        Event::JobSelected(e) => write::<JobSelectedJson<'_>>(e, opener),
        Event::JobPreviewed(e) => write::<JobPreviewedJson<'_>>(e, opener),
        Event::JobStarted(e) => write::<JobStartedJson>(e, opener),
        Event::JobChecked(e) => write::<JobCheckedJson<'_>>(e, opener),
        Event::JobAdvanced(e) => write::<JobAdvancedJson<'_>>(e, opener),
        Event::ExportOpened(e) => write::<ExportOpenedJson<'_>>(e, opener),
        Event::SubjectErased(e) => write::<SubjectErasedJson<'_>>(e, opener),
        Event::ExportFetched(e) => write::<ExportFetchedJson>(e, opener),
        Event::JobCancelled(e) => write::<JobCancelledJson>(e, opener),
        Event::JobFinished(e) => write::<JobFinishedJson>(e, opener),
    }
}

/// The inverse of [`data_to_json`], where every personal text was opened; `seal` closes them again.
///
/// # Errors
///
/// [`JsonError`] names the field: unknown, missing, of another type, or holding what it may not.
pub fn event_from_json(kind: Kind, data: &Value, seal: &mut dyn FnMut(&str) -> Sealed) -> Result<Event, JsonError> {
    let sealer = &mut Sealer(seal);
    match kind {
        Kind::MerchantRegistered => read::<MerchantRegisteredJson<'_>>(data, sealer),
        Kind::MerchantMoved => read::<MerchantMovedJson<'_>>(data, sealer),
        Kind::MerchantClosed => read::<MerchantClosedJson>(data, sealer),
        Kind::MerchantReopened => read::<MerchantReopenedJson>(data, sealer),
        Kind::TokenIssued => read::<TokenIssuedJson<'_>>(data, sealer),
        Kind::TokenRevoked => read::<TokenRevokedJson>(data, sealer),
        Kind::OrderPlaced => read::<OrderPlacedJson<'_>>(data, sealer),
        Kind::PriceEdited => read::<PriceEditedJson>(data, sealer),
        Kind::PaymentCaptured => read::<PaymentCapturedJson<'_>>(data, sealer),
        Kind::PaymentMismatched => read::<PaymentMismatchedJson<'_>>(data, sealer),
        Kind::PaymentFailed => read::<PaymentFailedJson<'_>>(data, sealer),
        Kind::ReminderDue => read::<ReminderDueJson>(data, sealer),
        Kind::LatePaymentReceived => read::<LatePaymentReceivedJson<'_>>(data, sealer),
        Kind::OrderReinstated => read::<OrderReinstatedJson>(data, sealer),
        Kind::OrderCancelled => read::<OrderCancelledJson>(data, sealer),
        Kind::RestCancelled => read::<RestCancelledJson>(data, sealer),
        Kind::HoldPlaced => read::<HoldPlacedJson>(data, sealer),
        Kind::HoldReleased => read::<HoldReleasedJson>(data, sealer),
        Kind::ShipmentConfirmed => read::<ShipmentConfirmedJson<'_>>(data, sealer),
        Kind::TrackingUpdated => read::<TrackingUpdatedJson<'_>>(data, sealer),
        Kind::Delivered => read::<DeliveredJson>(data, sealer),
        Kind::OrderCompleted => read::<OrderCompletedJson>(data, sealer),
        Kind::ObservationStarted => read::<ObservationStartedJson>(data, sealer),
        Kind::RefundRequested => read::<RefundRequestedJson>(data, sealer),
        Kind::RefundApproved => read::<RefundApprovedJson>(data, sealer),
        Kind::RefundRejected => read::<RefundRejectedJson>(data, sealer),
        Kind::RefundSettled => read::<RefundSettledJson<'_>>(data, sealer),
        Kind::RefundFailed => read::<RefundFailedJson<'_>>(data, sealer),
        Kind::NoteAdded => read::<NoteAddedJson>(data, sealer),
        Kind::TagAdded => read::<TagAddedJson<'_>>(data, sealer),
        Kind::OrderRated => read::<OrderRatedJson>(data, sealer),
        Kind::PaymentClaimed => read::<PaymentClaimedJson>(data, sealer),
        Kind::PolicySet => read::<PolicySetJson>(data, sealer),
        Kind::ProfileSet => read::<ProfileSetJson<'_>>(data, sealer),
        Kind::AlertRaised => read::<AlertRaisedJson<'_>>(data, sealer),
        Kind::AlertCleared => read::<AlertClearedJson<'_>>(data, sealer),
        Kind::PaymentReminded => read::<PaymentRemindedJson>(data, sealer),
        Kind::DeliveryDue => read::<DeliveryDueJson>(data, sealer),
        Kind::OrderClosed => read::<OrderClosedJson>(data, sealer),
        Kind::DeadlineBreached => read::<DeadlineBreachedJson>(data, sealer),
        Kind::AddressChangeRequested => read::<AddressChangeRequestedJson>(data, sealer),
        Kind::AddressChanged => read::<AddressChangedJson>(data, sealer),
        Kind::AddressChangeRejected => read::<AddressChangeRejectedJson>(data, sealer),
        Kind::CardsImported => read::<CardsImportedJson<'_>>(data, sealer),
        Kind::CardClaimed => read::<CardClaimedJson>(data, sealer),
        Kind::CardsAssigned => read::<CardsAssignedJson>(data, sealer),
        Kind::CardsRevealed => read::<CardsRevealedJson>(data, sealer),
        Kind::TopUpSucceeded => read::<TopUpSucceededJson>(data, sealer),
        Kind::TopUpFailed => read::<TopUpFailedJson<'_>>(data, sealer),
        Kind::DisputeOpened => read::<DisputeOpenedJson>(data, sealer),
        Kind::EvidenceAdded => read::<EvidenceAddedJson>(data, sealer),
        Kind::EvidenceRead => read::<EvidenceReadJson>(data, sealer),
        Kind::ContactRevealed => read::<ContactRevealedJson>(data, sealer),
        Kind::DisputeResolved => read::<DisputeResolvedJson>(data, sealer),
        Kind::CardsDrawn => read::<CardsDrawnJson>(data, sealer),
        Kind::RestockRequested => read::<RestockRequestedJson>(data, sealer),
        Kind::OrderRestocked => read::<OrderRestockedJson>(data, sealer),
        Kind::StockReceived => read::<StockReceivedJson<'_>>(data, sealer),
        Kind::StockCounted => read::<StockCountedJson<'_>>(data, sealer),
        Kind::StockCorrected => read::<StockCorrectedJson>(data, sealer),
        Kind::StockMarkSet => read::<StockMarkSetJson<'_>>(data, sealer),
        Kind::StockReserved => read::<StockReservedJson>(data, sealer),
        Kind::StockReleased => read::<StockReleasedJson>(data, sealer),
        Kind::StockTaken => read::<StockTakenJson>(data, sealer),
        Kind::StockReturned => read::<StockReturnedJson>(data, sealer),
        Kind::JobOpened => read::<JobOpenedJson<'_>>(data, sealer),
        Kind::JobSelected => read::<JobSelectedJson<'_>>(data, sealer),
        Kind::JobPreviewed => read::<JobPreviewedJson<'_>>(data, sealer),
        Kind::JobStarted => read::<JobStartedJson>(data, sealer),
        Kind::JobChecked => read::<JobCheckedJson<'_>>(data, sealer),
        Kind::JobAdvanced => read::<JobAdvancedJson<'_>>(data, sealer),
        Kind::ExportOpened => read::<ExportOpenedJson<'_>>(data, sealer),
        Kind::SubjectErased => read::<SubjectErasedJson<'_>>(data, sealer),
        Kind::ExportFetched => read::<ExportFetchedJson>(data, sealer),
        Kind::JobCancelled => read::<JobCancelledJson>(data, sealer),
        Kind::JobFinished => read::<JobFinishedJson>(data, sealer),
    }
}

/// The schema of an event without its envelope.
pub(crate) fn data_schema(kind: Kind) -> Value {
    match kind {
        Kind::MerchantRegistered => MerchantRegisteredJson::schema(),
        Kind::MerchantMoved => MerchantMovedJson::schema(),
        Kind::MerchantClosed => MerchantClosedJson::schema(),
        Kind::MerchantReopened => MerchantReopenedJson::schema(),
        Kind::TokenIssued => TokenIssuedJson::schema(),
        Kind::TokenRevoked => TokenRevokedJson::schema(),
        Kind::OrderPlaced => OrderPlacedJson::schema(),
        Kind::PriceEdited => PriceEditedJson::schema(),
        Kind::PaymentCaptured => PaymentCapturedJson::schema(),
        Kind::PaymentMismatched => PaymentMismatchedJson::schema(),
        Kind::PaymentFailed => PaymentFailedJson::schema(),
        Kind::ReminderDue => ReminderDueJson::schema(),
        Kind::LatePaymentReceived => LatePaymentReceivedJson::schema(),
        Kind::OrderReinstated => OrderReinstatedJson::schema(),
        Kind::OrderCancelled => OrderCancelledJson::schema(),
        Kind::RestCancelled => RestCancelledJson::schema(),
        Kind::HoldPlaced => HoldPlacedJson::schema(),
        Kind::HoldReleased => HoldReleasedJson::schema(),
        Kind::ShipmentConfirmed => ShipmentConfirmedJson::schema(),
        Kind::TrackingUpdated => TrackingUpdatedJson::schema(),
        Kind::Delivered => DeliveredJson::schema(),
        Kind::OrderCompleted => OrderCompletedJson::schema(),
        Kind::ObservationStarted => ObservationStartedJson::schema(),
        Kind::RefundRequested => RefundRequestedJson::schema(),
        Kind::RefundApproved => RefundApprovedJson::schema(),
        Kind::RefundRejected => RefundRejectedJson::schema(),
        Kind::RefundSettled => RefundSettledJson::schema(),
        Kind::RefundFailed => RefundFailedJson::schema(),
        Kind::NoteAdded => NoteAddedJson::schema(),
        Kind::TagAdded => TagAddedJson::schema(),
        Kind::OrderRated => OrderRatedJson::schema(),
        Kind::PaymentClaimed => PaymentClaimedJson::schema(),
        Kind::PolicySet => PolicySetJson::schema(),
        Kind::ProfileSet => ProfileSetJson::schema(),
        Kind::AlertRaised => AlertRaisedJson::schema(),
        Kind::AlertCleared => AlertClearedJson::schema(),
        Kind::PaymentReminded => PaymentRemindedJson::schema(),
        Kind::DeliveryDue => DeliveryDueJson::schema(),
        Kind::OrderClosed => OrderClosedJson::schema(),
        Kind::DeadlineBreached => DeadlineBreachedJson::schema(),
        Kind::AddressChangeRequested => AddressChangeRequestedJson::schema(),
        Kind::AddressChanged => AddressChangedJson::schema(),
        Kind::AddressChangeRejected => AddressChangeRejectedJson::schema(),
        Kind::CardsImported => CardsImportedJson::schema(),
        Kind::CardClaimed => CardClaimedJson::schema(),
        Kind::CardsAssigned => CardsAssignedJson::schema(),
        Kind::CardsRevealed => CardsRevealedJson::schema(),
        Kind::TopUpSucceeded => TopUpSucceededJson::schema(),
        Kind::TopUpFailed => TopUpFailedJson::schema(),
        Kind::DisputeOpened => DisputeOpenedJson::schema(),
        Kind::EvidenceAdded => EvidenceAddedJson::schema(),
        Kind::EvidenceRead => EvidenceReadJson::schema(),
        Kind::ContactRevealed => ContactRevealedJson::schema(),
        Kind::DisputeResolved => DisputeResolvedJson::schema(),
        Kind::CardsDrawn => CardsDrawnJson::schema(),
        Kind::RestockRequested => RestockRequestedJson::schema(),
        Kind::OrderRestocked => OrderRestockedJson::schema(),
        Kind::StockReceived => StockReceivedJson::schema(),
        Kind::StockCounted => StockCountedJson::schema(),
        Kind::StockCorrected => StockCorrectedJson::schema(),
        Kind::StockMarkSet => StockMarkSetJson::schema(),
        Kind::StockReserved => StockReservedJson::schema(),
        Kind::StockReleased => StockReleasedJson::schema(),
        Kind::StockTaken => StockTakenJson::schema(),
        Kind::StockReturned => StockReturnedJson::schema(),
        Kind::JobOpened => JobOpenedJson::schema(),
        Kind::JobSelected => JobSelectedJson::schema(),
        Kind::JobPreviewed => JobPreviewedJson::schema(),
        Kind::JobStarted => JobStartedJson::schema(),
        Kind::JobChecked => JobCheckedJson::schema(),
        Kind::JobAdvanced => JobAdvancedJson::schema(),
        Kind::ExportOpened => ExportOpenedJson::schema(),
        Kind::SubjectErased => SubjectErasedJson::schema(),
        Kind::ExportFetched => ExportFetchedJson::schema(),
        Kind::JobCancelled => JobCancelledJson::schema(),
        Kind::JobFinished => JobFinishedJson::schema(),
    }
}

fn write<'a, F: JsonForm<'a>>(event: &'a F::Event, opener: &mut Opener<'_>) -> Value {
    value_of(&F::from_event(event, opener))
}

fn value_of(form: &impl Serialize) -> Value {
    serde_json::to_value(form).expect("JSON forms have string keys only")
}

fn read<'a, F: JsonForm<'a, Event: Into<Event>> + DeserializeOwned>(
    data: &Value,
    sealer: &mut Sealer<'_>,
) -> Result<Event, JsonError> {
    let form: F = problem::from_value(data)?;
    Ok(form.into_event(sealer)?.into())
}
