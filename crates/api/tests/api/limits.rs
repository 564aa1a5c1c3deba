//! Every limit, over real TCP: one step beyond is refused by that limit and no other, the limit itself is not.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::hostile::INSIDE;
use crate::kit::{Answer, PLATFORM, Server};
use crate::ready::eleven_seconds_pass;

/// No answer may take longer, in a debug build.
const PATIENCE: Duration = Duration::from_secs(1);

/// The only error's message, of a code that docs/api.md lists; nothing of the inside.
#[track_caller]
fn message(answer: &Answer, code: &str) -> String {
    let body = answer.json();
    assert_eq!(body["errors"][0]["extensions"]["code"], code, "{body}");
    for inside in INSIDE {
        assert!(!answer.body.contains(inside), "shows {inside}: {body}");
    }
    body["errors"][0]["message"].as_str().unwrap().to_owned()
}

struct Limit {
    /// What the refusal says, and nothing else does.
    says: &'static str,
    within: String,
    beyond: String,
}

fn limit(says: &'static str, at: usize, document: impl Fn(usize) -> String) -> Limit {
    Limit { says, within: document(at), beyond: document(at + 1) }
}

fn repeated(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect()
}

fn limits() -> Vec<Limit> {
    let padded = |bytes: usize| format!("{{ viewer {{ id }} }} #{}", "x".repeat(bytes - 19));
    vec![
        limit("more than 65536 bytes", 65_536, padded),
        limit("nested deeper than 40 brackets", 40, |n| {
            format!("{{ a(b: {}{}) }}", "[".repeat(n - 2), "]".repeat(n - 2))
        }),
        limit("more than 50 directives", 50, |n| format!("{{ viewer {{ {} }} }}", "id @include(if: true) ".repeat(n))),
        // One field's directives are the library's own limit.
        limit("directives on the field", 10, |n| format!("{{ viewer {{ id {} }} }}", "@include(if: true) ".repeat(n))),
        limit("more than 50 fragments", 50, |n| {
            let spreads = repeated(n, |n| format!("...f{n} "));
            let fragments = repeated(n, |n| format!("fragment f{n} on Viewer {{ id }} "));
            format!("{{ viewer {{ {spreads} }} }} {fragments}")
        }),
        limit("more than 20 operations", 20, |n| repeated(n, |n| format!("query q{n} {{ viewer {{ id }} }} "))),
        limit("more than 50 aliases", 50, |n| format!("{{ viewer {{ {} }} }}", repeated(n, |n| format!("a{n}: id ")))),
        limit("more than 1000 fields", 1_000, |n| format!("{{ viewer {{ {} }} }}", "id ".repeat(n - 1))),
        limit("more than 50 fields of its root", 50, |n| format!("{{ {} }}", "__typename ".repeat(n))),
        limit("more than 1000 arguments", 1_000, |n| format!("{{ viewer({}) {{ id }} }}", "a: 1 ".repeat(n))),
        limit("more than 4000 opening brackets", 4_000, |n| format!("{{ viewer {{ id }} }} #{}", "[".repeat(n - 2))),
        limit("at most 15 are answered", 15, |n| {
            format!("{{ merchant(id: \"m\") {{ {} id {} }} }}", "parent { ".repeat(n - 2), "}".repeat(n - 2))
        }),
        limit("too complex", 239, |n| {
            // 2,001 + n * (1 + 199 * 1) fields: 50,000 lie between n = 239 and n = 240.
            format!("{{ orders(first: {n}) {{ nodes {{ {} }} }} }}", "id ".repeat(199))
        }),
        // Lists within rows count for more than one.
        limit("too complex", 238, |n| {
            format!("{{ orders(first: {n}) {{ nodes {{ lines {{ {} }} }} }} }}", "sku ".repeat(19))
        }),
        // A page of the log counts 50 for reading it, one that looks for some kinds 500.
        limit("too complex", 249, |n| format!("{{ events(first: {n}) {{ nodes {{ {} }} }} }}", "kind ".repeat(199))),
        limit("too complex", 247, |n| {
            let kinds = "[\"order-placed\"]";
            format!("{{ events(first: {n}, kinds: {kinds}) {{ nodes {{ {} }} }} }}", "kind ".repeat(199))
        }),
        // All rules are asked of each order: 2,001 + n * (1 + 150 + 25 * 4).
        limit("too complex", 191, |n| {
            format!("{{ orders(first: {n}) {{ nodes {{ actions {{ name refusal {{ code message }} }} }} }} }}")
        }),
        // The exception queue as the console shows it, with what can be done: 501 + n * 486.
        limit("too complex", 101, |n| {
            format!(
                "{{ exceptions(first: {n}) {{ nodes {{ kind since dueAt ticket order {{ id number revision
                    merchant {{ id name }} buyer {{ account }} total {{ amount currency }} captured {{ amount currency }}
                    axes {{ lifecycle }} lines {{ id sku title quantity }} pendingAddressChange {{ requestedBy }}
                    refunds {{ number kind state amount {{ amount currency }} payBy }}
                    actions {{ name refusal {{ code message }} }} }} }} pageInfo {{ hasNextPage }} }} }}"
            )
        }),
        // A history is read, however little of it is wanted.
        limit("too complex", 4, |n| {
            let histories = repeated(n, |n| format!("a{n}: history(first: 0) {{ pageInfo {{ hasNextPage }} }} "));
            format!("{{ orders(first: 200) {{ nodes {{ {histories} }} }} }}")
        }),
        // Fragments that double thirty times over: a hundred bytes each, a thousand million fields.
        Limit {
            says: "more than 1000 fields",
            within: "{ ...f0 } fragment f0 on Query { viewer { id } }".to_owned(),
            beyond: repeated(30, |n| format!("fragment f{n} on Query {{ ...f{0} ...f{0} }} ", n + 1))
                + "fragment f30 on Query { viewer { id } } { ...f0 }",
        },
        Limit {
            says: "spreads itself",
            within: "{ ...a } fragment a on Query { viewer { id } }".to_owned(),
            beyond: "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }".to_owned(),
        },
    ]
}

