//! Lines of imports.

use std::collections::BTreeSet;

use daybook_domain::{Command, StreamId, Timestamp};

use super::samples::commands;
use super::schemas::Checker;
use super::top;
use crate::{Action, OrderName, action_name, action_schema, import_command_id, parse_action, write_action};

fn refused(line: &str) -> String {
    parse_action(line).unwrap_err().to_string()
}

fn name() -> OrderName {
    let Action { named, .. } =
        parse_action(r#"{"action":"add-note","merchant":"m1","number":"A-1","text":"x"}"#).unwrap();
    named.unwrap()
}

const PLACE: &str = r#"{
    "action": "place", "at": "2018-01-01T00:00:00Z", "merchant": "m1", "number": "A-1",
    "buyer": { "account": "b", "contact": { "name": "a \"b\" {c", "list" : [ 1.50, 2e3 ] } }, "currency": "CNY",
    "lines": [{ "sku": "mug", "title": "A mug", "kind": "PHYSICAL", "quantity": 2, "unitPrice": "9.9" }],
    "adjustments": [{ "kind": "DISCOUNT", "label": "spring", "amount": "-1.00" }], "source": "17"
}"#;

#[test]
fn a_line_is_read() {
    let action = parse_action(PLACE).unwrap();
    assert_eq!((action.at, action.source.as_deref()), (Some(Timestamp(1_514_764_800_000_000)), Some("17")));
    let Command::Place(place) = &action.command else { panic!("{action:?}") };
    assert_eq!(place.contact.as_deref(), Some(r#"{"name":"a \"b\" {c","list":[1.50,2e3]}"#));
    assert_eq!((place.lines[0].unit_minor, place.adjustments[0].amount_minor), (990, -100));
    assert_eq!(
        write_action(&action),
        r#"{"action":"place","at":"2018-01-01T00:00:00Z","merchant":"m1","number":"A-1","buyer":{"account":"b","contact":{"name":"a \"b\" {c","list":[1.50,2e3]}},"currency":"CNY","lines":[{"sku":"mug","title":"A mug","kind":"PHYSICAL","quantity":2,"unitPrice":"9.90"}],"adjustments":[{"kind":"DISCOUNT","label":"spring","amount":"-1.00"}],"source":"17"}"#
    );
}

#[test]
fn orders_are_named_by_number_or_id() {
    let name = name();
    let id = StreamId::order(&name.merchant, &name.number);
    let by_id = format!(r#"{{"action":"add-note","order":"{id}","text":"x"}}"#);
    let by_name = r#"{"action":"add-note","merchant":"m1","number":"A-1","text":"x"}"#;
    assert_eq!(parse_action(&by_id).unwrap().command, parse_action(by_name).unwrap().command);
    assert_eq!(parse_action(&by_id).unwrap().named, None);
    for line in [by_id.as_str(), by_name] {
        assert_eq!(write_action(&parse_action(line).unwrap()), line);
    }
}

/// Commands that no import may bring: they are hashed and never read.
#[test]
fn every_command_but_these_can_be_imported() {
    let refused: Vec<&str> = commands()
        .iter()
        .filter(|command| {
            let action = Action { at: None, source: None, named: None, command: (*command).clone() };
            parse_action(&write_action(&action)).as_ref() != Ok(&action)
        })
        .map(action_name)
        .collect();
    assert_eq!(
        refused,
        [
            "expire",
            "issue-token",
            "revoke-token",
            "set-policy",
            "raise-alert",
            "clear-alert",
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
            "cancel-rest",
            "resolve-dispute",
            "import-cards",
            "issue-token",
            "move-merchant",
            "close-merchant",
            "reopen-merchant",
            "read-evidence",
            "reveal-contact",
            "open-job",
            "select-for-job",
            "preview-job",
            "start-job",
            "check-job",
            "advance-job",
            "cancel-job",
            "open-export",
            "fetch-export",
            "set-profile",
            "erase-buyer",
        ]
    );
}

#[test]
fn errors_name_the_field() {
    let rows = [
        ("", "line: is not JSON (EOF while parsing a value at column 0)"),
        ("{\"action\":\"rate\"", "line: is not JSON (EOF while parsing an object at column 16)"),
        ("{} {}", "line: is not JSON (trailing characters at column 4)"),
        ("[]", "line: invalid length 0, expected a JSON object"),
        (r#"["rate"]"#, "line: invalid type: sequence, expected a JSON object"),
        (r#"{"action":"cancel","merchant":"m1","number":"1","reason":["OTHER"]}"#, "reason: invalid type: sequence"),
        ("{}", "action: is missing"),
        (r#"{"action":7}"#, "action: invalid type: integer `7`, expected a string"),
        (r#"{"action":"pay"}"#, "action: \"pay\" is none of register-merchant, place, "),
        (r#"{"action":"expire"}"#, "action: \"expire\" is none of "),
        (r#"{"action":"add-note","text":"x"}"#, "merchant: is missing, and so is number"),
        (r#"{"action":"add-note","merchant":"m1","text":"x"}"#, "number: is missing"),
        (r#"{"action":"add-note","number":"1","text":"x"}"#, "merchant: is missing"),
        (
            r#"{"action":"add-note","order":"88c6b19d-e7a7-5eb2-9b26-75a6c464c46d","number":"1","text":"x"}"#,
            "order: stands beside merchant and number",
        ),
        (
            r#"{"action":"add-note","order":"88c6b19d-e7a7-5eb2-9b26-75a6c464c46d","merchant":"m1","text":"x"}"#,
            "order: stands beside merchant and number",
        ),
        (
            r#"{"action":"add-note","order":"88c6b19d-e7a7-5eb2-9b26-75a6c464c46d","merchant":"m1","number":"1","text":"x"}"#,
            "order: stands beside merchant and number",
        ),
        (r#"{"action":"add-note","order":"x","text":"x"}"#, "order: \"x\" is not a UUID"),
        (r#"{"action":"add-note","merchant":"m 1","number":"1","text":"x"}"#, "merchant: holds ' '"),
        (
            r#"{"action":"add-note","merchant":"m1","number":"1","texts":"x"}"#,
            "texts: is not known here, expected one of",
        ),
        (r#"{"action":"add-note","merchant":"m1","number":"1","text":"x","text":"y"}"#, "text: is there twice"),
        (
            r#"{"action":"add-note","merchant":"m1","number":"1","at":"2018-01-01","text":"x"}"#,
            "at: \"2018-01-01\" is not a time",
        ),
        (r#"{"action":"rate","merchant":"m1","number":"1","score":256}"#, "score: invalid value: integer `256`"),
        (
            r#"{"action":"cancel","merchant":"m1","number":"1","reason":{"code":"X"}}"#,
            "reason.code: \"X\" is not a reason code",
        ),
        (
            r#"{"action":"record-payment","merchant":"m1","number":"1","provider":"p","tradeNumber":"t","amount":"9.90"}"#,
            "amount: invalid type: string \"9.90\"",
        ),
        (
            r#"{"action":"record-payment","merchant":"m1","number":"1","provider":"p","tradeNumber":"t","amount":{"amount":9.9,"currency":"CNY"}}"#,
            "amount.amount: invalid type: floating point `9.9`, expected a decimal number in quotes",
        ),
    ];
    for (line, expected) in rows {
        let found = refused(line);
        assert!(found.starts_with(expected), "{line}: {found:?} instead of {expected:?}");
    }
    // Behind a contact, which is read as it stands.
    for (from, to, expected) in [
        ("\"PHYSICAL\"", "\"FOOD\"", "lines[0].kind: \"FOOD\" is not a kind of goods"),
        ("\"quantity\": 2, ", "", "lines[0].quantity: is missing"),
        ("\"9.9\"", "\"9.999\"", "lines[0].unitPrice: \"9.999\" has more than the 2 decimals of CNY"),
        ("\"-1.00\"", "\"1e2\"", "adjustments[0].amount: \"1e2\" is not a decimal number"),
        (
            "{ \"name\": \"a \\\"b\\\" {c\", \"list\" : [ 1.50, 2e3 ] }",
            "\"{}\"",
            "buyer.contact: must be a JSON object",
        ),
        ("\"account\": \"b\", ", "", "buyer.account: is missing"),
    ] {
        assert!(PLACE.contains(from), "{from}");
        let found = refused(&PLACE.replace(from, to));
        assert!(found.starts_with(expected), "{found:?} instead of {expected:?}");
    }
}

#[test]
fn command_ids_of_imports_are_frozen() {
    let order = StreamId::order(&name().merchant, &name().number);
    let id = |source, action, ordinal| import_command_id(source, order, action, ordinal).to_string();
    assert_eq!(id("olist", "record-payment", "1"), "fd56e402-edde-5022-89a1-27e5253b041a");
    assert_eq!(id("olist", "record-payment", "2"), "3bc57223-28ea-511b-ae71-0c0712e59887");
    assert_ne!(id("a", "bc", "1"), id("ab", "c", "1"));
}

#[test]
fn a_line_has_its_command_id_from_its_source() {
    let with = |source: Option<&str>| Action { source: source.map(Into::into), ..parse_action(PLACE).unwrap() };
    let order = StreamId::order(&name().merchant, &name().number);
    assert_eq!(with(None).command_id("shop", 3), import_command_id("shop", order, "place", "3"));
    assert_eq!(with(Some("17")).command_id("shop", 3), import_command_id("shop", order, "place", "source:17"));
    assert_ne!(with(Some("3")).command_id("shop", 3), with(None).command_id("shop", 3));
    let unnumbered = parse_action(&PLACE.replace("\"number\": \"A-1\",", "")).unwrap();
    assert_eq!(unnumbered.target(), StreamId::merchant(&name().merchant));
}

/// What the documentation shows is what is read, and it shows every action.
#[test]
fn documented_lines_are_read() {
    let page = std::fs::read_to_string(top("docs/import-format.md")).unwrap();
    let checker = Checker::new(&action_schema());
    let mut shown = BTreeSet::new();
    for line in page.lines().filter(|line| line.starts_with("{\"")) {
        let action = parse_action(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        checker.check(&serde_json::from_str(line).unwrap()).unwrap();
        assert_eq!(write_action(&action), line);
        shown.insert(action_name(&action.command));
    }
    assert_eq!(shown.len(), 21, "{shown:?}");
    let name = name();
    let id = StreamId::order(&name.merchant, &name.number).to_string();
    assert!(page.contains(&id), "the order that is named by id is the one that is named by number");
}
