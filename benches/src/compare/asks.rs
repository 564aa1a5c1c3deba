//! What is asked of lists and figures, in each one's words.

#![expect(clippy::unwrap_used, reason = "a measurement has nobody to tell")]

use daybook_domain::time::DAY_MICROS;
use daybook_domain::{Currency, Label, MerchantId, OrderNumber, Slot, Timestamp};
use daybook_peers::{PgAfter, PgFigures, PgList, PgSums};
use daybook_views::Views;
use daybook_views::query::{
    Basis, Condition, DashboardQuery, Direction, Filter, Offset, OrderQuery, Scope, Sort, SortField,
};
use serde_json::json;

use crate::compare::shop::{self, FROM, YEAR};
use crate::pages::{SELECTION, post_of};
use crate::views::source::Random;

#[derive(Clone, Copy, Debug)]
pub(crate) enum List {
    MerchantLabel,
    Merchant,
    Label,
    Buyer,
    Number,
    Amount,
}

pub(crate) const LISTS: [List; 6] =
    [List::MerchantLabel, List::Merchant, List::Label, List::Buyer, List::Number, List::Amount];

/// What the conditions of one page are filled with.
pub(crate) struct Values {
    merchant: String,
    label: Label,
    account: String,
    number: String,
}

impl List {
    pub(crate) fn name(self) -> &'static str {
        match self {
            List::MerchantLabel => "one merchant's with a label, newest first",
            List::Merchant => "one merchant's, newest first",
            List::Label => "all with a label, newest first",
            List::Buyer => "one buyer's, newest first",
            List::Number => "by its number",
            List::Amount => "all, by amount",
        }
    }

    /// Those of some order that there is.
    pub(crate) fn values(self, seed: u64, orders: u64) -> Values {
        let mut random = Random(seed.wrapping_mul(0xA076_1D64_78BD_642F) ^ self as u64);
        let sale = shop::sale(random.below(orders), orders);
        let labels = [Label::AwaitingPayment, Label::ToShip, Label::Shipped, Label::Completed, Label::Refunded];
        let label = labels[usize::try_from(random.below(labels.len() as u64)).unwrap()];
        Values { merchant: sale.merchant_id(), label, account: sale.account(), number: sale.number() }
    }

    fn sort(self) -> Sort {
        match self {
            List::Amount => Sort { field: SortField::Amount, direction: Direction::Ascending },
            List::MerchantLabel | List::Merchant | List::Label | List::Buyer | List::Number => Sort::default(),
        }
    }

    /// Of the views. `slot`: a buyer's.
    pub(crate) fn query(self, values: &Values, slot: impl Fn(&str) -> Option<Slot>) -> OrderQuery {
        let is = |condition| Filter::Is(condition);
        let own = || Scope::Merchants { ids: vec![MerchantId::new(&values.merchant).unwrap()], subtree: false };
        let label = || is(Condition::Label(vec![values.label]));
        let (scope, filter) = match self {
            List::MerchantLabel => (own(), label()),
            List::Merchant => (own(), Filter::default()),
            List::Label => (Scope::All, label()),
            List::Buyer => (Scope::All, is(Condition::Buyer(slot(&values.account).into_iter().collect()))),
            List::Number => (Scope::All, is(Condition::Number(vec![OrderNumber::new(&values.number).unwrap()]))),
            List::Amount => (Scope::All, Filter::default()),
        };
        OrderQuery { scope, filter, sort: self.sort(), ..OrderQuery::default() }
    }

    /// Over HTTP, whole.
    pub(crate) fn request(self, values: &Values, after: Option<&str>) -> String {
        let Values { merchant, label, account, number } = values;
        let label = label.name();
        let (filter, how) = match self {
            List::MerchantLabel => {
                (json!({"label": {"oneOf": [label]}, "merchant": {"oneOf": [merchant]}}), "scope: OWN")
            }
            List::Merchant => (json!({"merchant": {"oneOf": [merchant]}}), "scope: OWN"),
            List::Label => (json!({"label": {"oneOf": [label]}}), "scope: SUBTREE"),
            List::Buyer => (json!({"buyer": {"eq": account}}), "scope: SUBTREE"),
            List::Number => (json!({"number": {"eq": number}}), "scope: SUBTREE"),
            List::Amount => (json!(null), "scope: SUBTREE, sortBy: {field: AMOUNT, direction: ASC}"),
        };
        let query = format!(
            "query ($where: OrderWhere, $after: String) {{
                orders(where: $where, {how}, first: 50, after: $after) {{ {SELECTION} }} }}"
        );
        post_of(&json!({"query": query, "variables": {"where": filter, "after": after}}).to_string())
    }

    pub(crate) fn of_tables(self, values: &Values) -> PgList {
        let merchant = values.merchant.clone();
        let label = values.label as i16;
        match self {
            List::MerchantLabel => PgList::MerchantLabel { merchant, label },
            List::Merchant => PgList::Merchant { merchant },
            List::Label => PgList::Label { label },
            List::Buyer => PgList::Buyer { buyer: values.account.clone() },
            List::Number => PgList::Number { number: values.number.clone() },
            List::Amount => PgList::Amount,
        }
    }
}

