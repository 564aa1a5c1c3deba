//! Actions to text: the import's line, and the canonical bytes.

use std::borrow::Cow;

use daybook_domain::command::{Command, IssueToken, PlaceOrder};
use daybook_domain::event::{Alert, Line};
use daybook_domain::reason::{Reason, ReasonCode};
use daybook_domain::{MerchantId, Role, Timestamp};
use serde::{Serialize, Serializer};

use super::job::JobLine;
use super::lines::*;
use super::object::Object;
use super::{Action, OrderName, action_name};
use crate::json::policy::PolicySetJson;
use crate::json::profile::ProfileSetJson;
use crate::values::{Amount, Called, Code, Decimal, Id, One, Time};

/// What the hash of a command is made from: compact JSON with the fields of `lines` in their order, absent fields left
/// out, orders named by id, contacts and inputs as the strings that the command carries. Two commands have the same
/// bytes exactly if they ask for the same. **Frozen**: a command sent again after an update must still be recognised.
pub fn canonical(command: &Command<String>, occurred_at: Option<Timestamp>) -> Vec<u8> {
    let frame = Frame { at: occurred_at.map(Time), named: None, source: None, quoted: true };
    frame.write(command)
}

/// The line that [`super::parse_action`] reads, without a line break. A contact that is no JSON object, which commands
/// must not carry, is written as a string and will not be read again.
pub fn write_action(action: &Action) -> String {
    let frame = Frame {
        at: action.at.map(Time),
        named: action.named.as_ref(),
        source: action.source.as_deref(),
        quoted: false,
    };
    String::from_utf8(frame.write(&action.command)).unwrap_or_default()
}

/// What surrounds the fields of an action's own.
struct Frame<'a> {
    at: Option<Time>,
    /// Names the order; else its id does.
    named: Option<&'a OrderName>,
    source: Option<&'a str>,
    quoted: bool,
}

/// Fills the fields that all actions on an order share.
macro_rules! on_order {
    ($frame:ident, $command:ident, $order:expr, $line:ident { $($fields:tt)* }) => {
        json(&$line {
            action: Cow::Borrowed(action_name($command)),
            at: $frame.at,
            order: if $frame.named.is_none() { Some(Id::from($order)) } else { None },
            merchant: $frame.named.map(|name| Called::new(&name.merchant)),
            number: $frame.named.map(|name| Called::new(&name.number)),
            source: $frame.source.map(Cow::Borrowed),
            $($fields)*
        })
    };
}

