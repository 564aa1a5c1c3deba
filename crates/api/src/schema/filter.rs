//! `where`: from the API's filters to the views' own.

use std::cell::{Cell, OnceCell};

use async_graphql::{InputObject, InputType};
use daybook_domain::{Currency, MerchantId, Money, OrderNumber, Sku, Slot, StreamId, Tag};
use daybook_views::query::{Condition, Filter, Scope as Whose};
use daybook_views::{Below, Views};
use uuid::Uuid;

use super::enums::{self, Scope};
use super::error::ApiError;
use super::scalar::{DateTime, Decimal};
use crate::access::{self, Tenant};
use crate::http::Services;
use crate::phones::Tail;

/// Conditions and alternatives within each other; deeper filters are refused.
const MAX_NESTING: usize = 8;
/// Values in one list.
const MAX_VALUES: usize = 1_000;
/// Telephones in the whole filter: each may be that of very many orders.
const MAX_PHONES: usize = 10;
/// Conditions in the whole filter.
const MAX_CONDITIONS: usize = 200;

#[derive(Clone, Debug, InputObject)]
#[graphql(concrete(name = "LabelFilter", params(enums::Label)))]
#[graphql(concrete(name = "LifecycleFilter", params(enums::Lifecycle)))]
#[graphql(concrete(name = "PaymentFilter", params(enums::Payment)))]
#[graphql(concrete(name = "FulfilmentFilter", params(enums::Fulfilment)))]
#[graphql(concrete(name = "AfterSalesFilter", params(enums::AfterSales)))]
#[graphql(concrete(name = "HoldFilter", params(enums::Hold)))]
#[graphql(concrete(name = "ClockFilter", params(enums::Clock)))]
#[graphql(concrete(name = "StringFilter", params(String)))]
pub(crate) struct ValueFilter<T: InputType> {
    eq: Option<T>,
    one_of: Option<Vec<T>>,
}

impl<T: InputType + Clone> ValueFilter<T> {
    /// The values that are let through; none where nothing is asked.
    pub(super) fn values(&self) -> Result<Option<Vec<T>>, ApiError> {
        let values = match (&self.eq, &self.one_of) {
            (None, None) => return Ok(None),
            (Some(eq), None) => vec![eq.clone()],
            (None, Some(list)) => list.clone(),
            (Some(_), Some(_)) => return Err(ApiError::Invalid("give a filter either eq or oneOf".into())),
        };
        if values.len() > MAX_VALUES {
            return Err(ApiError::Invalid(format!("a filter lists at most {MAX_VALUES} values")));
        }
        Ok(Some(values))
    }
}

/// At or after `gte` and before `lt`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct DateTimeFilter {
    pub(super) gte: Option<DateTime>,
    pub(super) lt: Option<DateTime>,
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct EqualFilter {
    eq: String,
}

/// Amounts in one currency, both ends included.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct AmountFilter {
    currency: String,
    gte: Option<Decimal>,
    lte: Option<Decimal>,
}

/// All of what is given must hold.
#[derive(Clone, Debug, Default, InputObject)]
#[graphql(name = "OrderWhere")]
pub(crate) struct OrderWhere {
    label: Option<ValueFilter<enums::Label>>,
    lifecycle: Option<ValueFilter<enums::Lifecycle>>,
    payment: Option<ValueFilter<enums::Payment>>,
    fulfilment: Option<ValueFilter<enums::Fulfilment>>,
    after_sales: Option<ValueFilter<enums::AfterSales>>,
    /// At least one of these holds is on.
    hold: Option<ValueFilter<enums::Hold>>,
    /// At least one of these clocks was missed.
    breach: Option<ValueFilter<enums::Clock>>,
    placed_at: Option<DateTimeFilter>,
    number: Option<ValueFilter<String>>,
    id: Option<ValueFilter<String>>,
    /// The buyer's account; neither case nor blanks at its ends count.
    buyer: Option<EqualFilter>,
    /// The last four digits of the telephone in the contact, as it is now: of its `tel`, `phone`, `mobile` or `telephone`.
    phone_tail: Option<EqualFilter>,
    /// At least one line sells one of these SKUs.
    product: Option<ValueFilter<String>>,
    merchant: Option<ValueFilter<String>>,
    tag: Option<ValueFilter<String>>,
    total: Option<AmountFilter>,
    /// A clock is open and runs out before this.
    due_before: Option<DateTime>,
    #[graphql(name = "AND")]
    and: Option<Vec<OrderWhere>>,
    #[graphql(name = "OR")]
    or: Option<Vec<OrderWhere>>,
}

impl OrderWhere {
    /// Whether any part of it asks for a telephone.
    pub(crate) fn asks_for_phones(&self) -> bool {
        let parts = self.and.iter().chain(&self.or).flatten();
        self.phone_tail.is_some() || parts.into_iter().any(Self::asks_for_phones)
    }

