use serde_json::json;

use crate::kit::{PLATFORM, Server};

#[tokio::test]
async fn health_readiness_and_the_page() {
    let server = Server::start_without_follower().await;
    assert_eq!(server.http("GET /healthz", "", b"").await.status, 200);
    let unready = server.http("GET /readyz", "", b"").await;
    let starting = json!({"reason": "VIEWS_STARTING", "message": "the views are at 0 of 1"});
    assert_eq!((unready.status, unready.json()), (503, starting));
    let events = server.services.reader.events(1, 1 << 20).unwrap();
    server.services.host.apply(&events).unwrap();
    assert_eq!(server.http("GET /readyz", "", b"").await.status, 200);
    let page = server.http("GET /graphql", "", b"").await;
    assert_eq!(page.status, 200);
    for header in [
        "content-security-policy: default-src 'none'; script-src 'sha256-",
        "frame-ancestors 'none'",
        "x-content-type-options: nosniff",
    ] {
        assert!(page.head.contains(header), "{header}: {}", page.head);
    }
    assert!(page.body.contains("<textarea"), "works without a script from elsewhere");
    let (before_script, _) = page.body.split_once("<script>").unwrap();
    assert!(!before_script.contains("://"), "nothing is loaded from elsewhere before somebody asks for it");
}

/// Right answers and refusals alike.
#[tokio::test]
async fn no_answer_is_kept_or_taken_for_something_else() {
    let server = Server::start().await;
    let right = json!({"query": "{ viewer { id } }"}).to_string();
    let json = "Content-Type: application/json\r\n";
    for (path, head, body, status) in [
        ("POST /graphql", format!("{json}Authorization: Bearer {PLATFORM}\r\n"), right.as_str(), 200),
        ("POST /graphql", format!("{json}Authorization: Bearer {PLATFORM}\r\n"), "[]", 400),
        ("POST /graphql", json.to_owned(), &right, 401),
        ("POST /lookup", json.to_owned(), r#"{"number": "N-1", "code": "123456"}"#, 404),
    ] {
        let answer = server.http(path, &head, body.as_bytes()).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        for header in ["cache-control: no-store\r\n", "x-content-type-options: nosniff\r\n"] {
            assert!(answer.head.contains(header), "{path}: {}", answer.head);
        }
    }
}

#[tokio::test]
async fn metrics_count_what_happened() {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    server.place("m1", "N-1", "a").await;
    server.settle().await;
    server.data("{ viewer { id } }", json!({})).await;
    server.ask("{ nothing }", json!({})).await;
    let text = server.http("GET /metrics", "", b"").await.body;
    let value = |name: &str| -> String {
        let line =
            text.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap_or_else(|| panic!("{name}\n{text}"));
        line.rsplit(' ').next().unwrap().to_owned()
    };
    assert_eq!(value("daybook_appends_total"), "3", "a token, a merchant, an order");
    assert_eq!(value("daybook_sync_seconds_count"), value("daybook_batches_total"));
    assert_eq!(value("daybook_sync_seconds_bucket{le=\"+Inf\"}"), value("daybook_batches_total"));
    assert_eq!(value("daybook_view_lag_events{view=\"orders\"}"), "0");
    assert_eq!(value("daybook_requests_total{outcome=\"ok\"}"), "3");
    assert_eq!(value("daybook_requests_total{outcome=\"refused\"}"), "1");
    assert_eq!(value("daybook_request_seconds_count"), "4");
}
