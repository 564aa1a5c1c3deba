//! What an order says that it would take, beside what it takes.

use std::mem::discriminant;

use daybook_domain::*;

use super::ledger::{Asked, Ledger, Names};

/// Whether the order says that it takes such a command; none of what is no action on an order that is there.
pub(super) fn offered(
    names: &Names,
    ledger: &Ledger,
    slot: usize,
    command: &Command<Sealed>,
    actor: u8,
    minute: i64,
) -> Option<bool> {
    let order = names.orders[slot];
    let known = ledger.order(order)?;
    let is_of = |action: &Action| discriminant(&action.commands(order, known)[0]) == discriminant(command);
    let action = Action::ALL.into_iter().find(is_of)?;
    Some(ledger.ask(order, action, actor, minute)?.refusal.is_none())
}

/// Each action is refused if, and only if, the rules refuse whatever stands for it, for one of their reasons; what stock
/// there is aside. Returns which actions the order takes.
pub(super) fn check(
    names: &Names,
    ledger: &Ledger,
    slot: usize,
    actor: u8,
    minute: i64,
) -> impl Iterator<Item = (Action, bool)> {
    let order = names.orders[slot];
    Action::ALL.into_iter().filter_map(move |action| {
        let Asked { refusal, decided } = ledger.ask(order, action, actor, minute)?;
        let refusals: Vec<&Rejection> = decided.iter().filter_map(|decided| decided.as_ref().err()).collect();
        match &refusal {
            Some(refusal) => {
                assert!(
                    refusals.len() == decided.len(),
                    "{action:?} is said to be refused with {refusal:?}: {decided:?}"
                );
                assert_eq!(refusals.first(), Some(&refusal), "{action:?}");
            }
            None => {
                let waits_for_stock = |refusal: &&Rejection| {
                    ["OUT_OF_CARDS", "OUT_OF_STOCK", "NOT_SHORT", "DELIVER_CARDS"].contains(&refusal.code())
                };
                let is_taken = refusals.len() < decided.len() || refusals.iter().any(waits_for_stock);
                assert!(is_taken, "{action:?} is said to be taken: {decided:?}");
            }
        }
        Some((action, refusal.is_none()))
    })
}
