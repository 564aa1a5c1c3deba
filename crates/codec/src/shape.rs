//! Structs whose JSON form and JSON Schema are made from one definition, so that they cannot drift apart.

use std::borrow::Cow;

use serde::Deserializer;
use serde::de::Visitor;
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
        #[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields, expecting = "a JSON object")]
        pub(crate) struct $name $(<$life>)? {
            $(
                $(#[doc = $field_doc])*
                #[serde(skip_serializing_if = "crate::shape::Shape::is_absent")]
                pub(crate) $field: $type,
            )*
        }

        impl $(<$life>)? serde::Serialize for $name $(<$life>)? {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $name::serialize(self, serializer)
            }
        }

        impl<'de, $($life)?> serde::Deserialize<'de> for $name $(<$life>)? {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $name::deserialize(crate::shape::Object(deserializer))
            }
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

/// Has a struct read from an object only: serde's own form also takes an array of the fields in their order.
pub(crate) struct Object<D>(pub(crate) D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Object<D> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

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

impl Shape for bool {
    fn schema() -> Value {
        json!({ "type": "boolean" })
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
