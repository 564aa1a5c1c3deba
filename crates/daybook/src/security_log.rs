//! Writes the security log: lines of JSON in files of the data folder, the oldest of which go. Its own thread, which nobody
//! waits for.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use daybook_api::{Incidents, SecurityLog};
use daybook_engine::Clock;

/// What is written to; those before it are `security.log.1` (the newest) and so on.
const NAME: &str = "security.log";
/// Files that are kept, the one that is written to included.
const KEPT: u32 = 5;
/// Bytes after which the next file is begun.
pub(crate) const MAX_BYTES: u64 = 10 << 20;

/// The thread that writes.
pub(crate) struct Writing(JoinHandle<()>);

impl Writing {
    /// What is told from now on is written to the folder's log.
    pub(crate) fn start(dir: &Path, clock: Clock) -> io::Result<(SecurityLog, Self)> {
        let (log, incidents) = SecurityLog::new(clock);
        let files = Files::new(dir, MAX_BYTES);
        let thread =
            std::thread::Builder::new().name("daybook-security".into()).spawn(move || write(files, &incidents))?;
        Ok((log, Self(thread)))
    }

    /// Writes what is left. To be called once nobody can tell anything any more.
    pub(crate) fn finish(self) {
        let _ = self.0.join();
    }
}

fn write(mut files: Files, incidents: &Incidents) {
    let mut fails = false;
    while let Some(line) = incidents.next() {
        let written = files.write(&line);
        match &written {
            // Said once: the disk may stay full for long.
            Err(error) if !fails => {
                tracing::error!(%error, file = %files.path(0).display(), "the security log cannot be written");
            }
            Ok(()) if fails => tracing::info!("the security log is written again"),
            Ok(()) | Err(_) => {}
        }
        fails = written.is_err();
        if fails {
            incidents.lost();
        }
    }
}

struct Files {
    dir: PathBuf,
    max_bytes: u64,
    open: Option<Open>,
}

struct Open {
    file: File,
    /// Of whole lines.
    bytes: u64,
}

impl Files {
    fn new(dir: &Path, max_bytes: u64) -> Self {
        Self { dir: dir.to_path_buf(), max_bytes, open: None }
    }

    /// 0 is what is written to.
    fn path(&self, age: u32) -> PathBuf {
        self.dir.join(if age == 0 { NAME.to_owned() } else { format!("{NAME}.{age}") })
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.open()?,
        };
        let text = format!("{line}\n");
        if open.bytes > 0 && open.bytes + text.len() as u64 > self.max_bytes {
            drop(open);
            self.rotate()?;
            open = self.open()?;
        }
        let written = open.file.write_all(text.as_bytes());
        match written {
            Ok(()) => {
                open.bytes += text.len() as u64;
                self.open = Some(open);
                Ok(())
            }
            Err(error) => {
                // Half a line is none. The file is opened anew for the next one.
                let _ = open.file.set_len(open.bytes);
                Err(error)
            }
        }
    }

    fn open(&self) -> io::Result<Open> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(self.path(0))?;
        let mut bytes = file.metadata()?.len();
        if bytes > 0 {
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                // A line that was cut off stays alone.
                file.write_all(b"\n")?;
                bytes += 1;
            }
        }
        Ok(Open { file, bytes })
    }

    fn rotate(&self) -> io::Result<()> {
        for age in (0..KEPT - 1).rev() {
            match std::fs::rename(self.path(age), self.path(age + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn lines(path: &Path) -> Vec<String> {
        std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_oldest_lines_go_and_the_folder_holds_no_more_than_it_may() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Files::new(folder.path(), 100);
        for number in 0..200 {
            files.write(&format!("line {number:04}")).unwrap();
        }
        let sizes: Vec<u64> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).collect();
        assert_eq!(sizes.len(), 5);
        assert!(sizes.iter().all(|size| *size <= 100), "{sizes:?}");
        let kept: Vec<String> = (0..KEPT).rev().flat_map(|age| lines(&files.path(age))).collect();
        let first = 200 - kept.len();
        assert_eq!(kept, (first..200).map(|number| format!("line {number:04}")).collect::<Vec<_>>());
        let mode = files.path(0).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_line_that_was_cut_off_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(NAME), "whole\nhal").unwrap();
        let mut files = Files::new(folder.path(), 100);
        files.write("next").unwrap();
        assert_eq!(lines(&files.path(0)), ["whole", "hal", "next"]);
    }

    #[test]
    fn what_cannot_be_written_is_counted_and_writing_goes_on_when_it_can() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("later");
        let mut files = Files::new(&place, 100);
        assert!(files.write("lost").is_err());
        std::fs::create_dir(&place).unwrap();
        files.write("written").unwrap();
        assert_eq!(lines(&files.path(0)), ["written"]);
    }
}
