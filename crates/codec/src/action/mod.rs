//! Actions: one command a line, as JSON. What an import reads, and what the hash of every command is made from.

mod import_id;
mod job;
mod key;
mod lines;
mod object;
mod read;
mod schema;
mod write;

use daybook_domain::{Command, MerchantId, OrderNumber, Timestamp};
use thiserror::Error;

pub use self::import_id::import_command_id;
pub use self::key::LineKey;
pub use self::read::parse_action;
pub use self::schema::action_schema;
pub use self::write::{canonical, write_action};
use crate::problem::Problem;

/// One line of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// When it happened.
    pub at: Option<Timestamp>,
    /// The source's own id of the line.
    pub source: Option<String>,
    /// How the line names the order, where it does not give the id that the command carries.
    pub named: Option<OrderName>,
    pub command: Command<String>,
}

/// An order as people know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderName {
    pub merchant: MerchantId,
    pub number: OrderNumber,
}

/// Why a line is not an action.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field}: {problem}")]
pub struct ActionError {
    /// Such as `lines[2].unitPrice`; `line` for the whole.
    pub field: String,
    pub problem: String,
}

impl ActionError {
    fn new(field: &str, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }
}

impl From<Problem> for ActionError {
    fn from(found: Problem) -> Self {
        let field = if found.field.is_empty() { "line".into() } else { found.field };
        Self { field, problem: found.problem }
    }
}

/// What [`parse_action`] reads.
const ACTIONS: [&str; 21] = [
    "register-merchant",
    "place",
    "edit-price",
    "record-payment",
    "fail-payment",
    "cancel",
    "place-hold",
    "release-hold",
    "confirm-shipment",
    "record-tracking",
    "request-refund",
    "approve-refund",
    "reject-refund",
    "settle-refund",
    "fail-refund",
    "add-note",
    "add-tag",
    "rate",
    "receive-stock",
    "count-stock",
    "set-stock-mark",
];

/// A command's name, in actions, canonical bytes and reports.
pub fn action_name<T>(command: &Command<T>) -> &'static str {
    match command {
        Command::RegisterMerchant(_) => "register-merchant",
        Command::MoveMerchant(_) => "move-merchant",
        Command::CloseMerchant { .. } => "close-merchant",
        Command::ReopenMerchant { .. } => "reopen-merchant",
        Command::Place(_) => "place",
        Command::EditPrice(_) => "edit-price",
        Command::RecordPayment(_) => "record-payment",
        Command::FailPayment(_) => "fail-payment",
        Command::Expire { .. } => "expire",
        Command::Cancel(_) => "cancel",
        Command::CancelRest(_) => "cancel-rest",
        Command::PlaceHold(_) => "place-hold",
        Command::ReleaseHold(_) => "release-hold",
        Command::ConfirmShipment(_) => "confirm-shipment",
        Command::RecordTracking(_) => "record-tracking",
        Command::RequestRefund(_) => "request-refund",
        Command::ApproveRefund(_) => "approve-refund",
        Command::RejectRefund(_) => "reject-refund",
        Command::SettleRefund(_) => "settle-refund",
        Command::FailRefund(_) => "fail-refund",
        Command::AddNote(_) => "add-note",
        Command::AddTag(_) => "add-tag",
        Command::Rate(_) => "rate",
        Command::ReceiveStock(_) => "receive-stock",
        Command::CountStock(_) => "count-stock",
        Command::SetStockMark(_) => "set-stock-mark",
        Command::SetPolicy(_) => "set-policy",
        Command::SetProfile(_) => "set-profile",
        Command::RaiseAlert(_) => "raise-alert",
        Command::ClearAlert(_) => "clear-alert",
        Command::Remind { .. } => "remind",
        Command::Close { .. } => "close",
        Command::Breach { .. } => "breach",
        Command::DeliverCards { .. } => "deliver-cards",
        Command::RevealCards { .. } => "reveal-cards",
        Command::CompleteTopUp(_) => "complete-top-up",
        Command::FailTopUp(_) => "fail-top-up",
        Command::RequestAddressChange(_) => "request-address-change",
        Command::ApproveAddressChange(_) => "approve-address-change",
        Command::RejectAddressChange(_) => "reject-address-change",
        Command::OpenDispute(_) => "open-dispute",
        Command::AddEvidence(_) => "add-evidence",
        Command::ReadEvidence { .. } => "read-evidence",
        Command::RevealContact(_) => "reveal-contact",
        Command::ResolveDispute(_) => "resolve-dispute",
        Command::ImportCards(_) => "import-cards",
        Command::IssueToken(_) => "issue-token",
        Command::RevokeToken { .. } => "revoke-token",
        Command::OpenJob(_) => "open-job",
        Command::SelectForJob(_) => "select-for-job",
        Command::PreviewJob(_) => "preview-job",
        Command::StartJob { .. } => "start-job",
        Command::CheckJob(_) => "check-job",
        Command::AdvanceJob(_) => "advance-job",
        Command::CancelJob(_) => "cancel-job",
        Command::OpenExport(_) => "open-export",
        Command::FetchExport { .. } => "fetch-export",
        Command::EraseBuyer(_) => "erase-buyer",
    }
}