#[tokio::test]
async fn documents_are_refused_one_step_beyond_each_limit() {
    let server = Server::start().await;
    for Limit { says, within, beyond } in limits() {
        let start = Instant::now();
        let answer = server.post(json!({"query": beyond}).to_string().as_bytes()).await;
        assert!(start.elapsed() < PATIENCE, "{says}: {:?}", start.elapsed());
        assert!(answer.json().get("data").is_none(), "{says}: {}", answer.body);
        let message = message(&answer, "DOCUMENT_REFUSED");
        assert!(message.contains(says), "{says}: {message}");
        let answer = server.post(json!({"query": within}).to_string().as_bytes()).await;
        assert!(!answer.body.contains(says), "{says}: {}", answer.body);
    }
}

#[tokio::test]
async fn what_does_not_fit_the_schema_is_refused() {
    let server = Server::start().await;
    let query = |text: &str| json!({"query": text});
    let tag = |input: Value| {
        let text = "mutation ($input: AddTagInput!) { addTag(input: $input) { receipt { position } } }";
        json!({"query": text, "variables": {"input": input}})
    };
    let id = "5b2f6a52-6f0e-4e0b-9d53-0f5b1d6f6f01";
    let requests = [
        query("{ nothing }"),
        query("{ viewer { nothing } }"),
        query("{ viewer(a: 1) { id } }"),
        query("{ orders(first: \"fifty\") { nodes { id } } }"),
        query("{ orders(first: 99999999999) { nodes { id } } }"),
        query("{ orders(where: {labels: {eq: PAID}}) { nodes { id } } }"),
        query("{ orders(where: {label: {eq: NO_SUCH_LABEL}}) { nodes { id } } }"),
        query("{ order(by: {}) { id } }"),
        query("{ order(by: {id: \"x\", number: {number: \"y\"}}) { id } }"),
        query("query ($a: Nothing) { viewer { id } }"),
        query("query ($a: Int!) { orders(first: $a) { nodes { id } } }"),
        query("{ viewer }"),
        query("{ viewer { id { id } } }"),
        query("{ ...a }"),
        query("subscription { orderEvents { position } }"),
        tag(json!({"commandId": id, "order": {"id": id}})),
        tag(json!({"commandId": id, "order": {"id": id}, "tag": 7})),
        tag(json!({"commandId": id, "order": {"id": id}, "tag": "vip", "tags": []})),
        tag(json!([])),
    ];
    for request in requests {
        let start = Instant::now();
        let answer = server.post(request.to_string().as_bytes()).await;
        assert!(start.elapsed() < PATIENCE, "{request}");
        message(&answer, "DOCUMENT_REFUSED");
        assert!(answer.json().get("data").is_none_or(Value::is_null), "{request}: {}", answer.body);
    }
}

const DEEP: usize = 50_000;

