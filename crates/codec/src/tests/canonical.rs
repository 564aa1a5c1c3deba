//! The canonical bytes of commands are frozen: were they to change, a command sent again after an update would be taken
//! for another one with the same id, and refused.

use daybook_domain::command::{ConfirmShipment, PlaceHold, PlaceOrder, RequestRefund};
use daybook_domain::event::Hold;
use daybook_domain::reason::Reason;
use daybook_domain::{Command, Currency, MerchantId, ReasonCode, StreamId, Timestamp};
use uuid::Uuid;

use super::samples::commands;
use crate::canonical;

const FROZEN: &str = include_str!("canonical.jsonl");

fn text(command: &Command<String>, at: Option<Timestamp>) -> String {
    String::from_utf8(canonical(command, at)).unwrap()
}

#[test]
fn canonical_bytes_are_frozen() {
    let written: Vec<String> =
        commands().iter().map(|command| text(command, Some(Timestamp(1_514_764_800_250_000)))).collect();
    assert_eq!(written, FROZEN.lines().collect::<Vec<_>>());
}

#[test]
fn absent_fields_are_left_out() {
    let order = StreamId(Uuid::from_u128(7));
    let reason = || Reason { code: ReasonCode::Other, text: None };
    let id = "00000000-0000-0000-0000-000000000007";
    let rows: Vec<(Command<String>, String)> = vec![
        (
            Command::Place(PlaceOrder {
                merchant: MerchantId::new("m1").unwrap(),
                number: None,
                account: "b".into(),
                contact: None,
                currency: Currency::CNY,
                lines: vec![],
                adjustments: vec![],
            }),
            r#"{"action":"place","merchant":"m1","buyer":{"account":"b"},"currency":"CNY","lines":[]}"#.into(),
        ),
        (
            Command::ConfirmShipment(ConfirmShipment { order, lines: None, carrier: None, tracking_number: None }),
            format!(r#"{{"action":"confirm-shipment","order":"{id}"}}"#),
        ),
        (
            Command::ConfirmShipment(ConfirmShipment {
                order,
                lines: Some(vec![]),
                carrier: None,
                tracking_number: None,
            }),
            format!(r#"{{"action":"confirm-shipment","order":"{id}","lines":[]}}"#),
        ),
        (
            Command::RequestRefund(RequestRefund { order, kind: None, amount: None, reason: reason() }),
            format!(r#"{{"action":"request-refund","order":"{id}","reason":{{"code":"OTHER"}}}}"#),
        ),
        (
            Command::PlaceHold(PlaceHold { order, hold: Hold::Stock, reason: None }),
            format!(r#"{{"action":"place-hold","order":"{id}","hold":"STOCK"}}"#),
        ),
    ];
    for (command, expected) in rows {
        assert_eq!(text(&command, None), expected);
    }
}

/// A contact that closes the object it stands in must not look like the fields that follow it.
#[test]
fn no_text_can_pass_for_a_field() {
    let place = |account: &str, contact: Option<&str>| {
        Command::Place(PlaceOrder {
            merchant: MerchantId::new("m1").unwrap(),
            number: None,
            account: account.into(),
            contact: contact.map(Into::into),
            currency: Currency::CNY,
            lines: vec![],
            adjustments: vec![],
        })
    };
    let honest = place("b", Some("{}"));
    for forged in [place("b\",\"contact\":\"{}", None), place("b", Some("{}\"},\"currency\":\"CNY")), place("b", None)]
    {
        assert_ne!(text(&honest, None), text(&forged, None));
    }
    assert!(text(&place("b", Some("{}},{")), None).contains(r#""contact":"{}},{"}"#));
}
