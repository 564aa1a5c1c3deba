//! Which buyer has which key is written beside the keys without a sync: after a crash it is learned again from the log,
//! from the last position at which it was synced.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use daybook_domain::{Event, Kind, Recorded, event::tree_root};
use daybook_vault::{OpenSealedError, RelearnError, SlotId};
use thiserror::Error;

use crate::error::ReadError;
use crate::reader::{Opened, Reader};

/// Why the keys do not fit the log.
#[derive(Debug, Error)]
pub enum KeysError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(
        "the key file does not fit the log at position {position}: {what}; restore the key file that belongs to it"
    )]
    Unfit { position: u64, what: String },
}

fn path(reader: &Reader) -> PathBuf {
    reader.ledger().dir().join("keys.position")
}

/// Syncs the key file, then notes up to where it is known to be complete.
pub(crate) fn checkpoint(reader: &Reader) -> io::Result<()> {
    let position = reader.watermark();
    reader.vault().sync().map_err(io::Error::other)?;
    let path = path(reader);
    let temporary = path.with_extension("position.new");
    let mut file = fs::File::create(&temporary)?;
    writeln!(file, "{position}")?;
    file.sync_all()?;
    fs::rename(&temporary, &path)
}

/// Where learning has to begin. A note that cannot be read, or is of another ledger's future, costs time, not data.
fn known_to(reader: &Reader) -> u64 {
    let noted = fs::read_to_string(path(reader)).ok().and_then(|text| text.trim().parse::<u64>().ok());
    noted.filter(|&position| position <= reader.watermark()).unwrap_or(0)
}

/// Must run before the first buyer is given a key. Returns how many events were looked at.
pub(crate) fn relearn(reader: &Reader) -> Result<u64, KeysError> {
    let start = known_to(reader) + 1;
    let mut from = start;
    loop {
        let mut failed = None;
        let next = reader.for_each(from, 1 << 20, |recorded| {
            if failed.is_none() {
                failed = learn(reader, &recorded).err();
            }
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        if next == from {
            return Ok(from - start);
        }
        from = next;
    }
}

fn learn(reader: &Reader, recorded: &Recorded) -> Result<(), KeysError> {
    let Event::OrderPlaced(placed) = &recorded.event else { return Ok(()) };
    let unfit = |what: String| KeysError::Unfit { position: recorded.position, what };
    let slot = SlotId(placed.account.slot.0);
    reader.vault().mark_used(slot).map_err(|error| unfit(error.to_string()))?;
    let root = tree_root(&placed.ancestors, &placed.merchant);
    match reader.open_text(&placed.account, root, recorded.stream, Kind::OrderPlaced) {
        Opened::Text(account) => match reader.vault().relearn(slot, root.as_str(), &account) {
            Ok(()) | Err(RelearnError::Erased { .. }) => Ok(()),
            Err(error) => Err(unfit(error.to_string())),
        },
        Opened::Erased => Ok(()),
        Opened::Damaged => Err(unfit(OpenSealedError::Damaged { slot }.to_string())),
    }
}
