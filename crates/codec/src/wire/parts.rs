//! Parts that several events share. They are as frozen as the events that hold them.

use daybook_domain::event::{PayDue, RefundDue, ShipDue};
use daybook_domain::{Currency, MerchantId, Sealed, Slot, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

use super::BadField;
use crate::error::FieldProblem;

/// As one run of bytes: serde's own form of a slice, which has the same bytes, goes one byte at a time.
fn as_bytes<S: Serializer>(bytes: &&[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

#[derive(Serialize, Deserialize)]
pub(crate) struct SealedV1<'a> {
    slot: u32,
    #[serde(borrow, serialize_with = "as_bytes")]
    bytes: &'a [u8],
}

impl<'a> From<&'a Sealed> for SealedV1<'a> {
    fn from(sealed: &'a Sealed) -> Self {
        Self { slot: sealed.slot.0, bytes: &sealed.bytes }
    }
}

impl From<SealedV1<'_>> for Sealed {
    fn from(wire: SealedV1<'_>) -> Self {
        Self { slot: Slot(wire.slot), bytes: wire.bytes.to_vec() }
    }
}

pub(crate) fn seal(sealed: Option<&Sealed>) -> Option<SealedV1<'_>> {
    sealed.map(SealedV1::from)
}

pub(crate) fn unseal(wire: Option<SealedV1<'_>>) -> Option<Sealed> {
    wire.map(Sealed::from)
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ShipDueV1 {
    virtual_by: Option<i64>,
    collect_by: Option<i64>,
}

impl From<ShipDue> for ShipDueV1 {
    fn from(due: ShipDue) -> Self {
        Self { virtual_by: due.virtual_by.map(|at| at.0), collect_by: due.collect_by.map(|at| at.0) }
    }
}

impl From<ShipDueV1> for ShipDue {
    fn from(wire: ShipDueV1) -> Self {
        Self { virtual_by: wire.virtual_by.map(Timestamp), collect_by: wire.collect_by.map(Timestamp) }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct PayDueV1 {
    pay_by: i64,
    remind_at: i64,
}

impl From<PayDue> for PayDueV1 {
    fn from(due: PayDue) -> Self {
        Self { pay_by: due.pay_by.0, remind_at: due.remind_at.0 }
    }
}

impl From<PayDueV1> for PayDue {
    fn from(wire: PayDueV1) -> Self {
        Self { pay_by: Timestamp(wire.pay_by), remind_at: Timestamp(wire.remind_at) }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct RefundDueV1 {
    answer_by: i64,
    escalate_at: i64,
}

impl From<RefundDue> for RefundDueV1 {
    fn from(due: RefundDue) -> Self {
        Self { answer_by: due.answer_by.0, escalate_at: due.escalate_at.0 }
    }
}

impl From<RefundDueV1> for RefundDue {
    fn from(wire: RefundDueV1) -> Self {
        Self { answer_by: Timestamp(wire.answer_by), escalate_at: Timestamp(wire.escalate_at) }
    }
}

/// The variant that is stored as `number`.
pub(crate) fn variant<T: Copy>(
    field: &'static str,
    number: u8,
    variants: &[T],
    stored_as: fn(T) -> u8,
) -> Result<T, BadField> {
    let found = variants.iter().copied().find(|&variant| stored_as(variant) == number);
    found.ok_or(BadField { field, problem: FieldProblem::UnknownNumber(number) })
}

pub(crate) fn merchants(ids: &[&str]) -> Vec<MerchantId> {
    ids.iter().map(|id| MerchantId::from_stored(id)).collect()
}

pub(crate) fn merchant_texts(ids: &[MerchantId]) -> Vec<&str> {
    ids.iter().map(MerchantId::as_str).collect()
}

/// The code need not be in use any more. Its shape is part of the stored form and as frozen: three capital letters.
pub(crate) fn currency(field: &'static str, code: [u8; 3]) -> Result<Currency, BadField> {
    if code.iter().all(u8::is_ascii_uppercase) {
        Ok(Currency::from_stored(code))
    } else {
        Err(BadField { field, problem: FieldProblem::NotCurrency })
    }
}