impl<'a> Frame<'a> {
    fn write(&self, command: &'a Command<String>) -> Vec<u8> {
        match command {
            Command::RegisterMerchant(c) => json(&RegisterMerchantLine {
                action: action_name(command).into(),
                at: self.at,
                id: Called::new(&c.id),
                name: text(&c.name),
                parent: c.parent.as_ref().map(Called::new),
                source: self.source.map(Cow::Borrowed),
            }),
            Command::Place(c) => json(&self.place(command, c)),
            Command::EditPrice(c) => on_order!(
                self,
                command,
                c.order,
                EditPriceLine {
                    prices: c
                        .prices
                        .iter()
                        .map(|price| PriceLine { line: price.line, unit_price: Amount(price.unit) })
                        .collect(),
                    reason: reason(&c.reason),
                }
            ),
            Command::RecordPayment(c) => on_order!(
                self,
                command,
                c.order,
                RecordPaymentLine {
                    provider: text(&c.provider),
                    trade_number: text(&c.trade_number),
                    amount: Amount(c.amount),
                }
            ),
            Command::FailPayment(c) => on_order!(
                self,
                command,
                c.order,
                FailPaymentLine {
                    provider: text(&c.provider),
                    failure: text(&c.failure),
                    note: maybe(c.note.as_deref()),
                }
            ),
            Command::Expire { order } => on_order!(self, command, *order, ExpireLine {}),
            Command::Remind { order } => on_order!(self, command, *order, RemindLine {}),
            Command::Close { order } => on_order!(self, command, *order, CloseLine {}),
            Command::Breach { order, clock, ticket } => {
                on_order!(self, command, *order, BreachLine { clock: One(*clock), ticket: *ticket })
            }
            Command::DeliverCards { order } => on_order!(self, command, *order, DeliverCardsLine {}),
            Command::RevealCards { order } => on_order!(self, command, *order, RevealCardsLine {}),
            Command::CompleteTopUp(c) => {
                on_order!(self, command, c.order, CompleteTopUpLine { line: c.line, quantity: c.quantity })
            }
            Command::FailTopUp(c) => on_order!(
                self,
                command,
                c.order,
                FailTopUpLine {
                    line: c.line,
                    failure: text(&c.failure),
                    wrong_account: c.wrong_account,
                    note: maybe(c.note.as_deref()),
                }
            ),
            Command::RequestAddressChange(c) => on_order!(
                self,
                command,
                c.order,
                RequestAddressChangeLine {
                    contact: c.contact.as_deref().map(|text| self.object(text)),
                    inputs: (!c.inputs.is_empty()).then(|| {
                        let new = c.inputs.iter();
                        new.map(|new| NewInputsLine { line: new.line, inputs: self.object(&new.inputs) }).collect()
                    }),
                    reason: c.reason.as_ref().map(reason),
                }
            ),
            Command::ApproveAddressChange(c) => {
                on_order!(self, command, c.order, ApproveAddressChangeLine { note: maybe(c.note.as_deref()) })
            }
            Command::RejectAddressChange(c) => {
                on_order!(self, command, c.order, RejectAddressChangeLine { reason: reason(&c.reason) })
            }
            Command::OpenDispute(c) => on_order!(self, command, c.order, OpenDisputeLine { reason: reason(&c.reason) }),
            Command::AddEvidence(c) => on_order!(self, command, c.order, AddEvidenceLine { text: text(&c.text) }),
            Command::ResolveDispute(c) => on_order!(
                self,
                command,
                c.order,
                ResolveDisputeLine { outcome: One(c.outcome), refund: c.refund.map(Amount), reason: reason(&c.reason) }
            ),
            Command::ReadEvidence { order } => on_order!(self, command, *order, ReadEvidenceLine {}),
            Command::RevealContact(c) => {
                on_order!(self, command, c.order, RevealContactLine { reason: reason(&c.reason) })
            }
            Command::MoveMerchant(c) => self.merchant(command, &c.merchant, Some(&c.parent)),
            Command::CloseMerchant { merchant } | Command::ReopenMerchant { merchant } => {
                self.merchant(command, merchant, None)
            }
            Command::SetPolicy(c) => json(&SetPolicyLine {
                action: action_name(command),
                at: self.at,
                merchant: c.merchant.as_str(),
                policy: (&c.set).into(),
            }),
            Command::SetProfile(c) => json(&SetProfileLine {
                action: action_name(command),
                at: self.at,
                merchant: c.merchant.as_str(),
                profile: (&c.set).into(),
            }),
            Command::RaiseAlert(c) => json(&AlertLine {
                action: action_name(command),
                at: self.at,
                merchant: c.merchant.as_str(),
                alert: One(c.alert),
                sku: c.sku.as_ref().map(|sku| sku.as_str()),
                measured: c.measured,
                threshold: Some(c.threshold),
            }),
            Command::ClearAlert(c) => json(&AlertLine {
                action: action_name(command),
                at: self.at,
                merchant: c.merchant.as_str(),
                alert: One(c.alert),
                sku: c.sku.as_ref().map(|sku| sku.as_str()),
                measured: c.measured,
                threshold: None,
            }),
            Command::ImportCards(c) => json(&ImportCardsLine {
                action: action_name(command),
                at: self.at,
                merchant: c.merchant.as_str(),
                sku: c.sku.as_str(),
                secrets: c.cards.iter().map(|card| card.secret.as_str()).collect(),
            }),
            Command::CancelRest(c) => {
                on_order!(self, command, c.order, CancelRestLine { reason: reason(&c.reason) })
            }
            Command::Cancel(c) => on_order!(self, command, c.order, CancelLine { reason: reason(&c.reason) }),
            Command::PlaceHold(c) => on_order!(
                self,
                command,
                c.order,
                PlaceHoldLine { hold: One(c.hold), reason: c.reason.as_ref().map(reason) }
            ),
            Command::ReleaseHold(c) => on_order!(
                self,
                command,
                c.order,
                ReleaseHoldLine { hold: One(c.hold), reason: c.reason.as_ref().map(reason) }
            ),
            Command::ConfirmShipment(c) => on_order!(
                self,
                command,
                c.order,
                ConfirmShipmentLine {
                    lines: c.lines.as_ref().map(|lines| lines.iter().copied().map(Into::into).collect()),
                    carrier: maybe(c.carrier.as_deref()),
                    tracking_number: maybe(c.tracking_number.as_deref()),
                }
            ),
            Command::RecordTracking(c) => on_order!(
                self,
                command,
                c.order,
                RecordTrackingLine {
                    shipment: c.shipment,
                    checkpoint: text(&c.checkpoint),
                    status: One(c.status),
                    place: maybe(c.place.as_deref()),
                }
            ),
            Command::RequestRefund(c) => on_order!(
                self,
                command,
                c.order,
                RequestRefundLine { kind: c.kind.map(One), amount: c.amount.map(Amount), reason: reason(&c.reason) }
            ),
            Command::ApproveRefund(c) => on_order!(
                self,
                command,
                c.order,
                ApproveRefundLine { ticket: c.ticket, note: maybe(c.note.as_deref()) }
            ),
            Command::RejectRefund(c) => {
                on_order!(self, command, c.order, RejectRefundLine { ticket: c.ticket, reason: reason(&c.reason) })
            }
            Command::SettleRefund(c) => on_order!(
                self,
                command,
                c.order,
                SettleRefundLine {
                    ticket: c.ticket,
                    provider: maybe(c.provider.as_deref()),
                    trade_number: maybe(c.trade_number.as_deref()),
                }
            ),
            Command::FailRefund(c) => on_order!(
                self,
                command,
                c.order,
                FailRefundLine { ticket: c.ticket, failure: text(&c.failure), note: maybe(c.note.as_deref()) }
            ),
            Command::AddNote(c) => on_order!(self, command, c.order, AddNoteLine { text: text(&c.text) }),
            Command::AddTag(c) => on_order!(self, command, c.order, AddTagLine { tag: Called::new(&c.tag) }),
            Command::Rate(c) => {
                on_order!(self, command, c.order, RateLine { score: c.score, comment: maybe(c.comment.as_deref()) })
            }
            Command::ReceiveStock(c) => json(&ReceiveStockLine {
                action: action_name(command).into(),
                at: self.at,
                merchant: Called::new(&c.merchant),
                sku: Called::new(&c.sku),
                quantity: c.quantity,
                reference: maybe(c.reference.as_deref()),
                source: self.source.map(Cow::Borrowed),
            }),
            Command::CountStock(c) => json(&CountStockLine {
                action: action_name(command).into(),
                at: self.at,
                merchant: Called::new(&c.merchant),
                sku: Called::new(&c.sku),
                counted: c.counted,
                source: self.source.map(Cow::Borrowed),
            }),
            Command::SetStockMark(c) => json(&SetStockMarkLine {
                action: action_name(command).into(),
                at: self.at,
                merchant: Called::new(&c.merchant),
                sku: Called::new(&c.sku),
                low_at: c.low_at,
                source: self.source.map(Cow::Borrowed),
            }),
            Command::IssueToken(c) => json(&IssueTokenLine::new(self, command, c)),
            Command::OpenJob(_)
            | Command::SelectForJob(_)
            | Command::PreviewJob(_)
            | Command::StartJob { .. }
            | Command::CheckJob(_)
            | Command::AdvanceJob(_)
            | Command::CancelJob(_) => json(&JobLine::new(self.at, command)),
            Command::OpenExport(c) => json(&ExportLine::new(self.at, command, Some(&c.asked), None)),
            Command::EraseBuyer(c) => json(&EraseLine {
                action: action_name(command),
                at: self.at,
                merchant: c.merchant.as_str(),
                slots: c.slots.iter().map(|slot| slot.0).collect(),
                even_open: c.even_open,
                reason: One(c.reason),
            }),
            Command::FetchExport { export } => json(&ExportLine::new(self.at, command, None, Some((*export).into()))),
            Command::RevokeToken { token } => {
                json(&RevokeTokenLine { action: action_name(command), at: self.at, token: (*token).into() })
            }
        }
    }

