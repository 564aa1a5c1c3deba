//! GraphQL over HTTP and WebSocket: the same queries and commands for everyone.
//!
//! The binary opens the data folder, makes a [`Host`] of the views, has a follower call [`Host::apply`] with what the
//! ledger got, and serves [`router`].

mod access;
mod accounts;
mod auth;
mod checkpoints;
mod contact;
mod credentials;
mod documents;
mod edge;
pub mod export;
mod exports;
#[cfg(feature = "faults")]
pub mod faults;
mod forget;
mod host;
mod http;
mod jobs;
mod json;
mod limits;
mod lookups;
mod mask;
mod metrics;
mod page;
mod past;
mod phones;
mod reads;
mod ready;
mod run;
mod scale;
mod schema;
mod security;
mod shares;
mod socket;
mod uses;

pub use access::table as access_table;
pub use auth::{Algorithm, KeysError, MAX_JWKS_BYTES, Oidc, OidcOptions};
pub use credentials::{Credentials, NewToken};
pub use edge::{COMPLEXITY_A_REQUEST, Limits, SECONDS_A_CODE, Width};
pub use exports::{ExportLimits, ExportMaker, Exports};
pub use forget::{Forgetting, Forgotten};
pub use host::{Behind, Host};
pub use http::{Services, router, router_within};
pub use jobs::JobRunner;
pub use past::{Folded, Past, views_at};
pub use phones::{PhoneFollower, read_phones};
pub use run::panic_words;
pub use schema::sdl;
pub use security::{Incidents, SecurityLog};
pub use uses::Uses;
