//! Why an operation of the vault failed: one enum per operation.

use std::io;

use crate::layout::SlotId;
use crate::table::UnknownSlot;

/// The key file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("an earlier sync of the key file failed, so what is on disk is unknown: check the disk, then start again")]
    Poisoned,
    #[error("could not write the key file: {advice}: {0}", advice = advice(.0))]
    Io(#[source] io::Error),
}

/// What whoever is told of an error can do about it.
pub(crate) fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "it may not be used: make it this user's, or run as the one whose it is",
        io::ErrorKind::ReadOnlyFilesystem => "make its file system writable, then start again",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room, then try again",
        _ => "check the disk, then start again",
    }
}

/// No slot for this subject.
#[derive(Debug, thiserror::Error)]
pub enum AssignError {
    #[error("an account must not begin with a NUL character: such names are reserved")]
    ReservedAccount,
    #[error("the key file holds as many slots as 32 bits can count")]
    Full,
    #[error("the system gave no random bytes: {0}")]
    Entropy(getrandom::Error),
    #[error("a new key could not be wrapped")]
    Wrap,
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// The log and the key file disagree on who has a slot.
#[derive(Debug, thiserror::Error)]
pub enum RelearnError {
    #[error("an account must not begin with a NUL character: such names are reserved")]
    ReservedAccount,
    #[error(transparent)]
    UnknownSlot(#[from] UnknownSlot),
    #[error("slot {slot} is erased: it has no subject any more")]
    Erased { slot: SlotId },
    #[error(
        "the log gives the subject slot {slot}, but the key file gives it slot {bound}: restore a key file that fits the log"
    )]
    BoundElsewhere { slot: SlotId, bound: SlotId },
    #[error(
        "the log gives slot {slot} to a subject, but the key file gives it to another: restore a key file that fits the log"
    )]
    SlotTaken { slot: SlotId },
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// The slot was not taken from its subject.
#[derive(Debug, thiserror::Error)]
pub enum DisownError {
    #[error(transparent)]
    UnknownSlot(#[from] UnknownSlot),
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// A text was not sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error(transparent)]
    UnknownSlot(#[from] UnknownSlot),
    #[error("slot {slot} was not handed out: ask for the subject's slot first, or mark the slot used")]
    NotHandedOut { slot: SlotId },
    #[error("slot {slot} is erased: ask for a new slot for the subject")]
    Erased { slot: SlotId },
    #[error("the key in slot {slot} is damaged: restore the key file from a backup, or erase the slot")]
    KeyDamaged { slot: SlotId },
    #[error("could not read slot {slot} of the key file")]
    Read { slot: SlotId, source: io::Error },
    #[error("the system gave no random bytes: {0}")]
    Entropy(getrandom::Error),
    #[error("the text is too long to be sealed")]
    TooLong,
}

/// A sealed text was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenSealedError {
    #[error(transparent)]
    UnknownSlot(#[from] UnknownSlot),
    /// Nothing is wrong: the person asked for it.
    #[error("the text was erased with slot {slot}")]
    Erased { slot: SlotId },
    /// Altered, sealed under another slot, or sealed for another place.
    #[error("a text sealed under slot {slot} is damaged or does not belong where it stands: verify the ledger")]
    Damaged { slot: SlotId },
    #[error("the key in slot {slot} is damaged: restore the key file from a backup, or erase the slot")]
    KeyDamaged { slot: SlotId },
    #[error("could not read slot {slot} of the key file")]
    Read { slot: SlotId, source: io::Error },
}

/// A text that belongs to no buyer was not sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealSharedError {
    #[error(transparent)]
    Assign(#[from] AssignError),
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// The slot is not certain to be erased: try again, after a restart if the vault says so.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    #[error(transparent)]
    UnknownSlot(#[from] UnknownSlot),
    #[error(transparent)]
    Write(#[from] WriteError),
}
