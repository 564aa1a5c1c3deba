//! Events to bytes and back.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bincode::enc::write::Writer;
use bincode::error::{DecodeError, EncodeError};
use daybook_domain::event::{Event, Kind};

use crate::error::CodecError;
use crate::wire::address::{AddressChangeRejectedV1, AddressChangeRequestedV1, AddressChangedV1};
use crate::wire::card::{
    CardClaimedV1, CardsAssignedV1, CardsImportedV1, CardsRevealedV1, TopUpFailedV1, TopUpSucceededV1,
};
use crate::wire::clock::{DeadlineBreachedV1, DeliveryDueV1, OrderClosedV1, PaymentRemindedV1};
use crate::wire::dispute::{DisputeOpenedV1, DisputeResolvedV1, EvidenceAddedV1, EvidenceReadV1};
use crate::wire::erasure::SubjectErasedV1;
use crate::wire::export::{ExportFetchedV1, ExportOpenedV1};
use crate::wire::hold::{HoldPlacedV1, HoldReleasedV1};
use crate::wire::job::{
    JobAdvancedV1, JobCancelledV1, JobCheckedV1, JobFinishedV1, JobOpenedV1, JobPreviewedV1, JobSelectedV1,
    JobStartedV1,
};
use crate::wire::merchant::{MerchantClosedV1, MerchantMovedV1, MerchantRegisteredV1, MerchantReopenedV1};
use crate::wire::order::{
    ObservationStartedV1, OrderCancelledV1, OrderCompletedV1, OrderPlacedV1, OrderPlacedV2, OrderPlacedV3,
    OrderReinstatedV1, PriceEditedV1, RestCancelledV1,
};
use crate::wire::payment::{
    LatePaymentReceivedV1, PaymentCapturedV1, PaymentClaimedV1, PaymentFailedV1, PaymentMismatchedV1, ReminderDueV1,
};
use crate::wire::policy::{AlertClearedV1, AlertRaisedV1, PolicySetV1};
use crate::wire::profile::ProfileSetV1;
use crate::wire::refund::{RefundApprovedV1, RefundFailedV1, RefundRejectedV1, RefundRequestedV1, RefundSettledV1};
use crate::wire::remark::{ContactRevealedV1, NoteAddedV1, OrderRatedV1, TagAddedV1};
use crate::wire::shipment::{DeliveredV1, ShipmentConfirmedV1, TrackingUpdatedV1};
use crate::wire::stock::{
    CardsDrawnV1, OrderRestockedV1, RestockRequestedV1, StockCorrectedV1, StockCountedV1, StockMarkSetV1,
    StockReceivedV1, StockReleasedV1, StockReservedV1, StockReturnedV1, StockTakenV1,
};
use crate::wire::token::{TokenIssuedV1, TokenIssuedV2, TokenRevokedV1};
use crate::wire::{FromWire, ToWire};

/// More than any event claims, of which a commit's payloads may hold 48 KiB: a small number is up to nine bytes in memory.
/// Without it, a length that damage made takes memory before anybody sees that it is not there.
const MOST: usize = 1 << 20;
/// Little endian, integers of variable length. Frozen, as the structs are.
const FORM: Configuration<LittleEndian, Varint, Limit<MOST>> = bincode::config::standard().with_limit::<MOST>();

/// An event as it is stored; what surrounds it stands in the ledger's envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// [`Kind::tag`].
    pub kind: u16,
    pub version: u16,
    pub payload: Vec<u8>,
}

/// Encodes in the current version of the event's kind.
pub fn encode(event: &Event) -> Encoded {
    // Most payloads are smaller; an order's grows once or twice.
    let mut payload = Vec::with_capacity(128);
    let (kind, version) = encode_into(event, &mut payload);
    Encoded { kind, version, payload }
}

