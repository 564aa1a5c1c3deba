//! Client libraries that others wrote (graphql-request, graphql-ws), against the real server.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::path::Path;
use std::process::Command;

use support::{Server, token};

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
}
