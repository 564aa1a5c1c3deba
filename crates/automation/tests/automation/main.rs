//! Automation against a real ledger, under a clock that the test sets.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod clocks;
mod shop;
mod warnings;
mod year;
