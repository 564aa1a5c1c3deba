//! Whatever is done to evidence or to a ledger is noticed: by this crate, and by the script that knows nothing of it.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]

mod bundles;
mod folders;
mod golden;
mod kit;
mod notary;
mod operator;
mod script;
