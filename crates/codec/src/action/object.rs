//! A contact, or what a buyer typed for a top-up: a JSON object that commands carry as compact text.

use std::borrow::Cow;

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::shape::Shape;

pub(crate) struct Object<'a> {
    pub(crate) text: Cow<'a, str>,
    /// Written as a string: what is hashed needs no check of what is inside, and must not depend on it.
    pub(crate) quoted: bool,
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.quoted {
            return serializer.serialize_str(&self.text);
        }
        match serde_json::from_str::<&RawValue>(&self.text) {
            Ok(raw) => RawValue::from_string(compact(raw.get())).map_err(S::Error::custom)?.serialize(serializer),
            Err(_) => serializer.serialize_str(&self.text),
        }
    }
}

impl<'de> Deserialize<'de> for Object<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if raw.get().starts_with('{') {
            Ok(Self { text: compact(raw.get()).into(), quoted: false })
        } else {
            Err(D::Error::custom("must be a JSON object"))
        }
    }
}

impl Shape for Object<'_> {
    fn schema() -> Value {
        serde_json::json!({ "type": "object" })
    }
}

/// Valid JSON without the blanks between its tokens; members stay in their order and numbers as they were written.
fn compact(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut in_string = false;
    let mut escaped = false;
    for character in json.chars() {
        if in_string {
            (in_string, escaped) = (escaped || character != '"', character == '\\' && !escaped);
        } else if character.is_ascii_whitespace() {
            continue;
        } else {
            in_string = character == '"';
        }
        text.push(character);
    }
    text
}
