//! Credentials that are issued, listed and revoked over the API.

use std::collections::BTreeSet;

use daybook_domain::{Kind, Role};
use serde_json::{Value, json};

use crate::kit::{PLATFORM, Server, request};
use crate::socket::Socket;

const OWNER: &str = "dbk_6666666666666666666666666666666666666666666666666666666666666666";
const CLERK: &str = "dbk_5555555555555555555555555555555555555555555555555555555555555555";

const ISSUE: &str =
    "mutation ($input: IssueTokenInput!) { issueToken(input: $input) { receipt { position repeated commandId }
    secret token { id role merchant label createdAt expiresAt revokedAt } userErrors { field code message } } }";
const REVOKE: &str = "mutation ($input: RevokeTokenInput!) { revokeToken(input: $input) { receipt { position repeated }
    token { id revokedAt } userErrors { field code message } } }";

async fn ask(server: &Server, token: &str, query: &str, variables: Value) -> Value {
    let head = format!("Content-Type: application/json\r\nAuthorization: Bearer {token}\r\n");
    let body = json!({"query": query, "variables": variables}).to_string();
    request(server.address, "POST /graphql", &head, body.as_bytes()).await.json()
}

async fn status(server: &Server, token: &str) -> u16 {
    let head = format!("Content-Type: application/json\r\nAuthorization: Bearer {token}\r\n");
    request(server.address, "POST /graphql", &head, br#"{"query": "{ viewer { id } }"}"#).await.status
}

/// `{receipt, secret, token, userErrors}`.
async fn issue(server: &Server, as_: &str, mut input: Value) -> Value {
    let id = input.as_object_mut().unwrap().entry("commandId").or_insert_with(|| server.uuid().into());
    assert!(id.is_string());
    let mut answer = ask(server, as_, ISSUE, json!({"input": input})).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    answer["data"]["issueToken"].take()
}

async fn revoke(server: &Server, as_: &str, id: &str) -> Value {
    let input = json!({"commandId": server.uuid(), "token": id});
    let mut answer = ask(server, as_, REVOKE, json!({"input": input})).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    answer["data"]["revokeToken"].take()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// `m1` has an owner and a clerk, `m3` stands below it.
async fn shops() -> Server {
    let server = Server::start().await;
    for (id, parent) in [("m1", None), ("m2", None), ("m3", Some("m1"))] {
        server.merchant(id, parent).await;
    }
    server.issue_as(0x0A, OWNER, Role::Owner).await;
    server.issue_as(0x0C, CLERK, Role::Clerk).await;
    server.settle().await;
    server
}

fn issued(server: &Server) -> usize {
    let mut count = 0;
    server.services.reader.each_of(&[Kind::TokenIssued], |_| count += 1).unwrap();
    count
}

#[tokio::test]
async fn a_token_is_issued_as_documented_lets_in_until_it_expires_and_is_shown_once() {
    let server = shops().await;
    let id = server.uuid();
    let query = format!(
        r#"mutation {{ issueToken(input: {{commandId: "{id}", role: CLERK, merchant: "m1", expiresAt: "2023-11-15T00:00:00Z"}})
           {{ secret token {{ id role expiresAt }} userErrors {{ code }} }} }}"#
    );
    let first = server.data(&query, json!({})).await["issueToken"].take();
    assert_eq!(first["userErrors"], json!([]));
    assert_eq!(first["token"]["role"], "CLERK");
    assert_eq!(first["token"]["expiresAt"], "2023-11-15T00:00:00Z");
    let secret = text(&first["secret"]);
    assert!(secret.len() == 68 && secret.starts_with("dbk_"), "{secret}");
    let viewer = ask(&server, secret, "{ viewer { id role merchant } }", json!({})).await;
    assert_eq!(viewer["data"]["viewer"], json!({"id": first["token"]["id"], "role": "CLERK", "merchant": "m1"}));
    // Neither the log nor the list has the secret, or its hash.
    let events = server.data("{ events(kinds: [\"token-issued\"]) { nodes { data } } }", json!({})).await;
    let list = server.data("{ tokens { nodes { id label } } }", json!({})).await;
    assert!(!format!("{events}{list}").contains(&secret[4..]));
    // The same again, also when it has no time to come to an answer.
    let count = issued(&server);
    let again = server.data(&query, json!({})).await["issueToken"].take();
    assert_eq!((&again["secret"], &again["token"], &again["userErrors"]), (&Value::Null, &first["token"], &json!([])));
    assert_eq!(issued(&server), count);
    server.pass(3 * 3_600);
    assert_eq!(status(&server, secret).await, 401, "it has expired");
}

