//! The columns of an order: the one table of what there is.

use std::borrow::Cow;

use daybook_domain::order::Lifecycle;
use daybook_domain::{MerchantId, Timestamp};
use daybook_sheets::Cell;
use serde_json::{Map, Value};

use super::rows::Found;
use crate::contact;
use crate::export::{Named, Shown};
use crate::mask;

/// One column.
pub(super) struct Spec {
    pub(super) name: &'static str,
    /// What it holds, for the documentation.
    pub(super) what: &'static str,
    pub(super) width: u8,
    pub(super) is_usual: bool,
    pub(super) from: From,
    pub(super) cell: for<'a> fn(&'a Seen<'a>) -> Cell<'a>,
}

/// Where a cell comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    List,
    /// The list, and a key that opens the account.
    Account,
    /// The order's own events, which are read for it.
    History,
}

impl Named for &'static Spec {
    const ALL: &'static [Self] = ALL_REFS;

    fn name(&self) -> &'static str {
        self.name
    }

    fn width(&self) -> u8 {
        self.width
    }

    fn is_usual(&self) -> bool {
        self.is_usual
    }
}

/// A row, and how much of it is shown.
pub(super) struct Seen<'a> {
    pub(super) row: &'a Found,
    pub(super) shown: Shown,
    /// Whoever it is shown to, if that is a merchant: what stands above them is not told.
    pub(super) own: Option<&'a MerchantId>,
}

impl Seen<'_> {
    fn above(&self) -> &[MerchantId] {
        let order = &self.row.row.order;
        match self.own {
            None => &order.ancestors,
            Some(own) => {
                let from = order.ancestors.iter().position(|above| above == own);
                from.map_or(&[], |from| &order.ancestors[from..])
            }
        }
    }
}

macro_rules! columns {
    ($($name:literal, $width:literal, $usual:literal, $from:ident, $what:literal, $cell:expr;)*) => {
        pub(super) static ALL: &[Spec] = &[$(Spec {
            name: $name, what: $what, width: $width, is_usual: $usual, from: From::$from, cell: $cell,
        }),*];

        const COUNT: usize = [$($name),*].len();
    };
}

columns! {
    "number", 22, true, List, "the order's number", |s| Cell::text(s.row.row.number.as_str());
    "id", 38, false, List, "its id, a UUID", |s| Cell::text(s.row.row.id.to_string());
    "merchant", 14, true, List, "the merchant's id", |s| Cell::text(s.row.row.order.merchant.as_str());
    "above", 20, false, List, "the merchants above it when the order was placed, root first",
        |s| Cell::List(s.above().iter().map(|id| id.as_str().into()).collect());
    "label", 18, true, List, "the status that a person reads, as in the API", |s| Cell::text(s.row.row.label.name());
    "label_zh", 10, true, List, "the same in Chinese", |s| Cell::text(s.row.row.label.name_zh());
    "lifecycle", 12, false, List, "PLACED, CANCELLED, COMPLETED or CLOSED", |s| Cell::text(s.row.row.order.lifecycle.name());
    "payment", 16, true, List, "how far it is paid", |s| Cell::text(s.row.row.order.axes().payment.name());
    "fulfilment", 12, true, List, "how far it is shipped", |s| Cell::text(s.row.row.order.axes().fulfilment.name());
    "after_sales", 14, false, List, "NONE, OBSERVING, REFUND_OPEN or DISPUTED", |s| Cell::text(s.row.row.order.axes().after_sales.name());
    "holds", 16, true, List, "why it is kept out of the normal queue",
        |s| Cell::List(s.row.row.order.holds.iter().map(|hold| hold.name().into()).collect());
    "cancel_reason", 18, false, List, "why it was cancelled, a code",
        |s| s.row.row.order.cancel_reason.map_or(Cell::Empty, |reason| Cell::text(reason.name()));
    "placed_at", 20, true, List, "when it was placed", |s| time(Some(s.row.row.order.placed_at));
    "paid_at", 20, true, List, "when it was first paid in full", |s| time(s.row.row.order.paid_at);
    "shipped_at", 20, true, List, "when nothing was left to ship", |s| time(s.row.row.order.shipped_at);
    "delivered_at", 20, false, List, "when everything had been delivered", |s| time(s.row.row.order.delivered_at);
    "refunded_at", 20, false, List, "when a refund of goods was first paid out", |s| time(s.row.row.order.refunded_at);
    "observed_until", 20, false, List, "how long the buyer may rate or dispute it", |s| time(s.row.row.order.observed_until);
    "currency", 9, true, List, "of every amount in the row", |s| Cell::text(s.row.row.order.currency.as_str().to_owned());
    "total", 14, true, List, "what it comes to", |s| s.money(s.row.row.total_minor);
    "due", 14, false, List, "what is still to be paid", |s| {
        let is_cancelled = s.row.row.order.lifecycle == Lifecycle::Cancelled;
        s.money(if is_cancelled { 0 } else { s.row.row.order.due_minor() })
    };
    "captured", 14, true, List, "all that was captured, what was above the total included", |s| s.money(s.row.row.order.captured_minor);
    "refunded", 14, true, List, "refunds of goods that were paid out", |s| s.money(s.row.row.order.refunded_minor);
    "adjustments", 14, false, List, "discounts, freight, fees and taxes together", |s| s.money(s.row.row.order.adjustments_minor);
    "units", 8, false, List, "how many were ordered", |s| {
        Cell::Integer(s.row.row.order.lines.iter().map(|line| i64::from(line.quantity)).sum())
    };
    "items", 40, true, List, "each line's title and quantity", |s| {
        let lines = s.row.row.lines.iter().zip(&s.row.row.order.lines);
        Cell::List(lines.map(|(line, state)| format!("{} × {}", line.title, state.quantity).into()).collect())
    };
    "skus", 24, false, List, "each line's SKU",
        |s| Cell::List(s.row.row.lines.iter().map(|line| line.sku.as_str().into()).collect());
    "buyer", 26, true, Account, "the buyer's account; personal", |s| match &s.row.account {
        Some(account) => s.personal(account),
        None => Cell::Empty,
    };
    "tags", 18, true, List, "its tags", |s| Cell::List(s.row.row.order.tags.iter().map(|tag| (&**tag).into()).collect());
    "breaches", 18, false, List, "the clocks that were missed",
        |s| Cell::List(s.row.row.order.breaches.iter().map(|missed| missed.clock.name().into()).collect());
    "cards", 8, false, List, "how many cards were delivered", |s| Cell::Integer(s.row.row.order.cards.into());
    "shipments", 10, false, List, "how many shipments it had",
        |s| Cell::Integer(i64::try_from(s.row.row.order.shipments.len()).unwrap_or(i64::MAX));
    "origin", 10, false, List, "LIVE or IMPORT", |s| Cell::text(s.row.row.order.origin.name());
    "revision", 10, false, List, "how many events it has had", |s| Cell::Integer(s.row.row.revision.into());
    "position", 12, false, List, "of its last event in the ledger",
        |s| Cell::Integer(i64::try_from(s.row.row.position).unwrap_or(i64::MAX));
    "carriers", 16, false, History, "who carries its parcels", |s| s.texts(|past| &past.carriers);
    "tracking_numbers", 24, false, History, "its parcels' tracking numbers; personal", |s| match s.shown {
        // A carrier tells whoever has one where the parcel goes.
        Shown::Masked | Shown::LeftOut => Cell::Empty,
        Shown::Clear => s.texts(|past| &past.tracking_numbers),
    };
    "contact", 40, false, History, "name, telephone, address as they were given, JSON; personal", |s| s.contact();
    "contact_name", 16, false, History, "the contact's `name`; personal", |s| s.of_contact(&["name"]);
    "contact_phone", 16, false, History, "the contact's `tel`, `phone`, `mobile` or `telephone`; personal",
        |s| s.of_contact(&contact::TELEPHONE);
    "contact_address", 40, false, History, "the contact's `address`; personal", |s| s.of_contact(&["address"]);
    "inputs", 30, false, History, "what the buyer typed for top-ups, by line, JSON; personal", |s| s.inputs();
}

