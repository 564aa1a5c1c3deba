//! Cards and top-ups.

use std::borrow::Cow;

use daybook_domain::event::{
    AssignedCards, CardClaimed, CardsAssigned, CardsImported, CardsRevealed, TopUpFailed, TopUpSucceeded,
};
use daybook_domain::{MerchantId, Sku, StreamId};

use super::text::{Opener, Sealer, Text};
use super::{JsonError, JsonForm};
use crate::shape::shapes;
use crate::values::{Called, Id};

shapes! {
    /// Cards of one line, by their numbers within the SKU.
    struct AssignedCardsJson {
        /// From 1.
        line: u16,
        /// The first card's number, from 0; the others follow it.
        first: u64,
        quantity: u32,
    }
}

impl From<AssignedCards> for AssignedCardsJson {
    fn from(cards: AssignedCards) -> Self {
        Self { line: cards.line, first: cards.first, quantity: cards.quantity }
    }
}

impl From<AssignedCardsJson> for AssignedCards {
    fn from(json: AssignedCardsJson) -> Self {
        Self { line: json.line, first: json.first, quantity: json.quantity }
    }
}

shapes! {
    /// Cards came in; each counts as one unit of stock.
    struct CardsImportedJson<'a> {
        merchant: Called<'a, MerchantId>,
        sku: Called<'a, Sku>,
        /// The first card's number within the SKU, from 0; the others follow it.
        first: u64,
        secrets: Vec<Text>,
        /// Places in the command, from 0, of the cards that had been imported before.
        known: Vec<u16>,
    }

    /// A card was imported; the stream is the secret's own.
    struct CardClaimedJson {
        /// The stream of the SKU that it was imported for.
        sku: Id,
        /// Its number there.
        number: u64,
    }

    /// Cards are the order's own from now on.
    struct CardsAssignedJson {
        /// From 1 within the order.
        shipment: u16,
        cards: Vec<AssignedCardsJson>,
    }

    /// Somebody saw the secrets of the order's cards.
    struct CardsRevealedJson {
        /// How many cards.
        cards: u32,
    }

    /// Units of a top-up were delivered.
    struct TopUpSucceededJson {
        shipment: u16,
        /// From 1.
        line: u16,
        quantity: u32,
    }

    /// A top-up could not be delivered.
    struct TopUpFailedJson<'a> {
        line: u16,
        failure: Cow<'a, str>,
        note: Option<Text>,
    }
}

impl<'a> JsonForm<'a> for CardsImportedJson<'a> {
    type Event = CardsImported;

    fn from_event(event: &'a CardsImported, opener: &mut Opener<'_>) -> Self {
        Self {
            merchant: Called::new(&event.merchant),
            sku: Called::new(&event.sku),
            first: event.first,
            secrets: event.secrets.iter().map(|secret| opener.text(secret)).collect(),
            known: event.known.clone(),
        }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<CardsImported, JsonError> {
        Ok(CardsImported {
            merchant: self.merchant.into_name(),
            sku: self.sku.into_name(),
            first: self.first,
            secrets: self.secrets.into_iter().map(|secret| sealer.text("secrets", secret)).collect::<Result<_, _>>()?,
            known: self.known,
        })
    }
}

impl<'a> JsonForm<'a> for CardClaimedJson {
    type Event = CardClaimed;

    fn from_event(event: &'a CardClaimed, _: &mut Opener<'_>) -> Self {
        Self { sku: event.sku.into(), number: event.number }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<CardClaimed, JsonError> {
        Ok(CardClaimed { sku: StreamId(self.sku.0), number: self.number })
    }
}

impl<'a> JsonForm<'a> for CardsAssignedJson {
    type Event = CardsAssigned;

    fn from_event(event: &'a CardsAssigned, _: &mut Opener<'_>) -> Self {
        Self { shipment: event.shipment, cards: event.cards.iter().copied().map(Into::into).collect() }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<CardsAssigned, JsonError> {
        Ok(CardsAssigned { shipment: self.shipment, cards: self.cards.into_iter().map(Into::into).collect() })
    }
}

impl<'a> JsonForm<'a> for CardsRevealedJson {
    type Event = CardsRevealed;

    fn from_event(event: &'a CardsRevealed, _: &mut Opener<'_>) -> Self {
        Self { cards: event.cards }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<CardsRevealed, JsonError> {
        Ok(CardsRevealed { cards: self.cards })
    }
}

impl<'a> JsonForm<'a> for TopUpSucceededJson {
    type Event = TopUpSucceeded;

    fn from_event(event: &'a TopUpSucceeded, _: &mut Opener<'_>) -> Self {
        Self { shipment: event.shipment, line: event.line, quantity: event.quantity }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<TopUpSucceeded, JsonError> {
        Ok(TopUpSucceeded { shipment: self.shipment, line: self.line, quantity: self.quantity })
    }
}

impl<'a> JsonForm<'a> for TopUpFailedJson<'a> {
    type Event = TopUpFailed;

    fn from_event(event: &'a TopUpFailed, opener: &mut Opener<'_>) -> Self {
        Self { line: event.line, failure: Cow::Borrowed(&event.failure), note: opener.maybe(event.note.as_ref()) }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<TopUpFailed, JsonError> {
        Ok(TopUpFailed { line: self.line, failure: self.failure.into(), note: sealer.maybe("note", self.note)? })
    }
}