    fn object(&self, text: &'a str) -> Object<'a> {
        Object { text: Cow::Borrowed(text), quoted: self.quoted }
    }

    fn merchant(&self, command: &Command<String>, merchant: &MerchantId, parent: Option<&MerchantId>) -> Vec<u8> {
        let (action, parent) = (action_name(command), parent.map(MerchantId::as_str));
        json(&MerchantLine { action, at: self.at, merchant: merchant.as_str(), parent })
    }

    fn place(&self, command: &'a Command<String>, c: &'a PlaceOrder<String>) -> PlaceLine<'a> {
        let places = c.currency.digits();
        let decimal = |minor| Decimal::Minor { minor, places };
        let line = |line: &'a Line<String>| GoodsLine {
            sku: Called::new(&line.sku),
            title: text(&line.title),
            kind: One(line.kind),
            quantity: line.quantity,
            unit_price: decimal(line.unit_minor),
            supplier: line.supplier.as_ref().map(Called::new),
            inputs: line.inputs.as_deref().map(|text| self.object(text)),
        };
        let adjustments = c.adjustments.iter().map(|adjustment| AdjustmentLine {
            kind: One(adjustment.kind),
            label: text(&adjustment.label),
            amount: decimal(adjustment.amount_minor),
        });
        PlaceLine {
            action: action_name(command).into(),
            at: self.at,
            merchant: Called::new(&c.merchant),
            number: c.number.as_ref().map(Called::new),
            buyer: BuyerLine { account: text(&c.account), contact: c.contact.as_deref().map(|text| self.object(text)) },
            currency: Code(c.currency),
            lines: c.lines.iter().map(line).collect(),
            adjustments: if c.adjustments.is_empty() { None } else { Some(adjustments.collect()) },
            source: self.source.map(Cow::Borrowed),
        }
    }
}

