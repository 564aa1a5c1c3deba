//! What an order says that the caller might do to it, beside what becomes of it when it is done.

use std::collections::BTreeSet;

use daybook_api::Limits;
use daybook_domain::Role;
use serde_json::{Value, json};

use crate::access::ask;
use crate::kit::{PLATFORM, Server, by, cny, payment};

const ACTIONS: &str = "query ($by: OrderInput!, $asOf: AsOf) { order(by: $by, asOf: $asOf) { revision due { amount }
    holds { hold } refunds { number } tags
    actions { name refusal { field code message } } } }";

/// Of an order with goods of each kind; stock is there. Whoever asks here asks as fast as it is answered.
async fn shop() -> Server {
    let server = Server::start_within(Limits { requests_per_second: None, ..Limits::default() }).await;
    server.carry_on_jobs();
    server.merchant("m0", None).await;
    server.merchant("m1", Some("m0")).await;
    let secrets: Vec<String> = (0..50).map(|n| format!("CARD-{n}")).collect();
    let import = "mutation ($input: ImportCardsInput!) { importCards(input: $input) { imported } }";
    let input = json!({"commandId": server.uuid(), "merchant": "m1", "sku": "card", "secrets": secrets});
    server.data(import, json!({"input": input})).await;
    server
}

async fn place(server: &Server, number: &str) {
    let line = |sku: &str, kind: &str, quantity: u32| json!({"sku": sku, "title": "Goods", "quantity": quantity, "kind": kind, "unitPrice": cny("5.00")});
    let lines =
        [line("mug", "PHYSICAL", 2), line("top", "TOP_UP", 2), line("card", "CARD", 1), line("top", "TOP_UP", 1)];
    let placed = json!({"merchant": "m1", "number": number, "buyer": {"account": "ann"}, "lines": lines});
    server.done("placeOrder", placed).await;
}

/// The mutation that asks for an action, and inputs of which one at least is taken, if any is.
fn mutation(name: &str, order: &Value, step: usize) -> (&'static str, Vec<Value>) {
    let reason = || json!({"code": "OTHER"});
    let tickets = |more: Value| -> Vec<Value> {
        let none = json!({});
        let tickets = order["refunds"].as_array().unwrap().iter().map(|refund| json!({"ticket": refund["number"]}));
        let inputs = tickets.chain([none]).map(|mut input| {
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            input
        });
        inputs.collect()
    };
    let lines = |failure: bool| {
        let input = |line| if failure { json!({"line": line, "failure": "F"}) } else { json!({"line": line}) };
        vec![input(2), input(4)]
    };
    let holds = || ["STOCK", "ADDRESS", "PAYMENT", "RISK"].map(|hold| json!({"hold": hold})).to_vec();
    match name {
        "EDIT_PRICE" => {
            ("editPrice", vec![json!({"prices": [{"line": 1, "unitPrice": cny("6.00")}], "reason": reason()})])
        }
        "RECORD_PAYMENT" => {
            let due = order["due"]["amount"].as_str().unwrap();
            let amount = cny(if due == "0.00" || step.is_multiple_of(3) { "7.00" } else { due });
            ("recordPayment", vec![json!({"provider": "alipay", "tradeNumber": format!("T-{step}"), "amount": amount})])
        }
        "FAIL_PAYMENT" => ("failPayment", vec![json!({"provider": "alipay", "failure": "F"})]),
        "CANCEL" => ("cancelOrder", vec![json!({"reason": reason()})]),
        "CANCEL_REST" => ("cancelRest", vec![json!({"reason": reason()})]),
        "PLACE_HOLD" => ("placeHold", holds()),
        "RELEASE_HOLD" => ("releaseHold", holds()),
        "CONFIRM_SHIPMENT" => ("confirmShipment", vec![json!({})]),
        "RECORD_TRACKING" => {
            let input =
                |shipment| json!({"checkpoint": format!("c-{step}"), "status": "DELIVERED", "shipment": shipment});
            ("recordTracking", (1..=5).map(|shipment| input(json!(shipment))).chain([input(Value::Null)]).collect())
        }
        "DELIVER_CARDS" => ("deliverCards", vec![json!({})]),
        "REVEAL_CARDS" => ("revealCards", vec![json!({})]),
        "COMPLETE_TOP_UP" => ("completeTopUp", lines(false)),
        "FAIL_TOP_UP" => ("failTopUp", lines(true)),
        "REQUEST_ADDRESS_CHANGE" => (
            "requestAddressChange",
            vec![
                json!({"contact": {"tel": "1"}}),
                json!({"inputs": [{"line": 2, "inputs": {"account": "a"}}]}),
                json!({"inputs": [{"line": 4, "inputs": {"account": "a"}}]}),
            ],
        ),
        "APPROVE_ADDRESS_CHANGE" => ("approveAddressChange", vec![json!({})]),
        "REJECT_ADDRESS_CHANGE" => ("rejectAddressChange", vec![json!({"reason": reason()})]),
        "REQUEST_REFUND" => {
            let some = json!({"reason": reason(), "amount": cny("1.00")});
            ("requestRefund", vec![some, json!({"reason": reason()})])
        }
        "APPROVE_REFUND" => ("approveRefund", tickets(json!({}))),
        "REJECT_REFUND" => ("rejectRefund", tickets(json!({"reason": reason()}))),
        "SETTLE_REFUND" => ("settleRefund", tickets(json!({}))),
        "FAIL_REFUND" => ("failRefund", tickets(json!({"failure": "F"}))),
        "ADD_NOTE" => ("addNote", vec![json!({"text": "x"})]),
        "ADD_TAG" => ("addTag", vec![json!({"tag": format!("t-{step}")})]),
        "RATE" => ("rateOrder", vec![json!({"score": 5})]),
        "OPEN_DISPUTE" => ("openDispute", vec![json!({"reason": reason()})]),
        "ADD_EVIDENCE" => ("addEvidence", vec![json!({"text": "x"})]),
        "READ_EVIDENCE" => ("readEvidence", vec![json!({})]),
        "RESOLVE_DISPUTE" => ("resolveDispute", vec![json!({"outcome": "MERCHANT", "reason": reason()})]),
        "REVEAL_CONTACT" => ("revealContact", vec![json!({"reason": reason()})]),
        other => panic!("{other}"),
    }
}