/// Behind this order, as tables know it.
pub(crate) fn behind(n: u64, orders: u64) -> PgAfter {
    let sale = shop::sale(n, orders);
    PgAfter { placed_at: sale.placed_at, total_minor: sale.total_minor(), id: n.cast_signed() + 1 }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    MerchantWeek,
    Week,
    Days,
}

pub(crate) const FIGURES: [What; 3] = [What::MerchantWeek, What::Week, What::Days];

/// Figures of one time.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    what: What,
    merchant: Option<String>,
    from: i64,
    to: i64,
}

impl What {
    pub(crate) fn name(self) -> &'static str {
        match self {
            What::MerchantWeek => "one merchant's by weekday and hour, 90 days",
            What::Week => "all orders' by weekday and hour, a year",
            What::Days => "all orders' conversion, refunds, average by day, a year",
        }
    }

    /// Times that begin at any second: no answer was made before.
    pub(crate) fn asked(self, seed: u64) -> Figures {
        let mut random = Random(seed);
        let somewhen = random.span(DAY_MICROS) / 1_000_000 * 1_000_000;
        let merchant = format!("m{:02}", random.skewed(shop::MERCHANTS));
        let (merchant, from, to) = match self {
            What::MerchantWeek => {
                let from = FROM + random.span(YEAR - 91 * DAY_MICROS) / DAY_MICROS * DAY_MICROS + somewhen;
                (Some(merchant), from, from + 90 * DAY_MICROS)
            }
            What::Week | What::Days => (None, FROM + somewhen, FROM + YEAR - DAY_MICROS + somewhen),
        };
        Figures { what: self, merchant, from, to }
    }
}

impl Figures {
    /// Of the views, added up.
    pub(crate) fn sums(&self, views: &Views) -> PgSums {
        let zone = [Offset { from_seconds: 0, offset_seconds: 28_800 }];
        let query = DashboardQuery {
            merchant: self.merchant.as_ref().map(|id| MerchantId::new(id).unwrap()),
            subtree: false,
            under: None,
            from: Timestamp(self.from),
            to: Timestamp(self.to),
            zone: &zone,
            currency: Currency::CNY,
            basis: Basis::Cohort,
            merchants: 0,
        };
        let answer = views.dashboard().unwrap().answer(&query).unwrap();
        let figures: Vec<_> = match self.what {
            What::MerchantWeek | What::Week => answer.by_weekday_hour,
            What::Days => answer.by_day.into_iter().map(|day| day.figures).collect(),
        };
        figures.iter().fold(PgSums::default(), |sums, one| PgSums {
            placed: sums.placed + one.placed.cast_signed(),
            paid: sums.paid + one.paid.cast_signed(),
            refunded: sums.refunded + one.refunded.cast_signed(),
            paid_minor: sums.paid_minor + one.paid_amount_minor,
        })
    }

    /// Over HTTP, whole.
    pub(crate) fn request(&self) -> String {
        let whose = match &self.merchant {
            Some(merchant) => format!("merchant: \"{merchant}\", scope: OWN"),
            None => "scope: SUBTREE".into(),
        };
        let time = |at| chrono::DateTime::from_timestamp_micros(at).unwrap().format("%Y-%m-%dT%H:%M:%SZ");
        let fields = match self.what {
            What::MerchantWeek | What::Week => "byWeekdayHour { weekday hour placedOrders paidOrders refundedOrders }",
            What::Days => {
                "conversionRate refundRate averageOrderValue { amount }
                 byDay { date placedOrders paidOrders refundedOrders paidAmount { amount } }"
            }
        };
        let (from, to) = (time(self.from), time(self.to));
        let query = format!(
            "query {{ dashboard({whose}, range: {{gte: \"{from}\", lt: \"{to}\"}}, timeZone: \"Asia/Shanghai\", \
             currency: \"CNY\") {{ {fields} }} }}"
        );
        post_of(&json!({ "query": query }).to_string())
    }

    pub(crate) fn of_tables(&self) -> PgFigures {
        let Self { merchant, from, to, .. } = self.clone();
        match self.what {
            What::MerchantWeek | What::Week => PgFigures::Week { merchant, from, to },
            What::Days => PgFigures::Days { from, to },
        }
    }
}
