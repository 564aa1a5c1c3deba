mod actions;
mod canonical;
mod generate;
mod golden;
mod json;
mod properties;
mod samples;
mod schemas;
mod stored;
mod text;

use std::path::{Path, PathBuf};

/// A folder at the top of the workspace.
fn top(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder)
}

/// Whether files that tests compare with are to be written.
fn blessing() -> bool {
    std::env::var("BLESS").is_ok_and(|value| value == "1")
}