static ALL_REFS: &[&Spec] = &{
    let mut all = [&ALL[0]; COUNT];
    let mut at = 0;
    while at < COUNT {
        all[at] = &ALL[at];
        at += 1;
    }
    all
};

fn time(at: Option<Timestamp>) -> Cell<'static> {
    Cell::time(at.map(|at| at.0))
}

impl<'a> Seen<'a> {
    fn money(&self, minor: i64) -> Cell<'a> {
        Cell::Money { minor, places: self.row.row.order.currency.digits() }
    }

    fn personal(&self, text: &'a str) -> Cell<'a> {
        match self.shown {
            Shown::Clear => Cell::text(text),
            Shown::Masked => Cell::text(mask::text(text)),
            Shown::LeftOut => Cell::Empty,
        }
    }

    fn texts(&self, of: impl Fn(&'a super::rows::Past) -> &'a Vec<Box<str>>) -> Cell<'a> {
        self.row
            .past
            .as_ref()
            .map_or(Cell::Empty, |past| Cell::List(of(past).iter().map(|text| Cow::from(&**text)).collect()))
    }

    fn json(&self, mut value: Value) -> Cell<'a> {
        match self.shown {
            Shown::Clear => {}
            Shown::Masked => value = mask::value(&value),
            Shown::LeftOut => return Cell::Empty,
        }
        Cell::Json(value.to_string().into())
    }

    fn contact_map(&self) -> Option<&'a Map<String, Value>> {
        self.row.past.as_ref()?.contact.as_ref()
    }

    fn contact(&self) -> Cell<'a> {
        self.contact_map().map_or(Cell::Empty, |contact| self.json(Value::Object(contact.clone())))
    }

    fn of_contact(&self, names: &[&str]) -> Cell<'a> {
        let found = names.iter().find_map(|name| self.contact_map()?.get(*name));
        let text = match found {
            None | Some(Value::Null) => return Cell::Empty,
            Some(Value::String(text)) => return self.personal(text),
            Some(other) => other.to_string(),
        };
        match self.shown {
            Shown::Clear => Cell::text(text),
            Shown::Masked => Cell::text(mask::text(&text)),
            Shown::LeftOut => Cell::Empty,
        }
    }

    fn inputs(&self) -> Cell<'a> {
        let inputs = self.row.past.as_ref().map(|past| &past.inputs).filter(|inputs| !inputs.is_empty());
        inputs.map_or(Cell::Empty, |inputs| self.json(Value::Object(inputs.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_column_has_a_name_of_its_own_and_stands_in_the_documentation() {
        let mut names: Vec<&str> = ALL.iter().map(|column| column.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
        let page = include_str!("../../../../../docs/exports.md");
        for Spec { name, what, is_usual, from, .. } in ALL {
            let usual = if *is_usual { "yes" } else { "" };
            let read = if *from == From::History { "yes" } else { "" };
            let row = format!("| `{name}` | {what} | {usual} | {read} |");
            assert!(page.contains(&row), "docs/exports.md lacks\n{row}");
        }
    }
}
