//! The domain's small values in JSON. Each is checked where it is read, so that an error stands at its own field.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use daybook_domain::event::{AdjustmentKind, Alert, Clock, Hold, Outcome, RefundKind, SkuKind, TrackingStatus};
use daybook_domain::export::{ExportFormat, ExportKind};
use daybook_domain::ids::NameError;
use daybook_domain::job::{CancelCause, ErrorPolicy, JobKind};
use daybook_domain::{
    Currency, MerchantId, Money, OrderNumber, Origin, ReasonCode, Role, Sku, StreamId, Tag, Timestamp,
};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::amount::AmountText;
use crate::shape::{Shape, shapes};
use crate::time::{TimeText, parse_time};

/// Reads a string with `read`, which says what is wrong with it.
fn string<'de, D: Deserializer<'de>, T, E: fmt::Display>(
    deserializer: D,
    expected: &'static str,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, D::Error> {
    struct Read<T, E, F>(&'static str, F, PhantomData<(T, E)>);

    impl<T, E: fmt::Display, F: FnOnce(&str) -> Result<T, E>> Visitor<'_> for Read<T, E, F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<D: Error>(self, text: &str) -> Result<T, D> {
            (self.1)(text).map_err(D::custom)
        }
    }

    deserializer.deserialize_str(Read(expected, read, PhantomData))
}

/// A moment.
#[derive(Clone, Copy)]
pub(crate) struct Time(pub(crate) Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(TimeText::new(self.0).as_str())
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        string(deserializer, "an RFC 3339 time", |text| {
            parse_time(text).map(Self).map_err(|error| format!("{text:?} {error}"))
        })
    }
}

impl Shape for Time {
    fn schema() -> Value {
        json!({ "type": "string", "format": "date-time" })
    }
}

/// A UUID.
#[derive(Clone, Copy)]
pub(crate) struct Id(pub(crate) Uuid);

impl From<StreamId> for Id {
    fn from(stream: StreamId) -> Self {
        Self(stream.0)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        string(deserializer, "a UUID", |text| {
            Uuid::try_parse(text).map(Self).map_err(|_| format!("{text:?} is not a UUID"))
        })
    }
}

impl Shape for Id {
    fn schema() -> Value {
        json!({ "type": "string", "format": "uuid" })
    }
}

/// An ISO 4217 code.
#[derive(Clone, Copy)]
pub(crate) struct Code(pub(crate) Currency);

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        string(deserializer, "a currency code", |text| Currency::new(text).map(Self))
    }
}

impl Shape for Code {
    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[A-Z]{3}$" })
    }
}

/// A decimal number without its currency, which stands elsewhere. Only [`Money::parse`] can check it on reading.
pub(crate) enum Decimal<'a> {
    Minor { minor: i64, places: u32 },
    Text(Cow<'a, str>),
}

impl Serialize for Decimal<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Minor { minor, places } => serializer.serialize_str(AmountText::new(*minor, *places).as_str()),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Decimal<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        string(deserializer, "a decimal number in quotes, such as \"9.90\"", |text| {
            Ok::<_, fmt::Error>(Self::Text(text.to_owned().into()))
        })
    }
}

impl Decimal<'_> {
    /// In minor units.
    pub(crate) fn minor(&self, currency: Currency) -> Result<i64, daybook_domain::money::MoneyError> {
        match self {
            Self::Minor { minor, .. } => Ok(*minor),
            Self::Text(text) => Money::parse(text, currency).map(|money| money.minor),
        }
    }
}

impl Shape for Decimal<'_> {
    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$" })
    }
}

/// An amount with its currency.
#[derive(Clone, Copy)]
pub(crate) struct Amount(pub(crate) Money);

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Money { minor, currency } = self.0;
        let amount = Decimal::Minor { minor, places: currency.digits() };
        Serialize::serialize(&AmountParts { amount, currency: Code(currency) }, serializer)
    }
}

shapes! {
    /// An amount with its currency.
    struct AmountParts<'a> {
        amount: Decimal<'a>,
        currency: Code,
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let AmountParts { amount, currency } = Deserialize::deserialize(deserializer)?;
        let minor = amount.minor(currency.0).map_err(D::Error::custom)?;
        Ok(Self(Money::new(minor, currency.0)))
    }
}

