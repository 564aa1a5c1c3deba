//! Closing personal texts under their buyer's key before anything is decided.

use std::sync::{Arc, PoisonError, RwLock};

use daybook_domain::command::PlaceOrder;
use daybook_domain::state::Facts;
use daybook_domain::{Command, Kind, MerchantId, Order, Rejection, Sealed, Slot, State, Targets};
use daybook_vault::{Context, SlotId, Vault};
use hashbrown::HashMap;

use crate::Reader;
use crate::error::ExecuteError;
use crate::job::Body;

/// Which tree a merchant stands in. A merchant never leaves its tree, so what is known stays true.
#[derive(Clone, Default)]
pub(crate) struct Roots(Arc<RwLock<HashMap<MerchantId, MerchantId>>>);

impl Roots {
    fn get(&self, merchant: &MerchantId) -> Option<MerchantId> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(merchant).cloned()
    }

    fn learn(&self, merchant: &MerchantId, root: &MerchantId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(merchant.clone(), root.clone());
    }
}

fn failed(error: impl std::fmt::Display) -> ExecuteError {
    ExecuteError::Seal(error.to_string().into())
}

/// Seals a new order outside the writer, if its merchant's tree is known there; else the writer does.
pub(crate) fn place(
    place: PlaceOrder<String>,
    targets: &Targets,
    reader: &Reader,
    vault: &Vault,
    roots: &Roots,
) -> Result<Body, ExecuteError> {
    let root = match roots.get(&place.merchant) {
        Some(root) => root,
        None => match targets.merchant.map_or(Ok(None), |merchant| reader.state(merchant)) {
            Ok(Some(State::Merchant(merchant))) => {
                roots.learn(&merchant.id, merchant.tree_root());
                merchant.tree_root().clone()
            }
            Ok(Some(State::Order(_) | State::Claim(_) | State::Token(_)) | None) => {
                return Ok(Body::Plain(Command::Place(place)));
            }
            Err(error) => return Err(ExecuteError::Read(Arc::new(error))),
        },
    };
    placed(place, targets, &root, vault).map(Body::Sealed)
}

/// A new order brings its buyer; every later command finds him in the order.
fn placed(
    place: PlaceOrder<String>,
    targets: &Targets,
    root: &MerchantId,
    vault: &Vault,
) -> Result<Command<Sealed>, ExecuteError> {
    let slot = vault.slot_for(root.as_str(), &place.account).map_err(failed)?;
    under(Command::Place(place), targets, root, slot, vault)
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
        let bytes = vault.seal(slot, &context, text.as_bytes()).map_err(failed)?;
        Ok(Sealed { slot: Slot(slot.0), bytes })
    })
}

/// Seals a command in the writer, where its order or merchant is known.
pub(crate) fn in_writer(
    command: Command<String>,
    targets: &Targets,
    facts: &Facts<'_>,
    vault: &Vault,
) -> Result<Command<Sealed>, ExecuteError> {
    match command {
        Command::Place(place) => {
            let merchant = targets
                .merchant
                .and_then(|merchant| facts.merchant(merchant))
                .ok_or_else(|| Rejection::MerchantUnknown { id: place.merchant.clone() })?;
            placed(place, targets, merchant.tree_root(), vault)
        }
        Command::RegisterMerchant(_) | Command::IssueToken(_) | Command::RevokeToken { .. } => {
            // These bring no personal text, so nothing is sealed and no key is needed.
            command.seal(|_, _| Err(failed("this command has no buyer")))
        }
        _ => {
            let order: &Order = facts.order(targets.own).ok_or(Rejection::OrderUnknown)?;
            under(command, targets, order.tree_root(), SlotId(order.buyer.0), vault)
        }
    }
}
