//! The commands that imports do not know: what automation does, what has a way in of its own (cards), and what needs
//! more than history tells. Their fields are named as in the canonical lines of `daybook-codec`, and as in events.

use daybook_codec::{Action, event_from_json, parse_time};
use daybook_domain::command::{
    AddEvidence, ApproveAddressChange, Cancel, ClearAlert, CompleteTopUp, FailTopUp, ImportCards, MoveMerchant,
    NewCard, OpenDispute, RaiseAlert, RejectAddressChange, RequestAddressChange, ResolveDispute, RevealContact,
    SetPolicy, SetProfile,
};
use daybook_domain::event::{Alert, Clock, LineInputs, Outcome, PolicySet, ProfileSet};
use daybook_domain::reason::Reason;
use daybook_domain::{
    Command, Currency, Event, Kind, MerchantId, Money, OrderNumber, ReasonCode, Sealed, Sku, Slot, StreamId,
};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::failure::Failure;

type Object = serde_json::Map<String, Value>;

/// What is done; which order or merchant and when stand beside it.
#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
enum Asked {
    Expire {},
    Remind {},
    Close {},
    Breach { clock: String, ticket: Option<u16> },
    DeliverCards {},
    RevealCards {},
    CompleteTopUp { line: Option<u16>, quantity: Option<u32> },
    FailTopUp { line: Option<u16>, failure: String, wrong_account: bool, note: Option<String> },
    RequestAddressChange { contact: Option<Object>, inputs: Option<Vec<Inputs>>, reason: Option<Because> },
    ApproveAddressChange { note: Option<String> },
    RejectAddressChange { reason: Because },
    OpenDispute { reason: Because },
    AddEvidence { text: String },
    ReadEvidence {},
    RevealContact { reason: Because },
    MoveMerchant { parent: String },
    CloseMerchant {},
    ReopenMerchant {},
    CancelRest { reason: Because },
    ResolveDispute { outcome: String, refund: Option<Amount>, reason: Because },
    SetPolicy { policy: Value },
    SetProfile { profile: Value },
    RaiseAlert { alert: String, sku: Option<String>, measured: i64, threshold: i64 },
    ClearAlert { alert: String, sku: Option<String>, measured: i64 },
    ImportCards { sku: String, secrets: Vec<String> },
}

/// Every action that is read here.
const ACTIONS: [&str; 25] = [
    "read-evidence",
    "reveal-contact",
    "move-merchant",
    "close-merchant",
    "reopen-merchant",
    "cancel-rest",
    "expire",
    "remind",
    "close",
    "breach",
    "deliver-cards",
    "reveal-cards",
    "complete-top-up",
    "fail-top-up",
    "request-address-change",
    "approve-address-change",
    "reject-address-change",
    "open-dispute",
    "add-evidence",
    "resolve-dispute",
    "set-policy",
    "set-profile",
    "raise-alert",
    "clear-alert",
    "import-cards",
];

