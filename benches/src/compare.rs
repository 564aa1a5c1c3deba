//! Daybook beside what people would use instead, on the same work, on the same machine, in one run.

mod append;
pub(crate) mod asks;
mod bulk;
mod folds;
mod history;
mod lists;
mod notes;
mod peer;
mod place;
pub(crate) mod report;
mod rounds;
pub(crate) mod shop;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use daybook_peers::{Programs, end_all};

use crate::machine;
use report::Report;

/// What can be asked for by name; without a name, all but [`ALONE`].
pub(crate) const PARTS: [&str; 7] = [ALONE, "append", "order", "lists", "history", "folds", "bulk"];
/// Appends beside the limit, without peers: a minute for each width would take half an hour with them.
const ALONE: &str = "alone";

/// What the command line asks for.
pub(crate) struct Asked<'a> {
    pub(crate) parts: &'a [String],
    pub(crate) dir: &'a Path,
    /// In lists; streams too, where they are fewer.
    pub(crate) orders: u64,
    /// For each peer and width, in all.
    pub(crate) sustained: Duration,
    /// Where the tables go as Markdown, beside standard output.
    pub(crate) write: Option<&'a Path>,
}

pub(crate) fn run(asked: &Asked<'_>) {
    let folder = tempfile::Builder::new().prefix("daybook-compare-").tempdir_in(asked.dir).expect("a new folder");
    // Servers that do not run as root go through it.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).expect("our own folder");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    runtime.spawn(end_when_told(folder.path().to_owned()));
    let programs = Programs { folder: PathBuf::from("target/peers") };
    let mut report = Report::compare();
    report.note(&machine::described(folder.path()));
    let wanted = |part: &str| asked.parts.is_empty() || asked.parts.iter().any(|one| one == part);
    if asked.parts.iter().any(|part| part == ALONE) {
        runtime.block_on(append::run(None, folder.path(), asked.orders, asked.sustained, &mut report));
    }
    if wanted("append") {
        runtime.block_on(append::run(Some(&programs), folder.path(), asked.orders, asked.sustained, &mut report));
    }
    if wanted("order") {
        runtime.block_on(place::run(folder.path(), asked.sustained, &mut report));
    }
    if wanted("lists") {
        runtime.block_on(lists::run(folder.path(), asked.orders, asked.sustained, &mut report));
    }
    if wanted("history") {
        runtime.block_on(history::run(folder.path(), asked.orders, &mut report));
    }
    if wanted("folds") {
        runtime.block_on(folds::run(folder.path(), asked.orders, &mut report));
    }
    if wanted("bulk") {
        runtime.block_on(bulk::run(folder.path(), asked.orders, &mut report));
    }
    if let Some(path) = asked.write {
        report.write(path).expect("a file that can be written");
    }
}

/// An interrupt ends the servers too, and leaves nothing behind.
async fn end_when_told(folder: PathBuf) {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate()).expect("signals can be waited for");
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    end_all();
    let _ = fs::remove_dir_all(folder);
    std::process::exit(130);
}
