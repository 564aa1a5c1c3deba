//! Merchants.

use super::Events;
use crate::command::RegisterMerchant;
use crate::event::MerchantRegistered;
use crate::ids::StreamId;
use crate::limits::MAX_DEPTH;
use crate::merchant::Merchant;
use crate::rejection::Rejection;
use crate::state::Facts;

/// An export names its merchant each time: that is no fault of a second one.
pub(super) fn is_same(facts: &Facts<'_>, stream: StreamId, c: &RegisterMerchant) -> bool {
    facts.merchant(stream).is_some_and(|known| known.name == c.name && known.ancestors.last() == c.parent.as_ref())
}

pub(super) fn register(
    facts: &Facts<'_>,
    above: Option<&Merchant>,
    c: &RegisterMerchant,
    out: &mut Events,
) -> Result<(), Rejection> {
    if facts.state(out.stream).is_some() {
        return Err(Rejection::MerchantExists { id: c.id.clone() });
    }
    let mut ancestors = Vec::new();
    if let Some(parent) = &c.parent {
        let above = above.ok_or_else(|| Rejection::MerchantUnknown { id: parent.clone() })?;
        ancestors.extend(above.ancestors.iter().cloned());
        ancestors.push(parent.clone());
        if ancestors.len() > MAX_DEPTH {
            return Err(Rejection::TreeTooDeep { max: MAX_DEPTH });
        }
    }
    out.push(MerchantRegistered { id: c.id.clone(), name: c.name.clone(), ancestors });
    Ok(())
}