/// Those that are about no order.
const OF_MERCHANTS: [&str; 8] = [
    "set-policy",
    "set-profile",
    "raise-alert",
    "clear-alert",
    "import-cards",
    "move-merchant",
    "close-merchant",
    "reopen-merchant",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inputs {
    line: u16,
    inputs: Object,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Because {
    code: String,
    text: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Amount {
    amount: String,
    currency: String,
}

pub(super) fn is_one(action: &Value) -> bool {
    action.as_str().is_some_and(|action| ACTIONS.contains(&action))
}

/// The line's action: `{"action":"close","at":…,"merchant":…,"number":…}`.
pub(super) fn read(json: &Value) -> Result<Action, Failure> {
    let mut rest = json.clone();
    let mut text = |field: &str| match rest.as_object_mut().and_then(|object| object.remove(field)) {
        Some(Value::String(text)) => Ok(text),
        Some(_) | None => Err(Failure::new(format!("{field} is missing"))),
    };
    let at = parse_time(&text("at")?)?;
    let merchant = MerchantId::new(&text("merchant")?)?;
    let is_of_merchant = json["action"].as_str().is_some_and(|action| OF_MERCHANTS.contains(&action));
    let number = if is_of_merchant { None } else { Some(OrderNumber::new(&text("number")?)?) };
    let asked = Asked::deserialize(rest).map_err(|error| Failure::new(error.to_string()))?;
    let command = command(asked, merchant, number)?;
    Ok(Action { at: Some(at), source: None, named: None, command })
}

fn command(asked: Asked, merchant: MerchantId, number: Option<OrderNumber>) -> Result<Command<String>, Failure> {
    let order = match &number {
        Some(number) => Ok(StreamId::order(&merchant, number)),
        None => Err(Failure::new("number is missing")),
    };
    Ok(match asked {
        Asked::Expire {} => Command::Expire { order: order? },
        Asked::Remind {} => Command::Remind { order: order? },
        Asked::Close {} => Command::Close { order: order? },
        Asked::Breach { clock, ticket } => {
            Command::Breach { order: order?, clock: named(&clock, Clock::from_name)?, ticket }
        }
        Asked::DeliverCards {} => Command::DeliverCards { order: order? },
        Asked::RevealCards {} => Command::RevealCards { order: order? },
        Asked::CompleteTopUp { line, quantity } => {
            Command::CompleteTopUp(CompleteTopUp { order: order?, line, quantity })
        }
        Asked::FailTopUp { line, failure, wrong_account, note } => {
            Command::FailTopUp(FailTopUp { order: order?, line, failure: failure.into(), wrong_account, note })
        }
        Asked::RequestAddressChange { contact, inputs, reason } => {
            Command::RequestAddressChange(RequestAddressChange {
                order: order?,
                contact: contact.map(compact),
                inputs: inputs.unwrap_or_default().into_iter().map(new_inputs).collect(),
                reason: reason.map(because).transpose()?,
            })
        }
        Asked::ApproveAddressChange { note } => {
            Command::ApproveAddressChange(ApproveAddressChange { order: order?, note })
        }
        Asked::RejectAddressChange { reason } => {
            Command::RejectAddressChange(RejectAddressChange { order: order?, reason: because(reason)? })
        }
        Asked::OpenDispute { reason } => Command::OpenDispute(OpenDispute { order: order?, reason: because(reason)? }),
        Asked::CancelRest { reason } => Command::CancelRest(Cancel { order: order?, reason: because(reason)? }),
        Asked::ReadEvidence {} => Command::ReadEvidence { order: order? },
        Asked::RevealContact { reason } => {
            Command::RevealContact(RevealContact { order: order?, reason: because(reason)? })
        }
        Asked::MoveMerchant { parent } => {
            Command::MoveMerchant(MoveMerchant { merchant, parent: MerchantId::new(&parent)? })
        }
        Asked::CloseMerchant {} => Command::CloseMerchant { merchant },
        Asked::ReopenMerchant {} => Command::ReopenMerchant { merchant },
        Asked::AddEvidence { text } => Command::AddEvidence(AddEvidence { order: order?, text }),
        Asked::ResolveDispute { outcome, refund, reason } => Command::ResolveDispute(ResolveDispute {
            order: order?,
            outcome: named(&outcome, Outcome::from_name)?,
            refund: refund.map(|refund| money(&refund)).transpose()?,
            reason: because(reason)?,
        }),
        Asked::SetPolicy { policy } => Command::SetPolicy(SetPolicy { merchant, set: policy_set(&policy)? }),
        Asked::SetProfile { profile } => Command::SetProfile(SetProfile { merchant, set: profile_set(&profile)? }),
        Asked::RaiseAlert { alert, sku, measured, threshold } => Command::RaiseAlert(RaiseAlert {
            merchant,
            alert: named(&alert, Alert::from_name)?,
            sku: sku.map(|sku| Sku::new(&sku)).transpose()?,
            measured,
            threshold,
        }),
        Asked::ClearAlert { alert, sku, measured } => Command::ClearAlert(ClearAlert {
            merchant,
            alert: named(&alert, Alert::from_name)?,
            sku: sku.map(|sku| Sku::new(&sku)).transpose()?,
            measured,
        }),
        Asked::ImportCards { sku, secrets } => Command::ImportCards(ImportCards {
            merchant,
            sku: Sku::new(&sku)?,
            cards: secrets.into_iter().map(card).collect(),
        }),
    })
}

fn named<T>(name: &str, from_name: impl Fn(&str) -> Option<T>) -> Result<T, Failure> {
    from_name(name).ok_or_else(|| Failure::new(format!("there is no {name}")))
}

fn because(reason: Because) -> Result<Reason<String>, Failure> {
    Ok(Reason { code: named(&reason.code, ReasonCode::from_name)?, text: reason.text })
}

fn compact(object: Object) -> String {
    Value::Object(object).to_string()
}

fn new_inputs(new: Inputs) -> LineInputs<String> {
    LineInputs { line: new.line, inputs: compact(new.inputs) }
}

fn money(amount: &Amount) -> Result<Money, Failure> {
    Ok(Money::parse(&amount.amount, Currency::new(&amount.currency)?)?)
}

/// As in its event, which has no personal text.
fn of_kind(kind: Kind, data: &Value) -> Result<Event, Failure> {
    let mut nothing = |_: &str| Sealed { slot: Slot(0), bytes: Vec::new() };
    Ok(event_from_json(kind, data, &mut nothing)?)
}

fn policy_set(policy: &Value) -> Result<PolicySet, Failure> {
    match of_kind(Kind::PolicySet, policy)? {
        Event::PolicySet(set) => Ok(set),
        other => Err(Failure::new(format!("{} is no policy", other.kind().name()))),
    }
}

fn profile_set(profile: &Value) -> Result<ProfileSet, Failure> {
    match of_kind(Kind::ProfileSet, profile)? {
        Event::ProfileSet(set) => Ok(set),
        other => Err(Failure::new(format!("{} is no profile", other.kind().name()))),
    }
}

/// The engine hashes under a key; a story has none, and is known again all the same.
fn card(secret: String) -> NewCard<String> {
    let mut fingerprint = [0; 16];
    for (to, from) in fingerprint.iter_mut().zip(Sha256::digest(secret.as_bytes())) {
        *to = from;
    }
    NewCard { secret, fingerprint }
}

#[cfg(test)]
mod tests {
    use daybook_codec::action_name;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_action_is_read_and_a_misspelt_field_is_not_ignored() {
        let of_order = json!({"at": "2026-03-02T01:00:00Z", "merchant": "m1", "number": "A-1"});
        let because = json!({"code": "OTHER"});
        for more in [
            json!({"action": "expire"}),
            json!({"action": "remind"}),
            json!({"action": "close"}),
            json!({"action": "breach", "clock": "ANSWER_REFUND", "ticket": 1}),
            json!({"action": "deliver-cards"}),
            json!({"action": "reveal-cards"}),
            json!({"action": "complete-top-up", "line": 1, "quantity": 2}),
            json!({"action": "fail-top-up", "failure": "X", "wrongAccount": true}),
            json!({"action": "request-address-change", "inputs": [{"line": 1, "inputs": {"account": "a"}}]}),
            json!({"action": "approve-address-change"}),
            json!({"action": "reject-address-change", "reason": because}),
            json!({"action": "open-dispute", "reason": because}),
            json!({"action": "add-evidence", "text": "a photo"}),
            json!({"action": "read-evidence"}),
            json!({"action": "reveal-contact", "reason": because}),
            json!({"action": "move-merchant", "parent": "m0"}),
            json!({"action": "close-merchant"}),
            json!({"action": "reopen-merchant"}),
            json!({"action": "resolve-dispute", "outcome": "BUYER", "reason": because}),
            json!({"action": "set-policy", "policy": {"payWithinSeconds": 60}}),
            json!({"action": "set-profile", "profile": {"timeZone": "Asia/Shanghai"}}),
            json!({"action": "raise-alert", "alert": "LOW_STOCK", "sku": "a", "measured": 1, "threshold": 2}),
            json!({"action": "clear-alert", "alert": "CONVERSION", "measured": 1}),
            json!({"action": "import-cards", "sku": "a", "secrets": ["s"]}),
        ] {
            let mut line = of_order.clone();
            if OF_MERCHANTS.iter().any(|action| more["action"] == *action) {
                line.as_object_mut().unwrap().remove("number");
            }
            line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            assert!(is_one(&line["action"]), "{line}");
            let action = read(&line).unwrap();
            assert_eq!(line["action"], action_name(&action.command));
            line["notAField"] = json!(1);
            assert!(read(&line).is_err(), "{line}");
        }
        assert!(!is_one(&json!("place")));
    }
}
