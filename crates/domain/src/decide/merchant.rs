//! Merchants and their tree. A place in it is the parent alone: what stands above is looked up when an order is placed, so
//! that a move is one event, however many stand below.

use super::{Events, known_merchant};
use crate::command::{MoveMerchant, RegisterMerchant};
use crate::event::{MerchantClosed, MerchantMoved, MerchantRegistered, MerchantReopened};
use crate::ids::{MerchantId, StreamId};
use crate::limits::MAX_DEPTH;
use crate::merchant::Merchant;
use crate::rejection::Rejection;
use crate::state::Facts;

/// An export names its merchant each time: that is no fault of a second one.
pub(super) fn is_same(facts: &Facts<'_>, stream: StreamId, c: &RegisterMerchant) -> bool {
    facts.merchant(stream).is_some_and(|known| known.name == c.name && known.parent == c.parent)
}

pub(super) fn register(
    facts: &Facts<'_>,
    above: Option<&Merchant>,
    c: &RegisterMerchant,
    is_live: bool,
    out: &mut Events,
) -> Result<(), Rejection> {
    if facts.state(out.stream).is_some() {
        return Err(Rejection::MerchantExists { id: c.id.clone() });
    }
    let ancestors = match &c.parent {
        Some(parent) => {
            let above = known_merchant(above, parent)?;
            if is_live {
                open(above)?;
            }
            below(facts, above)?
        }
        None => Vec::new(),
    };
    out.push(MerchantRegistered { id: c.id.clone(), name: c.name.clone(), ancestors });
    Ok(())
}

/// Those above a merchant that comes to stand below this one.
fn below(facts: &Facts<'_>, above: &Merchant) -> Result<Vec<MerchantId>, Rejection> {
    let mut ancestors = facts.ancestors(above);
    ancestors.push(above.id.clone());
    if ancestors.len() > MAX_DEPTH {
        return Err(Rejection::TreeTooDeep { max: MAX_DEPTH });
    }
    Ok(ancestors)
}

fn open(merchant: &Merchant) -> Result<(), Rejection> {
    if merchant.is_closed {
        return Err(Rejection::MerchantClosed { id: merchant.id.clone() });
    }
    Ok(())
}

pub(super) fn move_below(
    facts: &Facts<'_>,
    above: Option<&Merchant>,
    c: &MoveMerchant,
    out: &mut Events,
) -> Result<(), Rejection> {
    let merchant = known_merchant(facts.merchant(out.stream), &c.merchant)?;
    let above = known_merchant(above, &c.parent)?;
    let Some(parent) = &merchant.parent else { return Err(Rejection::OtherTree) };
    if above.tree_root() != merchant.tree_root() {
        return Err(Rejection::OtherTree);
    }
    if parent == &above.id {
        return Err(Rejection::NotMoved);
    }
    // Before the depth: whoever stands below itself stands infinitely deep.
    if above.id == merchant.id || facts.ancestors(above).contains(&merchant.id) {
        return Err(Rejection::BelowItself);
    }
    below(facts, above)?;
    open(above)?;
    out.push(MerchantMoved { parent: above.id.clone() });
    Ok(())
}

pub(super) fn close(facts: &Facts<'_>, id: &MerchantId, out: &mut Events) -> Result<(), Rejection> {
    open(known_merchant(facts.merchant(out.stream), id)?)?;
    out.push(MerchantClosed {});
    Ok(())
}

pub(super) fn reopen(facts: &Facts<'_>, id: &MerchantId, out: &mut Events) -> Result<(), Rejection> {
    if !known_merchant(facts.merchant(out.stream), id)?.is_closed {
        return Err(Rejection::MerchantOpen);
    }
    out.push(MerchantReopened {});
    Ok(())
}
