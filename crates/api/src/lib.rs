//! GraphQL over HTTP and WebSocket: the same queries and commands for everyone.
//!
//! The binary opens the data folder, makes a [`Host`] of the views, has a follower call [`Host::apply`] with what the
//! ledger got, and serves [`router`].

mod access;
mod accounts;
mod auth;
mod credentials;
mod documents;
#[cfg(feature = "faults")]
pub mod faults;
mod host;
mod http;
mod limits;
mod metrics;
mod page;
mod reads;
mod ready;
mod run;
mod schema;
mod security;
mod socket;
mod uses;

pub use access::table as access_table;
pub use auth::{Algorithm, KeysError, MAX_JWKS_BYTES, Oidc, OidcOptions};
pub use credentials::{Credentials, NewToken};
pub use host::{Behind, Host};
pub use http::{Services, router};
pub use schema::sdl;
pub use security::{Incidents, Peer, SecurityLog};
pub use uses::Uses;
