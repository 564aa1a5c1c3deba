//! One caller that asks for too much, and all together: who is refused, with what, and who is not.

use std::num::NonZeroU32;
use std::sync::mpsc;
use std::time::Duration;

use daybook_api::{Limits, Width, router_within};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Handle};

use crate::kit::{Answer, Connection, PLATFORM, Server, by, request};
use crate::reads::slow_disk;
use crate::socket::Socket;

const VIEWER: &str = "{ viewer { role } }";

/// One request a second, two at once.
fn slowest() -> Limits {
    Limits { requests_per_second: NonZeroU32::new(1), ..Limits::default() }
}

/// One query and one mutation at a time; of each, one may wait.
fn narrowest() -> Limits {
    let one = Width { running: 1, waiting: 1 };
    Limits { queries: one, mutations: one, ..Limits::default() }
}

async fn post_as(server: &Server, token: &str, query: &str) -> Answer {
    let head = format!("Content-Type: application/json\r\nAuthorization: Bearer {token}\r\n");
    server.http("POST /graphql", &head, json!({"query": query}).to_string().as_bytes()).await
}

/// The seconds after which to come again, the same in the head and in the body; nothing of `data`.
#[track_caller]
fn told_to_wait(answer: &Answer, status: u16, code: &str) -> u64 {
    assert_eq!(answer.status, status, "{}", answer.body);
    let body = answer.json();
    assert!(body["data"].is_null(), "{body}");
    assert_eq!(body["errors"][0]["extensions"]["code"], code, "{body}");
    let seconds = body["errors"][0]["extensions"]["retryAfter"].as_u64().unwrap_or_else(|| panic!("{body}"));
    assert!(seconds > 0, "{body}");
    let told = answer.head.lines().find_map(|line| line.strip_prefix("retry-after: "));
    assert_eq!(told, Some(seconds.to_string().as_str()), "{}", answer.head);
    seconds
}

async fn metric(server: &Server, name: &str) -> u64 {
    let text = server.http("GET /metrics", "", b"").await.body;
    let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("{name}\n{text}")).rsplit(' ').next().unwrap().parse().unwrap()
}

async fn seconds_pass(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

/// Asks until it is refused: at the very pace that is let in, by chance, it could be let in once more.
async fn refused_in_the_end(server: &Server, token: &str, query: &str) -> (usize, Answer) {
    for answered in 0..50 {
        let answer = post_as(server, token, query).await;
        if answer.status != 200 {
            return (answered, answer);
        }
    }
    panic!("never refused");
}

#[tokio::test]
async fn a_token_that_sends_too_much_is_told_when_to_come_again_and_others_are_answered() {
    let server = Server::start_within(slowest()).await;
    let other = server.other_platform_token().await;
    let (answered, answer) = refused_in_the_end(&server, PLATFORM, VIEWER).await;
    assert!(answered >= 2, "two at once");
    assert_eq!(told_to_wait(&answer, 429, "RATE_LIMITED"), 1);
    assert_eq!(post_as(&server, &other, VIEWER).await.status, 200, "each token has its own rate");
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(server.http(&format!("GET {path}"), "", b"").await.status, 200, "{path}");
    }
    assert!(metric(&server, "daybook_limited_total{what=\"requests\"}").await >= 1);
    assert!(metric(&server, "daybook_requests_total{outcome=\"limited\"}").await >= 1);
    seconds_pass(1).await;
    assert_eq!(post_as(&server, PLATFORM, VIEWER).await.status, 200);
}

#[tokio::test]
async fn a_mutation_that_is_limited_writes_nothing_and_can_be_sent_again() {
    let server = Server::start_within(slowest()).await;
    server.merchant("m1", None).await;
    refused_in_the_end(&server, PLATFORM, VIEWER).await;
    let before = server.services.reader.watermark();
    let input = json!({"commandId": server.uuid(), "merchant": "m1", "number": "N-1", "buyer": {"account": "a"},
        "lines": [{"sku": "s", "title": "S", "quantity": 1, "kind": "CARD", "unitPrice": {"amount": "1.00", "currency": "CNY"}}]});
    let query = "mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { receipt { position } userErrors { code } } }";
    let body = json!({"query": query, "variables": {"input": input}}).to_string();
    let refused = server.post(body.as_bytes()).await;
    told_to_wait(&refused, 429, "RATE_LIMITED");
    assert_eq!(server.services.reader.watermark(), before);
    seconds_pass(1).await;
    let done = server.post(body.as_bytes()).await.json();
    assert_eq!(done["data"]["placeOrder"]["userErrors"], json!([]), "{done}");
}

