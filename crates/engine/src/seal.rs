//! Closing personal texts under their buyer's key before anything is decided.

use std::convert::Infallible;
use std::sync::{Arc, PoisonError, RwLock};

use daybook_domain::command::PlaceOrder;
use daybook_domain::merchant::Merchant;
use daybook_domain::state::Facts;
use daybook_domain::{
    Command, Expected, Kind, MerchantId, Order, Rejection, Sealed, Slot, State, StreamId, Targets, Timestamp, decide,
};
use daybook_vault::{Context, SealError, SlotId, Vault};
use hashbrown::HashMap;

use crate::Reader;
use crate::error::ExecuteError;
use crate::job::{Body, Surroundings};

/// Merchants that placed orders lately. A merchant never leaves its tree, so what is known of that stays true; if the rest
/// of it grew old, the writer, which decides, knows better.
#[derive(Clone, Default)]
pub(crate) struct Merchants(Arc<RwLock<HashMap<MerchantId, Arc<State>>>>);

impl Merchants {
    /// None: there is no such merchant, as far as is durable.
    fn get(&self, id: &MerchantId, reader: &Reader) -> Result<Option<Arc<State>>, ExecuteError> {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(id) {
            return Ok(Some(Arc::clone(known)));
        }
        let state = reader.state(StreamId::merchant(id)).map_err(|error| ExecuteError::Read(Arc::new(error)))?;
        let Some(state) = state.map(Arc::new) else { return Ok(None) };
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), Arc::clone(&state));
        Ok(Some(state))
    }
}

/// A key that was destroyed while somebody sealed with it.
fn not_sealed(error: SealError) -> ExecuteError {
    match error {
        SealError::Erased { .. } => ExecuteError::ErasedMeanwhile,
        error => failed(error),
    }
}

fn failed(error: impl std::fmt::Display) -> ExecuteError {
    ExecuteError::Seal(error.to_string().into())
}

/// Seals a new order outside the writer, unless it is a new buyer's and looks as if it would be refused: then the writer
/// decides before a key is taken.
pub(crate) fn place(
    place: PlaceOrder<String>,
    targets: &Targets,
    request: &Surroundings,
    reader: &Reader,
    vault: &Vault,
    merchants: &Merchants,
) -> Result<Body, ExecuteError> {
    let state = merchants.get(&place.merchant, reader)?;
    let mut facts = Facts::default();
    if let Some(stream) = targets.merchant {
        facts.add(stream, state.as_deref());
    }
    let Some(root) = targets.merchant.and_then(|stream| facts.merchant(stream)).map(Merchant::tree_root) else {
        return Ok(Body::Plain(Command::Place(place)));
    };
    let slot = match vault.find(root.as_str(), &place.account) {
        Some(slot) => slot,
        None if seems_new(&facts, &place, targets, request, reader) => {
            vault.slot_for(root.as_str(), &place.account).map_err(failed)?
        }
        None => return Ok(Body::Plain(Command::Place(place))),
    };
    under(Command::Place(place), targets, root, slot, vault).map(Body::Sealed)
}

/// Whether the rules let the order through, as far as can be seen before those who wait are decided.
fn seems_new(
    facts: &Facts<'_>,
    place: &PlaceOrder<String>,
    targets: &Targets,
    request: &Surroundings,
    reader: &Reader,
) -> bool {
    let command = unsealed(Command::Place(place.clone()));
    let is_expected = match request.expected {
        Expected::Any | Expected::NoStream => true,
        Expected::Exact(revision) => revision == 0,
    };
    // No rule about a new order asks what time it is; the clock is not asked for what is not recorded.
    let context = daybook_domain::Context {
        command_id: request.command_id,
        actor: request.actor,
        origin: request.origin,
        revision: 0,
        now: Timestamp(0),
        occurred_at: request.occurred_at,
    };
    // How much stock there is only the writer knows.
    let is_counted = targets.stock.iter().any(|target| reader.head(target.streams.sku).is_some());
    is_expected
        && !is_counted
        && reader.head(targets.own).is_none()
        && decide(facts, &command, targets, &context).is_ok()
}

/// The command with nothing for each text: rules do not depend on what was sealed.
pub(crate) fn unsealed(command: Command<String>) -> Command<Sealed> {
    let nothing = |_: Kind, _: &str| Ok::<_, Infallible>(Sealed { slot: Slot(0), bytes: Vec::new() });
    command.seal(nothing).unwrap_or_else(|never| match never {})
}

