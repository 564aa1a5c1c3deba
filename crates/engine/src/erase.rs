//! Erasing buyers: the event is durable first, then the key is destroyed.

mod lately;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use daybook_domain::command::EraseBuyer;
use daybook_domain::reason::ReasonCode;
use daybook_domain::{
    Actor, Command, CommandId, Event, Kind, MerchantId, Position, Recorded, Rejection, Slot, State, StreamId,
};
use daybook_vault::{SlotId, destroy_left_overs, is_same_account};
use thiserror::Error;

use crate::error::{ExecuteError, ReadError};
use crate::reader::Opened;
use crate::request::{Receipt, Request};
use crate::{Engine, Reader};

pub(crate) use lately::Lately;

/// Somebody asks that a buyer be forgotten.
#[derive(Clone, Debug)]
pub struct Erasure {
    /// The same one again changes nothing, whoever has come by the account since; for another buyer it is refused.
    pub command_id: CommandId,
    pub actor: Actor,
    /// Any merchant of the tree in which they ordered.
    pub merchant: MerchantId,
    pub account: String,
    /// Also while orders of theirs are not finished.
    pub even_open: bool,
    pub reason: ReasonCode,
}

/// What was found of a buyer's orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unfinished {
    pub orders: u32,
    /// Up to which position all orders were looked at.
    pub seen: Position,
}

/// Whom nothing is known of any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erased {
    pub receipt: Receipt,
    /// The root of their tree.
    pub root: MerchantId,
    pub slots: Vec<Slot>,
}

/// Why somebody is not erased, or not for certain.
#[derive(Debug, Error)]
pub enum EraseError {
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("what the buyer's orders need could not be found out: {0}")]
    Orders(String),
    #[error(
        "the erasure is recorded, but the key could not be destroyed: {0}; check the disk and start again, which does it"
    )]
    Keys(#[source] Arc<daybook_vault::EraseError>),
}

impl From<Rejection> for EraseError {
    fn from(rejection: Rejection) -> Self {
        Self::Execute(rejection.into())
    }
}

/// Erasures take turns, so that nobody is erased twice.
#[derive(Default)]
pub(crate) struct Erasures {
    turn: Mutex<()>,
    strays: Mutex<Strays>,
    /// An event may be in the log whose key is not destroyed. Stays so when that failed.
    are_under_way: AtomicBool,
}

impl Erasures {
    pub(crate) fn are_under_way(&self) -> bool {
        self.are_under_way.load(Ordering::SeqCst)
    }
}

/// Whom an erasure is about.
struct Found {
    root: MerchantId,
    slots: Vec<Slot>,
    /// The same command was carried out before.
    is_repeat: bool,
}

impl Engine {
    /// Destroys the keys of buyers, with one sync for all of them. When this returns, nothing that was sealed under them can be
    /// opened again, here or in a backup of the log; whoever keeps opened texts must let go of them now. Blocks this thread; not
    /// for use in async code.
    ///
    /// `unfinished` counts the orders of these slots that are not finished, as far as everything durable now.
    ///
    /// # Errors
    /// One for each erasure that was refused or failed; with [`EraseError::Keys`] it holds from the next start on.
    pub fn erase(
        &self,
        asked: Vec<Erasure>,
        mut unfinished: impl FnMut(&[Slot]) -> Result<Unfinished, String>,
    ) -> Vec<Result<Erased, EraseError>> {
        let erasures = &self.shared.erasures;
        let _turn = erasures.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let before = erasures.are_under_way.swap(true, Ordering::SeqCst);
        let mut named: HashSet<Slot> = HashSet::new();
        let mut strays = erasures.strays.lock().unwrap_or_else(PoisonError::into_inner);
        // Who has ordered since is not in it.
        strays.firsts = None;
        // All of them are decided before the first is waited for, so that they share syncs.
        let sent: Vec<_> = asked
            .into_iter()
            .map(|asked| {
                let mut found = self.find_buyer(&asked, &mut strays)?;
                // Named twice: the second time there is nobody.
                found.slots.retain(|slot| named.insert(*slot) || found.is_repeat);
                let left = match found.is_repeat || asked.even_open || found.slots.is_empty() {
                    true => Unfinished { orders: 0, seen: Position::MAX },
                    false => unfinished(&found.slots).map_err(EraseError::Orders)?,
                };
                let erase = Command::EraseBuyer(EraseBuyer {
                    merchant: found.root.clone(),
                    slots: found.slots.clone(),
                    unfinished: left.orders,
                    seen: left.seen,
                    even_open: asked.even_open,
                    reason: asked.reason,
                });
                Ok::<_, EraseError>((found, self.submit(Request::live(asked.command_id, asked.actor, erase))))
            })
            .collect();
        let mut is_unknown = false;
        let mut answers: Vec<Result<Erased, EraseError>> = Vec::with_capacity(sent.len());
        for sent in sent {
            answers.push(sent.and_then(|(found, pending)| match pending.wait() {
                Ok(receipt) => Ok(Erased { receipt, root: found.root, slots: found.slots }),
                Err(error) => {
                    is_unknown |= matches!(error, ExecuteError::Stopped { .. });
                    Err(error.into())
                }
            }));
        }
        let slots: Vec<SlotId> =
            answers.iter().flatten().flat_map(|erased| &erased.slots).map(|slot| SlotId(slot.0)).collect();
        let erased = self.shared.vault.erase_all(&slots).and_then(|()| {
            // What is there of the key file beside it holds those keys too.
            destroy_left_overs(&self.shared.reader.ledger().dir().join("keys"))
                .map_err(|error| daybook_vault::WriteError::Io(error).into())
        });
        if let Err(error) = erased {
            let error = Arc::new(error);
            tracing::error!(%error, "keys that the log says are destroyed are not yet: start again");
            return answers
                .into_iter()
                .map(|answer| answer.and_then(|_| Err(EraseError::Keys(Arc::clone(&error)))))
                .collect();
        }
        erasures.are_under_way.store(before || is_unknown, Ordering::SeqCst);
        answers
    }

