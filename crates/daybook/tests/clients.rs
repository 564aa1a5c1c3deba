//! Client libraries that others wrote (graphql-request, graphql-ws), against the real server.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use support::{Server, document, documented_requests, run, token};

/// None where the program is not installed.
fn succeeds(program: &str, args: &[&str], folder: &Path) -> Option<bool> {
    let output = Command::new(program).args(args).current_dir(folder).output().ok()?;
    if !output.status.success() {
        eprintln!("{program}: {}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    }
    Some(output.status.success())
}

#[test]
fn queries_mutations_and_a_resumed_subscription() {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/client");
    if succeeds("node", &["--version"], &scripts).is_none() || succeeds("npm", &["--version"], &scripts).is_none() {
        eprintln!("SKIPPED: install Node.js with npm to run the client libraries");
        return;
    }
    // A folder of its own: nothing is installed into the project.
    let folder = tempfile::tempdir().unwrap();
    for file in ["package.json", "package-lock.json", "run.mjs"] {
        std::fs::copy(scripts.join(file), folder.path().join(file)).unwrap();
    }
    let install = ["ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"];
    assert_eq!(succeeds("npm", &install, folder.path()), Some(true), "npm could not install the client libraries");
    let data = folder.path().join("data");
    let secret = token(&data);
    let server = Server::start(&data, secret.clone());
    let base = format!("http://{}", server.address);
    assert_eq!(succeeds("node", &["run.mjs", &base, &secret], folder.path()), Some(true));
    documented(&server, folder.path(), &data);
}

/// The TypeScript of docs/api.md, which has no types in it, pays the order that its curl lines placed and follows it.
fn documented(server: &Server, folder: &Path, data: &Path) {
    assert!(run(&["merchant", "create", "m1", "--name", "My shop"], data).status.success());
    documented_requests(server);
    let text = document("api.md");
    let script = text.split("```ts\n").nth(1).unwrap().split("```").next().unwrap();
    let script = script.replace("127.0.0.1:8080", &server.address);
    // Older releases of Node.js bring no WebSocket.
    let script = format!("import WebSocket from \"ws\";\nglobalThis.WebSocket ??= WebSocket;\n{script}");
    std::fs::write(folder.join("documented.mjs"), script).unwrap();
    let mut node = Command::new("node");
    node.arg("documented.mjs").env("DAYBOOK_TOKEN", &server.token).current_dir(folder).stdout(Stdio::piped());
    let mut child = node.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    // It ends by itself only if something is wrong.
    let found = lines.find(|line| line.starts_with("payment-captured N-1"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(found.as_deref(), Some("payment-captured N-1 TO_SHIP"));
}
