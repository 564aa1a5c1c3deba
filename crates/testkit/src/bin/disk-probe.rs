//! Does to files what its arguments say, one step an argument, and ends without tidying up.
//!
//! Steps: `write FILE LEN FILL`, `put FILE OFFSET LEN FILL`, `truncate FILE LEN`, `fsync FILE`, `fdatasync FILE`,
//! `fsync-dir DIR`, `rename OLD NEW`, `remove FILE`, `mkdir DIR`, `rmdir DIR`, `copy OLD NEW`, `link OLD NEW`,
//! `clock` (prints the seconds of the wall clock), `sled-put DIR COUNT` (insert COUNT keys, `flush`), `sled-sync DIR` (fsync its file and folders).
//! A failed step is printed as `STEP: KIND` and the next one goes on.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

fn main() {
    let mut databases = BTreeMap::new();
    for step in std::env::args().skip(1) {
        if let Err(error) = run(&step, &mut databases) {
            println!("{step}: {:?} {error}", error.kind());
        }
    }
    // Neither destructors nor exit handlers: what is not durable by now was not asked to be.
    let _ = io::stdout().flush();
    std::process::abort();
}

fn run(step: &str, databases: &mut BTreeMap<String, sled::Db>) -> io::Result<()> {
    let words: Vec<&str> = step.split(' ').collect();
    match words[..] {
        ["write", file, len, fill] => fs::write(file, bytes(len, fill)),
        ["put", file, offset, len, fill] => {
            let file = File::options().write(true).open(file)?;
            file.write_all_at(&bytes(len, fill), number(offset))
        }
        ["truncate", file, len] => File::options().write(true).open(file)?.set_len(number(len)),
        ["fsync", file] => File::options().write(true).open(file)?.sync_all(),
        ["fdatasync", file] => File::options().write(true).open(file)?.sync_data(),
        ["fsync-dir", folder] => File::open(folder)?.sync_all(),
        ["rename", old, new] => fs::rename(old, new),
        ["remove", file] => fs::remove_file(file),
        ["mkdir", folder] => fs::create_dir(folder),
        ["rmdir", folder] => fs::remove_dir(folder),
        ["copy", old, new] => fs::copy(old, new).map(drop),
        ["link", old, new] => fs::hard_link(old, new),
        ["clock"] => {
            #[allow(clippy::disallowed_methods, reason = "it is here to show what a program reads")]
            let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_err(io::Error::other)?;
            println!("{}", since.as_secs());
            Ok(())
        }
        ["sled-put", folder, count] => {
            if !databases.contains_key(folder) {
                let open = sled::Config::new().path(folder).flush_every_ms(None).segment_size(1 << 16).open();
                databases.insert(folder.to_owned(), open.map_err(io::Error::other)?);
            }
            let db = &databases[folder];
            for key in 0..number(count) {
                db.insert(key.to_be_bytes(), key.to_be_bytes().repeat(8)).map_err(io::Error::other)?;
            }
            db.flush().map(drop).map_err(io::Error::other)
        }
        ["sled-sync", folder] => {
            for part in ["", "/blobs"] {
                sync_folder(&format!("{folder}{part}"))?;
            }
            File::open(format!("{folder}/.."))?.sync_all()
        }
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "no such step")),
    }
}

fn sync_folder(folder: &str) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            File::open(entry.path())?.sync_all()?;
        }
    }
    File::open(folder)?.sync_all()
}

fn number(text: &str) -> u64 {
    text.parse().expect("a number")
}

fn bytes(len: &str, fill: &str) -> Vec<u8> {
    fill.repeat(len.parse().expect("a length")).into_bytes()
}