/// Appends the payload to `out`; returns the kind's tag and version.
pub fn encode_into(event: &Event, out: &mut Vec<u8>) -> (u16, u16) {
    match event {
        Event::MerchantRegistered(e) => write::<MerchantRegisteredV1<'_>>(e, out),
        Event::MerchantMoved(e) => write::<MerchantMovedV1<'_>>(e, out),
        Event::MerchantClosed(e) => write::<MerchantClosedV1>(e, out),
        Event::MerchantReopened(e) => write::<MerchantReopenedV1>(e, out),
        Event::TokenIssued(e) => write::<TokenIssuedV2<'_>>(e, out),
        Event::TokenRevoked(e) => write::<TokenRevokedV1>(e, out),
        Event::OrderPlaced(e) => write::<OrderPlacedV3<'_>>(e, out),
        Event::PriceEdited(e) => write::<PriceEditedV1<'_>>(e, out),
        Event::PaymentCaptured(e) => write::<PaymentCapturedV1<'_>>(e, out),
        Event::PaymentMismatched(e) => write::<PaymentMismatchedV1<'_>>(e, out),
        Event::PaymentFailed(e) => write::<PaymentFailedV1<'_>>(e, out),
        Event::ReminderDue(e) => write::<ReminderDueV1>(e, out),
        Event::LatePaymentReceived(e) => write::<LatePaymentReceivedV1<'_>>(e, out),
        Event::OrderReinstated(e) => write::<OrderReinstatedV1>(e, out),
        Event::OrderCancelled(e) => write::<OrderCancelledV1<'_>>(e, out),
        Event::RestCancelled(e) => write::<RestCancelledV1<'_>>(e, out),
        Event::HoldPlaced(e) => write::<HoldPlacedV1<'_>>(e, out),
        Event::HoldReleased(e) => write::<HoldReleasedV1<'_>>(e, out),
        Event::ShipmentConfirmed(e) => write::<ShipmentConfirmedV1<'_>>(e, out),
        Event::TrackingUpdated(e) => write::<TrackingUpdatedV1<'_>>(e, out),
        Event::Delivered(e) => write::<DeliveredV1>(e, out),
        Event::OrderCompleted(e) => write::<OrderCompletedV1>(e, out),
        Event::ObservationStarted(e) => write::<ObservationStartedV1>(e, out),
        Event::RefundRequested(e) => write::<RefundRequestedV1<'_>>(e, out),
        Event::RefundApproved(e) => write::<RefundApprovedV1<'_>>(e, out),
        Event::RefundRejected(e) => write::<RefundRejectedV1<'_>>(e, out),
        Event::RefundSettled(e) => write::<RefundSettledV1<'_>>(e, out),
        Event::RefundFailed(e) => write::<RefundFailedV1<'_>>(e, out),
        Event::NoteAdded(e) => write::<NoteAddedV1<'_>>(e, out),
        Event::TagAdded(e) => write::<TagAddedV1<'_>>(e, out),
        Event::OrderRated(e) => write::<OrderRatedV1<'_>>(e, out),
        Event::PaymentClaimed(e) => write::<PaymentClaimedV1>(e, out),
        Event::PolicySet(e) => write::<PolicySetV1>(e, out),
        Event::ProfileSet(e) => write::<ProfileSetV1<'_>>(e, out),
        Event::AlertRaised(e) => write::<AlertRaisedV1<'_>>(e, out),
        Event::AlertCleared(e) => write::<AlertClearedV1<'_>>(e, out),
        Event::PaymentReminded(e) => write::<PaymentRemindedV1>(e, out),
        Event::DeliveryDue(e) => write::<DeliveryDueV1>(e, out),
        Event::OrderClosed(e) => write::<OrderClosedV1>(e, out),
        Event::DeadlineBreached(e) => write::<DeadlineBreachedV1>(e, out),
        Event::AddressChangeRequested(e) => write::<AddressChangeRequestedV1<'_>>(e, out),
        Event::AddressChanged(e) => write::<AddressChangedV1<'_>>(e, out),
        Event::AddressChangeRejected(e) => write::<AddressChangeRejectedV1<'_>>(e, out),
        Event::CardsImported(e) => write::<CardsImportedV1<'_>>(e, out),
        Event::CardClaimed(e) => write::<CardClaimedV1>(e, out),
        Event::CardsAssigned(e) => write::<CardsAssignedV1>(e, out),
        Event::CardsRevealed(e) => write::<CardsRevealedV1>(e, out),
        Event::TopUpSucceeded(e) => write::<TopUpSucceededV1>(e, out),
        Event::TopUpFailed(e) => write::<TopUpFailedV1<'_>>(e, out),
        Event::DisputeOpened(e) => write::<DisputeOpenedV1<'_>>(e, out),
        Event::EvidenceAdded(e) => write::<EvidenceAddedV1<'_>>(e, out),
        Event::EvidenceRead(e) => write::<EvidenceReadV1>(e, out),
        Event::ContactRevealed(e) => write::<ContactRevealedV1<'_>>(e, out),
        Event::DisputeResolved(e) => write::<DisputeResolvedV1<'_>>(e, out),
        Event::CardsDrawn(e) => write::<CardsDrawnV1>(e, out),
        Event::RestockRequested(e) => write::<RestockRequestedV1>(e, out),
        Event::OrderRestocked(e) => write::<OrderRestockedV1>(e, out),
        Event::StockReceived(e) => write::<StockReceivedV1<'_>>(e, out),
        Event::StockCounted(e) => write::<StockCountedV1<'_>>(e, out),
        Event::StockCorrected(e) => write::<StockCorrectedV1>(e, out),
        Event::StockMarkSet(e) => write::<StockMarkSetV1<'_>>(e, out),
        Event::StockReserved(e) => write::<StockReservedV1>(e, out),
        Event::StockReleased(e) => write::<StockReleasedV1>(e, out),
        Event::StockTaken(e) => write::<StockTakenV1>(e, out),
        Event::StockReturned(e) => write::<StockReturnedV1>(e, out),
        Event::JobOpened(e) => write::<JobOpenedV1>(e, out),
        Event::JobSelected(e) => write::<JobSelectedV1<'_>>(e, out),
        Event::JobPreviewed(e) => write::<JobPreviewedV1<'_>>(e, out),
        Event::JobStarted(e) => write::<JobStartedV1>(e, out),
        Event::JobChecked(e) => write::<JobCheckedV1<'_>>(e, out),
        Event::JobAdvanced(e) => write::<JobAdvancedV1<'_>>(e, out),
        Event::ExportOpened(e) => write::<ExportOpenedV1<'_>>(e, out),
        Event::SubjectErased(e) => write::<SubjectErasedV1<'_>>(e, out),
        Event::ExportFetched(e) => write::<ExportFetchedV1>(e, out),
        Event::JobCancelled(e) => write::<JobCancelledV1>(e, out),
        Event::JobFinished(e) => write::<JobFinishedV1>(e, out),
    }
    let kind = event.kind();
    (kind.tag(), current_version(kind))
}

