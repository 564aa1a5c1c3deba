//! Personal texts: opened for whoever may read them, else only the number of their slot.

use daybook_domain::{Kind, Sealed};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::JsonError;
use crate::shape::Shape;

#[derive(Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields, expecting = "must be a text")]
pub(crate) enum Text {
    Opened(String),
    Sealed { sealed: u32 },
}

impl Shape for Text {
    fn schema() -> Value {
        json!({
            "oneOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "description": "Not opened: the slot of the key that would open it.",
                    "properties": { "sealed": u32::schema() },
                    "required": ["sealed"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

/// Opens the texts of one event.
pub(crate) struct Opener<'o> {
    pub(crate) kind: Kind,
    pub(crate) open: &'o mut dyn FnMut(&Sealed, Kind) -> Option<String>,
}

impl Opener<'_> {
    pub(crate) fn text(&mut self, sealed: &Sealed) -> Text {
        (self.open)(sealed, self.kind).map_or(Text::Sealed { sealed: sealed.slot.0 }, Text::Opened)
    }

    pub(crate) fn maybe(&mut self, sealed: Option<&Sealed>) -> Option<Text> {
        sealed.map(|sealed| self.text(sealed))
    }
}

/// Seals the texts of one event.
pub(crate) struct Sealer<'s>(pub(crate) &'s mut dyn FnMut(&str) -> Sealed);

impl Sealer<'_> {
    pub(crate) fn text(&mut self, field: &str, text: Text) -> Result<Sealed, JsonError> {
        match text {
            Text::Opened(text) => Ok((self.0)(&text)),
            Text::Sealed { .. } => Err(JsonError::new(field, "is sealed; only an opened text can be read")),
        }
    }

    pub(crate) fn maybe(&mut self, field: &str, text: Option<Text>) -> Result<Option<Sealed>, JsonError> {
        text.map(|text| self.text(field, text)).transpose()
    }
}
