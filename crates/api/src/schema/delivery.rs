//! Where an order goes: what the buyer said first, or what was changed and approved since.

use async_graphql::{Json, SimpleObject};
use daybook_domain::event::{AddressChangeRequested, LineInputs, OrderPlaced, tree_root};
use daybook_domain::{Actor, Event, Kind, Recorded, Revision, Sealed, StreamId};
use daybook_engine::Opened;
use serde_json::{Map, Value};

use super::error::ApiError;
use crate::http::Services;
use crate::mask;

/// Opened for this answer; everything in it is kept sealed.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Delivery {
    /// Name, telephone, address. Null: none was given, or it was erased.
    contact: Option<Json<Map<String, Value>>>,
    /// Of top-ups, by line.
    inputs: Vec<DeliveryInputs>,
}

/// What the buyer typed for a top-up.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct DeliveryInputs {
    /// From 1.
    line: u16,
    /// Such as account and server. Null: erased.
    inputs: Option<Json<Map<String, Value>>>,
}

impl Delivery {
    pub(crate) fn masked(self) -> Self {
        let object = |Json(object): Json<Map<String, Value>>| Json(mask::object(&object));
        let inputs = self.inputs.into_iter();
        Self {
            contact: self.contact.map(object),
            inputs: inputs.map(|it| DeliveryInputs { line: it.line, inputs: it.inputs.map(object) }).collect(),
        }
    }
}

/// A text, and the event that carries it.
pub(crate) type Found<'a> = (Kind, &'a Sealed);

/// The texts of an order's delivery, still sealed.
pub(crate) struct Texts<'a> {
    pub(crate) contact: Option<Found<'a>>,
    /// By line, from 1.
    pub(crate) inputs: Vec<(u16, Found<'a>)>,
}

/// The changes that came to be, the first one first, and who asked for them.
pub(crate) fn approved(history: &[Recorded]) -> impl Iterator<Item = (Actor, &AddressChangeRequested)> {
    let mut asked: Option<(Actor, &AddressChangeRequested)> = None;
    history.iter().filter_map(move |recorded| {
        #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else changes where an order goes")]
        match &recorded.event {
            Event::AddressChangeRequested(e) => {
                asked = Some((recorded.actor, e));
                None
            }
            Event::AddressChanged(e) => asked.take().filter(|(_, asked)| asked.change == e.change),
            _ => None,
        }
    })
}

/// As of the last of these events, which begin with the one that placed the order.
pub(crate) fn texts<'a>(placed: &'a OrderPlaced, history: &'a [Recorded]) -> Texts<'a> {
    let mut contact: Option<Found<'_>> = placed.contact.as_ref().map(|text| (Kind::OrderPlaced, text));
    let lines = (1_u16..).zip(&placed.lines).filter_map(|(number, line)| Some((number, line.inputs.as_ref()?)));
    let mut inputs: Vec<(u16, Found<'_>)> = lines.map(|(number, text)| (number, (Kind::OrderPlaced, text))).collect();
    for (_, change) in approved(history) {
        let kind = Kind::AddressChangeRequested;
        if let Some(text) = &change.contact {
            contact = Some((kind, text));
        }
        for LineInputs { line, inputs: text } in &change.inputs {
            inputs.retain(|(known, _)| known != line);
            inputs.push((*line, (kind, text)));
        }
    }
    inputs.sort_by_key(|(line, _)| *line);
    Texts { contact, inputs }
}

/// As of a revision. Reads the ledger.
pub(crate) fn load(services: &Services, order: StreamId, revision: Revision) -> Result<Option<Delivery>, ApiError> {
    let mut history = services.reader.history(order)?;
    history.truncate(history.partition_point(|recorded| recorded.revision <= revision));
    let Some(Event::OrderPlaced(placed)) = history.first().map(|first| &first.event) else { return Ok(None) };
    let Texts { contact, inputs } = texts(placed, &history);
    let root = tree_root(&placed.ancestors, &placed.merchant);
    let open = |(kind, text): Found<'_>| match services.reader.open_text(text, root, order, kind) {
        Opened::Text(text) => serde_json::from_str(&text).ok().map(Json),
        Opened::Erased | Opened::Damaged => None,
    };
    let inputs = inputs.into_iter().map(|(line, found)| DeliveryInputs { line, inputs: open(found) });
    Ok(Some(Delivery { contact: contact.and_then(open), inputs: inputs.collect() }))
}