/// The version that [`encode`] writes.
pub fn current_version(kind: Kind) -> u16 {
    versions(kind).last().copied().unwrap_or(1)
}

/// The versions of a kind that can be read, ascending.
pub fn versions(kind: Kind) -> &'static [u16] {
    if kind == Kind::OrderPlaced {
        &[1, 2, 3]
    } else if kind == Kind::TokenIssued {
        &[1, 2]
    } else {
        &[1]
    }
}

/// Decodes any version that was ever written, into the current shape.
///
/// # Errors
///
/// [`CodecError`] when kind or version are unknown, when the payload does not hold exactly one such event, or when a
/// field holds what it may not.
pub fn decode(kind: u16, version: u16, payload: &[u8]) -> Result<Event, CodecError> {
    let kind = Kind::from_tag(kind).ok_or(CodecError::UnknownKind { kind })?;
    let stored = Stored { kind, version, payload };
    match kind {
        Kind::OrderPlaced => match version {
            1 => stored.read::<OrderPlacedV1<'_>>(),
            2 => stored.read::<OrderPlacedV2<'_>>(),
            3 => stored.read::<OrderPlacedV3<'_>>(),
            _ => Err(CodecError::UnknownVersion { kind, version }),
        },
        Kind::MerchantRegistered => stored.only::<MerchantRegisteredV1<'_>>(),
        Kind::MerchantMoved => stored.only::<MerchantMovedV1<'_>>(),
        Kind::MerchantClosed => stored.only::<MerchantClosedV1>(),
        Kind::MerchantReopened => stored.only::<MerchantReopenedV1>(),
        Kind::TokenIssued => match version {
            1 => stored.read::<TokenIssuedV1<'_>>(),
            2 => stored.read::<TokenIssuedV2<'_>>(),
            _ => Err(CodecError::UnknownVersion { kind, version }),
        },
        Kind::TokenRevoked => stored.only::<TokenRevokedV1>(),
        Kind::PriceEdited => stored.only::<PriceEditedV1<'_>>(),
        Kind::PaymentCaptured => stored.only::<PaymentCapturedV1<'_>>(),
        Kind::PaymentMismatched => stored.only::<PaymentMismatchedV1<'_>>(),
        Kind::PaymentFailed => stored.only::<PaymentFailedV1<'_>>(),
        Kind::ReminderDue => stored.only::<ReminderDueV1>(),
        Kind::LatePaymentReceived => stored.only::<LatePaymentReceivedV1<'_>>(),
        Kind::OrderReinstated => stored.only::<OrderReinstatedV1>(),
        Kind::OrderCancelled => stored.only::<OrderCancelledV1<'_>>(),
        Kind::RestCancelled => stored.only::<RestCancelledV1<'_>>(),
        Kind::HoldPlaced => stored.only::<HoldPlacedV1<'_>>(),
        Kind::HoldReleased => stored.only::<HoldReleasedV1<'_>>(),
        Kind::ShipmentConfirmed => stored.only::<ShipmentConfirmedV1<'_>>(),
        Kind::TrackingUpdated => stored.only::<TrackingUpdatedV1<'_>>(),
        Kind::Delivered => stored.only::<DeliveredV1>(),
        Kind::OrderCompleted => stored.only::<OrderCompletedV1>(),
        Kind::ObservationStarted => stored.only::<ObservationStartedV1>(),
        Kind::RefundRequested => stored.only::<RefundRequestedV1<'_>>(),
        Kind::RefundApproved => stored.only::<RefundApprovedV1<'_>>(),
        Kind::RefundRejected => stored.only::<RefundRejectedV1<'_>>(),
        Kind::RefundSettled => stored.only::<RefundSettledV1<'_>>(),
        Kind::RefundFailed => stored.only::<RefundFailedV1<'_>>(),
        Kind::NoteAdded => stored.only::<NoteAddedV1<'_>>(),
        Kind::TagAdded => stored.only::<TagAddedV1<'_>>(),
        Kind::OrderRated => stored.only::<OrderRatedV1<'_>>(),
        Kind::PaymentClaimed => stored.only::<PaymentClaimedV1>(),
        Kind::PolicySet => stored.only::<PolicySetV1>(),
        Kind::ProfileSet => stored.only::<ProfileSetV1<'_>>(),
        Kind::AlertRaised => stored.only::<AlertRaisedV1<'_>>(),
        Kind::AlertCleared => stored.only::<AlertClearedV1<'_>>(),
        Kind::PaymentReminded => stored.only::<PaymentRemindedV1>(),
        Kind::DeliveryDue => stored.only::<DeliveryDueV1>(),
        Kind::OrderClosed => stored.only::<OrderClosedV1>(),
        Kind::DeadlineBreached => stored.only::<DeadlineBreachedV1>(),
        Kind::AddressChangeRequested => stored.only::<AddressChangeRequestedV1<'_>>(),
        Kind::AddressChanged => stored.only::<AddressChangedV1<'_>>(),
        Kind::AddressChangeRejected => stored.only::<AddressChangeRejectedV1<'_>>(),
        Kind::CardsImported => stored.only::<CardsImportedV1<'_>>(),
        Kind::CardClaimed => stored.only::<CardClaimedV1>(),
        Kind::CardsAssigned => stored.only::<CardsAssignedV1>(),
        Kind::CardsRevealed => stored.only::<CardsRevealedV1>(),
        Kind::TopUpSucceeded => stored.only::<TopUpSucceededV1>(),
        Kind::TopUpFailed => stored.only::<TopUpFailedV1<'_>>(),
        Kind::DisputeOpened => stored.only::<DisputeOpenedV1<'_>>(),
        Kind::EvidenceAdded => stored.only::<EvidenceAddedV1<'_>>(),
        Kind::EvidenceRead => stored.only::<EvidenceReadV1>(),
        Kind::ContactRevealed => stored.only::<ContactRevealedV1<'_>>(),
        Kind::DisputeResolved => stored.only::<DisputeResolvedV1<'_>>(),
        Kind::CardsDrawn => stored.only::<CardsDrawnV1>(),
        Kind::RestockRequested => stored.only::<RestockRequestedV1>(),
        Kind::OrderRestocked => stored.only::<OrderRestockedV1>(),
        Kind::StockReceived => stored.only::<StockReceivedV1<'_>>(),
        Kind::StockCounted => stored.only::<StockCountedV1<'_>>(),
        Kind::StockCorrected => stored.only::<StockCorrectedV1>(),
        Kind::StockMarkSet => stored.only::<StockMarkSetV1<'_>>(),
        Kind::StockReserved => stored.only::<StockReservedV1>(),
        Kind::StockReleased => stored.only::<StockReleasedV1>(),
        Kind::StockTaken => stored.only::<StockTakenV1>(),
        Kind::StockReturned => stored.only::<StockReturnedV1>(),
        Kind::JobOpened => stored.only::<JobOpenedV1>(),
        Kind::JobSelected => stored.only::<JobSelectedV1<'_>>(),
        Kind::JobPreviewed => stored.only::<JobPreviewedV1<'_>>(),
        Kind::JobStarted => stored.only::<JobStartedV1>(),
        Kind::JobChecked => stored.only::<JobCheckedV1<'_>>(),
        Kind::JobAdvanced => stored.only::<JobAdvancedV1<'_>>(),
        Kind::ExportOpened => stored.only::<ExportOpenedV1<'_>>(),
        Kind::SubjectErased => stored.only::<SubjectErasedV1<'_>>(),
        Kind::ExportFetched => stored.only::<ExportFetchedV1>(),
        Kind::JobCancelled => stored.only::<JobCancelledV1>(),
        Kind::JobFinished => stored.only::<JobFinishedV1>(),
    }
}

