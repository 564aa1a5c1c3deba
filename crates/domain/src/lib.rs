//! Orders as data. Commands come in, events or a [`Rejection`] go out; nothing here does IO, reads a clock, draws a
//! random number or knows how anything is stored.
//!
//! ```text
//! decide(facts, command, context) -> Result<Decision, Rejection>     the rules
//! evolve(state, recorded)                                            total: a replay never fails
//! ```
//!
//! Rules stand in [`decide()`] alone, so that a rule tightened later never makes yesterday's events unreadable.

pub mod action;
pub mod automatic;
pub mod change;
pub mod clock;
pub mod command;
mod currency;
pub mod decide;
pub mod event;
pub mod export;
pub mod ids;
pub mod job;
pub mod label;
pub mod limits;
pub mod merchant;
pub mod money;
mod names;
pub mod order;
pub mod policy;
pub mod posting;
pub mod profile;
pub mod reason;
pub mod rejection;
pub mod sealed;
mod spelling;
pub mod state;
pub mod stock;
pub mod targets;
pub mod time;
pub mod token;

pub use action::Action;
pub use automatic::Automatic;
pub use command::{Command, Context, Expected, Origin};
pub use decide::{Decision, decide};
pub use event::{Event, Kind, NewEvent, Recorded};
pub use ids::{
    Actor, CommandId, MerchantId, OrderNumber, Position, Revision, Role, Sku, StreamId, Tag, look_up_actor, oidc_actor,
};
pub use label::Label;
pub use money::{Currency, Money};
pub use order::Order;
pub use reason::ReasonCode;
pub use rejection::Rejection;
pub use sealed::{Sealed, Slot};
pub use smol_str::SmolStr;
pub use spelling::is_seen_whole;
pub use state::{Facts, State, evolve, missing};
pub use targets::Targets;
pub use time::Timestamp;
