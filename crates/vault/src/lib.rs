//! The key file: slots, subjects, sealing keys, erasure.
//!
//! Personal data is sealed before it is stored anywhere. A *slot* of the key file holds one random key; a *subject*
//! (a merchants' tree and a buyer's account in it) is given one slot; what is stored beside the sealed text is the slot's
//! number and nothing else about the person. Erasing the slot makes everything that was sealed under it unreadable,
//! wherever copies of it lie.
//!
//! ```
//! use daybook_vault::{Context, MasterKey, OpenSealedError, Vault};
//! use uuid::Uuid;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("keys");
//! let master = MasterKey::from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")?;
//! let vault = Vault::create(&path, &master, Uuid::from_u128(7))?;
//!
//! let slot = vault.slot_for("m-root", "buyer@example.org")?;
//! let context = Context { tenant: "m-1", stream: Uuid::from_u128(1), kind: 1 };
//! let sealed = vault.seal(slot, &context, "张三, 13800000000".as_bytes())?;
//! assert_eq!(vault.open_sealed(slot, &context, &sealed)?, "张三, 13800000000".as_bytes());
//!
//! vault.erase(slot)?;
//! assert!(matches!(vault.open_sealed(slot, &context, &sealed), Err(OpenSealedError::Erased { .. })));
//! assert_eq!(vault.find("m-root", "buyer@example.org"), None);
//! # Ok(())
//! # }
//! ```
//!
//! # Invariants
//!
//! - A slot is handed out only after its key, and the header that counts it, are on disk.
//! - A slot is handed out once. Numbers only go up; a gap that a crash left is never filled.
//! - A key is never used for another slot than its own: the wrapping is bound to the file's id and the slot's number.
//! - An erasure that was acknowledged is on disk.
//! - After a sync that failed nothing more is written: what reached the disk is then unknown.
//! - Which subject has which slot is *not* synced. After a crash it is relearned from the log:
//!   [`Vault::mark_used`] for each slot that the log names, [`Vault::relearn`] for each account that it can open,
//!   [`Vault::erase`] for each erasure that it records; all three before the first [`Vault::slot_for`].
//! - Keys never appear in a `Debug` text and are wiped from memory when they are dropped.
//!
//! Only one process may have the file open; the ledger's lock sees to that. The byte layouts (`layout`, `sealing`,
//! `hashes`) are frozen: `tests/golden` keeps what version 1 wrote.
//!
//! Keys cannot be printed:
//!
//! ```compile_fail
//! fn show(master: &daybook_vault::MasterKey) -> String {
//!     format!("{master:?}")
//! }
//! ```

mod copy;
mod create;
mod disk;
mod error;
mod hashes;
mod journal;
mod key_file;
mod layout;
mod master;
mod sealing;
mod table;
mod vault;

#[cfg(test)]
mod tests;

pub use copy::{CopyError, RotateError};
pub use create::CreateError;
pub use disk::{destroy_file, destroy_left_overs};
pub use error::{
    AssignError, DisownError, EraseError, OpenSealedError, RelearnError, SealError, SealSharedError, WriteError,
};
pub use journal::{Journal, JournalError};
pub use key_file::{OpenError, OpenReport};
pub use layout::SlotId;
pub use master::{MasterKey, MasterKeyError};
pub use sealing::Context;
pub use table::UnknownSlot;
pub use vault::{Vault, is_same_account};
