//! Which buyer has which key is written beside the keys without a sync: after a crash, or when an older key file was put
//! back, it is learned again from the log. The log is right: it cannot be changed any more.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::io;
use std::path::PathBuf;

use daybook_domain::event::{JobOpened, OrderPlaced, tree_root};
use daybook_domain::{Event, Kind, MerchantId, Position, Recorded, State, StreamId};
use daybook_vault::{Context, OpenReport, OpenSealedError, RelearnError, SlotId, Vault};
use thiserror::Error;

use crate::erase::Erasures;
use crate::error::ReadError;
use crate::note::Note;
use crate::reader::Reader;
use crate::seal;

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

/// What relearning found.
#[derive(Debug, Default)]
pub(crate) struct Relearned {
    /// Events that were looked at.
    pub(crate) events: u64,
    /// Keys that the log gives to another buyer than the key file did, or to several. Nobody gets them any more.
    pub(crate) contested: BTreeSet<SlotId>,
    /// Keys of buyers for whom the key file has another one, which they keep.
    pub(crate) second: BTreeSet<SlotId>,
}

fn path(reader: &Reader) -> PathBuf {
    reader.ledger().dir().join("keys.position")
}

/// Syncs the key file, then notes up to where it is known to be complete. Not while an erasure may stand in the log whose
/// key is not destroyed yet: the next start would not find it.
pub(crate) fn checkpoint(reader: &Reader, erasures: &Erasures) -> io::Result<()> {
    let note = Note::of(reader.vault(), reader.watermark());
    // Asked after the position was: whichever begins now comes behind it.
    if erasures.are_under_way() {
        return Ok(());
    }
    reader.vault().sync().map_err(io::Error::other)?;
    note.store(&path(reader))
}

/// Where learning has to begin.
fn start(reader: &Reader, keys: &OpenReport) -> Position {
    let note = Note::load(&path(reader)).filter(|note| note.holds_for(keys, reader.watermark()));
    note.map_or(0, |note| note.position) + 1
}

/// Must run before the first buyer is given a key. `keys`: what opening the key file found.
pub(crate) fn relearn(reader: &Reader, keys: &OpenReport) -> Result<Relearned, KeysError> {
    relearn_from(reader, start(reader, keys))
}

/// From the first event on.
pub(crate) fn relearn_all(reader: &Reader) -> Result<Relearned, KeysError> {
    relearn_from(reader, 1)
}

