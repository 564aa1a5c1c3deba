//! What a person means. Streams follow from names, so it is enough to try the names that there may be: of an order the
//! merchants that there are.

use daybook_domain::stock::SkuStreams;
use daybook_domain::{Event, MerchantId, OrderNumber, Sku, StreamId};
use daybook_engine::Reader;
use uuid::Uuid;

use crate::data;
use crate::failure::Failure;
use crate::merchant::{self, Listed};
use crate::token;

/// Merchants that are named where a number is not the only one of its kind.
const NAMED: usize = 10;

/// A thing with a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Order(StreamId),
    Sku(SkuStreams),
    Merchant(StreamId),
    Token(StreamId),
}

impl Subject {
    /// The streams that its events stand in.
    pub(crate) fn streams(self) -> Vec<StreamId> {
        match self {
            Self::Order(stream) | Self::Merchant(stream) | Self::Token(stream) => vec![stream],
            Self::Sku(SkuStreams { sku, account }) => vec![sku, account],
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Order(_) => "order",
            Self::Sku(_) => "SKU",
            Self::Merchant(_) => "merchant",
            Self::Token(_) => "token",
        }
    }
}

/// `sku:MERCHANT/SKU`, `merchant:ID`, `token:ID`, or an order as [`order`] reads it.
///
/// # Errors
/// There is no such thing, or there are several.
pub(crate) fn subject(reader: &Reader, named: &str) -> Result<Subject, Failure> {
    match named.split_once(':') {
        Some(("sku", name)) => sku(reader, named, name).map(Subject::Sku),
        Some(("merchant", id)) => Ok(Subject::Merchant(StreamId::merchant(&data::known_merchant(reader, id)?))),
        Some(("token", id)) => Ok(Subject::Token(token::find(reader, id)?.stream)),
        Some(_) | None => order(reader, named).map(Subject::Order),
    }
}

fn sku(reader: &Reader, named: &str, name: &str) -> Result<SkuStreams, Failure> {
    let names = name.split_once('/').and_then(|(merchant, sku)| Some((merchant, Sku::new(sku).ok()?)));
    let (merchant, sku) = names
        .ok_or_else(|| Failure::new(format!("{named}: name a SKU as sku:MERCHANT/SKU, such as sku:m1/card-50")))?;
    let merchant = data::known_merchant(reader, merchant)?;
    let streams = SkuStreams::of(&merchant, &sku);
    if reader.head(streams.sku).is_none() && reader.head(streams.account).is_none() {
        return Err(Failure::new(format!(
            "{named}: no stock of it was ever received, counted or marked, and no cards were imported"
        )));
    }
    Ok(streams)
}

/// An order's stream. `named` is an order's id, `MERCHANT/NUMBER` with a merchant at or above the order's own, or a
/// number; the first reading in this order that finds one counts, since numbers may look like ids and hold slashes.
fn order(reader: &Reader, named: &str) -> Result<StreamId, Failure> {
    if let Ok(id) = Uuid::parse_str(named) {
        let first = reader.positions(StreamId(id))?.first().map(|first| reader.event(*first)).transpose()?.flatten();
        if first.is_some_and(|first| matches!(first.event, Event::OrderPlaced(_))) {
            return Ok(StreamId(id));
        }
    }
    let merchants = merchant::all(reader)?;
    if let Some((above, number)) = named.split_once('/')
        && let Ok(above) = MerchantId::new(above)
        && let Some(found) = by_number(reader, &merchants, Some(&above), number)?
    {
        return Ok(found);
    }
    by_number(reader, &merchants, None, named)?.ok_or_else(|| {
        let others = "; other histories are those of sku:MERCHANT/SKU, merchant:ID and token:ID";
        Failure::new(format!("{named}: there is no such order{}", if named.contains(':') { others } else { "" }))
    })
}

/// A merchant's own order comes before those of merchants below it.
fn by_number(
    reader: &Reader,
    merchants: &[Listed],
    above: Option<&MerchantId>,
    number: &str,
) -> Result<Option<StreamId>, Failure> {
    let Ok(number) = OrderNumber::new(number) else { return Ok(None) };
    let own = above.map(|above| StreamId::order(above, &number)).filter(|own| reader.head(*own).is_some());
    if own.is_some() {
        return Ok(own);
    }
    let found: Vec<(&MerchantId, StreamId)> = merchants
        .iter()
        .filter(|merchant| above.is_none_or(|above| merchant.ancestors.contains(above)))
        .map(|merchant| (&merchant.id, StreamId::order(&merchant.id, &number)))
        .filter(|(_, stream)| reader.head(*stream).is_some())
        .collect();
    match found.as_slice() {
        [] => Ok(None),
        [(_, stream)] => Ok(Some(*stream)),
        [(first, _), ..] => {
            let mut names: Vec<&str> = found.iter().take(NAMED).map(|(id, _)| id.as_str()).collect();
            if found.len() > NAMED {
                names.push("…");
            }
            Err(Failure::new(format!(
                "{} merchants have an order {number}: {}; say which, such as {first}/{number}",
                found.len(),
                names.join(", "),
            )))
        }
    }
}