    fn find_buyer(&self, asked: &Erasure, strays: &mut Strays) -> Result<Found, EraseError> {
        let reader = &self.shared.reader;
        let Some(State::Merchant(merchant)) = reader.state(StreamId::merchant(&asked.merchant))? else {
            return Err(Rejection::MerchantUnknown { id: asked.merchant.clone() }.into());
        };
        let root = merchant.tree_root().clone();
        let stream = StreamId::erasure(&root, asked.command_id);
        if reader.head(stream).is_some() {
            let events = reader.history(stream)?;
            let slots: Vec<Slot> = events.iter().filter_map(erased_slot).collect();
            let at = events.first().map_or(0, |event| event.position);
            let live = reader.vault().find_all(root.as_str(), &asked.account);
            for slot in live.into_iter().map(|slot| Slot(slot.0)).filter(|slot| !slots.contains(slot)) {
                // Who was there before it and still is, is another one than it was about.
                if strays.first_order(reader, slot)?.is_some_and(|first| first < at) {
                    return Err(Rejection::CommandIdReused.into());
                }
            }
            return Ok(Found { root, slots, is_repeat: true });
        }
        let vault = reader.vault();
        let mut slots: Vec<Slot> =
            vault.find_all(root.as_str(), &asked.account).into_iter().map(|slot| Slot(slot.0)).collect();
        slots.extend(strays.of(reader, &root, &asked.account)?);
        Ok(Found { root, slots, is_repeat: false })
    }
}

fn erased_slot(recorded: &Recorded) -> Option<Slot> {
    if let Event::SubjectErased(event) = &recorded.event { Some(event.slot) } else { None }
}

/// Live keys that lead to nobody. Seldom are there any but those that a crash skipped; whose texts lie under them the log
/// knows, which is read once for those that there are.
#[derive(Default)]
struct Strays {
    /// Of each of them the first order of each account; none under those that a crash skipped.
    known: HashMap<Slot, Vec<Position>>,
    /// The first order under each key.
    firsts: Option<HashMap<Slot, Position>>,
}

impl Strays {
    /// Those under which this account has ordered. Two accounts may have ordered under one, see [`crate::Folder::contested_keys`].
    fn of(&mut self, reader: &Reader, root: &MerchantId, account: &str) -> Result<Vec<Slot>, ReadError> {
        let live: Vec<Slot> = reader.vault().unowned().into_iter().map(|slot| Slot(slot.0)).collect();
        if live.iter().any(|slot| !self.known.contains_key(slot)) {
            self.known = Self::read(reader, &live)?;
        }
        let mut theirs = Vec::new();
        for slot in live {
            for &position in self.known.get(&slot).into_iter().flatten() {
                let Some(recorded) = reader.event(position)? else { continue };
                if whose(reader, &recorded).is_some_and(|(of, known)| of == *root && is_same_account(&known, account)) {
                    theirs.push(slot);
                    break;
                }
            }
        }
        Ok(theirs)
    }

    fn first_order(&mut self, reader: &Reader, slot: Slot) -> Result<Option<Position>, ReadError> {
        if self.firsts.is_none() {
            let mut firsts = HashMap::new();
            reader.each_of(&[Kind::OrderPlaced], |recorded| {
                if let Event::OrderPlaced(placed) = &recorded.event {
                    firsts.entry(placed.account.slot).or_insert(recorded.position);
                }
            })?;
            self.firsts = Some(firsts);
        }
        Ok(self.firsts.as_ref().and_then(|firsts| firsts.get(&slot)).copied())
    }

    fn read(reader: &Reader, slots: &[Slot]) -> Result<HashMap<Slot, Vec<Position>>, ReadError> {
        let mut found: HashMap<Slot, Vec<Position>> = slots.iter().map(|slot| (*slot, Vec::new())).collect();
        let mut seen: HashSet<(Slot, MerchantId, String)> = HashSet::new();
        reader.each_of(&[Kind::OrderPlaced], |recorded| {
            let Event::OrderPlaced(placed) = &recorded.event else { return };
            let slot = placed.account.slot;
            let Some(positions) = found.get_mut(&slot) else { return };
            if let Some((root, account)) = whose(reader, &recorded)
                && seen.insert((slot, root, account))
            {
                positions.push(recorded.position);
            }
        })?;
        Ok(found)
    }
}

/// The buyer of an order, and the root of their tree, if their key is there.
fn whose(reader: &Reader, recorded: &Recorded) -> Option<(MerchantId, String)> {
    let Event::OrderPlaced(placed) = &recorded.event else { return None };
    let root = daybook_domain::event::tree_root(&placed.ancestors, &placed.merchant);
    match reader.open_text(&placed.account, root, recorded.stream, Kind::OrderPlaced) {
        Opened::Text(account) => Some((root.clone(), account)),
        Opened::Erased | Opened::Damaged => None,
    }
}
