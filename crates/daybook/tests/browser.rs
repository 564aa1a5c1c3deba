//! The web console in a real browser (browser/pages/*.mjs), on the made-up past of a demo.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use support::{Server, run};

/// Of the shop; BROWSER_ORDERS makes another one.
const ORDERS: &str = "2000";

/// A browser, and a folder with what drives it; None where something is not installed.
struct Driver {
    chromium: PathBuf,
    folder: tempfile::TempDir,
}

fn is_there(program: impl AsRef<std::ffi::OsStr>) -> bool {
    let version = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// What drives the browser says which it takes; Debian 12 brings an older one.
fn is_node_new_enough() -> bool {
    let Ok(output) = Command::new("node").arg("--version").output() else { return false };
    let version = String::from_utf8_lossy(&output.stdout);
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    major.is_some_and(|major| major >= 20)
}

fn chromium() -> Option<PathBuf> {
    if let Some(given) = std::env::var_os("DAYBOOK_CHROMIUM") {
        assert!(is_there(&given), "DAYBOOK_CHROMIUM is {}, which cannot be started", given.display());
        return Some(given.into());
    }
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let mut paths = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    paths.find(|path| path.is_file() && is_there(path))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, copied) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &copied);
        } else {
            std::fs::copy(&path, copied).unwrap();
        }
    }
}

fn driver() -> Option<Driver> {
    if !is_node_new_enough() || !is_there("npm") {
        eprintln!("SKIPPED: install Node.js 20 or later with npm to test the console in a browser");
        return None;
    }
    let Some(chromium) = chromium() else {
        eprintln!("SKIPPED: install Chromium, or set DAYBOOK_CHROMIUM, to test the console in a browser");
        return None;
    };
    // A folder of its own: nothing is installed into the project.
    let folder = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser"), folder.path());
    let install = ["ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"];
    let installed = Command::new("npm").args(install).current_dir(folder.path()).status().unwrap();
    assert!(installed.success(), "npm could not install what drives the browser");
    Some(Driver { chromium, folder })
}

impl Driver {
    /// Runs a script on a shop of its own; where to, it finds in OUT.
    fn run(&self, script: &str, seed: &str, out: &Path) {
        let data = self.folder.path().join("data");
        let orders = std::env::var("BROWSER_ORDERS").unwrap_or_else(|_| ORDERS.into());
        let made = run(&["demo", "--past-only", "--orders", &orders, "--seed", seed], &data);
        let told = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{told}");
        let token = String::from_utf8_lossy(&made.stdout)
            .split_whitespace()
            .find(|word| word.starts_with("dbk_"))
            .unwrap()
            .to_owned();
        let server = Server::start(&data, token);
        let status = Command::new("node")
            .arg(script)
            .current_dir(self.folder.path())
            .env("DAYBOOK_BASE", format!("http://{}", server.address))
            .env("DAYBOOK_PROGRAM", env!("CARGO_BIN_EXE_daybook"))
            .env("DAYBOOK_DATA", &data)
            .env("DAYBOOK_CHROMIUM", &self.chromium)
            .env("DAYBOOK_WEB", Path::new(env!("CARGO_MANIFEST_DIR")).join("../console/web"))
            .env("OUT", out)
            .status()
            .unwrap();
        assert!(status.success(), "{script} failed on the shop of seed {seed}; BROWSER_SEED={seed} makes it again");
        assert_eq!(server.interrupt(), Some(0));
    }
}

fn seed() -> String {
    std::env::var("BROWSER_SEED").unwrap_or_else(|_| "1".into())
}

/// Runs all, or with BROWSER_ONLY=text those with the text in their name; evidence of failures is kept in target/browser.
#[test]
fn pages() {
    let Some(driver) = driver() else {
        assert!(std::env::var_os("BROWSER_ONLY").is_none(), "there is no browser for what was asked for");
        return;
    };
    let evidence = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("browser");
    if evidence.exists() {
        std::fs::remove_dir_all(&evidence).unwrap();
    }
    driver.run("run.mjs", &seed(), &evidence);
}

/// Writes docs/screenshots; SCREENSHOTS_ONLY=text writes those with the text in their name.
#[test]
#[ignore = "rewrites pictures: cargo xtask screenshots"]
fn screenshots() {
    let driver = driver().expect("a browser, and Node.js with npm");
    driver.run("screenshots.mjs", &seed(), &Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/screenshots"));
}