    /// Only this merchant's orders, where the filter itself names none.
    pub(crate) fn of_merchant(&mut self, id: &MerchantId) -> Result<(), ApiError> {
        if self.merchant.is_some() {
            return Err(ApiError::Invalid("name the merchant once: beside the filter, or within it".into()));
        }
        self.merchant = Some(ValueFilter { eq: Some(id.as_str().to_owned()), one_of: None });
        Ok(())
    }
}

/// Names that no thing can have match nothing: they are left out.
fn names<T, E>(values: &[String], parse: impl Fn(&str) -> Result<T, E>) -> Vec<T> {
    values.iter().filter_map(|text| parse(text).ok()).collect()
}

struct Building<'a> {
    services: &'a Services,
    views: &'a Views,
    tenant: &'a Tenant,
    subtree: bool,
    left: usize,
    /// How many telephones were asked for.
    phones: Cell<usize>,
    /// Who may be named beside the tenant itself, once anybody is.
    below: OnceCell<Below<'a>>,
}

/// Whose orders are asked about, and whose the token shows.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) scope: Scope,
    pub(crate) tenant: Tenant,
}

/// The orders that are asked about, and which of them. Merchants that the token does not show are as such that are not
/// there: nothing is theirs.
pub(crate) fn build(
    services: &Services,
    views: &Views,
    wanted: Option<OrderWhere>,
    seen: &Seen,
) -> Result<(Whose, Filter), ApiError> {
    let Seen { scope, tenant } = seen;
    let mut wanted = wanted.unwrap_or_default();
    let mut building = Building {
        services,
        views,
        tenant,
        subtree: scope.is_subtree(),
        left: MAX_CONDITIONS,
        phones: Cell::new(0),
        below: OnceCell::new(),
    };
    let mut named = None;
    if let Some(values) = wanted.merchant.as_ref().map(ValueFilter::values).transpose()?.flatten() {
        named = Some(building.merchants(&values));
        wanted.merchant = None;
    }
    let filter = building.filter(&wanted, named.as_deref(), 0)?;
    let subtree = building.subtree;
    let Some(own) = tenant.own() else {
        let whose = named.map_or(Whose::All, |ids| Whose::Merchants { ids, subtree });
        return Ok((whose, filter));
    };
    // Whatever is asked narrows that further.
    let mut parts = vec![filter];
    let mut reaches_below = subtree;
    if let Some(ids) = named {
        parts.push(Filter::Is(Condition::Merchant { ids, subtree }));
        reaches_below = true;
    }
    if let access::Whose::Buyer(_, slot) = &tenant.whose {
        parts.push(Filter::Is(Condition::Buyer(vec![*slot])));
        reaches_below = false;
    }
    if let Some(only) = tenant.only() {
        parts.push(Filter::Is(Condition::Id(vec![only])));
        reaches_below = false;
    }
    Ok((Whose::Merchants { ids: vec![own.clone()], subtree: reaches_below }, Filter::And(parts)))
}