#[tokio::test]
async fn dear_questions_use_a_token_up_sooner() {
    let limits = Limits { requests_per_second: NonZeroU32::new(30), ..Limits::default() };
    let server = Server::start_within(limits).await;
    // 2,001 + 200 rows of 200: the bucket holds some four, and lets in not two more a second.
    let dear = format!("{{ orders(first: 200) {{ nodes {{ {} }} }} }}", "id ".repeat(199));
    let mut codes = Vec::new();
    for _ in 0..60 {
        let answer = post_as(&server, PLATFORM, &dear).await;
        if answer.status != 200 {
            told_to_wait(&answer, 429, "RATE_LIMITED");
            codes.push(answer.status);
        }
    }
    assert!(codes.len() > 20, "{} of 60", codes.len());
    assert_eq!(metric(&server, "daybook_limited_total{what=\"complexity\"}").await, codes.len() as u64);
    assert_eq!(metric(&server, "daybook_limited_total{what=\"requests\"}").await, 0);
    seconds_pass(2).await;
    assert_eq!(post_as(&server, PLATFORM, &dear).await.status, 200);
}

#[tokio::test]
async fn operations_of_a_socket_count_each() {
    let server = Server::start_within(slowest()).await;
    let mut socket = Socket::greeted(&server).await;
    let mut answered = 0;
    let refused = loop {
        let operation = json!({"id": "a", "type": "subscribe", "payload": {"query": VIEWER}});
        socket.send(operation).await;
        let answer = socket.next().await.unwrap();
        assert_eq!(socket.next().await.unwrap()["type"], "complete");
        if answer["payload"].get("errors").is_some() {
            break answer;
        }
        answered += 1;
        assert!(answered < 50, "never refused");
    };
    assert!(answered >= 2);
    let extensions = &refused["payload"]["errors"][0]["extensions"];
    assert_eq!(extensions, &json!({"code": "RATE_LIMITED", "retryAfter": 1}));
    assert_eq!(post_as(&server, PLATFORM, VIEWER).await.status, 429, "it is the token's rate, not the socket's");
    seconds_pass(2).await;
    let query = "subscription { alerts { position } }";
    socket.send(json!({"id": "s", "type": "subscribe", "payload": {"query": query}})).await;
    // Whoever does not listen is sent away.
    for n in 0..40 {
        socket.send(json!({"id": n.to_string(), "type": "subscribe", "payload": {"query": VIEWER}})).await;
    }
    let mut last = socket.next().await.unwrap();
    while last.get("close").is_none() {
        assert_ne!(last["id"], "s", "a subscription goes on: {last}");
        last = socket.next().await.unwrap();
    }
    assert_eq!(last, json!({"close": 4429}));
}

#[tokio::test]
async fn wrong_tokens_are_soon_answered_at_little_cost_and_right_ones_are_let_in() {
    let server = Server::start().await;
    let mut statuses = Vec::new();
    for n in 0..60 {
        let wrong = if n % 2 == 0 { format!("dbk_{n:064x}") } else { "guess".to_owned() };
        let answer = post_as(&server, &wrong, VIEWER).await;
        match answer.status {
            401 => assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "UNAUTHENTICATED"),
            _ => drop(told_to_wait(&answer, 429, "RATE_LIMITED")),
        }
        statuses.push(answer.status);
    }
    assert_eq!(statuses[..20], [401; 20]);
    let limited = statuses.iter().filter(|status| **status == 429).count();
    assert!(limited > 20, "{statuses:?}");
    let mut socket = Socket::open(&server).await;
    socket.send(json!({"type": "connection_init", "payload": {"Authorization": "Bearer dbk_1"}})).await;
    assert_eq!(socket.next().await.unwrap(), json!({"close": 4429}));
    let answer = post_as(&server, PLATFORM, VIEWER).await;
    assert_eq!(answer.status, 200, "nobody shuts out who shares an address: {}", answer.body);
    Socket::greeted(&server).await;
    assert!(metric(&server, "daybook_limited_total{what=\"wrong_tokens\"}").await > limited as u64);
    seconds_pass(5).await;
    assert_eq!(post_as(&server, "guess", VIEWER).await.status, 401);
}

