use daybook_domain::Role;

use crate::kit::{PLATFORM, Server};

const VIEWER: &[u8] = br#"{"query": "{ viewer { id role } }"}"#;

async fn with(server: &Server, authorization: &str) -> (u16, serde_json::Value) {
    let head = format!("Content-Type: application/json\r\n{authorization}\r\n");
    let head = if authorization.is_empty() { "Content-Type: application/json\r\n" } else { &head };
    let answer = server.http("POST /graphql", head, VIEWER).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn only_a_valid_token_is_let_in() {
    let server = Server::start().await;
    let (status, answer) = with(&server, &format!("Authorization: Bearer {PLATFORM}")).await;
    assert_eq!((status, &answer["data"]["viewer"]["role"]), (200, &"PLATFORM".into()));
    let unknown = format!("Authorization: Bearer dbk_{}", "0".repeat(64));
    for wrong in ["", "Authorization: Bearer", "Authorization: Bearer dbk_1", "Authorization: Basic dbk_1", &unknown] {
        let (status, answer) = with(&server, wrong).await;
        assert_eq!(status, 401, "{wrong}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{wrong}");
        assert!(answer.get("data").is_none());
    }
}

#[tokio::test]
async fn a_revoked_token_ends_at_once() {
    let server = Server::start().await;
    let header = format!("Authorization: Bearer {PLATFORM}");
    assert_eq!(with(&server, &header).await.0, 200);
    server.revoke(PLATFORM).await;
    assert_eq!(with(&server, &header).await.0, 401);
}

/// Automation and imports act from within; a token that names no merchant, or no buyer, shows nothing.
#[tokio::test]
async fn a_token_that_says_too_little_is_not_let_in() {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    for (number, role) in [Role::System, Role::Importer].into_iter().enumerate() {
        let token = format!("dbk_{number:064x}");
        server.issue(&token, role).await;
        let (status, answer) = with(&server, &format!("Authorization: Bearer {token}")).await;
        assert_eq!((status, &answer["errors"][0]["extensions"]["code"]), (403, &"FORBIDDEN".into()), "{role:?}");
    }
}