impl Building<'_> {
    fn filter(
        &mut self,
        wanted: &OrderWhere,
        merchants: Option<&[MerchantId]>,
        nesting: usize,
    ) -> Result<Filter, ApiError> {
        if nesting > MAX_NESTING {
            return Err(ApiError::Invalid(format!("a filter may nest AND and OR {MAX_NESTING} deep")));
        }
        let mut own_merchants = None;
        let mut parts: Vec<Filter> =
            self.conditions(wanted, merchants, &mut own_merchants)?.into_iter().map(Filter::Is).collect();
        self.left = self
            .left
            .checked_sub(parts.len() + 1)
            .ok_or_else(|| ApiError::Invalid(format!("a filter may have at most {MAX_CONDITIONS} conditions")))?;
        let merchants = own_merchants.as_deref().or(merchants);
        for part in wanted.and.iter().flatten() {
            parts.push(self.filter(part, merchants, nesting + 1)?);
        }
        if let Some(alternatives) = &wanted.or {
            let alternatives = alternatives.iter().map(|part| self.filter(part, merchants, nesting + 1));
            parts.push(Filter::Or(alternatives.collect::<Result<_, _>>()?));
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Filter::And(parts) })
    }

    fn conditions(
        &self,
        wanted: &OrderWhere,
        merchants: Option<&[MerchantId]>,
        own_merchants: &mut Option<Vec<MerchantId>>,
    ) -> Result<Vec<Condition>, ApiError> {
        let mut found = Vec::new();
        macro_rules! axis {
            ($($field:ident => $condition:ident),*) => {$(
                if let Some(values) = wanted.$field.as_ref().map(ValueFilter::values).transpose()?.flatten() {
                    found.push(Condition::$condition(values.into_iter().map(Into::into).collect()));
                }
            )*};
        }
        axis!(label => Label, lifecycle => Lifecycle, payment => Payment, fulfilment => Fulfilment,
              after_sales => AfterSales, hold => Hold, breach => Breach);
        if let Some(DateTimeFilter { gte, lt }) = &wanted.placed_at {
            found.push(Condition::PlacedAt { gte: gte.map(|at| at.0), lt: lt.map(|at| at.0) });
        }
        let values = |filter: &Option<ValueFilter<String>>| {
            Ok::<_, ApiError>(filter.as_ref().map(ValueFilter::values).transpose()?.flatten())
        };
        if let Some(numbers) = values(&wanted.number)? {
            found.push(Condition::Number(names(&numbers, OrderNumber::new)));
        }
        if let Some(ids) = values(&wanted.id)? {
            found.push(Condition::Id(names(&ids, |text| Uuid::parse_str(text).map(StreamId))));
        }
        if let Some(products) = values(&wanted.product)? {
            found.push(Condition::Product(names(&products, Sku::new)));
        }
        if let Some(tags) = values(&wanted.tag)? {
            found.push(Condition::Tag(names(&tags, Tag::new)));
        }
        if let Some(ids) = values(&wanted.merchant)? {
            let ids = self.merchants(&ids);
            *own_merchants = Some(ids.clone());
            found.push(Condition::Merchant { ids, subtree: self.subtree });
        }
        if let Some(total) = &wanted.total {
            found.push(amount(total)?);
        }
        if let Some(due) = wanted.due_before {
            found.push(Condition::DueBefore(due.0));
        }
        if let Some(buyer) = &wanted.buyer {
            let merchants = own_merchants.as_deref().or(merchants);
            found.extend(self.buyer(&buyer.eq, merchants));
        }
        if let Some(phone) = &wanted.phone_tail {
            found.extend(self.phone(&phone.eq)?);
        }
        Ok(found)
    }

    /// Those of them that the token shows: that another one stands above it must not be found out either.
    fn merchants(&self, values: &[String]) -> Vec<MerchantId> {
        let mut ids = names(values, MerchantId::new);
        if let Some(own) = self.tenant.own() {
            let below = self.below.get_or_init(|| self.views.merchants().that_stood_below(own));
            ids.retain(|id| id == own || below.contains(id));
        }
        ids
    }

    /// Whoever sees buyers masked must not find out who they are by asking: nobody is found among what is masked.
    fn buyer(&self, account: &str, merchants: Option<&[MerchantId]>) -> Vec<Condition> {
        if self.tenant.is_masked {
            return vec![Condition::Buyer(Vec::new())];
        }
        match self.tenant.own() {
            None => vec![Condition::Buyer(self.buyers(account, merchants))],
            Some(own) => {
                let ids = vec![own.clone()];
                let slots = self.buyers(account, Some(&ids));
                vec![Condition::Buyer(slots), Condition::Merchant { ids, subtree: false }]
            }
        }
    }

    /// The same of telephones.
    fn phone(&self, digits: &str) -> Result<Vec<Condition>, ApiError> {
        let tail = Tail::parse(digits).ok_or_else(|| {
            ApiError::Invalid("phoneTail is the last four digits of a telephone, such as \"0042\"".into())
        })?;
        self.phones.set(self.phones.get() + 1);
        if self.phones.get() > MAX_PHONES {
            return Err(ApiError::Invalid(format!("a filter asks for at most {MAX_PHONES} telephones")));
        }
        if self.tenant.is_masked {
            return Ok(vec![Condition::Nth(Vec::new())]);
        }
        // Of views that stopped nothing is known.
        self.views.order_list()?;
        let orders = self.services.host.phones.orders_with(&self.services.reader, self.views, tail)?;
        let mut found = vec![Condition::Nth(orders)];
        if let Some(own) = self.tenant.own() {
            found.push(Condition::Merchant { ids: vec![own.clone()], subtree: false });
        }
        Ok(found)
    }

    /// The account's keys in each tree that may be meant: a buyer is another one in another tree.
    fn buyers(&self, account: &str, merchants: Option<&[MerchantId]>) -> Vec<Slot> {
        let mut roots = match merchants {
            Some(ids) => {
                let known = ids.iter().filter_map(|id| self.views.merchants().get(id));
                known.map(|entry| entry.ancestors.first().unwrap_or(&entry.id).clone()).collect()
            }
            None => self.services.host.roots(),
        };
        roots.sort_unstable();
        roots.dedup();
        roots.iter().filter_map(|root| self.services.reader.buyer_slot(root, account)).collect()
    }
}

fn amount(filter: &AmountFilter) -> Result<Condition, ApiError> {
    let invalid = |error: daybook_domain::money::MoneyError| ApiError::Invalid(error.to_string());
    let currency = Currency::new(&filter.currency).map_err(invalid)?;
    let minor = |text: &Option<Decimal>| {
        text.as_ref().map(|text| Money::parse(&text.0, currency).map(|money| money.minor)).transpose().map_err(invalid)
    };
    Ok(Condition::Amount { currency: Some(currency), gte_minor: minor(&filter.gte)?, lte_minor: minor(&filter.lte)? })
}
