//! Credentials on the command line and over HTTP, of a folder at rest and of one that is served.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use support::{Server, run, token};

fn good(output: &Output) -> &str {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    std::str::from_utf8(&output.stdout).unwrap()
}

fn listed(data: &Path) -> Vec<Value> {
    good(&run(&["token", "list", "--json"], data)).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn seconds(time: &Value) -> i64 {
    let text = time.as_str().unwrap_or_else(|| panic!("no time: {time}"));
    daybook_codec::parse_time(text).unwrap().0 / 1_000_000
}

#[test]
fn a_token_ends_when_it_was_said_to() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    for (when, after) in [("90d", 90 * 86_400), ("12h", 12 * 3_600), ("30m", 1_800)] {
        good(&run(&["token", "create", "--role", "platform", "--expires", when, "--label", when], &data));
        let made = listed(&data).into_iter().find(|token| token["label"] == when).unwrap();
        assert_eq!(seconds(&made["expiresAt"]) - seconds(&made["createdAt"]), after, "{made}");
    }
    good(&run(&["token", "create", "--role", "platform", "--expires", "2126-01-31T00:00:00Z"], &data));
    assert_eq!(listed(&data)[3]["expiresAt"], "2126-01-31T00:00:00Z");
    assert!(good(&run(&["token", "list"], &data)).contains("2126-01-31T00:00:00Z"));
    for wrong in [
        "",
        "d",
        "0d",
        "-1d",
        "90",
        "90 days",
        "soon",
        "99999999999d",
        "99999999d",
        "订d",
        "订",
        "2001-01-01T00:00:00Z",
    ] {
        let refused = run(&["token", "create", "--role", "platform", &format!("--expires={wrong}")], &data);
        assert_eq!(refused.status.code(), Some(1), "{wrong}: {refused:?}");
        let words = String::from_utf8_lossy(&refused.stderr);
        assert!(words.contains("90d, 12h") || words.contains("must be in the future"), "{wrong}: {words}");
    }
    assert_eq!(listed(&data).len(), 4);
}

#[test]
fn when_a_token_was_used_last_is_known_served_and_at_rest_and_costs_no_event() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let platform = token(&data);
    token(&data);
    let last_used = || listed(&data).into_iter().map(|token| token["lastUsedAt"].clone()).collect::<Vec<_>>();
    assert_eq!(last_used(), [Value::Null, Value::Null]);
    let server = Server::start(&data, platform.clone());
    let shown = server.query("{ tokens { nodes { lastUsedAt } } }", &json!({}))["tokens"]["nodes"].take();
    let used = last_used();
    assert!(used[0].is_string() && used[1].is_null(), "{used:?}");
    assert_eq!(shown, json!([{"lastUsedAt": null}, {"lastUsedAt": used[0]}]), "newest first");
    assert_eq!(server.interrupt(), Some(0));
    assert_eq!(last_used(), used);
    let events = run(&["export", "events"], &data);
    assert_eq!(good(&events).lines().count(), 2);
    // A damaged file is begun anew.
    std::fs::write(data.join("token-uses.json"), "{").unwrap();
    let list = run(&["token", "list"], &data);
    assert!(String::from_utf8_lossy(&list.stderr).contains("token-uses.json"), "{list:?}");
    assert_eq!(last_used(), [Value::Null, Value::Null]);
    let server = Server::start(&data, platform);
    server.query("{ viewer { id } }", &json!({}));
    assert_eq!(server.interrupt(), Some(0));
    let again = last_used();
    assert!(again[0].is_string() && again[1].is_null(), "{again:?}");
}

#[test]
fn failed_sign_ins_and_refused_commands_are_in_the_security_log() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let platform = token(&data);
    let server = Server::start(&data, platform);
    let stranger = server.client().with_token("hunter2");
    for _ in 0..20 {
        assert_eq!(stranger.request("POST /graphql", "{}").unwrap().0, 401);
    }
    let refused = r#"mutation { receiveStock(input: {commandId: "0190d0a0-0000-7000-8000-000000000002", merchant: "m9", sku: "mug", quantity: 1})
        { userErrors { code } } }"#;
    assert_eq!(server.query(refused, &json!({}))["receiveStock"]["userErrors"][0]["code"], "MERCHANT_UNKNOWN");
    assert_eq!(server.interrupt(), Some(0));
    let log = data.join("security.log");
    assert_eq!(log.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(log).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 21, "{text}");
    for line in &lines[..20] {
        assert_eq!((&line["what"], &line["code"]), (&json!("sign-in-failed"), &json!("malformed")), "{line}");
        assert_eq!(line["remote"], "127.0.0.1");
    }
    let last = &lines[20];
    assert_eq!((&last["what"], &last["code"]), (&json!("command-refused"), &json!("MERCHANT_UNKNOWN")), "{last}");
    assert_eq!(last["commandId"], "0190d0a0-0000-7000-8000-000000000002");
    assert!(!text.contains("hunter2"));
}

#[test]
fn tokens_of_the_api_and_of_the_command_line_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let platform = token(&data);
    good(&run(&["merchant", "create", "m1"], &data));
    let server = Server::start(&data, platform);
    let issue = r#"mutation { issueToken(input: {commandId: "0190d0a0-0000-7000-8000-000000000001", role: CLERK, merchant: "m1"})
        { secret token { id role expiresAt } userErrors { code } } }"#;
    let issued = server.query(issue, &json!({}))["issueToken"].take();
    assert_eq!((&issued["userErrors"], &issued["token"]["role"]), (&json!([]), &json!("CLERK")));
    let id = issued["token"]["id"].as_str().unwrap();
    let clerk = Server::client(&server).with_token(issued["secret"].as_str().unwrap());
    let viewer = "{ viewer { merchant } }";
    assert_eq!(clerk.ask(viewer, &json!({})).unwrap()["data"]["viewer"]["merchant"], "m1");
    assert!(listed(&data).iter().any(|token| token["id"] == id));
    good(&run(&["token", "revoke", id], &data));
    assert_eq!(clerk.ask(viewer, &json!({})).unwrap()["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    let again = server.query(issue, &json!({}))["issueToken"].take();
    assert_eq!((&again["secret"], &again["token"]["id"]), (&Value::Null, &json!(id)));
    assert_eq!(listed(&data).len(), 2);
    assert_eq!(server.interrupt(), Some(0));
}
