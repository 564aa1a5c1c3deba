//! The secrets of an order's cards.

use async_graphql::SimpleObject;
use daybook_domain::event::{CardsAssigned, CardsImported, OrderPlaced, tree_root};
use daybook_domain::{Event, Kind, Position, Sku, StreamId};
use daybook_engine::Opened;

use super::error::ApiError;
use crate::http::Services;
use crate::reads::Going;

#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct RevealedCard {
    /// The order's line, from 1.
    line: u16,
    sku: String,
    /// Null when it cannot be opened any more.
    pub(crate) secret: Option<String>,
}

/// The cards that the order had at that position, which the views must have reached. Reads the ledger.
pub(crate) fn of_order(
    services: &Services,
    going: &Going,
    order: StreamId,
    position: Position,
) -> Result<Vec<RevealedCard>, ApiError> {
    let history = services.reader.history(order)?;
    let Some(Event::OrderPlaced(placed)) = history.first().map(|first| &first.event) else { return Ok(Vec::new()) };
    let mut found: Vec<RevealedCard> = Vec::new();
    for recorded in history.iter().take_while(|recorded| recorded.position <= position) {
        let Event::CardsAssigned(CardsAssigned { cards, .. }) = &recorded.event else { continue };
        for cards in cards {
            let Some(line) = placed.lines.get(usize::from(cards.line).wrapping_sub(1)) else { continue };
            let numbers = cards.first..cards.first.saturating_add(cards.quantity.into());
            each_secret(services, going, placed, &line.sku, numbers, |secret| {
                found.push(RevealedCard { line: cards.line, sku: line.sku.as_str().to_owned(), secret });
            })?;
        }
    }
    found.sort_by_key(|card| card.line);
    Ok(found)
}

/// The secrets of a SKU's cards with these numbers, from 0.
fn each_secret(
    services: &Services,
    going: &Going,
    placed: &OrderPlaced,
    sku: &Sku,
    numbers: std::ops::Range<u64>,
    mut each: impl FnMut(Option<String>),
) -> Result<(), ApiError> {
    let (stream, root) = (StreamId::sku(&placed.merchant, sku), tree_root(&placed.ancestors, &placed.merchant));
    let positions = services.host.views().stock()?.imports_of(&placed.merchant, sku, numbers.clone());
    for position in positions {
        going.check()?;
        let Some(Event::CardsImported(CardsImported { first, secrets, .. })) =
            services.reader.event(position)?.map(|recorded| recorded.event)
        else {
            continue;
        };
        for (_, sealed) in (first..).zip(&secrets).filter(|(number, _)| numbers.contains(number)) {
            each(match services.reader.open_text(sealed, root, stream, Kind::CardsImported) {
                Opened::Text(text) => Some(text),
                Opened::Erased | Opened::Damaged => None,
            });
        }
    }
    Ok(())
}