/// With one order, and its id, all of which the views have.
async fn with_an_order(limits: Limits) -> (Server, Value) {
    let server = Server::start_with(|services| daybook_api::router_within(services, &limits)).await;
    server.merchant("m1", None).await;
    let id = server.place("m1", "N-1", "a").await["order"]["id"].take();
    let events = server.services.reader.events(1, 1 << 20).unwrap();
    server.services.host.apply(&events).unwrap();
    (server, id)
}

async fn send(server: &Server, body: &Value) -> Connection {
    let mut connection = server.connect().await;
    connection.send(body).await;
    connection
}

/// Until so many were told to come again.
async fn until_shed(server: &Server, what: &str, count: u64) {
    while metric(server, &format!("daybook_shed_total{{what=\"{what}\"}}")).await < count {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// One thread that computes, and has something else to do until this is told.
fn busy(workers: &Handle) -> mpsc::Sender<()> {
    let (done, is_done) = mpsc::channel::<()>();
    workers.spawn(async move { is_done.recv() });
    done
}

#[tokio::test]
async fn queries_beyond_what_can_be_done_are_shed_and_the_rest_is_answered() {
    let workers = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (server, id) = with_an_order(Limits { workers: Some(workers.handle().clone()), ..narrowest() }).await;
    let mut socket = Socket::greeted(&server).await;
    let computing = busy(workers.handle());
    let count = json!({"query": "{ ordersCount }"});
    let mut first = send(&server, &count).await;
    // The second waits for its turn, in vain; those behind it are not even let wait.
    let mut others = Vec::new();
    for _ in 0..10 {
        others.push(send(&server, &count).await);
    }
    for mut other in others {
        told_to_wait(&other.answer().await, 503, "OVERLOADED");
    }
    until_shed(&server, "queries", 10).await;
    socket.send(json!({"id": "q", "type": "subscribe", "payload": {"query": VIEWER}})).await;
    let refused = socket.next().await.unwrap();
    assert_eq!(refused["payload"]["errors"][0]["extensions"], json!({"code": "OVERLOADED", "retryAfter": 1}));
    assert_eq!(socket.next().await.unwrap()["type"], "complete");
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(server.http(&format!("GET {path}"), "", b"").await.status, 200, "{path}");
    }
    // Mutations have turns of their own, and wait for nothing but the thread.
    let tagged = json!({"input": {"commandId": server.uuid(), "order": {"id": id}, "tag": "vip"}});
    let tag = "mutation ($input: AddTagInput!) { addTag(input: $input) { receipt { position } userErrors { code } } }";
    let mut mutation = send(&server, &json!({"query": tag, "variables": tagged})).await;
    computing.send(()).unwrap();
    assert_eq!(mutation.answer().await.json()["data"]["addTag"]["userErrors"], json!([]));
    assert_eq!(first.answer().await.json(), json!({"data": {"ordersCount": 1}}));
    assert_eq!(server.ask("{ ordersCount }", json!({})).await, json!({"data": {"ordersCount": 1}}));
    assert!(metric(&server, "daybook_requests_total{outcome=\"shed\"}").await >= 10);
    workers.shutdown_background();
}

/// What waits for the ledger, or for the views while they are written, keeps nobody who only computes from his turn.
#[tokio::test]
async fn whoever_waits_for_a_read_lets_others_have_its_turn() {
    let (server, _) = with_an_order(narrowest()).await;
    let views = slow_disk(&server);
    let count = json!({"query": "{ ordersCount }"});
    let mut waiting = Vec::new();
    for _ in 0..8 {
        waiting.push(send(&server, &count).await);
        assert_eq!(server.data(VIEWER, json!({})).await["viewer"]["role"], "PLATFORM");
    }
    views.send(()).unwrap();
    for mut one in waiting {
        assert_eq!(one.answer().await.json(), json!({"data": {"ordersCount": 1}}));
    }
}

#[tokio::test]
async fn a_mutation_that_is_shed_wrote_nothing_and_one_under_way_gets_its_receipt() {
    let (server, id) = with_an_order(narrowest()).await;
    let views = slow_disk(&server);
    let tag = |tag: &str| {
        let query = "mutation ($input: AddTagInput!) { addTag(input: $input) { receipt { position } order { tags merchant { name } } } }";
        json!({"query": query, "variables": {"input": {"commandId": server.uuid(), "order": {"id": id}, "tag": tag}}})
    };
    let mut first = send(&server, &tag("first")).await;
    while server.services.reader.watermark() < 4 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let later = tag("later");
    for _ in 0..3 {
        told_to_wait(&server.post(later.to_string().as_bytes()).await, 503, "OVERLOADED");
    }
    assert_eq!(server.services.reader.watermark(), 4, "the first was carried out, nothing else");
    assert_eq!(server.data(VIEWER, json!({})).await["viewer"]["role"], "PLATFORM", "queries have turns of their own");
    views.send(()).unwrap();
    assert_eq!(first.answer().await.json()["data"]["addTag"]["order"]["tags"], json!(["first"]));
    let done = server.post(later.to_string().as_bytes()).await.json();
    assert_eq!(done["data"]["addTag"]["order"]["tags"], json!(["first", "later"]), "the same command, sent again");
    assert_eq!(server.services.reader.watermark(), 5);
}

/// What the reads of the ledger have no room for is a crowd as well.
#[tokio::test]
async fn what_finds_no_room_to_read_is_answered_503() {
    let (server, id) = with_an_order(Limits::default()).await;
    let disk = slow_disk(&server);
    let query = json!({"query": "query ($id: ID!) { order(by: {id: $id}) { number } }", "variables": {"id": id}});
    let mut reading = Vec::new();
    for _ in 0..72 {
        reading.push(send(&server, &query).await);
    }
    told_to_wait(&server.post(query.to_string().as_bytes()).await, 503, "BUSY");
    disk.send(()).unwrap();
    for mut connection in reading {
        assert_eq!(connection.answer().await.json()["data"]["order"]["number"], "N-1");
    }
}

#[tokio::test]
async fn who_sends_slowly_takes_nobodys_turn() {
    let (server, _) = with_an_order(narrowest()).await;
    let head = |length: usize| {
        format!(
            "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
             Authorization: Bearer {PLATFORM}\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let mut slow = Vec::new();
    for _ in 0..20 {
        let mut connection = server.connect().await;
        connection.write(head(100).as_bytes()).await;
        connection.write(b"{\"query\": ").await;
        slow.push(connection);
    }
    assert_eq!(server.data("{ ordersCount }", json!({})).await["ordersCount"], 1);
    // Of large bodies 64 may be on their way.
    for _ in 0..64 {
        let mut connection = server.connect().await;
        connection.write(head(1 << 20).as_bytes()).await;
        connection.write(&[b' '; 20 << 10]).await;
        slow.push(connection);
    }
    let large = format!("{{\"query\": \"{VIEWER}\", \"extensions\": {{\"x\": \"{}\"}}}}", "x".repeat(20 << 10));
    let mut codes = Vec::new();
    for _ in 0..100 {
        codes.push(server.post(large.as_bytes()).await);
        if codes.last().unwrap().status != 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    told_to_wait(codes.last().unwrap(), 503, "OVERLOADED");
    assert_eq!(server.data("{ ordersCount }", json!({})).await["ordersCount"], 1, "small ones get through");
    drop(slow);
    let mut last = server.post(large.as_bytes()).await.status;
    for _ in 0..100 {
        if last == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        last = server.post(large.as_bytes()).await.status;
    }
    assert_eq!(last, 200);
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_cut_off_and_makes_room() {
    let (server, _) = with_an_order(narrowest()).await;
    let views = slow_disk(&server);
    let mut asking = send(&server, &json!({"query": "{ ordersCount }"})).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    seconds_pass(21).await;
    let answer = asking.answer().await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "TIMED_OUT", "{}", answer.body);
    assert_eq!(server.data(VIEWER, json!({})).await["viewer"]["role"], "PLATFORM", "its turn is over");
    views.send(()).unwrap();
    assert_eq!(server.data("{ ordersCount }", json!({})).await["ordersCount"], 1);
}

/// Many at a time, over and over, where few get a turn: each is answered right or told to come again, and then all are.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_overload_everybody_is_answered_right_or_sent_away() {
    let width = Width { running: 2, waiting: 4 };
    let rate = NonZeroU32::new(100);
    // As the server does it.
    let workers = Some(tokio::runtime::Handle::current());
    let server = Server::start_within(Limits {
        requests_per_second: rate,
        queries: width,
        mutations: width,
        workers,
        ..Limits::default()
    })
    .await;
    server.merchant("m1", None).await;
    let other = format!("dbk_{}", "9".repeat(64));
    server.issue_as(9, &other, daybook_domain::Role::Platform).await;
    let place = "mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { receipt { position repeated }
                 order { number } userErrors { code } } }";
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..64 {
        let (address, other) = (server.address, other.clone());
        callers.spawn(async move {
            let (mut placed, mut counted, mut statuses) = (Vec::new(), 0_u32, Vec::new());
            for n in 0..20 {
                let number = format!("N-{caller}-{n}");
                let command = uuid::Uuid::from_u128(0xABC_0000 + u128::from(caller * 100_u32 + n));
                let mut input = crate::kit::order("m1", &number, "a");
                input["commandId"] = json!(command.to_string());
                let is_mutation = n % 2 == 0;
                let body = match is_mutation {
                    true => json!({"query": place, "variables": {"input": input}}),
                    false => json!({"query": "{ orders(first: 50) { nodes { number total { amount } } } }"}),
                };
                let token = if caller % 2 == 0 { PLATFORM } else { &other };
                let head = format!("Content-Type: application/json\r\nAuthorization: Bearer {token}\r\n");
                let answer = request(address, "POST /graphql", &head, body.to_string().as_bytes()).await;
                statuses.push(answer.status);
                match answer.status {
                    200 if is_mutation => {
                        let body = answer.json();
                        assert_eq!(body["data"]["placeOrder"]["order"]["number"], number, "{body}");
                        placed.push(number);
                    }
                    200 => {
                        let body = answer.json();
                        for order in body["data"]["orders"]["nodes"].as_array().unwrap() {
                            assert_eq!(order["total"]["amount"], "10.00");
                        }
                        counted += 1;
                    }
                    429 => drop(told_to_wait(&answer, 429, "RATE_LIMITED")),
                    _ => drop(told_to_wait(&answer, 503, "OVERLOADED")),
                }
            }
            (placed, counted, statuses)
        });
    }
    let (mut placed, mut counted, mut statuses) = (Vec::new(), 0, Vec::new());
    while let Some(caller) = callers.join_next().await {
        let (numbers, count, all) = caller.unwrap();
        placed.extend(numbers);
        counted += count;
        statuses.extend(all);
    }
    assert!(!placed.is_empty() && counted > 0, "some are answered");
    for status in [429, 503] {
        assert!(statuses.contains(&status), "some are answered {status}");
    }
    // What was answered is there, and nothing that was refused.
    server.settle().await;
    seconds_pass_for_real(&server).await;
    let count = server.data("{ ordersCount }", json!({})).await["ordersCount"].as_u64().unwrap();
    assert_eq!(count, placed.len() as u64);
    for number in placed.iter().take(20) {
        let found =
            server.data("query ($by: OrderInput!) { order(by: $by) { number } }", json!({"by": by("m1", number)}));
        assert_eq!(found.await["order"]["number"], json!(number));
    }
}

/// Until the token may send some requests again.
async fn seconds_pass_for_real(server: &Server) {
    while server.post(json!({"query": VIEWER}).to_string().as_bytes()).await.status != 200 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
}

/// In the only turn of a kind, which others get meanwhile.
#[tokio::test]
async fn whoever_waits_for_the_views_lets_others_have_the_turn() {
    let server = Server::start_with(|services| router_within(services, &narrowest())).await;
    server.merchant("m1", None).await;
    server.place("m1", "A-1", "ann").await;
    let mut asking = server.connect().await;
    asking.send(&json!({"query": r#"{ order(by: {number: {number: "A-1"}}) { number } }"#})).await;
    let mut naming = server.connect().await;
    let query = "mutation ($input: AddTagInput!) { addTag(input: $input) { order { tags } userErrors { code } } }";
    let input = json!({"commandId": server.uuid(), "order": {"number": {"number": "A-1"}}, "tag": "vip"});
    naming.send(&json!({"query": query, "variables": {"input": input}})).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(post_as(&server, PLATFORM, VIEWER).await.status, 200);
    server.merchant("m2", None).await;
    server.follow();
    assert_eq!(asking.answer().await.json()["data"]["order"]["number"], "A-1");
    assert_eq!(naming.answer().await.json()["data"]["addTag"]["order"]["tags"], json!(["vip"]));
}
