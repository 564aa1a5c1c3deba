//! GraphQL over HTTP and WebSocket: the same queries and commands for everyone.
//!
//! The binary opens the data folder, makes a [`Host`] of the views, has a follower call [`Host::apply`] with what the
//! ledger got, and serves [`router`].

mod access;
mod accounts;
mod auth;
mod documents;
#[cfg(feature = "faults")]
pub mod faults;
mod host;
mod http;
mod jobs;
mod limits;
mod metrics;
mod page;
mod reads;
mod ready;
mod run;
mod schema;
mod socket;

pub use access::table as access_table;
pub use host::{Behind, Host};
pub use http::{Services, router};
pub use jobs::JobRunner;
pub use schema::sdl;
