//! The engine over a real ledger in a temporary folder.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod callbacks;
mod cards;
mod concurrency;
mod expectations;
mod forget;
mod jobs;
mod keys;
mod personal;
mod repeats;
mod shop;
mod stock;
mod tokens;
