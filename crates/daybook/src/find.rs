//! Which order a person means. An order's stream follows from its merchant and its number, so it is enough to try the
//! merchants that there are.

use daybook_domain::{Event, MerchantId, OrderNumber, Recorded, StreamId};
use daybook_engine::Reader;
use uuid::Uuid;

use crate::failure::Failure;
use crate::merchant::{self, Listed};

/// Merchants that are named where a number is not the only one of its kind.
const NAMED: usize = 10;

/// The order's events. `named` is an order's id, `MERCHANT/NUMBER` with a merchant at or above the order's own, or a
/// number; the first reading in this order that finds one counts, since numbers may look like ids and hold slashes.
///
/// # Errors
/// There is no such order, or there are several.
pub(crate) fn order(reader: &Reader, named: &str) -> Result<Vec<Recorded>, Failure> {
    if let Ok(id) = Uuid::parse_str(named) {
        let events = reader.history(StreamId(id))?;
        if events.first().is_some_and(|first| matches!(first.event, Event::OrderPlaced(_))) {
            return Ok(events);
        }
    }
    let merchants = merchant::all(reader)?;
    if let Some((above, number)) = named.split_once('/')
        && let Ok(above) = MerchantId::new(above)
        && let Some(found) = by_number(reader, &merchants, Some(&above), number)?
    {
        return Ok(reader.history(found)?);
    }
    match by_number(reader, &merchants, None, named)? {
        Some(found) => Ok(reader.history(found)?),
        None => Err(Failure::new(format!("{named}: there is no such order"))),
    }
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
