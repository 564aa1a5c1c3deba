//! Amounts with their currency.

use async_graphql::{InputObject, SimpleObject};
use daybook_domain::money::MoneyError;
use daybook_domain::{Currency, Money};

use super::scalar::Decimal;

/// An amount with its currency.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "Money")]
pub(crate) struct MoneyObject {
    /// With all the decimals of the currency.
    pub(crate) amount: Decimal,
    /// ISO 4217.
    pub(crate) currency: String,
}

impl From<Money> for MoneyObject {
    fn from(money: Money) -> Self {
        Self { amount: Decimal(money.amount()), currency: money.currency.as_str().to_owned() }
    }
}

impl MoneyObject {
    pub(crate) fn of(minor: i64, currency: Currency) -> Self {
        Money::new(minor, currency).into()
    }
}

/// An amount with its currency.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct MoneyInput {
    /// Such as "9.90": no more decimals than the currency has.
    pub(crate) amount: Decimal,
    /// ISO 4217, upper case.
    pub(crate) currency: String,
}

impl MoneyInput {
    /// The field that is wrong, and why.
    pub(crate) fn parse(&self) -> Result<Money, (&'static str, MoneyError)> {
        let currency = Currency::new(&self.currency).map_err(|error| ("currency", error))?;
        Money::parse(&self.amount.0, currency).map_err(|error| ("amount", error))
    }
}
