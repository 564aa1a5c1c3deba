//! Erasures. That a key is destroyed is written down first; destroying it is the engine's.

use super::{Events, known_merchant};
use crate::command::EraseBuyer;
use crate::event::SubjectErased;
use crate::ids::Revision;
use crate::merchant::Merchant;
use crate::rejection::Rejection;

/// `revision`: of the erasure's stream, which follows from the command's id.
pub(super) fn erase(
    merchant: Option<&Merchant>,
    c: &EraseBuyer,
    revision: Revision,
    out: &mut Events,
) -> Result<(), Rejection> {
    if revision > 0 {
        return Err(Rejection::CommandIdReused);
    }
    let merchant = known_merchant(merchant, &c.merchant)?;
    if merchant.tree_root() != &merchant.id {
        let problem =
            format!("must be {}, in whose tree it stands: a buyer is one of a whole tree", merchant.tree_root());
        return Err(Rejection::Invalid { field: "merchant", problem });
    }
    if c.slots.is_empty() {
        return Err(Rejection::BuyerUnknown);
    }
    if c.unfinished > 0 && !c.even_open {
        return Err(Rejection::OrdersUnfinished { orders: c.unfinished });
    }
    for &slot in &c.slots {
        out.push_because(c.reason, SubjectErased { merchant: merchant.id.clone(), slot });
    }
    Ok(())
}