impl Shape for Amount {
    fn schema() -> Value {
        AmountParts::schema()
    }
}

/// A checked name: a merchant's id, an order's number, a SKU, a tag.
pub(crate) trait Name: Clone {
    const MAX_CHARS: usize;

    fn check(text: &str) -> Result<Self, NameError>;

    fn text(&self) -> &str;
}

macro_rules! names {
    ($($type:ident)*) => {$(
        impl Name for $type {
            const MAX_CHARS: usize = $type::MAX_CHARS;

            fn check(text: &str) -> Result<Self, NameError> {
                $type::new(text)
            }

            fn text(&self) -> &str {
                self.as_str()
            }
        }
    )*};
}
names! { MerchantId OrderNumber Sku Tag }

pub(crate) struct Called<'a, T: Name>(pub(crate) Cow<'a, T>);

impl<'a, T: Name> Called<'a, T> {
    pub(crate) fn new(name: &'a T) -> Self {
        Self(Cow::Borrowed(name))
    }

    pub(crate) fn into_name(self) -> T {
        self.0.into_owned()
    }
}

impl<T: Name> Serialize for Called<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.text())
    }
}

impl<'de, T: Name> Deserialize<'de> for Called<'_, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        string(deserializer, "a string", |text| T::check(text).map(|name| Self(Cow::Owned(name))))
    }
}

impl<T: Name> Shape for Called<'_, T> {
    fn schema() -> Value {
        json!({ "type": "string", "minLength": 1, "maxLength": T::MAX_CHARS })
    }
}

/// A variant that JSON calls by its name.
pub(crate) trait Variant: Copy + 'static {
    const WHAT: &'static str;
    const ALL: &'static [Self];

    fn text(self) -> &'static str;
}

macro_rules! variants {
    ($($type:ident = $all:expr, $what:literal;)*) => {$(
        impl Variant for $type {
            const WHAT: &'static str = $what;
            const ALL: &'static [Self] = $all;

            fn text(self) -> &'static str {
                self.name()
            }
        }
    )*};
}
variants! {
    Origin = Origin::VARIANTS, "an origin";
    Role = &Role::ALL, "a role";
    ReasonCode = &ReasonCode::ALL, "a reason code";
    SkuKind = SkuKind::VARIANTS, "a kind of goods";
    AdjustmentKind = AdjustmentKind::VARIANTS, "a kind of adjustment";
    Hold = Hold::VARIANTS, "a hold";
    RefundKind = RefundKind::VARIANTS, "a kind of refund";
    TrackingStatus = TrackingStatus::VARIANTS, "a tracking status";
    Clock = Clock::VARIANTS, "a clock";
    Alert = Alert::VARIANTS, "an alert";
    Outcome = Outcome::VARIANTS, "an outcome";
    JobKind = JobKind::VARIANTS, "a kind of job";
    ErrorPolicy = ErrorPolicy::VARIANTS, "an error policy";
    ExportKind = ExportKind::VARIANTS, "what is exported";
    ExportFormat = ExportFormat::VARIANTS, "a format";
    CancelCause = CancelCause::VARIANTS, "a cause";
}

#[derive(Clone, Copy)]
pub(crate) struct One<T>(pub(crate) T);

impl<T: Variant> Serialize for One<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.text())
    }
}

impl<'de, T: Variant> Deserialize<'de> for One<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        string(deserializer, T::WHAT, |text| {
            let found = T::ALL.iter().copied().find(|variant| variant.text() == text);
            found.map(Self).ok_or_else(|| {
                let known: Vec<_> = T::ALL.iter().map(|variant| variant.text()).collect();
                format!("{text:?} is not {}: it must be one of {}", T::WHAT, known.join(", "))
            })
        })
    }
}

impl<T: Variant> Shape for One<T> {
    fn schema() -> Value {
        json!({ "enum": T::ALL.iter().map(|variant| variant.text()).collect::<Vec<_>>() })
    }
}
