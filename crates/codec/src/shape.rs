//! Structs whose JSON form and JSON Schema are made from one definition, so that they cannot drift apart.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

/// What has a place in a documented JSON form.
pub(crate) trait Shape {
    /// Whether a field of this type may be left out.
    const OPTIONAL: bool = false;

    /// JSON Schema, draft 2020-12.
    fn schema() -> Value;

    /// Whether a field that holds this value is left out.
    fn is_absent(&self) -> bool {
        false
    }
}

/// Defines structs with camel-case fields in the order in which they are written; unknown fields are refused and absent
/// ones left out. Doc comments become descriptions in the schema.
macro_rules! shapes {
    ($(
        $(#[doc = $doc:literal])*
        struct $name:ident $(<$life:lifetime>)? {
            $($(#[doc = $field_doc:literal])* $field:ident: $type:ty,)*
        }
    )*) => {$(
        $(#[doc = $doc])*
        #[derive(serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub(crate) struct $name $(<$life>)? {
            $(
                $(#[doc = $field_doc])*
                #[serde(skip_serializing_if = "crate::shape::Shape::is_absent")]
                pub(crate) $field: $type,
            )*
        }

        impl $(<$life>)? crate::shape::Shape for $name $(<$life>)? {
            fn schema() -> serde_json::Value {
                crate::shape::object(
                    concat!($($doc),*),
                    vec![$(crate::shape::Field {
                        name: stringify!($field),
                        doc: concat!($($field_doc),*),
                        optional: <$type as crate::shape::Shape>::OPTIONAL,
                        schema: <$type as crate::shape::Shape>::schema(),
                    }),*],
                )
            }
        }
    )*};
}
pub(crate) use shapes;

pub(crate) struct Field {
    /// In snake case.
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) optional: bool,
    pub(crate) schema: Value,
}

pub(crate) fn object(doc: &str, fields: Vec<Field>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        let name = camel(field.name);
        if !field.optional {
            required.push(name.clone());
        }
        properties.insert(name, described(field.schema, field.doc));
    }
    let schema = json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    described(schema, doc)
}

fn described(mut schema: Value, doc: &str) -> Value {
    if let (Some(members), false) = (schema.as_object_mut(), doc.is_empty()) {
        members.insert("description".into(), doc.trim().into());
    }
    schema
}

fn camel(snake: &str) -> String {
    let mut words = snake.split('_');
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at(1);
        name.push_str(&first.to_ascii_uppercase());
        name.push_str(rest);
    }
    name
}

impl<T: Shape> Shape for Option<T> {
    const OPTIONAL: bool = true;

    fn schema() -> Value {
        T::schema()
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: Shape> Shape for Vec<T> {
    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema() })
    }
}

impl Shape for Cow<'_, str> {
    fn schema() -> Value {
        json!({ "type": "string" })
    }
}

impl Shape for u8 {
    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 0, "maximum": u8::MAX })
    }
}

impl Shape for u16 {
    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 0, "maximum": u16::MAX })
    }
}

impl Shape for u32 {
    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX })
    }
}

impl Shape for u64 {
    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 0 })
    }
}

impl Shape for i64 {
    fn schema() -> Value {
        json!({ "type": "integer" })
    }
}
