//! What the security log is told, and what it is not.

use daybook_domain::Role;
use serde_json::{Value, json};

use crate::kit::{PLATFORM, Server, by, request};
use crate::socket::Socket;

const CLERK: &str = "dbk_5555555555555555555555555555555555555555555555555555555555555555";

async fn ask(server: &Server, authorization: &str, query: &str) -> Value {
    let head = format!("Content-Type: application/json\r\nAuthorization: {authorization}\r\n");
    request(server.address, "POST /graphql", &head, json!({"query": query}).to_string().as_bytes()).await.json()
}

fn told(line: &Value) -> (&str, &str) {
    (line["what"].as_str().unwrap(), line["code"].as_str().unwrap())
}

#[tokio::test]
async fn sign_ins_that_fail_are_told_with_their_reason_and_without_the_credential() {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    server.issue_as(0x0C, CLERK, Role::Clerk).await;
    let unknown = format!("Bearer dbk_{}", "0".repeat(64));
    for wrong in ["", "Bearer hunter2", "Basic hunter2", &unknown] {
        ask(&server, wrong, "{ viewer { id } }").await;
    }
    server.revoke(CLERK).await;
    ask(&server, &format!("Bearer {CLERK}"), "{ viewer { id } }").await;
    server.issue_as(0x0E, &format!("dbk_{}", "7".repeat(64)), Role::System).await;
    ask(&server, &format!("Bearer dbk_{}", "7".repeat(64)), "{ viewer { id } }").await;
    let mut socket = Socket::open(&server).await;
    socket.send(json!({"type": "connection_init", "payload": {"Authorization": "Bearer hunter2"}})).await;
    assert!(socket.next().await.unwrap()["close"].is_number());
    let lines = server.incidents(7).await;
    let codes: Vec<(&str, &str)> = lines.iter().map(told).collect();
    let failed = |code| ("sign-in-failed", code);
    let wanted =
        ["missing", "malformed", "malformed", "token-unknown", "token-revoked", "role-not-let-in", "malformed"];
    assert_eq!(codes, wanted.map(failed));
    assert_eq!(lines[4]["actor"], "00000000-0000-0000-0000-00000000000c");
    assert_eq!(lines[4]["role"], "clerk");
    assert_eq!(lines[3].get("actor"), None);
    let text = format!("{lines:?}");
    assert!(!text.contains("hunter2") && !text.contains("dbk_") && !text.contains(&CLERK[4..]), "{text}");
}

#[tokio::test]
async fn forbidden_fields_and_refused_commands_are_told_by_name_without_what_was_sent() {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    server.issue_as(0x0C, CLERK, Role::Clerk).await;
    let bearer = format!("Bearer {CLERK}");
    // By the role, then by whose data it is; an alias is the client's own word.
    ask(&server, &bearer, "{ hunter2: events { nodes { kind } } }").await;
    ask(&server, &bearer, "{ hunter2 }").await;
    ask(&server, &bearer, r#"{ hunter2: stock(merchant: "secret-shop") { nodes { sku } } }"#).await;
    ask(&server, &bearer, r#"{ exceptionsCount(merchant: "secret-shop") { count } }"#).await;
    ask(&server, &bearer, r#"{ deadlinesCount(merchant: "secret-shop", scope: SUBTREE) }"#).await;
    let mut socket = Socket::greeted_with(&server, CLERK).await;
    let query = r#"subscription { orderEvents(merchant: "secret-shop") { kind } }"#;
    socket.send(json!({"id": "1", "type": "subscribe", "payload": {"query": query}})).await;
    socket.next().await.unwrap();
    let lines = server.incidents(6).await;
    let fields: Vec<&str> = lines.iter().map(|line| line["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["events", "unknown", "stock", "exceptionsCount", "deadlinesCount", "orderEvents"]);
    assert!(lines.iter().all(|line| told(line) == ("forbidden", "FORBIDDEN") && line["role"] == "clerk"), "{lines:?}");
    assert!(!format!("{lines:?}").contains("secret-shop") && !format!("{lines:?}").contains("hunter2"), "{lines:?}");

    // What the rules refuse, and what is wrong before they are asked.
    server.place("m1", "N-1", "小明").await;
    let note = json!({"order": by("m1", "N-9"), "text": "call 小明 at 555-0199"});
    server.refused("addNote", note).await;
    let bad = json!({"merchant": "m1", "sku": "a b", "quantity": 0});
    let id = server.uuid();
    let query = "mutation ($input: ReceiveStockInput!) { again: receiveStock(input: $input) { userErrors { code } } }";
    let mut input = bad.clone();
    input["commandId"] = json!(id);
    server.data(query, json!({"input": input})).await;
    let query = "mutation ($input: ImportCardsInput!) { importCards(input: $input) { userErrors { code } } }";
    let cards = json!({"commandId": server.uuid(), "merchant": "m1", "sku": "gc", "secrets": [" CARD-SECRET"]});
    server.data(query, json!({"input": cards})).await;
    let query = "mutation ($input: IssueTokenInput!) { issueToken(input: $input) { userErrors { code } } }";
    server.data(query, json!({"input": {"commandId": server.uuid(), "role": "CLERK"}})).await;
    let lines = &server.incidents(10).await[6..];
    let codes: Vec<(&str, &str)> = lines.iter().map(|line| (line["field"].as_str().unwrap(), told(line).1)).collect();
    assert_eq!(
        codes,
        [
            ("addNote", "ORDER_UNKNOWN"),
            ("receiveStock", "INVALID_INPUT"),
            ("importCards", "INVALID_INPUT"),
            ("issueToken", "TOKEN_NEEDS_MERCHANT"),
        ]
    );
    assert!(lines.iter().all(|line| line["what"] == "command-refused" && line["role"] == "platform"), "{lines:?}");
    assert_eq!(lines[1]["commandId"], json!(id));
    assert_eq!(lines[1]["inputs"][0], "input.sku");
    assert_eq!(lines[2]["inputs"], json!(["input.secrets.0"]));
    let text = format!("{lines:?}");
    for secret in ["小明", "555-0199", "CARD-SECRET", &PLATFORM[4..]] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}