/// What the mutation is refused with for each input, up to the first that is taken.
async fn refusals(server: &Server, token: &str, number: &str, field: &str, inputs: Vec<Value>) -> (bool, Vec<Value>) {
    let kind = format!("{}{}Input!", field[..1].to_uppercase(), &field[1..]);
    let kind = if field.ends_with("Hold") { "HoldInput!" } else { &kind };
    let query =
        format!("mutation ($input: {kind}) {{ {field}(input: $input) {{ userErrors {{ field code message }} }} }}");
    let mut refused = Vec::new();
    for mut input in inputs {
        input["commandId"] = json!(server.uuid());
        input["order"] = by("m1", number);
        let mut answer = ask(server, token, &query, json!({"input": input})).await;
        assert_eq!(answer["errors"], Value::Null, "{field}: {answer}");
        match answer["data"][field]["userErrors"].take() {
            Value::Array(errors) if errors.is_empty() => return (true, refused),
            Value::Array(errors) => refused.extend(errors),
            other => panic!("{other}"),
        }
    }
    (false, refused)
}

struct Luck(u64);

impl Luck {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % end as u64).unwrap()
    }
}

/// Orders go random ways. At each step what is said to be refused is refused, in the same words, and one of the things that
/// are not is done.
#[tokio::test]
async fn what_is_said_to_be_refused_is_refused_and_nothing_else() {
    let server = shop().await;
    let other = server.other_platform_token().await;
    let mut seen = BTreeSet::new();
    for walk in 0..6_usize {
        let (number, mut luck) = (format!("N-{walk}"), Luck(walk as u64));
        place(&server, &number).await;
        // Trade numbers count once.
        for step in 1_000 * walk..1_000 * walk + 30 {
            server.pass([0, 60, 3_600][luck.below(3)]);
            let token = if luck.below(2) == 0 { PLATFORM } else { other.as_str() };
            let answer = ask(&server, token, ACTIONS, json!({"by": by("m1", &number)})).await;
            let order = &answer["data"]["order"];
            let mut taken = Vec::new();
            for action in order["actions"].as_array().unwrap() {
                let name = action["name"].as_str().unwrap();
                seen.insert((name.to_owned(), action["refusal"].is_null()));
                if action["refusal"].is_null() {
                    taken.push(name);
                    continue;
                }
                let (field, inputs) = mutation(name, order, step);
                let (is_done, refused) = refusals(&server, token, &number, field, inputs).await;
                assert!(!is_done, "walk {walk}, step {step}: {name} was done, though {action}");
                let message = &action["refusal"];
                assert!(refused.contains(message), "walk {walk}, step {step}, {name}: {message} and {refused:?}");
            }
            // Early ends make short walks: mostly it goes on towards delivery, and what comes then.
            let forward = [
                "RECORD_TRACKING",
                "DELIVER_CARDS",
                "CONFIRM_SHIPMENT",
                "COMPLETE_TOP_UP",
                "RELEASE_HOLD",
                "APPROVE_ADDRESS_CHANGE",
                "RECORD_PAYMENT",
                "RATE",
                "OPEN_DISPUTE",
                "ADD_EVIDENCE",
                "REVEAL_CARDS",
            ];
            let is_delivered = !taken.contains(&"PLACE_HOLD") && taken.contains(&"REVEAL_CARDS");
            let after = if is_delivered { &forward[7..] } else { &forward[..7] };
            let forward: Vec<&str> = after.iter().copied().filter(|name| taken.contains(name)).collect();
            let from = if forward.is_empty() || luck.below(5) == 0 { &taken } else { &forward };
            let name = from[luck.below(from.len())];
            let (field, inputs) = mutation(name, order, step);
            let (is_done, refused) = refusals(&server, token, &number, field, inputs).await;
            let waits_for_stock = |refused: &Value| {
                ["OUT_OF_CARDS", "OUT_OF_STOCK", "NOT_SHORT", "DELIVER_CARDS"]
                    .map(Value::from)
                    .contains(&refused["code"])
            };
            let is_taken = is_done || refused.iter().any(waits_for_stock);
            assert!(is_taken, "walk {walk}, step {step}: {name} is refused with {refused:?}");
        }
    }
    let names: BTreeSet<&str> = seen.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.len(), 29, "{seen:?}");
    assert!(seen.len() >= 50, "most are taken at times and refused at others: {seen:?}");
}

