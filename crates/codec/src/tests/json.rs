//! Events as JSON.

use daybook_domain::event::{Event, Kind, NoteAdded};
use daybook_domain::{Sealed, Slot};
use serde_json::{Value, json};

use super::samples::order_placed;
use crate::{data_to_json, event_from_json, recorded_from_json};

fn seal(text: &str) -> Sealed {
    Sealed { slot: Slot(1), bytes: text.as_bytes().to_vec() }
}

fn open(sealed: &Sealed) -> Option<String> {
    Some(String::from_utf8_lossy(&sealed.bytes).into_owned())
}

fn refused(kind: Kind, data: &Value) -> String {
    event_from_json(kind, data, &mut seal).unwrap_err().to_string()
}

#[test]
fn texts_are_opened_or_show_their_slot() {
    let event: Event = NoteAdded { text: seal("call back") }.into();
    assert_eq!(data_to_json(&event, &mut |sealed, _| open(sealed)), json!({ "text": "call back" }));
    let closed = data_to_json(&event, &mut |_, _| None);
    assert_eq!(closed, json!({ "text": { "sealed": 1 } }));
    assert_eq!(event_from_json(Kind::NoteAdded, &json!({ "text": "call back" }), &mut seal), Ok(event));
    assert_eq!(refused(Kind::NoteAdded, &closed), "text: is sealed; only an opened text can be read");
}

type Damage = fn(&mut Value);

/// Each row mends the fault before it and makes the next.
#[test]
fn errors_name_the_field() {
    let placed = |change: Damage| {
        let mut data = data_to_json(&order_placed().into(), &mut |_, _| Some("text".into()));
        change(&mut data);
        data
    };
    let rows: Vec<(Damage, &str)> = vec![
        (|data| *data = json!([]), "event: invalid type: sequence, expected a JSON object"),
        (|data| data["more"] = json!(1), "more: is not known here, expected one of"),
        (|data| data["lines"][1] = json!({}), "lines[1].sku: is missing"),
        (|data| data["lines"][1]["sku"] = json!("a b"), "lines[1].sku: holds ' ', which is not allowed here"),
        (|data| data["lines"][2]["quantity"] = json!(-1), "lines[2].quantity: invalid value: integer `-1`"),
        (|data| data["lines"][0]["kind"] = json!("FOOD"), "lines[0].kind: \"FOOD\" is not a kind of goods"),
        (
            |data| data["lines"][0]["unitPrice"]["currency"] = json!("BRL"),
            "lines[0].unitPrice: is in BRL, the order in CNY",
        ),
        (
            |data| data["adjustments"][1]["amount"]["amount"] = json!("0.001"),
            "adjustments[1].amount: \"0.001\" has more than the 2 decimals of CNY",
        ),
        (|data| data["payDue"]["payBy"] = json!("soon"), "payDue.payBy: \"soon\" is not a time"),
        (|data| data["lines"][0]["unitPrice"] = json!(["9.90", "CNY"]), "lines[0].unitPrice: invalid type: sequence"),
        (|data| data["account"] = json!(7), "account: must be a text"),
        (|data| data["contact"] = json!({ "sealed": 7 }), "contact: is sealed"),
        (|data| data["currency"] = json!("cny"), "currency: \"cny\" is not an ISO 4217 currency code"),
    ];
    for (change, expected) in rows {
        let found = refused(Kind::OrderPlaced, &placed(change));
        assert!(found.starts_with(expected), "{found:?} instead of {expected:?}");
    }
    event_from_json(Kind::OrderPlaced, &placed(|_| {}), &mut seal).unwrap();
}

#[test]
fn envelopes_are_checked() {
    let event = super::golden::goldens().into_iter().find(|golden| golden.kind == Kind::TagAdded).unwrap().json();
    let refused = |field: &str, value: Value| {
        let mut json = event.clone();
        json[field] = value;
        recorded_from_json(&json, &mut seal).unwrap_err().to_string()
    };
    recorded_from_json(&event, &mut seal).unwrap();
    assert_eq!(refused("kind", json!("x")), "kind: \"x\" is no kind of event");
    assert_eq!(refused("version", json!(2)), "version: 2 of tag-added is not known");
    assert_eq!(refused("stream", json!("x")), "stream: \"x\" is not a UUID");
    assert_eq!(refused("data", json!({ "tag": "" })), "data.tag: is empty");
    assert!(refused("origin", json!("live")).starts_with("origin: \"live\" is not an origin: it must be one of LIVE"));
}