#[tokio::test]
async fn a_command_that_is_sent_many_times_at_once_issues_one_token() {
    let server = shops().await;
    let count = issued(&server);
    let input = json!({"commandId": server.uuid(), "role": "ANALYST", "label": "reports"});
    let answers = futures_util::future::join_all((0..20).map(|_| issue(&server, PLATFORM, input.clone()))).await;
    assert_eq!(issued(&server), count + 1);
    let secrets: BTreeSet<&str> = answers.iter().filter_map(|answer| answer["secret"].as_str()).collect();
    assert_eq!(secrets.len(), 1);
    let shown = answers.iter().filter(|answer| answer["secret"].is_string());
    assert_eq!(shown.count(), 1);
    for answer in &answers {
        assert_eq!(answer["receipt"]["position"], answers[0]["receipt"]["position"]);
        assert_eq!(answer["token"], answers[0]["token"]);
        assert_eq!(answer["receipt"]["repeated"], json!(answer["secret"].is_null()));
    }
    // Another token under the same id.
    let mut other = input.clone();
    other["label"] = json!("something else");
    let refused = issue(&server, PLATFORM, other).await;
    assert_eq!(refused["userErrors"][0]["code"], "COMMAND_ID_REUSED", "{refused}");
    assert_eq!(
        (&refused["secret"], &refused["token"], &refused["receipt"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
}

#[test]
fn a_repeat_is_recognised_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let input = json!({"commandId": "00000000-0000-4000-8000-000000000001", "role": "ANALYST"});
    // Each with a runtime of its own: with it all that has the folder open ends.
    let run = |is_new: bool| {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let dir = dir.path();
            let server = if is_new { Server::start_in(dir).await } else { Server::reopened_in(dir).await };
            let issued = issue(&server, PLATFORM, input.clone()).await;
            server.services.engine.shutdown().unwrap();
            issued
        })
    };
    let first = run(true);
    assert!(first["secret"].is_string());
    let again = run(false);
    assert_eq!((&again["secret"], &again["token"]), (&Value::Null, &first["token"]));
    assert_eq!(again["receipt"]["repeated"], true);
}