fn relearn_from(reader: &Reader, start: Position) -> Result<Relearned, KeysError> {
    let mut relearned = Relearned::default();
    erase_again(reader, start)?;
    let mut from = start;
    loop {
        let mut failed = None;
        let next = reader.for_each(from, 1 << 20, |recorded| {
            if failed.is_none() {
                failed = relearned.learn_from(reader, &recorded).err();
            }
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        if next == from {
            relearned.events = from - start;
            relearned.warn();
            return Ok(relearned);
        }
        from = next;
    }
}

/// Destroys what the log says is destroyed: a crash may have come between, or an older key file may have been put back.
/// Before anything is learned, so that nothing of it is opened, and whoever came again is learned under the new key.
fn erase_again(reader: &Reader, start: Position) -> Result<(), KeysError> {
    let vault = reader.vault();
    let (mut erased, mut at) = (Vec::new(), 0);
    let end = reader.watermark();
    let mut from = start;
    while from <= end {
        let next = reader.some_of(&[Kind::SubjectErased], (from, end), 1 << 20, |recorded| {
            if let Event::SubjectErased(event) = &recorded.event {
                at = recorded.position;
                erased.push(SlotId(event.slot.0));
            }
        })?;
        if next == from {
            break;
        }
        from = next;
    }
    if erased.is_empty() {
        return Ok(());
    }
    let unfit = |error: String| KeysError::Unfit { position: at, what: error };
    erased.iter().try_for_each(|slot| vault.mark_used(*slot)).map_err(|error| unfit(error.to_string()))?;
    vault.erase_all(&erased).map_err(|error| unfit(error.to_string()))
}

impl Relearned {
    /// Buyers have keys from their first order on, a tree from its first cards or its first job that says something.
    #[expect(clippy::wildcard_enum_match_arm, reason = "no other event begins a key")]
    fn learn_from(&mut self, reader: &Reader, recorded: &Recorded) -> Result<(), KeysError> {
        let unfit = |what| KeysError::Unfit { position: recorded.position, what };
        match &recorded.event {
            Event::OrderPlaced(placed) => self.learn(reader, recorded, placed).map_err(unfit),
            Event::CardsImported(imported) => {
                let Some(State::Merchant(merchant)) = reader.state(StreamId::merchant(&imported.merchant))? else {
                    return Err(unfit(format!("there is no merchant {}", imported.merchant)));
                };
                let Some(secret) = imported.secrets.first() else { return Ok(()) };
                self.learn_tree(reader.vault(), SlotId(secret.slot.0), merchant.tree_root()).map_err(unfit)
            }
            Event::JobOpened(opened) => self.learn_job(reader, opened, unfit),
            _ => Ok(()),
        }
    }

    /// A job's text is its tree's, or the platform's.
    fn learn_job(
        &mut self,
        reader: &Reader,
        opened: &JobOpened,
        unfit: impl Fn(String) -> KeysError,
    ) -> Result<(), KeysError> {
        let mut slot = None;
        let _ = opened.action.map(|text| {
            slot = Some(SlotId(text.slot.0));
            Ok::<_, Infallible>(())
        });
        let Some(slot) = slot else { return Ok(()) };
        let root = match &opened.merchant {
            None => seal::platform_tree(),
            Some(id) => match reader.state(StreamId::merchant(id))? {
                Some(State::Merchant(merchant)) => merchant.tree_root().clone(),
                Some(_) | None => return Err(unfit(format!("there is no merchant {id}"))),
            },
        };
        self.learn_tree(reader.vault(), slot, &root).map_err(unfit)
    }

    fn learn_tree(&mut self, vault: &Vault, slot: SlotId, root: &MerchantId) -> Result<(), String> {
        vault.mark_used(slot).map_err(|error| error.to_string())?;
        if self.contested.contains(&slot) {
            return Ok(());
        }
        self.note(vault, slot, vault.relearn_tree(slot, root.as_str()))
    }

    fn learn(&mut self, reader: &Reader, recorded: &Recorded, placed: &OrderPlaced) -> Result<(), String> {
        let slot = SlotId(placed.account.slot.0);
        let vault = reader.vault();
        vault.mark_used(slot).map_err(|error| error.to_string())?;
        if self.contested.contains(&slot) {
            return Ok(());
        }
        let root = tree_root(&placed.ancestors, &placed.merchant);
        let context = Context { tenant: root.as_str(), stream: recorded.stream.0, kind: Kind::OrderPlaced.tag() };
        let account = match vault.open_sealed(slot, &context, &placed.account.bytes) {
            Ok(bytes) => String::from_utf8(bytes).map_err(|_| OpenSealedError::Damaged { slot }.to_string())?,
            // Whoever opens the folder is told of damaged keys. Whose they are cannot be learned; that they are
            // somebody's is enough.
            Err(OpenSealedError::Erased { .. } | OpenSealedError::KeyDamaged { .. }) => return Ok(()),
            Err(error) => return Err(error.to_string()),
        };
        self.note(vault, slot, vault.relearn(slot, root.as_str(), &account))
    }

    fn note(&mut self, vault: &Vault, slot: SlotId, relearned: Result<(), RelearnError>) -> Result<(), String> {
        match relearned {
            Ok(()) | Err(RelearnError::Erased { .. }) => {}
            Err(RelearnError::BoundElsewhere { .. }) => {
                self.second.insert(slot);
            }
            // Whoever the key file gives it to must not be given another's key with the next order.
            Err(RelearnError::SlotTaken { .. }) => {
                self.contested.insert(slot);
                vault.disown(slot).map_err(|error| error.to_string())?;
            }
            Err(error) => return Err(error.to_string()),
        }
        Ok(())
    }

    fn warn(&self) {
        if !self.contested.is_empty() {
            let keys = &self.contested;
            tracing::warn!(?keys, "the log gives these keys to other buyers than the key file; nobody gets them again");
        }
        if !self.second.is_empty() {
            let keys = &self.second;
            tracing::warn!(?keys, "the log gives these keys to buyers who have other keys in the key file");
        }
    }
}
