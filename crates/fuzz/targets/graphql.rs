//! Requests to `/graphql`, over the whole router and a real folder: with a token of the platform, or whatever the input
//! asks with.
//!
//! The input is a GraphQL document; what follows a line `---` are its variables in JSON.
#![no_main]

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use daybook_api::{Host, Limits, Services, router_within};
use daybook_codec::parse_action;
use daybook_domain::command::{Command, IssueToken};
use daybook_domain::{Actor, CommandId, Role, Timestamp};
use daybook_engine::{Engine, FolderOptions, Request as Submitted, open_folder};
use daybook_views::Views;
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};
use tokio::runtime::Runtime;
use tower::ServiceExt;
use uuid::Uuid;

const NOW: Timestamp = Timestamp(1_750_000_000_000_000);
const TOKEN: &str = "dbk_1111111111111111111111111111111111111111111111111111111111111111";
const PLATFORM: Actor = Actor { id: Uuid::from_u128(2), role: Role::Platform };

struct Served {
    engine: Engine,
    host: Arc<Host>,
    router: Router,
    runtime: Runtime,
}

static SERVED: LazyLock<Served> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder for temporary files").keep();
    let options = FolderOptions { id_if_new: Some(Uuid::from_u128(1)), ..FolderOptions::default() };
    let engine = open_folder(&folder, &options, Arc::new(|| NOW)).expect("a new folder").engine;
    for (n, line) in (1_u128..).zip(include_str!("../../../docs/example.jsonl").lines()) {
        let Ok(action) = parse_action(line) else { continue };
        let request = Submitted::live(CommandId(Uuid::from_u128(n)), PLATFORM, action.command);
        engine.submit(request).wait().ok();
    }
    issue(&engine);
    let reader = engine.reader();
    let host = Arc::new(Host::new(Views::new()));
    let services = Services::within(engine.clone(), reader, Arc::clone(&host));
    let limits = Limits { requests_per_second: None, ..Limits::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _inside = runtime.enter();
    Served { engine, host, router: router_within(services, &limits), runtime }
});

fn issue(engine: &Engine) {
    let token = IssueToken {
        secret_sha256: Sha256::digest(TOKEN).into(),
        id: Uuid::from_u128(3),
        role: Role::Platform,
        merchant: None,
        expires_at: None,
        label: "fuzz".into(),
        buyer: None,
    };
    let request = Submitted::live(CommandId(Uuid::from_u128(0)), PLATFORM, Command::IssueToken(token));
    engine.submit(request).wait().expect("a token");
}

impl Served {
    /// Folds in what was written since.
    fn follow(&self) {
        let reader = self.engine.reader();
        while self.host.position() < reader.watermark() {
            let events = reader.events(self.host.position() + 1, 1 << 20).expect("what was just written");
            self.host.apply(&events).expect("views that take every event");
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (document, variables) = text.split_once("\n---\n").unwrap_or((text, "{}"));
    let Ok(variables) = serde_json::from_str::<serde_json::Value>(variables) else { return };
    let served = &*SERVED;
    served.follow();
    let body = serde_json::json!({ "query": document, "variables": variables }).to_string();
    let request = Request::post("/graphql")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {TOKEN}"))
        .body(Body::from(body))
        .expect("a request");
    served.runtime.block_on(async {
        let response = served.router.clone().oneshot(request).await.expect("an answer");
        let status = response.status();
        let answer = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        let answer: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
        assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{answer}");
    });
});