#[tokio::test]
async fn an_owner_issues_what_its_own_merchant_may_have_and_clerks_nothing() {
    let server = shops().await;
    server.place("m1", "N-1", "ann").await;
    server.place("m3", "N-1", "bob").await;
    server.settle().await;
    for role in ["OWNER", "CLERK", "SUPPORT", "BUYER", "WEBHOOK", "ANALYST", "AUDITOR"] {
        for merchant in [json!("m1"), Value::Null] {
            let buyer = if role == "BUYER" { json!("ann") } else { Value::Null };
            let made = issue(&server, OWNER, json!({"role": role, "merchant": merchant, "buyer": buyer})).await;
            assert_eq!((&made["token"]["role"], &made["token"]["merchant"]), (&json!(role), &json!("m1")), "{made}");
        }
        let unknown = issue(&server, OWNER, json!({"role": role, "merchant": "m9"})).await;
        for foreign in ["m2", "m3"] {
            let refused = issue(&server, OWNER, json!({"role": role, "merchant": foreign})).await;
            assert_eq!(refused["userErrors"][0]["code"], "MERCHANT_UNKNOWN", "{refused}");
            assert_eq!(refused.to_string().replace(foreign, "m9"), unknown.to_string());
        }
    }
    // Whoever ordered elsewhere only is as one who never did.
    for (role, buyer) in
        [("BUYER", json!("bob")), ("BUYER", json!("zoe")), ("BUYER", Value::Null), ("CLERK", json!("ann"))]
    {
        let refused = issue(&server, OWNER, json!({"role": role, "buyer": buyer})).await;
        assert_eq!(refused["userErrors"][0]["code"], "TOKEN_NEEDS_BUYER", "{refused}");
    }
    for merchant in [json!("m1"), Value::Null] {
        let input = json!({"commandId": server.uuid(), "role": "PLATFORM", "merchant": merchant});
        let answer = ask(&server, OWNER, ISSUE, json!({"input": input})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
    }
    let input = json!({"commandId": server.uuid(), "role": "CLERK", "merchant": "m1"});
    let answer = ask(&server, CLERK, ISSUE, json!({"input": input})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
    let code = async |input: Value| issue(&server, PLATFORM, input).await["userErrors"][0]["code"].take();
    assert_eq!(code(json!({"role": "CLERK"})).await, "TOKEN_NEEDS_MERCHANT");
    assert_eq!(code(json!({"role": "CLERK", "merchant": "m9"})).await, "MERCHANT_UNKNOWN");
    assert_eq!(code(json!({"role": "PLATFORM", "merchant": "m1"})).await, "INVALID_INPUT");
    assert_eq!(code(json!({"role": "PLATFORM", "expiresAt": "2023-11-14T00:00:00Z"})).await, "INVALID_INPUT");
    assert_eq!(code(json!({"role": "PLATFORM", "label": "x".repeat(1_000)})).await, "INVALID_INPUT");
    assert_eq!(code(json!({"role": "PLATFORM", "commandId": "7"})).await, "INVALID_INPUT");
}

#[tokio::test]
async fn an_owner_sees_and_ends_the_tokens_of_its_merchant_alone() {
    let server = shops().await;
    let mut ids = Vec::new();
    for (role, merchant) in [("CLERK", "m1"), ("CLERK", "m2"), ("OWNER", "m3"), ("SUPPORT", "m1")] {
        let made = issue(&server, PLATFORM, json!({"role": role, "merchant": merchant, "label": merchant})).await;
        ids.push(text(&made["token"]["id"]).to_owned());
    }
    server.settle().await;
    let list = "query ($first: Int, $after: String) { tokens(first: $first, after: $after) {
        nodes { id merchant label } pageInfo { hasNextPage endCursor } } }";
    let page = async |token: &str, first: i32, after: Value| {
        let answer = ask(&server, token, list, json!({"first": first, "after": after})).await;
        assert_eq!(answer["errors"], Value::Null, "{answer}");
        answer["data"]["tokens"].clone()
    };
    let own = page(OWNER, 250, Value::Null).await;
    let shown: Vec<&str> = own["nodes"].as_array().unwrap().iter().map(|token| text(&token["id"])).collect();
    let (clerk, owner) = ("00000000-0000-0000-0000-00000000000c", "00000000-0000-0000-0000-00000000000a");
    assert_eq!(shown, [&ids[3], &ids[0], clerk, owner], "newest first");
    assert!(own["nodes"].as_array().unwrap().iter().all(|token| token["merchant"] == "m1"));
    // By pages of one.
    let (mut paged, mut after) = (Vec::new(), Value::Null);
    loop {
        let one = page(OWNER, 1, after).await;
        paged.push(one["nodes"][0]["id"].clone());
        if one["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = one["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(paged, shown);
    assert_eq!(page(PLATFORM, 250, Value::Null).await["nodes"].as_array().unwrap().len(), 7);

    let nobody = revoke(&server, OWNER, "00000000-0000-4000-8000-00000000dead").await;
    assert_eq!(nobody["userErrors"][0]["code"], "TOKEN_UNKNOWN");
    let platform = "00000000-0000-0000-0000-000000000007";
    for foreign in [&ids[1], &ids[2], platform] {
        assert_eq!(revoke(&server, OWNER, foreign).await, nobody, "{foreign}");
    }
    assert_eq!(status(&server, PLATFORM).await, 200);
    let ended = revoke(&server, OWNER, &ids[0]).await;
    assert_eq!((&ended["userErrors"], &ended["token"]["id"]), (&json!([]), &json!(ids[0])));
    assert!(ended["token"]["revokedAt"].is_string() && ended["receipt"]["position"].is_string());
    assert_eq!(revoke(&server, OWNER, &ids[0]).await["userErrors"][0]["code"], "TOKEN_REVOKED");
    let ended = revoke(&server, PLATFORM, &ids[2]).await;
    assert_eq!(ended["userErrors"], json!([]));
    assert_eq!(revoke(&server, PLATFORM, "7").await["userErrors"][0]["code"], "INVALID_INPUT");
}

#[tokio::test]
async fn a_revoked_token_ends_at_once_with_all_that_it_has_open() {
    let server = shops().await;
    let made = issue(&server, PLATFORM, json!({"role": "CLERK", "merchant": "m1"})).await;
    let (secret, id) = (text(&made["secret"]), text(&made["token"]["id"]));
    let mut socket = Socket::greeted_with(&server, secret).await;
    let query = "subscription { orderEvents { kind } }";
    socket.send(json!({"id": "1", "type": "subscribe", "payload": {"query": query}})).await;
    server.place("m1", "N-1", "ann").await;
    assert_eq!(socket.event().await["kind"], "order-placed");
    assert_eq!(status(&server, secret).await, 200);
    assert_eq!(revoke(&server, OWNER, id).await["userErrors"], json!([]));
    assert_eq!(status(&server, secret).await, 401);
    server.place("m1", "N-2", "ann").await;
    let last = socket.next().await.unwrap();
    assert_eq!(last["payload"]["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{last}");
}
