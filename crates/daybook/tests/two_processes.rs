//! Two processes on one folder: the second is told so in one line, whatever the first is at; a dead one holds nothing.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use support::Server;

fn serve(data: &Path) -> Command {
    let mut command = support::daybook();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
    command
}

/// Another server, and a command that no server is there to carry out, are refused in one line that names process and folder.
#[track_caller]
fn others_are_refused(data: &Path, owner: u32, commands: &[&[&str]]) {
    let mut attempts = vec![serve(data)];
    attempts.extend(commands.iter().map(|args| {
        let mut command = support::daybook();
        command.args(*args).arg("--data").arg(data);
        command
    }));
    for mut attempt in attempts {
        let output = attempt.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        let line = format!("data folder {} is in use by process {owner}; stop that first", data.display());
        assert!(said.lines().count() == 1 && said.contains(&line), "{said}");
        assert_eq!(output.stdout, b"");
    }
}

fn signal(child: u32, name: &str) {
    assert!(Command::new("kill").args([name, &child.to_string()]).status().unwrap().success());
}

/// A server that has the folder and is stopped before it serves; none if it was too quick.
fn in_recovery(data: &Path) -> Option<Child> {
    let mut child = serve(data).stderr(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while fs::read_to_string(data.join("lock")).unwrap().trim() != child.id().to_string() {
        assert!(Instant::now() < deadline, "it never took the folder");
    }
    signal(child.id(), "-STOP");
    if !data.join("owner.sock").exists() {
        return Some(child);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    fs::remove_file(data.join("owner.sock")).unwrap();
    None
}

#[test]
fn the_second_is_refused_in_one_line_and_a_dead_one_holds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let token = support::token(&data);
    assert!(support::run(&["merchant", "create", "m1"], &data).status.success());

    let mut server = Server::start(&data, token.clone());
    others_are_refused(&data, server.id(), &[]);
    assert!(support::run(&["merchant", "list"], &data).status.success(), "carried out by the one that serves");
    server.kill();
    assert_eq!(fs::read_to_string(data.join("lock")).unwrap().trim(), server.id().to_string(), "a stale lock");

    // While the next one recovers from that.
    let recovering = (0..20).find_map(|_| in_recovery(&data)).expect("stopped in time");
    let commands: [&[&str]; 3] = [&["merchant", "list"], &["export", "events"], &["verify"]];
    others_are_refused(&data, recovering.id(), &commands);
    // Killed in the middle of it, it holds nothing either.
    let mut recovering = recovering;
    recovering.kill().unwrap();
    recovering.wait().unwrap();
    let recovering = (0..20).find_map(|_| in_recovery(&data)).expect("stopped in time");
    signal(recovering.id(), "-CONT");
    let deadline = Instant::now() + Duration::from_secs(20);
    while !data.join("owner.sock").exists() {
        assert!(Instant::now() < deadline, "it never served");
        std::thread::sleep(Duration::from_millis(10));
    }
    others_are_refused(&data, recovering.id(), &[]);
    let mut recovering = recovering;
    recovering.kill().unwrap();
    recovering.wait().unwrap();
    let server = Server::start(&data, token);
    assert_eq!(server.interrupt(), Some(0));
    assert!(support::run(&["verify"], &data).status.success());
}
