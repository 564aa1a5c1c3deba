//! What the tests of the console need beside Rust.

use std::process::Command;

const PACKAGES: [&str; 2] = ["chromium", "fonts-noto-cjk"];

fn answers(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

fn is_there() -> bool {
    std::env::var_os("DAYBOOK_CHROMIUM").is_some()
        || ["chromium", "chromium-browser", "google-chrome"].iter().any(|name| answers(name, &["--version"]))
}

/// Only where nobody has to be asked: in a Debian as root, such as a container is.
fn can_install() -> bool {
    let user = Command::new("id").arg("-u").output();
    user.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
        && std::path::Path::new("/etc/debian_version").exists()
        && answers("apt-get", &["--version"])
}

fn apt_get(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive").output();
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Err(told.lines().last().unwrap_or("apt-get failed").to_owned())
}

/// Installs a browser if it can; what is missing is a note, since the tests that need it say that they were skipped.
pub(crate) fn provide() {
    if is_there() {
        return;
    }
    let mut why = String::new();
    if can_install() {
        eprintln!("$ apt-get install {}", PACKAGES.join(" "));
        let install = [&["install", "-y", "-qq", "--no-install-recommends"], PACKAGES.as_slice()].concat();
        match apt_get(&["update", "-qq"]).and_then(|()| apt_get(&install)) {
            Ok(()) => return,
            Err(error) => why = format!(" ({error})"),
        }
    }
    eprintln!(
        "note: Chromium is not installed{why}: the console is not tested in a browser; `apt-get install {}`, or set \
         DAYBOOK_CHROMIUM to one",
        PACKAGES.join(" ")
    );
}
