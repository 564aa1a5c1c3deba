//! `keys.position`: up to where the key file is known to be complete, and what it held then. Four lines:
//!
//! ```text
//! position 1234       every buyer up to here is in the key file, on disk
//! key-file 01234567…  the id of that key file
//! handed-out 56       how many keys it had given out,
//! erased 7            and erased
//! ```
//!
//! A key file that holds less is an older copy: then the note says nothing about it.

use std::io::{self, Write};
use std::path::Path;
use std::{fmt, fs};

use daybook_domain::Position;
use daybook_vault::{OpenReport, Vault};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) position: Position,
    pub(crate) key_file: Uuid,
    pub(crate) handed_out: u32,
    pub(crate) erased: u32,
}

impl Note {
    /// To be made before the key file is synced, so that all that it counts is on disk when it is stored.
    pub(crate) fn of(vault: &Vault, position: Position) -> Self {
        Self { position, key_file: vault.id(), handed_out: vault.handed_out(), erased: vault.erased() }
    }

    pub(crate) fn store(&self, path: &Path) -> io::Result<()> {
        let temporary = path.with_extension("position.new");
        let mut file = fs::File::create(&temporary)?;
        file.write_all(self.to_string().as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    }

    /// None if there is none, or none that can be read: that costs time, not data. A note that only holds a position, as
    /// earlier versions wrote it, does not tell an older key file from the right one, so it counts as none.
    pub(crate) fn load(path: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(path).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let note = Self {
            position: value("position")?.parse().ok()?,
            key_file: value("key-file")?.parse().ok()?,
            handed_out: value("handed-out")?.parse().ok()?,
            erased: value("erased")?.parse().ok()?,
        };
        lines.next().is_none().then_some(note)
    }

    /// Whether the key file that was found holds all that it held when this was noted, and the log too.
    pub(crate) fn holds_for(&self, keys: &OpenReport, watermark: Position) -> bool {
        self.position <= watermark
            && self.key_file == keys.id
            && self.handed_out <= keys.handed_out
            && self.erased <= keys.erased
            // Who has these is known to the log alone.
            && keys.subject_damaged.is_empty()
            && keys.duplicates.is_empty()
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, key_file, handed_out, erased } = self;
        writeln!(f, "position {position}\nkey-file {key_file}\nhanded-out {handed_out}\nerased {erased}")
    }
}

#[cfg(test)]
mod tests {
    use daybook_vault::SlotId;

    use super::*;

    const NOTE: Note = Note { position: 9, key_file: Uuid::from_u128(7), handed_out: 5, erased: 2 };

    fn found() -> OpenReport {
        OpenReport {
            id: NOTE.key_file,
            prepared: 1024,
            handed_out: 5,
            erased: 2,
            damaged: vec![SlotId(0)],
            subject_damaged: Vec::new(),
            duplicates: Vec::new(),
            header_repaired: true,
            leftover_bytes: 128,
        }
    }

    #[test]
    fn a_note_holds_for_a_key_file_that_lost_nothing() {
        assert!(NOTE.holds_for(&found(), 9));
        assert!(NOTE.holds_for(&OpenReport { handed_out: 6, erased: 3, ..found() }, 10));
        for (what, keys) in [
            ("another file", OpenReport { id: Uuid::from_u128(8), ..found() }),
            ("fewer keys", OpenReport { handed_out: 4, ..found() }),
            ("fewer erasures", OpenReport { erased: 1, ..found() }),
            ("a damaged buyer", OpenReport { subject_damaged: vec![SlotId(1)], ..found() }),
            ("a buyer with two keys", OpenReport { duplicates: vec![(SlotId(1), SlotId(2))], ..found() }),
        ] {
            assert!(!NOTE.holds_for(&keys, 9), "{what}");
        }
        assert!(!NOTE.holds_for(&found(), 8), "a log that ends before");
    }

    #[test]
    fn only_a_whole_note_is_read() {
        let text = NOTE.to_string();
        assert_eq!(Note::parse(&text), Some(NOTE));
        let cut_at_lines = text.match_indices('\n').map(|(at, _)| &text[..at]).take(3);
        for other in cut_at_lines.chain(["", "9", "9\n", &format!("{text}more\n"), &text.replace("erased", "rased")]) {
            assert_eq!(Note::parse(other), None, "{other:?}");
        }
    }
}
