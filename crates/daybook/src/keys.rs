//! The key file: another master key, copies that do not last, and putting one back.

use std::fs;
use std::io;
use std::path::Path;

use daybook_codec::{format_time, parse_time};
use daybook_domain::Timestamp;
use daybook_domain::time::DAY_MICROS;
use daybook_engine::{Journal, MasterKey, RestoredKeys, are_keys_under, destroy_file, restore_keys, rotate_master_key};

use crate::cli::{KeyBackupArgs, KeyRestoreArgs, RotateArgs};
use crate::clock;
use crate::console::{Console, Ended, out};
use crate::data::Access;
use crate::failure::Failure;

/// Longer than a copy takes: what is not whole by then was left by a crash.
const UNFINISHED_FOR: i64 = DAY_MICROS / 24;

pub(crate) fn rotate(args: &RotateArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    at_rest(access, "rotate its master key")?;
    let (path, shown) = (&args.new, args.new.display());
    if !access.dir().join("keys").is_file() {
        return Err(Failure::new(format!("{}: there is no key file to rotate", access.dir().display())));
    }
    let new = match path.exists() {
        true => MasterKey::load(path)?,
        false => {
            let made = MasterKey::create(path)?;
            console.say(&format!("{shown}: a new master key was made"));
            made
        }
    };
    let is_done = rotate_master_key(access.dir(), &access.options(), &new, clock::system()).map_err(|error| {
        let why = Failure::from(error);
        Failure::new(format!("{why}; {}", under_which(access, &new, &shown.to_string())))
    })?;
    let mut text = String::new();
    let how = if is_done { "the keys are now" } else { "nothing to do: the keys are already" };
    out!(text, "{how} under the master key of {shown}: start with --master-key {shown} from now on");
    console.print(&text)?;
    if is_done {
        console.say(
            "the old master key opens nothing but older copies of the key file: make a new one, then destroy both",
        );
    }
    Ok(Ended::Well)
}

/// What a rotation that failed left.
fn under_which(access: &Access, new: &MasterKey, shown: &str) -> String {
    match are_keys_under(access.dir(), new) {
        true => format!("the key file is whole, under the new master key: start with --master-key {shown}"),
        false => "the key file is as it was, under the old master key".into(),
    }
}

fn at_rest(access: &Access, what: &str) -> Result<(), Failure> {
    if access.is_served() {
        return Err(Failure::new(format!("the folder is being served: stop the server, then {what}")));
    }
    Ok(())
}

pub(crate) fn back_up(args: &KeyBackupArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let opened = access.open(console)?;
    let folder = &args.to;
    let io = |path: &Path, error: io::Error| Failure::new(format!("{}: {error}", path.display()));
    fs::create_dir_all(folder).map_err(|error| io(folder, error))?;
    let now = clock::system()();
    let path = folder.join(name_at(now));
    opened.reader.vault().back_up(&path)?;
    // Whatever is wrong with it, copies that are too old go.
    let noted = Journal::add_all_of(opened.reader.vault(), folder, opened.reader.ledger().id());
    let mut removed = 0;
    for entry in fs::read_dir(folder).map_err(|error| io(folder, error))? {
        let path = entry.map_err(|error| io(folder, error))?.path();
        let is_older = |path: &Path, micros: i64| made_at(path).is_some_and(|at| at < now.plus_micros(-micros));
        if is_unfinished(&path) && is_older(&path.with_extension(""), UNFINISHED_FOR) {
            destroy_file(&path).map_err(|error| io(&path, error))?;
        } else if is_older(&path, i64::from(args.keep) * DAY_MICROS) {
            destroy_file(&path).map_err(|error| io(&path, error))?;
            removed += 1;
        }
    }
    let mut text = String::new();
    out!(text, "{}", path.display());
    console.print(&text)?;
    if removed > 0 {
        console.say(&format!("{removed} copies older than {} days were overwritten and deleted", args.keep));
    }
    noted?;
    Ok(Ended::Well)
}

/// What a copy is called until it is whole.
fn is_unfinished(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "tmp")
}

/// `keys-20261127T221500.123456Z`: of its own kind alone, so that nothing else in the folder is taken for one.
fn name_at(at: Timestamp) -> String {
    format!("keys-{}", format_time(at).replace(['-', ':'], ""))
}

fn made_at(path: &Path) -> Option<Timestamp> {
    let text = path.file_name()?.to_str()?.strip_prefix("keys-")?;
    let (date, time) = (text.get(..8)?, text.get(9..)?);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(date) || text.as_bytes().get(8) != Some(&b'T') || !digits(time.get(..6)?) {
        return None;
    }
    let spelled = format!(
        "{}-{}-{}T{}:{}:{}",
        date.get(..4)?,
        date.get(4..6)?,
        date.get(6..)?,
        time.get(..2)?,
        time.get(2..4)?,
        time.get(4..)?
    );
    parse_time(&spelled).ok()
}

pub(crate) fn restore(args: &KeyRestoreArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    at_rest(access, "restore its key file")?;
    let RestoredKeys { events, erased_later } = restore_keys(access.dir(), &access.options(), &args.from)?;
    let mut text = String::new();
    out!(text, "{} is the folder's key file again, with all that {events} events say of it", args.from.display());
    if erased_later > 0 {
        out!(text, "{erased_later} keys that were erased after what this log has are destroyed in it too");
    }
    console.print(&text)?;
    Ok(Ended::Well)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_known_by_its_name() {
        for at in [0, 1_780_000_000_000_000, 1_780_000_000_123_456] {
            let at = Timestamp(at);
            assert_eq!(made_at(Path::new("/x").join(name_at(at)).as_path()), Some(at), "{}", name_at(at));
        }
        for other in [
            "keys",
            "keys-",
            "keys-2026",
            "keys-20261127T22150Z",
            "keys-2026112xT221500Z",
            "notes-20261127T221500Z",
            "keys-密钥密钥密钥",
        ] {
            assert_eq!(made_at(Path::new(other)), None, "{other}");
        }
    }
}
