//! Cards and top-ups.

use daybook_domain::event::{
    AssignedCards, CardClaimed, CardsAssigned, CardsImported, CardsRevealed, TopUpFailed, TopUpSucceeded,
};
use daybook_domain::{MerchantId, Sku, StreamId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::parts::{SealedV1, seal, unseal};
use super::{BadField, FromWire, ToWire};

#[derive(Serialize, Deserialize)]
pub(crate) struct AssignedCardsV1 {
    line: u16,
    first: u64,
    quantity: u32,
}

impl From<AssignedCards> for AssignedCardsV1 {
    fn from(cards: AssignedCards) -> Self {
        Self { line: cards.line, first: cards.first, quantity: cards.quantity }
    }
}

impl From<AssignedCardsV1> for AssignedCards {
    fn from(wire: AssignedCardsV1) -> Self {
        Self { line: wire.line, first: wire.first, quantity: wire.quantity }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct CardsImportedV1<'a> {
    merchant: &'a str,
    sku: &'a str,
    first: u64,
    #[serde(borrow)]
    secrets: Vec<SealedV1<'a>>,
    known: Vec<u16>,
}

impl<'a> ToWire<'a> for CardsImportedV1<'a> {
    type Event = CardsImported;

    fn from_event(event: &'a CardsImported) -> Self {
        Self {
            merchant: event.merchant.as_str(),
            sku: event.sku.as_str(),
            first: event.first,
            secrets: event.secrets.iter().map(Into::into).collect(),
            known: event.known.clone(),
        }
    }
}

impl<'a> FromWire<'a> for CardsImportedV1<'a> {
    type Event = CardsImported;

    fn into_event(self) -> Result<CardsImported, BadField> {
        Ok(CardsImported {
            merchant: MerchantId::from_stored(self.merchant),
            sku: Sku::from_stored(self.sku),
            first: self.first,
            secrets: self.secrets.into_iter().map(Into::into).collect(),
            known: self.known,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct CardClaimedV1 {
    sku: [u8; 16],
    number: u64,
}

impl ToWire<'_> for CardClaimedV1 {
    type Event = CardClaimed;

    fn from_event(event: &CardClaimed) -> Self {
        Self { sku: event.sku.0.into_bytes(), number: event.number }
    }
}

impl FromWire<'_> for CardClaimedV1 {
    type Event = CardClaimed;

    fn into_event(self) -> Result<CardClaimed, BadField> {
        Ok(CardClaimed { sku: StreamId(Uuid::from_bytes(self.sku)), number: self.number })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct CardsAssignedV1 {
    shipment: u16,
    cards: Vec<AssignedCardsV1>,
}

impl ToWire<'_> for CardsAssignedV1 {
    type Event = CardsAssigned;

    fn from_event(event: &CardsAssigned) -> Self {
        Self { shipment: event.shipment, cards: event.cards.iter().copied().map(Into::into).collect() }
    }
}

impl FromWire<'_> for CardsAssignedV1 {
    type Event = CardsAssigned;

    fn into_event(self) -> Result<CardsAssigned, BadField> {
        Ok(CardsAssigned { shipment: self.shipment, cards: self.cards.into_iter().map(Into::into).collect() })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct CardsRevealedV1 {
    cards: u32,
}

impl ToWire<'_> for CardsRevealedV1 {
    type Event = CardsRevealed;

    fn from_event(event: &CardsRevealed) -> Self {
        Self { cards: event.cards }
    }
}

impl FromWire<'_> for CardsRevealedV1 {
    type Event = CardsRevealed;

    fn into_event(self) -> Result<CardsRevealed, BadField> {
        Ok(CardsRevealed { cards: self.cards })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct TopUpSucceededV1 {
    shipment: u16,
    line: u16,
    quantity: u32,
}

impl ToWire<'_> for TopUpSucceededV1 {
    type Event = TopUpSucceeded;

    fn from_event(event: &TopUpSucceeded) -> Self {
        Self { shipment: event.shipment, line: event.line, quantity: event.quantity }
    }
}

impl FromWire<'_> for TopUpSucceededV1 {
    type Event = TopUpSucceeded;

    fn into_event(self) -> Result<TopUpSucceeded, BadField> {
        Ok(TopUpSucceeded { shipment: self.shipment, line: self.line, quantity: self.quantity })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct TopUpFailedV1<'a> {
    line: u16,
    failure: &'a str,
    #[serde(borrow)]
    note: Option<SealedV1<'a>>,
}

impl<'a> ToWire<'a> for TopUpFailedV1<'a> {
    type Event = TopUpFailed;

    fn from_event(event: &'a TopUpFailed) -> Self {
        Self { line: event.line, failure: &event.failure, note: seal(event.note.as_ref()) }
    }
}

impl<'a> FromWire<'a> for TopUpFailedV1<'a> {
    type Event = TopUpFailed;

    fn into_event(self) -> Result<TopUpFailed, BadField> {
        Ok(TopUpFailed { line: self.line, failure: self.failure.into(), note: unseal(self.note) })
    }
}
