//! Keeps when tokens were last used, in a small file beside the ledger. A crash costs what came within the last minute; a
//! damaged file all of it, since nothing but people's curiosity depends on it.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use daybook_api::Uses;
use daybook_domain::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const NAME: &str = "token-uses.json";
/// How often it is written, if anything changed.
const EVERY: Duration = Duration::from_secs(60);

/// As it is written: microseconds since 1970 by token.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    version: u32,
    uses: BTreeMap<String, i64>,
}

/// What is known of a folder; or nothing, and why.
pub(crate) fn load(dir: &Path) -> (Uses, Option<String>) {
    let path = dir.join(NAME);
    let read = std::fs::read(&path).and_then(|bytes| {
        let kept: Kept = serde_json::from_slice(&bytes)?;
        if kept.version != 1 {
            return Err(io::Error::other(format!("it has the version {}", kept.version)));
        }
        let read =
            |(token, at): (&String, &i64)| Ok((Uuid::parse_str(token).map_err(io::Error::other)?, Timestamp(*at)));
        kept.uses.iter().map(read).collect::<io::Result<Vec<_>>>()
    });
    match read {
        Ok(uses) => (Uses::new(uses), None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => (Uses::default(), None),
        Err(error) => {
            let why = format!("{}: when tokens were used last is not known any more: {error}", path.display());
            (Uses::default(), Some(why))
        }
    }
}

/// The thread that writes.
pub(crate) struct Keeping {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Keeping {
    /// What is known of the folder, and from now on kept.
    pub(crate) fn start(dir: &Path) -> io::Result<(Uses, Self)> {
        let (uses, damage) = load(dir);
        if let Some(why) = damage {
            tracing::warn!("{why}; it is begun anew");
        }
        let (stop, told) = channel();
        let (kept, dir) = (uses.clone(), dir.to_path_buf());
        let keep = move || {
            let (mut written, mut fails) = (kept.noted(), false);
            loop {
                let is_ending = !matches!(told.recv_timeout(EVERY), Err(RecvTimeoutError::Timeout));
                let noted = kept.noted();
                if noted != written {
                    match write(&dir, &kept) {
                        Ok(()) => (written, fails) = (noted, false),
                        // Said once: the disk may stay full for long.
                        Err(error) if !fails => {
                            tracing::error!(%error, "when tokens were used last cannot be written down");
                            fails = true;
                        }
                        Err(_) => {}
                    }
                }
                if is_ending {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("daybook-uses".into()).spawn(keep)?;
        Ok((uses, Self { stop, thread }))
    }

    /// Writes what is left.
    pub(crate) fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.thread.join();
    }
}

/// The whole file or none.
fn write(dir: &Path, uses: &Uses) -> io::Result<()> {
    let kept = Kept { version: 1, uses: uses.all().into_iter().map(|(token, at)| (token.to_string(), at.0)).collect() };
    let bytes = serde_json::to_vec(&kept)?;
    let new: PathBuf = dir.join(format!("{NAME}.new"));
    let mut file = std::fs::File::create(&new)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, dir.join(NAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_damage_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (uses, damage) = load(folder.path());
        assert_eq!((uses.all().len(), damage), (0, None));
        let token = Uuid::from_u128(7);
        write(folder.path(), &Uses::new([(token, Timestamp(5))])).unwrap();
        let (uses, damage) = load(folder.path());
        assert_eq!((uses.last(token), damage), (Some(Timestamp(5)), None));
        for damage in
            ["", "{", "[]", r#"{"version": 2, "uses": {}}"#, r#"{"version": 1, "uses": {"x": 1}}"#, "\0\0\0\0"]
        {
            std::fs::write(folder.path().join(NAME), damage).unwrap();
            let (uses, why) = load(folder.path());
            assert!(uses.all().is_empty() && why.is_some_and(|why| why.contains(NAME)), "{damage:?}");
        }
    }
}
