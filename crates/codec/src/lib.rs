//! Events as bytes and as JSON, commands as lines of JSON.
//!
//! - The *stored form* ([`encode`], [`decode`]) is bincode of structs that are frozen per kind and version. Old
//!   versions are read for ever, into the current shape.
//! - The *JSON form* ([`to_json`], [`recorded_from_json`]) is for people, exports and stories.
//! - *Actions* ([`parse_action`], [`write_action`]) are the lines of an import; [`canonical`] bytes of a command are
//!   what its hash is made from.
//!
//! ```
//! use daybook_codec::{decode, encode};
//! use daybook_domain::event::TagAdded;
//! use daybook_domain::{Event, Tag};
//!
//! let event: Event = TagAdded { tag: Tag::new("vip").unwrap() }.into();
//! let stored = encode(&event);
//! assert_eq!(decode(stored.kind, stored.version, &stored.payload), Ok(event));
//! ```
#![deny(clippy::wildcard_enum_match_arm)]

mod action;
mod amount;
mod error;
mod flat;
mod json;
mod problem;
mod recorded;
mod schema;
mod shape;
mod stored;
mod time;
mod values;
mod wire;

pub use action::{
    Action, ActionError, LineKey, OrderName, action_name, action_schema, canonical, import_command_id, parse_action,
    write_action,
};
pub use error::{CodecError, FieldProblem};
pub use json::{JsonError, data_to_json, event_from_json, recorded_from_json, to_json};
pub use recorded::{StoredEvent, decode_recorded};
pub use schema::event_schemas;
pub use stored::{Encoded, current_version, decode, encode, encode_into, versions};
pub use time::{TimeError, format_time, parse_time};

#[cfg(test)]
mod tests;