#[tokio::test]
async fn bodies_are_refused() {
    let server = Server::start().await;
    let json = "application/json";
    let fine = r#"{"query": "{ viewer { id } }"}"#;
    let deep = format!(
        r#"{{"query": "{{ viewer {{ id }} }}", "variables": {{"a": {}{}}}}}"#,
        "[".repeat(DEEP),
        "]".repeat(DEEP)
    );
    let bodies: &[(&str, &[u8], u16, &str, &str)] = &[
        (json, br#"[{"query": "{ viewer { id } }"}]"#, 400, "BAD_REQUEST", "one request at a time"),
        (json, b" \n\t[]", 400, "BAD_REQUEST", "one request at a time"),
        (json, b"", 400, "BAD_REQUEST", "not a JSON object"),
        (json, b"\"{ viewer { id } }\"", 400, "BAD_REQUEST", "not a JSON object"),
        (json, b"{", 400, "BAD_REQUEST", "not a GraphQL request"),
        (json, b"{\"query\": \"\xff\"}", 400, "BAD_REQUEST", "not a GraphQL request"),
        (json, br#"{"query": 7}"#, 400, "BAD_REQUEST", "not a GraphQL request"),
        (json, br#"{"query": "{ viewer { id } }", "variables": 7}"#, 400, "BAD_REQUEST", "not a GraphQL request"),
        (json, deep.as_bytes(), 400, "BAD_REQUEST", "not a GraphQL request"),
        ("text/plain", fine.as_bytes(), 415, "BAD_REQUEST", "Content-Type: application/json"),
        ("application/x-www-form-urlencoded", fine.as_bytes(), 415, "BAD_REQUEST", "Content-Type: application/json"),
        ("application/graphql", b"{ viewer { id } }", 415, "BAD_REQUEST", "Content-Type: application/json"),
        ("", fine.as_bytes(), 415, "BAD_REQUEST", "Content-Type: application/json"),
    ];
    for (kind, body, status, code, says) in bodies {
        let start = Instant::now();
        let head = format!("Content-Type: {kind}\r\nAuthorization: Bearer {PLATFORM}\r\n");
        let answer = server.http("POST /graphql", &head, body).await;
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        assert!(start.elapsed() < PATIENCE, "{shown}");
        assert_eq!(answer.status, *status, "{shown}: {}", answer.body);
        let message = message(&answer, code);
        assert!(message.contains(says), "{shown}: {message}");
    }
    let head = format!("Content-Type: Application/JSON; charset=utf-8\r\nAuthorization: Bearer {PLATFORM}\r\n");
    assert_eq!(server.http("POST /graphql", &head, fine.as_bytes()).await.status, 200);
}

/// A request of this many bytes that is right but for its length.
fn long(bytes: usize) -> Vec<u8> {
    let mut body = br#"{"query": "{ viewer { id } }"}"#.to_vec();
    body.resize(bytes, b' ');
    body
}

#[tokio::test]
async fn large_bodies_are_refused_announced_or_not() {
    let server = Server::start().await;
    for bytes in [(1 << 20) + 1, 10 << 20] {
        for announced in [true, false] {
            let start = Instant::now();
            let answer =
                if announced { server.post(&long(bytes)).await } else { server.post_in_chunks(&long(bytes)).await };
            assert!(start.elapsed() < PATIENCE, "{bytes}, {announced}: {:?}", start.elapsed());
            assert_eq!(answer.status, 413, "{bytes}, {announced}");
            message(&answer, "BODY_TOO_LARGE");
        }
    }
    assert_eq!(server.post(&long(1 << 20)).await.status, 200);
    assert_eq!(server.post_in_chunks(&long(1 << 20)).await.status, 200);
}

#[tokio::test]
async fn a_long_announced_body_is_refused_before_it_is_sent() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {PLATFORM}\r\nContent-Length: {}\r\n\r\n",
        10 << 20
    );
    connection.write(head.as_bytes()).await;
    let answer = tokio::time::timeout(PATIENCE, connection.answer()).await.expect("an answer to the head alone");
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {PLATFORM}\r\nContent-Length: 100\r\n\r\n{{"
    );
    connection.write(head.as_bytes()).await;
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        eleven_seconds_pass().await;
    }
    let answer = tokio::time::timeout(PATIENCE, connection.answer()).await.expect("an answer");
    assert_eq!(answer.status, 408);
    assert!(message(&answer, "BAD_REQUEST").contains("did not arrive"));
}

#[tokio::test]
async fn filters_are_refused_one_step_beyond_each_limit() {
    let server = Server::start().await;
    let query = "query ($w: OrderWhere) { ordersCount(where: $w) }";
    let nested = |depth: usize| (0..depth).fold(json!({"number": {"eq": "x"}}), |inner, _| json!({"AND": [inner]}));
    let values = |count: usize| {
        let values: Vec<String> = (0..count).map(|n| n.to_string()).collect();
        json!({"number": {"oneOf": values}})
    };
    let wide = |count: usize| {
        let conditions: Vec<Value> = (0..count).map(|n| json!({"number": {"eq": n.to_string()}})).collect();
        json!({"OR": conditions})
    };
    for (name, within, beyond) in [
        ("nested", nested(8), nested(9)),
        ("values", values(1_000), values(1_001)),
        // Each object counts as well: 1 + 2 × 99.
        ("conditions", wide(99), wide(100)),
    ] {
        let request = json!({"query": query, "variables": {"w": beyond}}).to_string();
        message(&server.post(request.as_bytes()).await, "INVALID_ARGUMENT");
        let answer = server.ask(query, json!({"w": within})).await;
        assert_eq!(answer["data"]["ordersCount"], 0, "{name}: {answer}");
    }
}