#[tokio::test]
async fn a_role_is_told_of_what_it_may_ask_for() {
    let server = shop().await;
    place(&server, "N-1").await;
    server.done("recordPayment", payment("m1", "N-1", "T-1", "30.00")).await;
    let ann = server.services.reader.buyer_slot(&daybook_domain::MerchantId::new("m0").unwrap(), "ann");
    let actions = async |token: &str, query: &str, variables: Value| {
        let answer = ask(&server, token, query, variables).await;
        assert_eq!(answer["errors"], Value::Null, "{answer}");
        let order = [&answer["data"]["order"], &answer["data"]["orders"]["nodes"][0]];
        let names = order.into_iter().filter_map(|order| order["actions"].as_array()).flatten();
        names.map(|action| action["name"].as_str().unwrap().to_owned()).collect::<BTreeSet<String>>()
    };
    let one = || json!({"by": by("m1", "N-1")});
    for role in [Role::Owner, Role::Clerk, Role::Support, Role::Auditor, Role::Buyer] {
        let token = format!("dbk_{:064x}", 0x9000 + u32::from(role as u8));
        server.issue_to(0x90 + role as u128, &token, role, Some("m1"), ann.filter(|_| role == Role::Buyer)).await;
        let told = actions(&token, ACTIONS, one()).await;
        let asked = |name: &str| mutation(name, &json!({"refunds": [], "due": {"amount": "1.00"}}), 1).0;
        let told: BTreeSet<&str> = told.iter().map(|name| asked(name)).collect();
        let of_orders: BTreeSet<&str> =
            actions(PLATFORM, ACTIONS, one()).await.iter().map(|name| asked(name)).collect();
        let may = daybook_api::access_table().filter(|(root, _, roles)| *root == "Mutation" && roles.contains(&role));
        let expected = may.map(|(_, field, _)| field).filter(|field| of_orders.contains(field)).collect();
        assert_eq!(told, expected, "{}", role.name());
    }
    // What is below is only shown, and what was is only history.
    let above = format!("dbk_{:064x}", 0x9999);
    server.issue_to(0x99, &above, Role::Owner, Some("m0"), None).await;
    server.settle().await;
    let listed = "{ orders(scope: SUBTREE) { nodes { number actions { name } } } }";
    assert_eq!(actions(&above, listed, json!({})).await, BTreeSet::new());
    assert_eq!(actions(&above, ACTIONS, one()).await, BTreeSet::new());
    assert_eq!(actions(PLATFORM, listed, json!({})).await.len(), 29);
    let then = json!({"by": by("m1", "N-1"), "asOf": {"revision": 1}});
    assert_eq!(actions(PLATFORM, ACTIONS, then).await, BTreeSet::new());
    let now = json!({"by": by("m1", "N-1"), "asOf": {"revision": 99}});
    assert_eq!(actions(PLATFORM, ACTIONS, now).await.len(), 29);
    // A page of the desk can tell it of each.
    let page = "{ orders(first: 100) { nodes { number label actions { name refusal { code message } } } } }";
    assert_eq!(actions(PLATFORM, page, json!({})).await.len(), 29);
}
