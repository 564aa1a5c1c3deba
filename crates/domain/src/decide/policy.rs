//! A merchant's policy, and what it is warned of.

use super::Events;
use crate::command::{ClearAlert, Context, RaiseAlert, SetPolicy};
use crate::event::{AlertCleared, AlertRaised};
use crate::ids::{MerchantId, StreamId};
use crate::limits::{MAX_ALERTS, MAX_DATED_POLICIES};
use crate::merchant::Merchant;
use crate::rejection::Rejection;
use crate::state::Facts;

fn known<'a>(facts: &Facts<'a>, stream: StreamId, id: &MerchantId) -> Result<&'a Merchant, Rejection> {
    facts.merchant(stream).ok_or_else(|| Rejection::MerchantUnknown { id: id.clone() })
}

pub(super) fn set(facts: &Facts<'_>, c: &SetPolicy, context: &Context, out: &mut Events) -> Result<(), Rejection> {
    let merchant = known(facts, out.stream, &c.merchant)?;
    if c.set.valid_to.is_some_and(|to| to <= context.now) {
        return Err(Rejection::Invalid { field: "validTo", problem: "has passed already".into() });
    }
    let is_dated = c.set.valid_from.is_some() || c.set.valid_to.is_some();
    if is_dated && merchant.policies.dated() >= MAX_DATED_POLICIES {
        return Err(Rejection::TooMany);
    }
    out.push(c.set);
    Ok(())
}

pub(super) fn raise(facts: &Facts<'_>, c: &RaiseAlert, out: &mut Events) -> Result<(), Rejection> {
    let merchant = known(facts, out.stream, &c.merchant)?;
    if merchant.has_alert(c.alert, c.sku.as_ref()) {
        return Err(Rejection::AlertRaised);
    }
    if merchant.alerts.len() >= MAX_ALERTS {
        return Err(Rejection::TooMany);
    }
    out.push(AlertRaised { alert: c.alert, sku: c.sku.clone(), measured: c.measured, threshold: c.threshold });
    Ok(())
}

pub(super) fn clear(facts: &Facts<'_>, c: &ClearAlert, out: &mut Events) -> Result<(), Rejection> {
    let merchant = known(facts, out.stream, &c.merchant)?;
    if !merchant.has_alert(c.alert, c.sku.as_ref()) {
        return Err(Rejection::AlertNotRaised);
    }
    out.push(AlertCleared { alert: c.alert, sku: c.sku.clone(), measured: c.measured });
    Ok(())
}
