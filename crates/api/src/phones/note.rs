//! What the log says of contacts.

use daybook_domain::event::tree_root;
use daybook_domain::{Event, Kind, MerchantId, Position, Sealed, Slot, StreamId};
use daybook_engine::{Opened, ReadError, Reader};

use super::Tail;
use crate::contact::telephone;

pub(super) enum Note {
    /// With whose key the contact opened, and what its telephone ends in.
    Placed(Option<(Slot, Option<Tail>)>),
    Asked {
        change: u16,
        contact: Option<(Slot, Option<Tail>)>,
    },
    Changed {
        change: u16,
    },
    Rejected,
}

pub(super) struct Noted {
    pub(super) order: StreamId,
    pub(super) note: Note,
}

const KINDS: [Kind; 4] =
    [Kind::OrderPlaced, Kind::AddressChangeRequested, Kind::AddressChanged, Kind::AddressChangeRejected];

/// What stands there, and where to read on.
pub(super) fn read(
    reader: &Reader,
    from_to: (Position, Position),
    max_bytes: usize,
) -> Result<(Vec<Noted>, Position), ReadError> {
    let mut noted = Vec::new();
    let mut fault = None;
    let next = reader.some_of(&KINDS, from_to, max_bytes, |recorded| {
        let order = recorded.stream;
        #[expect(clippy::wildcard_enum_match_arm, reason = "no other kind is asked for")]
        let note = match &recorded.event {
            Event::OrderPlaced(event) => {
                let root = tree_root(&event.ancestors, &event.merchant);
                let contact = event.contact.as_ref();
                Note::Placed(contact.map(|text| (text.slot, open(reader, text, root, order, Kind::OrderPlaced))))
            }
            Event::AddressChangeRequested(event) => {
                let contact = event.contact.as_ref().map(|text| match root_of(reader, order) {
                    Ok(root) => (
                        text.slot,
                        root.and_then(|root| open(reader, text, &root, order, Kind::AddressChangeRequested)),
                    ),
                    Err(error) => {
                        fault.get_or_insert(error);
                        (text.slot, None)
                    }
                });
                Note::Asked { change: event.change, contact }
            }
            Event::AddressChanged(event) => Note::Changed { change: event.change },
            Event::AddressChangeRejected(_) => Note::Rejected,
            _ => return,
        };
        noted.push(Noted { order, note });
    })?;
    match fault {
        Some(fault) => Err(fault),
        None => Ok((noted, next)),
    }
}

/// Of the order's merchants' tree: what its texts are sealed for. Reads the ledger.
fn root_of(reader: &Reader, order: StreamId) -> Result<Option<MerchantId>, ReadError> {
    let placed = reader.history(order)?.into_iter().next().map(|first| first.event);
    Ok(match placed {
        Some(Event::OrderPlaced(placed)) => Some(tree_root(&placed.ancestors, &placed.merchant).clone()),
        Some(_) | None => None,
    })
}

/// What the contact's telephone ends in, if it has one and was not erased.
fn open(reader: &Reader, text: &Sealed, root: &MerchantId, order: StreamId, kind: Kind) -> Option<Tail> {
    match reader.open_text(text, root, order, kind) {
        Opened::Text(text) => Tail::of(&telephone(&serde_json::from_str(&text).ok()?)?),
        Opened::Erased | Opened::Damaged => None,
    }
}