/// Only hashed.
#[derive(Serialize)]
struct MerchantLine<'a> {
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Time>,
    merchant: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<&'a str>,
}

/// Only hashed.
#[derive(Serialize)]
struct SetPolicyLine<'a> {
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Time>,
    merchant: &'a str,
    policy: PolicySetJson,
}

/// Only hashed.
#[derive(Serialize)]
struct SetProfileLine<'a> {
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Time>,
    merchant: &'a str,
    profile: ProfileSetJson<'a>,
}

/// Only hashed.
#[derive(Serialize)]
struct AlertLine<'a> {
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Time>,
    merchant: &'a str,
    alert: One<Alert>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sku: Option<&'a str>,
    measured: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<i64>,
}

/// Only hashed: secrets have a way in of their own.
#[derive(Serialize)]
struct ImportCardsLine<'a> {
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Time>,
    merchant: &'a str,
    sku: &'a str,
    secrets: Vec<&'a str>,
}

/// Only hashed: credentials are not imported.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IssueTokenLine<'a> {
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Time>,
    #[serde(serialize_with = "hex")]
    secret_sha256: &'a [u8; 32],
    id: Id,
    role: One<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merchant: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Time>,
    label: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer: Option<u32>,
}

impl<'a> IssueTokenLine<'a> {
    fn new(frame: &Frame<'_>, command: &Command<String>, c: &'a IssueToken) -> Self {
        Self {
            action: action_name(command),
            at: frame.at,
            secret_sha256: &c.secret_sha256,
            id: Id(c.id),
            role: One(c.role),
            merchant: c.merchant.as_ref().map(|id| id.as_str()),
            expires_at: c.expires_at.map(Time),
            label: &c.label,
            buyer: c.buyer.map(|slot| slot.0),
        }
    }
}

/// Only hashed.
#[derive(Serialize)]
struct RevokeTokenLine {
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Time>,
    token: Id,
}

/// Only hashed.
#[derive(Serialize)]
struct ExportLine<'a> {
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Time>,
    /// Of all that was asked for; which rows those are follows from when it was.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "maybe_hex")]
    asked: Option<&'a [u8; 32]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export: Option<Id>,
}

impl<'a> ExportLine<'a> {
    fn new(at: Option<Time>, command: &Command<String>, asked: Option<&'a [u8; 32]>, export: Option<Id>) -> Self {
        Self { action: action_name(command), at, asked, export }
    }
}

/// Neither the account, which must not be told by what is stored of the command, nor what was found of its orders.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EraseLine<'a> {
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Time>,
    merchant: &'a str,
    slots: Vec<u32>,
    even_open: bool,
    reason: One<ReasonCode>,
}

fn maybe_hex<S: Serializer>(bytes: &Option<&[u8; 32]>, serializer: S) -> Result<S::Ok, S::Error> {
    match bytes {
        Some(bytes) => hex(bytes, serializer),
        None => serializer.serialize_none(),
    }
}

pub(super) fn hex<S: Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let text: String = digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect();
    serializer.serialize_str(&text)
}

fn text(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}

fn maybe(text: Option<&str>) -> Option<Cow<'_, str>> {
    text.map(Cow::Borrowed)
}

fn reason(reason: &Reason<String>) -> ReasonLine<'_> {
    ReasonLine { code: One(reason.code), text: maybe(reason.text.as_deref()) }
}

fn json(line: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    serde_json::to_writer(&mut out, line).expect("lines have string keys only, and memory takes every byte");
    out
}