struct Stored<'a> {
    kind: Kind,
    version: u16,
    payload: &'a [u8],
}

impl<'a> Stored<'a> {
    /// For a kind that has had one version so far.
    fn only<W: FromWire<'a, Event: Into<Event>>>(&self) -> Result<Event, CodecError> {
        if self.version == 1 {
            self.read::<W>()
        } else {
            Err(CodecError::UnknownVersion { kind: self.kind, version: self.version })
        }
    }

    fn read<W: FromWire<'a, Event: Into<Event>>>(&self) -> Result<Event, CodecError> {
        let Self { kind, version, payload } = *self;
        let (wire, read): (W, usize) = bincode::serde::borrow_decode_from_slice(payload, FORM)
            .map_err(|error| CodecError::Malformed { kind, version, problem: problem(&error) })?;
        if read != payload.len() {
            return Err(CodecError::TrailingBytes { kind, version, bytes: payload.len() - read });
        }
        match wire.into_event() {
            Ok(event) => Ok(event.into()),
            Err(bad) => Err(CodecError::Field { kind, version, field: bad.field, problem: bad.problem }),
        }
    }
}

fn problem(error: &DecodeError) -> String {
    if let DecodeError::UnexpectedEnd { .. } = error {
        "it ends too early".into()
    } else if let DecodeError::LimitExceeded = error {
        "it says to be longer than any event is".into()
    } else {
        error.to_string()
    }
}

fn write<'a, W: ToWire<'a>>(event: &'a W::Event, out: &mut Vec<u8>) {
    bincode::serde::encode_into_writer(W::from_event(event), Append(out), FORM)
        .expect("wire structs hold nothing that bincode refuses, and memory takes every byte");
}

/// bincode's own writer into memory starts a new vector.
struct Append<'a>(&'a mut Vec<u8>);

impl Writer for Append<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}
