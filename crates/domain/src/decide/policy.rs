//! A merchant's policy, and what it is warned of.

use super::{Events, known_merchant};
use crate::command::{ClearAlert, Context, RaiseAlert, SetPolicy};
use crate::event::{AlertCleared, AlertRaised};
use crate::limits::{MAX_ALERTS, MAX_DATED_POLICIES};
use crate::rejection::Rejection;
use crate::state::Facts;

pub(super) fn set(facts: &Facts<'_>, c: &SetPolicy, context: &Context, out: &mut Events) -> Result<(), Rejection> {
    let merchant = known_merchant(facts.merchant(out.stream), &c.merchant)?;
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
    let merchant = known_merchant(facts.merchant(out.stream), &c.merchant)?;
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
    let merchant = known_merchant(facts.merchant(out.stream), &c.merchant)?;
    if !merchant.has_alert(c.alert, c.sku.as_ref()) {
        return Err(Rejection::AlertNotRaised);
    }
    out.push(AlertCleared { alert: c.alert, sku: c.sku.clone(), measured: c.measured });
    Ok(())
}