fn under(
    command: Command<String>,
    targets: &Targets,
    root: &MerchantId,
    slot: SlotId,
    vault: &Vault,
) -> Result<Command<Sealed>, ExecuteError> {
    let stream = targets.own.0;
    command.seal(|kind: Kind, text: &str| {
        let context = Context { tenant: root.as_str(), stream, kind: kind.tag() };
        let bytes = vault.seal(slot, &context, text.as_bytes()).map_err(not_sealed)?;
        Ok(Sealed { slot: Slot(slot.0), bytes })
    })
}

/// The tree of what belongs to no merchant: none is called so.
pub fn platform_tree() -> MerchantId {
    MerchantId::from_stored("")
}

/// Seals a command in the writer, where its order or merchant is known. `is_gone`: whose key is destroyed, or about to be.
pub(crate) fn in_writer(
    command: Command<String>,
    targets: &Targets,
    context: &daybook_domain::Context,
    facts: &Facts<'_>,
    vault: &Vault,
    is_gone: impl Fn(Slot) -> bool,
) -> Result<Command<Sealed>, ExecuteError> {
    match command {
        Command::Place(ref place) => {
            // An order that is refused takes no key: what is handed out is never taken back.
            decide(facts, &unsealed(command.clone()), targets, context)?;
            let merchant = facts
                .merchant(StreamId::merchant(&place.merchant))
                .ok_or_else(|| Rejection::MerchantUnknown { id: place.merchant.clone() })?;
            let slot = vault.slot_for(merchant.tree_root().as_str(), &place.account).map_err(failed)?;
            if is_gone(Slot(slot.0)) {
                return Err(ExecuteError::ErasedMeanwhile);
            }
            under(command, targets, merchant.tree_root(), slot, vault)
        }
        Command::ImportCards(ref import) => {
            // A secret belongs to no buyer until it is one's: it is the tree's.
            let merchant = facts
                .merchant(StreamId::merchant(&import.merchant))
                .ok_or_else(|| Rejection::MerchantUnknown { id: import.merchant.clone() })?;
            let slot = vault.tree_slot(merchant.tree_root().as_str()).map_err(failed)?;
            under(command, targets, merchant.tree_root(), slot, vault)
        }
        Command::OpenJob(ref open) => {
            // What is said of many orders is no single buyer's: it is the tree's, or the platform's own.
            let root = match &open.merchant {
                Some(id) => {
                    let merchant = facts.merchant(StreamId::merchant(id));
                    merchant.ok_or_else(|| Rejection::MerchantUnknown { id: id.clone() })?.tree_root().clone()
                }
                None => platform_tree(),
            };
            let stream = targets.own.0;
            command.seal(|kind, text| {
                // Only now: most jobs say nothing that needs a key.
                let slot = vault.tree_slot(root.as_str()).map_err(failed)?;
                let context = Context { tenant: root.as_str(), stream, kind: kind.tag() };
                let bytes = vault.seal(slot, &context, text.as_bytes()).map_err(failed)?;
                Ok(Sealed { slot: Slot(slot.0), bytes })
            })
        }
        Command::RegisterMerchant(_)
        | Command::MoveMerchant(_)
        | Command::CloseMerchant { .. }
        | Command::ReopenMerchant { .. }
        | Command::SelectForJob(_)
        | Command::PreviewJob(_)
        | Command::StartJob { .. }
        | Command::CheckJob(_)
        | Command::AdvanceJob(_)
        | Command::CancelJob(_)
        | Command::OpenExport(_)
        | Command::FetchExport { .. }
        | Command::EraseBuyer(_)
        | Command::SetPolicy(_)
        | Command::SetProfile(_)
        | Command::RaiseAlert(_)
        | Command::ClearAlert(_)
        | Command::ReceiveStock(_)
        | Command::CountStock(_)
        | Command::SetStockMark(_)
        | Command::IssueToken(_)
        | Command::RevokeToken { .. } => {
            // These bring no personal text, so nothing is sealed and no key is needed.
            command.seal(|_, _| Err(failed("this command has no buyer")))
        }
        _ => {
            let order: &Order = facts.order(targets.own).ok_or(Rejection::OrderUnknown)?;
            if is_gone(order.buyer) {
                // What says nothing goes on: an order that is open comes to its end.
                return command.seal(|_, _| Err(Rejection::BuyerErased.into()));
            }
            under(command, targets, order.tree_root(), SlotId(order.buyer.0), vault)
        }
    }
}
