//! The ledger as its users see it: real files in temporary folders.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]

mod backup;
mod cut;
mod damage;
mod kit;
mod prove;
mod reopen;
mod scrub;
mod unsealed;
mod volumes;
