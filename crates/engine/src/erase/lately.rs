//! What the writer remembers so that no order slips in beside an erasure, decided or not yet durable.

use std::collections::VecDeque;

use daybook_domain::{Command, Event, Position, Recorded, Rejection, Sealed, Slot, StreamId};
use daybook_vault::{SlotId, Vault};
use hashbrown::HashMap;

use crate::Reader;
use crate::erase::EraseBuyer;
use crate::error::ExecuteError;

/// Orders that are remembered: many more than come in while a buyer's are looked through.
const ORDERS: usize = 8_192;

pub(crate) struct Lately {
    /// The orders behind this position are all here.
    since: Position,
    placed: VecDeque<(Position, Slot)>,
    /// Erased by an event of this stream that is decided; the key may still be there.
    erased: HashMap<Slot, StreamId>,
}

impl Lately {
    pub(crate) fn since(since: Position) -> Self {
        Self { since, placed: VecDeque::new(), erased: HashMap::new() }
    }

    pub(crate) fn note(&mut self, recorded: &Recorded) {
        if let Event::OrderPlaced(placed) = &recorded.event {
            if self.placed.len() >= ORDERS
                && let Some((position, _)) = self.placed.pop_front()
            {
                self.since = position;
            }
            self.placed.push_back((recorded.position, placed.account.slot));
        }
        if let Event::SubjectErased(event) = &recorded.event {
            self.erased.insert(event.slot, recorded.stream);
        }
    }

    /// What was decided last was not written.
    pub(crate) fn discard(&mut self, reader: &Reader) {
        let durable = reader.watermark();
        self.placed.retain(|(position, _)| *position <= durable);
        self.erased.retain(|_, stream| reader.head(*stream).is_some());
    }

    pub(crate) fn is_gone(&self, slot: Slot, vault: &Vault) -> bool {
        self.erased.contains_key(&slot) || vault.is_erased(SlotId(slot.0))
    }

    /// Nobody's order is sealed under a key that goes, and nobody is erased whose newest order was not looked at.
    pub(crate) fn check(&self, command: &Command<Sealed>, vault: &Vault) -> Result<(), ExecuteError> {
        if let Command::Place(place) = command
            && self.is_gone(place.account.slot, vault)
        {
            return Err(ExecuteError::ErasedMeanwhile);
        }
        let Command::EraseBuyer(EraseBuyer { slots, seen, even_open: false, .. }) = command else { return Ok(()) };
        if *seen < self.since {
            return Err(ExecuteError::Busy);
        }
        let newer = self.placed.iter().rev().take_while(|(position, _)| position > seen);
        let orders = newer.filter(|(_, slot)| slots.contains(slot)).count();
        if orders == 0 {
            return Ok(());
        }
        Err(Rejection::OrdersUnfinished { orders: u32::try_from(orders).unwrap_or(u32::MAX) }.into())
    }
}
