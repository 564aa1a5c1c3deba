//! Orders are found by the last digits of a telephone, which is sealed wherever it is written down.

use std::sync::Arc;

use daybook_api::PhoneFollower;
use daybook_domain::command::{Command, ReceiveStock};
use daybook_domain::{Actor, CommandId, MerchantId, Role, Sku};
use daybook_engine::Request;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::access::ask;
use crate::kit::{PLATFORM, Server, by, order};

async fn shops() -> Server {
    let server = Server::start().await;
    server.merchant("m0", None).await;
    server.merchant("m1", Some("m0")).await;
    server
}

async fn place(server: &Server, merchant: &str, number: &str, account: &str, contact: Value) -> String {
    let mut placed = order(merchant, number, account);
    placed["buyer"]["contact"] = contact;
    let done = server.done("placeOrder", placed).await;
    done["receipt"]["position"].as_str().unwrap().to_owned()
}

async fn found(server: &Server, token: &str, tail: &str, scope: &str) -> Vec<String> {
    let query = format!(
        "{{ orders(where: {{phoneTail: {{eq: \"{tail}\"}}}}, scope: {scope}, sortBy: {{direction: ASC}}) {{ nodes {{ number }} }}
            ordersCount(where: {{OR: [{{phoneTail: {{eq: \"{tail}\"}}}}]}}, scope: {scope}) }}"
    );
    let answer = ask(server, token, &query, json!({})).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    let nodes = answer["data"]["orders"]["nodes"].as_array().unwrap();
    let numbers: Vec<String> = nodes.iter().map(|node| node["number"].as_str().unwrap().to_owned()).collect();
    assert_eq!(answer["data"]["ordersCount"], numbers.len());
    numbers
}

fn none() -> Vec<String> {
    Vec::new()
}

#[tokio::test]
async fn the_newest_contact_is_the_one_that_is_found() {
    let server = shops().await;
    place(&server, "m1", "N-1", "ann", json!({"name": "李", "tel": "+86 138-1234-5678"})).await;
    place(&server, "m1", "N-2", "bob", json!({"phone": 13_900_005_678_u64})).await;
    place(&server, "m1", "N-3", "cyd", json!({"mobile": "１３８ ００００ ００４２"})).await;
    place(&server, "m1", "N-4", "dan", json!({"telephone": "678", "address": "5678"})).await;
    server.place("m1", "N-5", "eve").await;
    server.settle().await;
    assert_eq!(found(&server, PLATFORM, "5678", "OWN").await, ["N-1", "N-2"]);
    assert_eq!(found(&server, PLATFORM, "0042", "OWN").await, ["N-3"]);
    assert_eq!(found(&server, PLATFORM, "0678", "OWN").await, none());

    let other = server.other_platform_token().await;
    let change = json!({"order": by("m1", "N-1"), "contact": {"tel": "13800000042"}});
    let decide = async |name: &str, input: Value| {
        let kind = format!("{}{}Input!", name[..1].to_uppercase(), &name[1..]);
        let query = format!("mutation ($input: {kind}) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}");
        let mut input = input;
        input["commandId"] = json!(server.uuid());
        let answer = ask(&server, &other, &query, json!({"input": input})).await;
        assert_eq!(answer["data"][name]["userErrors"], json!([]), "{answer}");
        server.settle().await;
    };
    server.done("requestAddressChange", change.clone()).await;
    server.settle().await;
    assert_eq!(found(&server, PLATFORM, "5678", "OWN").await, ["N-1", "N-2"], "nobody approved it");
    decide("rejectAddressChange", json!({"order": by("m1", "N-1"), "reason": {"code": "OTHER"}})).await;
    assert_eq!(found(&server, PLATFORM, "0042", "OWN").await, ["N-3"]);
    server.done("requestAddressChange", change).await;
    decide("approveAddressChange", json!({"order": by("m1", "N-1")})).await;
    assert_eq!(found(&server, PLATFORM, "5678", "OWN").await, ["N-2"]);
    assert_eq!(found(&server, PLATFORM, "0042", "OWN").await, ["N-1", "N-3"]);
}

#[tokio::test]
async fn who_sees_the_buyer_masked_finds_nobody() {
    let server = shops().await;
    let contact = || json!({"tel": "13812345678"});
    place(&server, "m0", "A-0", "ann", contact()).await;
    place(&server, "m1", "A-1", "ann", contact()).await;
    place(&server, "m1", "B-1", "bob", contact()).await;
    let ann = server.services.reader.buyer_slot(&MerchantId::new("m0").unwrap(), "ann");
    let token = |number: u32| format!("dbk_{number:064x}");
    server.issue_to(0x51, &token(0x51), Role::Owner, Some("m0"), None).await;
    server.issue_to(0x52, &token(0x52), Role::Clerk, Some("m1"), None).await;
    server.issue_to(0x53, &token(0x53), Role::Support, Some("m1"), None).await;
    server.issue_to(0x54, &token(0x54), Role::Buyer, Some("m1"), ann).await;
    server.settle().await;
    for (number, scope, expected) in [
        (0x51, "OWN", vec!["A-0"]),
        (0x51, "SUBTREE", vec!["A-0"]),
        (0x52, "SUBTREE", vec!["A-1", "B-1"]),
        (0x53, "OWN", vec![]),
        (0x54, "OWN", vec!["A-1"]),
    ] {
        assert_eq!(found(&server, &token(number), "5678", scope).await, expected, "{number:x} {scope}");
    }
    assert_eq!(found(&server, PLATFORM, "5678", "OWN").await, ["A-0", "A-1", "B-1"]);
}

#[tokio::test]
async fn what_is_no_tail_is_refused_in_clear_words() {
    let server = shops().await;
    for wrong in ["", "567", "56789", "56a8", "５６７８", " 5678"] {
        let query = "query ($tail: String!) { orders(where: {phoneTail: {eq: $tail}}) { nodes { number } } }";
        let answer = server.ask(query, json!({"tail": wrong})).await;
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], "INVALID_ARGUMENT", "{wrong:?}: {answer}");
        assert_eq!(error["message"], "phoneTail is the last four digits of a telephone, such as \"0042\"");
    }
    let many = ["{phoneTail: {eq: \"5678\"}}"; 11].join(", ");
    let answer = server.ask(&format!("{{ ordersCount(where: {{OR: [{many}]}}) }}"), json!({})).await;
    assert_eq!(answer["errors"][0]["message"], "a filter asks for at most 10 telephones");
}

/// Whatever is written while somebody asks: what is answered is right as of the position that was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn it_is_found_as_soon_as_the_list_has_it() {
    let server = shops().await;
    let follower = PhoneFollower::start(server.services.reader.clone(), Arc::clone(&server.services.host)).unwrap();
    for n in 0..60_u64 {
        let position = place(&server, "m1", &format!("N-{n}"), "ann", json!({"tel": "13812345678"})).await;
        let query = "query ($at: Position) { ordersCount(where: {phoneTail: {eq: \"5678\"}}, atLeast: $at) }";
        let answer = server.data(query, json!({"at": position})).await;
        assert_eq!(answer["ordersCount"], n + 1);
        if n % 10 == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(15)).await;
        }
    }
    follower.stop();
}

#[tokio::test]
async fn bulk_work_and_exports_take_it_and_the_log_keeps_no_digit_of_it() {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    for n in 0..3 {
        place(&server, "m1", &format!("N-{n}"), "ann", json!({"tel": format!("1381234000{}", n % 2)})).await;
    }
    server.settle().await;
    let open =
        "mutation ($input: BulkAddTagInput!) { bulkAddTag(input: $input) { job { total } userErrors { message } } }";
    let input = json!({"commandId": server.uuid(), "where": {"phoneTail": {"eq": "0000"}}, "tag": "x", "errorPolicy": "SKIP_REFUSED"});
    let answer = server.data(open, json!({"input": input})).await;
    assert_eq!(answer["bulkAddTag"]["job"]["total"], 2, "{answer}");
    let open = "mutation ($input: ExportOrdersInput!) { exportOrders(input: $input) { export { total } userErrors { message } } }";
    let input = json!({"commandId": server.uuid(), "where": {"AND": [{"phoneTail": {"eq": "0000"}}]}, "format": "CSV"});
    let answer = server.data(open, json!({"input": input})).await;
    assert_eq!(answer["exportOrders"]["export"]["total"], "2", "{answer}");
    let log = server.data("{ events(first: 250, kinds: [\"export-opened\"]) { nodes { data } } }", json!({})).await;
    let text = log.to_string();
    assert!(text.contains("phoneTail") && text.contains("named") && !text.contains("0000\\\""), "{text}");
}

#[tokio::test]
async fn until_contacts_are_read_it_is_said_and_not_guessed() {
    let server = shops().await;
    place(&server, "m1", "N-1", "ann", json!({"tel": "13812345678"})).await;
    // More than whoever asks reads himself.
    let actor = Actor { id: Uuid::from_u128(1), role: Role::System };
    let receive = |n: u128| {
        let (merchant, sku) = (MerchantId::new("m1").unwrap(), Sku::new("mug").unwrap());
        let receive = ReceiveStock { merchant, sku, quantity: 1, reference: None };
        let request = Request::live(CommandId(Uuid::from_u128(n)), actor, Command::ReceiveStock(receive));
        server.services.engine.submit(request)
    };
    let pending: Vec<_> = (1..=4_200).map(receive).collect();
    for pending in pending {
        pending.await.unwrap();
    }
    server.settle().await;
    let query = "{ ordersCount(where: {phoneTail: {eq: \"5678\"}}) }";
    let answer = server.ask(query, json!({})).await;
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], "BUSY", "{answer}");
    assert!(error["extensions"]["retryAfter"].is_number(), "{answer}");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.starts_with("telephones cannot be asked for yet: contacts are read up to position 0 of "),
        "{message}"
    );
    let follower = PhoneFollower::start(server.services.reader.clone(), Arc::clone(&server.services.host)).unwrap();
    let ready = async {
        while server.ask(query, json!({})).await["data"]["ordersCount"] != 1 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), ready).await.expect("it is read");
    follower.stop();
}
